"""The same cell means the same in `init`, `record`, `attach` and `tasks import`."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from designer.campaign.campaign import Campaign
from designer.errors import InvalidData
from designer.tasks.quality.cell_reading import read_cell
from tests.cli.conftest import Designer

SPACE = [{"name": "T", "kind": "numeric", "unit": "degC", "bounds": [-100, 900]}]
TARGETS = [{"name": "y", "unit": "mV", "goal": "maximize"}, {"name": "z", "goal": "maximize"}]
READ = [("−80", -80), ("\u00a080", 80), ("5.0E-03", 0.005), ("1,234.5", 1234.5), ("5×10⁻³", 0.005), ("0.08 V", 80)]
LIMITS = [("<0.1", 0.1, "<"), ("≥ 5", 5, ">"), ("> 0.08 V", 80, ">")]
REFUSED = ["5 ± 0.3", "1,234", "5-7", "2026-05-03", "#DIV/0!", "~5", "12,5"]
MISSING = ["n.d.", "n/a", "–", "N.A.", "not measured", " "]


def campaign() -> Campaign:
    return Campaign.create(space=SPACE, targets=TARGETS, initial=[{"T": 300}])


def table(cell: str, **more: str) -> pd.DataFrame:
    return pd.DataFrame({**{name: [text] for name, text in more.items()}, "y": [cell], "z": ["1"]}, dtype=object)


@pytest.mark.parametrize(("cell", "value"), READ, ids=ascii)
def test_a_result_is_read(cell: str, value: float) -> None:
    attached, recorded = campaign(), campaign()
    attached.attach(table(cell, T="300"))
    recorded.suggest()
    recorded.record(table(cell, suggestion="S0001"))
    for each in (attached, recorded):
        assert each.state.measurements["M0001"].values["y"] == pytest.approx(value)
    reading = read_cell(cell, None, "mV")
    assert reading.kind in ("number", "unit")
    assert reading.value == pytest.approx(value)


@pytest.mark.parametrize("cell", REFUSED, ids=ascii)
def test_a_result_is_refused_with_what_to_write(cell: str) -> None:
    attached, recorded = campaign(), campaign()
    recorded.suggest()
    for act in (
        lambda: attached.attach(table(cell, T="300")),
        lambda: recorded.record(table(cell, suggestion="S0001")),
    ):
        with pytest.raises(InvalidData) as caught:
            act()
        (fault,) = caught.value.faults
        assert cell in fault.what
        assert (fault.row, fault.column) == (2, "y")
        assert fault.remedy
    assert read_cell(cell, None, "mV").kind not in ("number", "unit")


@pytest.mark.parametrize(("cell", "value", "side"), LIMITS, ids=ascii)
def test_a_limit_is_a_censored_result(folder: Path, designer: Designer, cell: str, value: float, side: str) -> None:
    attached, recorded = campaign(), campaign()
    attached.attach(table(cell, T="300"))
    recorded.suggest()
    recorded.record(table(cell, suggestion="S0001"))
    for each in (attached, recorded):
        made = each.state.measurements["M0001"]
        assert made.values["y"] == pytest.approx(value)
        assert made.censored == {"y": side}
    assert read_cell(cell, None, "mV").kind == "censored"
    (folder / "t.csv").write_text(f"T,y [mV]\n300,{cell}\n400,7\n500,9\n", encoding="utf-8")
    assert designer("init", "t.csv", "--maximize", "y", "--yes").code == 0
    assert designer("attach", "t.csv", "--campaign", "t.yaml").code == 0


@pytest.mark.parametrize("cell", MISSING, ids=ascii)
def test_no_value_is_no_value(cell: str) -> None:
    attached = campaign()
    attached.attach(table(cell, T="300"))
    assert attached.state.measurements["M0001"].values == {"z": 1}
    assert read_cell(cell, None, "mV").kind == "missing"


@pytest.mark.parametrize("cell", ["n.d.", "–", "5-7", "<300"])
def test_a_setting_needs_a_value(cell: str) -> None:
    with pytest.raises(InvalidData, match="column 'T'"):
        campaign().attach(table("5", T=cell))
    recorded = campaign()
    recorded.suggest()
    with pytest.raises(InvalidData, match="column 'T'"):
        recorded.record(table("5", suggestion="S0001", T=cell))


@pytest.mark.parametrize("cell", ["FALSE", "false", "0", "no", "No", "n", "", "–", "n/a", "0.0", "ok"])
def test_a_column_failed_that_denies_a_failure_records_none(cell: str) -> None:
    attached = campaign()
    attached.attach(table("5", T="300", failed=cell))
    assert not attached.state.failures
    assert len(attached.state.measurements) == 1


@pytest.mark.parametrize("cell", [False, 0, 0.0, None])
def test_so_does_a_cell_that_is_no_text(cell: object) -> None:
    attached = campaign()
    attached.attach([{"T": 300, "y": 5, "failed": cell}])
    assert not attached.state.failures


@pytest.mark.parametrize(
    ("cell", "reason"), [("yes", "no reason given"), ("TRUE", "no reason given"), ("film peeled",) * 2]
)
def test_a_failure_keeps_its_reason(cell: str, reason: str) -> None:
    attached = campaign()
    attached.attach([{"T": 300, "failed": cell}])
    assert [each.reason for each in attached.state.failures] == [reason]


@pytest.mark.parametrize("total", [0.99, 1.01, 0.985, 1.0])
def test_measured_amounts_may_be_rounded(total: float) -> None:
    space = [
        {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "fraction", "step": 0.005}
    ]
    made = Campaign.create(space=space, targets=TARGETS[:1])
    amounts = {"alloy.Ni": 0.33, "alloy.Fe": 0.33, "alloy.Co": round(total - 0.66, 3)}
    report = made.attach([amounts | {"y": 5}])
    assert report.recorded == ("M0001",)
    assert {key: made.state.measurements["M0001"].design[key] for key in amounts} == pytest.approx(amounts)
    if total != 1:
        assert "sum" in " ".join(report.flags["M0001"])
    (design,) = made.suggest(1).to_dict("records")
    assert sum(design[key] for key in amounts) == pytest.approx(1, abs=1e-12)


def test_amounts_far_from_their_total_are_a_fault() -> None:
    space = [{"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe"], "unit": "at.%", "step": 1}]
    with pytest.raises(InvalidData, match=r"sums to 97 at\.%, not 100"):
        Campaign.create(space=space, targets=TARGETS[:1]).attach([{"alloy.Ni": 50, "alloy.Fe": 47, "y": 5}])


def test_init_and_import_read_a_file_of_decimal_commas(designer: Designer, folder: Path) -> None:
    rows = [f"{300 + 5 * i},5;{'Ar' if i % 2 else 'N2'};{'n.d.' if i == 3 else f'{i},25'}" for i in range(12)]
    (folder / "t.csv").write_text("T [degC];gas;y\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert designer("init", "t.csv", "--maximize", "y", "--yes").code == 0
    assert "bounds: [300.5, 355.5]" in (folder / "t.yaml").read_text()
    done = designer("attach", "t.csv", "--campaign", "t.yaml", "--json")
    assert len(json.loads(done.out)["recorded"]) == 11
    assert "decimal commas were read as points" in done.err
    assert designer("tasks", "import", "t.csv", "-o", "out", "--measured", "y", "--yes").code == 0
    assert "300.5" in (folder / "out" / "t.csv").read_text()
