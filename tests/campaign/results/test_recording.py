"""Recording tables of results: every fault reported, nothing half written, nothing recorded twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer.campaign.campaign import Campaign
from designer.errors import InvalidData
from designer.space.table_files import read_csv_text

SPACE = [
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5},
    {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 10},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
]
TARGETS = [
    {"name": "overpotential", "unit": "mV", "goal": "minimize"},
    {"name": "cost", "goal": "minimize"},
]
INITIAL = [
    {"T": 300, "alloy": {"Ni": 100}, "gas": "N2"},
    {"T": 400, "alloy": {"Fe": 100}, "gas": "N2"},
    {"T": 500, "alloy": {"Co": 100}, "gas": "Ar"},
    {"T": 600, "alloy": {"Ni": 50, "Fe": 50}, "gas": "Ar"},
]


@pytest.fixture
def campaign() -> Campaign:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, initial=INITIAL, batch_size=4)
    campaign.suggest()
    return campaign


def faults_of(campaign: Campaign, table: Any, **options: Any) -> list[str]:
    before = len(campaign.events)
    act = options.pop("act", campaign.record)
    with pytest.raises(InvalidData) as caught:
        act(table, **options)
    assert len(campaign.events) == before, "a faulty table writes nothing"
    return [str(fault) for fault in caught.value.faults]


class TestForms:
    def test_a_batch_with_its_results(self, campaign: Campaign) -> None:
        batch = campaign.suggest(1)
        report = campaign.record(batch.assign(overpotential=372.0, cost=3.0))
        assert report.recorded == ("M0001",)
        assert campaign.state.measurements["M0001"].values == {"overpotential": 372.0, "cost": 3.0}
        assert campaign.state.measurements["M0001"].design == campaign.state.suggestions["S0005"].design
        assert report.flags == {}

    def test_a_mapping_by_id(self, campaign: Campaign) -> None:
        campaign.record({"S0001": {"overpotential": 372, "cost": 3}, "S0003": {"cost": 4}})
        assert campaign.state.measurements["M0002"].suggestion == "S0003"
        assert campaign.state.measurements["M0002"].values == {"cost": 4.0}

    def test_one_row(self, campaign: Campaign) -> None:
        assert campaign.record({"suggestion": "S0002", "cost": 4}).recorded == ("M0001",)

    def test_rows_with_units_in_headers_and_cells(self, campaign: Campaign) -> None:
        table = read_csv_text(
            "suggestion,overpotential [V],cost,overpotential_sem [V]\n"
            "S0001,0.372,3,0.002\nS0002,0.4 V,4,\nS0003,391 mV,,\n"
        )
        campaign.record(table)
        values = [each.values["overpotential"] for each in campaign.state.measurements.values()]
        assert values == [372.0, 400.0, 391.0]
        assert campaign.state.measurements["M0001"].noise == {"overpotential": 2.0}
        assert campaign.state.measurements["M0003"].values == {"overpotential": 391.0}

    def test_every_digit_is_kept(self, campaign: Campaign) -> None:
        campaign.record({"S0001": {"cost": 0.1 + 0.2}})
        assert campaign.state.measurements["M0001"].values == {"cost": 0.1 + 0.2}

    def test_a_target_may_have_a_column_of_its_own(self) -> None:
        targets = [{"name": "eta", "unit": "mV", "goal": "minimize", "column": "Overpotential @ 10 mA"}]
        campaign = Campaign.create(space=SPACE, targets=targets)
        campaign.suggest(1)
        campaign.record({"S0001": {"Overpotential @ 10 mA": 372}})
        assert campaign.state.measurements["M0001"].values == {"eta": 372.0}

    def test_a_half_filled_sheet(self, campaign: Campaign) -> None:
        report = campaign.record(read_csv_text("suggestion,overpotential\nS0001,372\nS0002,\nS0003,\n"))
        assert report.recorded == ("M0001",)
        assert report.blank == ("S0002", "S0003")
        assert [each.id for each in campaign.state.open] == ["S0002", "S0003", "S0004"]

    def test_failures_in_a_table(self, campaign: Campaign) -> None:
        report = campaign.record(read_csv_text("id,overpotential,failed\nS0001,372,\nS0002,,film peeled\n"))
        assert report.failed == ("S0002",)
        assert campaign.state.suggestions["S0002"].failed_because == ("film peeled",)


class TestExecuted:
    def test_what_was_made_instead_is_kept_and_flagged(self, campaign: Campaign) -> None:
        report = campaign.record({"S0001": {"T": "580.15 K", "cost": 3}})
        made = campaign.state.measurements["M0001"].design
        assert made["T"] == 307.0
        assert made["alloy.Ni"] == 100
        (flag, outside) = report.flags["M0001"]
        assert flag == "made differently from what was suggested: T 307.0 instead of 300.0"
        assert "not on the step of 5" in outside
        assert campaign.state.suggestions["S0001"].design["T"] == 300.0

    def test_blank_cells_are_as_suggested_whatever_the_headers_unit(self, campaign: Campaign) -> None:
        table = read_csv_text("suggestion,T [K],cost\nS0001,,3\nS0002,680,4\n")
        campaign.record(table)
        assert campaign.state.measurements["M0001"].design["T"] == 300.0
        assert campaign.state.measurements["M0002"].design["T"] == 406.85

    def test_a_measured_composition(self, campaign: Campaign) -> None:
        campaign.record({"S0004": {"alloy.Ni": 52.1, "alloy.Fe": 47.9, "cost": 1}})
        made = campaign.state.measurements["M0001"].design
        assert (made["alloy.Ni"], made["alloy.Fe"], made["alloy.Co"]) == (52.1, 47.9, 0.0)

    def test_attached_results_out_of_bounds_are_kept_and_flagged(self, campaign: Campaign) -> None:
        rows = [{"T": 1000, "alloy.Ni": 33.3, "alloy.Fe": 33.3, "alloy.Co": 33.4, "gas": "Ar", "cost": 2}]
        report = campaign.attach(rows)
        assert any("outside 300 to 900" in text for text in report.flags["M0001"])
        assert campaign.state.measurements["M0001"].suggestion is None
        assert campaign.measurements().loc["M0001", "T"] == 1000


class TestTwice:
    def test_the_same_row_changes_nothing_and_says_so(self, campaign: Campaign) -> None:
        row = {"S0001": {"overpotential": 372, "cost": 3}}
        campaign.record(row)
        events = len(campaign.events)
        report = campaign.record(row)
        assert len(campaign.events) == events
        assert not report.changed
        assert report.lines() == [
            "S0001: these values were recorded before, as M0001; nothing was changed (a repeated measurement of equal "
            "value is recorded with replicate=2)",
            "nothing was changed",
        ]

    @pytest.mark.parametrize("withdrawn", [False, True])
    def test_the_stated_replicate_number_records_the_repeat(self, campaign: Campaign, withdrawn: bool) -> None:
        row: dict[str, Any] = {"id": "S0001", "overpotential": 372, "cost": 3}
        for count in range(2, 5):
            campaign.record([{**row, "replicate": count - 1} if count > 2 else row])
            if withdrawn:
                campaign.withdraw(list(campaign.state.measurements)[-1])
            (line,) = campaign.record([row]).unchanged
            assert line.endswith(f"with replicate={count})")
            assert ("was withdrawn" in line) is withdrawn
            assert campaign.record([{**row, "replicate": count}]).changed

    def test_the_same_row_in_another_unit(self, campaign: Campaign) -> None:
        campaign.record({"S0001": {"overpotential": 372}})
        assert not campaign.record({"S0001": {"overpotential": "0.372 V"}}).changed

    def test_the_same_row_twice_in_one_table(self, campaign: Campaign) -> None:
        report = campaign.record([{"id": "S0001", "cost": 3}, {"id": "S0001", "cost": 3}])
        assert report.recorded == ("M0001",)
        assert len(report.unchanged) == 1

    def test_an_attached_row(self, campaign: Campaign) -> None:
        row = {"T": 455, "alloy": {"Ni": 100}, "gas": "Ar", "cost": 2}
        assert campaign.attach(row).recorded == ("M0001",)
        assert not campaign.attach(row).changed

    def test_a_failure(self, campaign: Campaign) -> None:
        assert campaign.record_failure("S0001", "film peeled").failed == ("S0001",)
        assert not campaign.record_failure("S0001", "film peeled").changed
        assert campaign.record_failure("S0001", "cracked").changed

    def test_other_values_are_a_replicate(self, campaign: Campaign) -> None:
        campaign.record({"S0001": {"cost": 3}})
        assert campaign.record({"S0001": {"cost": 3.1}}).recorded == ("M0002",)
        assert [each.id for each in campaign.state.of("S0001")] == ["M0001", "M0002"]

    def test_equal_replicates_are_distinguished_by_number(self, campaign: Campaign) -> None:
        rows = [{"id": "S0001", "cost": 3, "replicate": i} for i in (1, 2)]
        assert campaign.record(rows).recorded == ("M0001", "M0002")
        assert not campaign.record(rows).changed

    def test_a_replicate_number_is_one_measurement(self, campaign: Campaign) -> None:
        campaign.record({"S0001": {"cost": 3, "replicate": 1}})
        (fault,) = faults_of(campaign, {"S0001": {"cost": 4, "replicate": 1}})
        assert "replicate 1 of S0001 is M0001 already, with cost = 3; amend M0001" in fault

    def test_missing_targets_are_filled_in_later(self, campaign: Campaign) -> None:
        campaign.record({"S0001": {"overpotential": 372}})
        report = campaign.record({"S0001": {"overpotential": 372, "cost": 3}})
        assert report.completed == ("M0001",)
        assert campaign.state.measurements["M0001"].values == {"overpotential": 372.0, "cost": 3.0}
        assert not campaign.record({"S0001": {"cost": 3}}).changed

    def test_an_amended_measurement_knows_the_row_it_came_from(self, campaign: Campaign) -> None:
        campaign.record({"S0001": {"cost": 3}})
        assert campaign.amend("M0001", {"cost": 5})
        assert not campaign.record({"S0001": {"cost": 3}}).changed
        assert not campaign.record({"S0001": {"cost": 5}}).changed
        assert campaign.state.measurements["M0001"].values == {"cost": 5.0}

    def test_a_withdrawn_measurement_does_not_come_back_by_itself(self, campaign: Campaign) -> None:
        campaign.record({"S0001": {"cost": 3}})
        assert campaign.withdraw("M0001", "wrong sample")
        report = campaign.record({"S0001": {"cost": 3}})
        assert "(M0001 was withdrawn; a new measurement of equal value is recorded with replicate=2)" in str(report)
        assert campaign.record({"S0001": {"cost": 3, "replicate": 2}}).recorded == ("M0002",)

    def test_a_result_made_differently_is_known_without_its_design(self, campaign: Campaign) -> None:
        campaign.record({"S0001": {"T": 310, "cost": 3}})
        assert not campaign.record({"S0001": {"cost": 3}}).changed
        assert campaign.record({"S0001": {"overpotential": 372}}).completed == ("M0001",)
        assert campaign.state.measurements["M0001"].design["T"] == 310


class TestFaults:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("suggestion,cost,colour\nS0001,3,red\n", "row 1, column 'colour': unknown column; known columns: T,"),
            ("suggestion,csot\nS0001,3\n", "row 1, column 'csot': unknown column; did you mean 'cost'?"),
            ("suggestion,overpotential [kg]\nS0001,3\n", "column 'overpotential [kg]': 'kg' does not convert to 'mV'"),
            ("suggestion,overpotential\nS0001,3 kg\n", "row 2, column 'overpotential': 'kg' does not convert to 'mV'"),
            ("suggestion,cost\nS0001,cheap\n", "row 2, column 'cost': 'cheap' is not a number; give a finite number"),
            ("suggestion,cost\nS0001,\"3,5\"\n", "row 2, column 'cost': '3,5' is not a number; write a decimal point"),
            ("suggestion,cost\nS0001,\"1300,5\"\n", "row 2, column 'cost': '1300,5' is not a number; write a"),
            ("suggestion,cost\nS0001,-1e300\n", "row 2, column 'cost': -1e300 is beyond 1e+100"),
            ("suggestion,cost\nS0001,nan\n", "row 2, column 'cost': 'nan' is not a number"),
            ("suggestion,cost\nS0001,inf\n", "row 2, column 'cost': 'inf' is not a number"),
            ("suggestion,cost\nS0001,1e999\n", "row 2, column 'cost': 1e999 is not a finite number"),
            ("suggestion,cost\nS0009,3\n", "column 'suggestion': there is no suggestion 'S0009'; did you mean"),
            ("suggestion,cost\n,3\n", "row 2, column 'suggestion': no suggestion id; give the suggestion's id"),
            ("T,cost\n300,3\n", "no column names the suggestion; add a column 'suggestion', or attach"),
            ("suggestion,T\nS0001,300\n", "no column holds a result; add a target's column: 'overpotential', 'cost'"),
            ("suggestion,cost,cost [1]\nS0001,3,4\n", "row 1, column 'cost [1]': also given as 'cost'; give it once"),
            ("suggestion,T,cost\nS0001,hot,3\n", "row 2, column 'T': 'hot' is not a number"),
            ("suggestion,cost\nX,3\n", "there is no suggestion 'X'; known: S0001, S0002, S0003, S0004"),
            ("suggestion,gas,cost\nS0001,Xe,3\n", "row 2, column 'gas': 'Xe' is not a choice; known: N2, Ar"),
            ("suggestion,alloy.Ni,alloy.Fe,cost\nS0001,50,40,3\n", "column 'alloy.Ni': alloy sums to 90 at.%, not 100"),
            ("suggestion,cost,failed\nS0001,3,peeled\n", "row 2, column 'failed': the row has a value and a reason"),
            ("suggestion,cost,overpotential_sem\nS0001,3,1\n", "a standard error without a value of 'overpotential'"),
            ("suggestion,overpotential,overpotential_sem\nS0001,3,-1\n", "-1.0 is no standard error"),
            ("suggestion,cost,replicate\nS0001,3,1.5\n", "1.5 is no replicate number; give 1, 2, 3"),
        ],
    )  # fmt: skip
    def test_each_fault_names_row_and_column(self, campaign: Campaign, text: str, message: str) -> None:
        table = read_csv_text(text)
        assert any(message in fault for fault in faults_of(campaign, table, file="day1.csv"))
        assert all("day1.csv" in fault for fault in faults_of(campaign, table, file="day1.csv"))

    def test_all_faults_of_a_table_at_once(self, campaign: Campaign) -> None:
        table = read_csv_text("suggestion,T,cost,colour\nS0001,300,3,red\nS0009,300,4,\n\nS0002,hot,cheap,\n")
        assert faults_of(campaign, table) == [
            "row 1, column 'colour': unknown column; known columns: T, alloy.Ni, alloy.Fe, alloy.Co, gas, "
            "overpotential, cost, overpotential_sem, cost_sem, replicate, failed",
            "row 3, column 'suggestion': there is no suggestion 'S0009'; did you mean S0004?",
            "row 5, column 'T': 'hot' is not a number; give a number in degC",
            "row 5, column 'cost': 'cheap' is not a number; give a finite number",
        ]

    def test_a_header_that_stands_twice(self, campaign: Campaign) -> None:
        table = pd.DataFrame([["S0001", 3.0, 4.0]], columns=["suggestion", "cost", "cost"])
        assert "column 'cost' stands twice; give it once" in faults_of(campaign, table)[0]

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_numbers_that_are_none(self, campaign: Campaign, bad: float) -> None:
        batch = campaign.suggest(2)
        (fault,) = faults_of(campaign, batch.assign(cost=[3.0, bad]))
        assert "row 3, column 'cost'" in fault

    @pytest.mark.parametrize("bad", [True, [1], {}, "3 4"])
    def test_cells_that_are_no_numbers(self, campaign: Campaign, bad: Any) -> None:
        table = pd.DataFrame({"suggestion": ["S0001"], "cost": pd.Series([bad], dtype=object)})
        assert "is not a number" in faults_of(campaign, table)[0] or "not known" in faults_of(campaign, table)[0]

    def test_nan_in_a_mapping(self, campaign: Campaign) -> None:
        (fault,) = faults_of(campaign, {"S0001": {"cost": float("nan"), "overpotential": 3}})
        assert "NaN is not a number; give a number, or None" in fault

    def test_a_missing_number_in_a_table_of_several_targets_is_not_measured_yet(self, campaign: Campaign) -> None:
        batch = campaign.suggest(2)
        campaign.record(batch.assign(cost=[3.0, 4.0], overpotential=[372.0, np.nan]))
        assert campaign.state.measurements["M0002"].values == {"cost": 4.0}

    @pytest.mark.parametrize("table", [3, "S0001", [3], None])
    def test_what_is_no_table(self, campaign: Campaign, table: Any) -> None:
        assert "holds no rows" in faults_of(campaign, table)[0]

    def test_attached_tables_have_no_ids(self, campaign: Campaign) -> None:
        table = read_csv_text("suggestion,T,alloy.Ni,alloy.Fe,alloy.Co,gas,cost\nS0001,300,100,0,0,N2,3\n")
        assert "belongs to results of suggestions" in faults_of(campaign, table, act=campaign.attach)[0]

    def test_attached_tables_need_all_columns(self, campaign: Campaign) -> None:
        found = faults_of(campaign, [{"T": 300, "cost": 3}], act=campaign.attach)
        assert [fault for fault in found if "'gas'" in fault and "missing" in fault]

    def test_a_failure_needs_a_reason(self, campaign: Campaign) -> None:
        with pytest.raises(InvalidData, match="a failure needs a reason"):
            campaign.record_failure("S0001", " ")


class TestPartial:
    def test_good_rows_go_in_and_the_faults_come_back(self, campaign: Campaign) -> None:
        table = read_csv_text("suggestion,T,cost\nS0001,300,3\nS0002,hot,4\nS0003,500,cheap\nS0009,300,1\n")
        report = campaign.record(table, partial=True)
        assert report.recorded == ("M0001",)
        assert [fault.row for fault in report.faults] == [3, 4, 5]
        assert [each.suggestion for each in campaign.state.measurements.values()] == ["S0001"]
        assert "not recorded: row 3, column 'T'" in str(report)

    def test_a_fault_of_the_whole_table_still_refuses_it(self, campaign: Campaign) -> None:
        assert faults_of(campaign, read_csv_text("suggestion,csot\nS0001,3\n"), partial=True)
        assert faults_of(campaign, read_csv_text("cost\n3\n"), partial=True)
