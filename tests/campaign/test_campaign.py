"""The campaign as a whole: beginning and resuming, suggesting, changing, asking."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer.campaign.campaign import Campaign
from designer.campaign.log.events import SettingsChanged, SpaceChanged, Suggested, from_json
from designer.campaign.log.store import SqlStore
from designer.campaign.suggesting.choice import initial_count
from designer.errors import (
    InvalidCampaign,
    InvalidData,
    InvalidInput,
    InvalidSpace,
    NoDesignLeft,
    UnknownSuggestion,
)
from designer.objective import Objective
from designer.space import DesignSpace

FILE = """\
designer: 1
name: run
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 900], step: 50}
  - {name: gas, kind: categorical, choices: [N2, Ar]}
targets:
  - {name: strength, unit: MPa, goal: maximize}
initial: 3
budget: 20
"""
SPACE = [
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 50},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
]
TARGETS = [{"name": "strength", "unit": "MPa", "goal": "maximize"}]


def strength(design: Any) -> float:
    return round(500 - ((design["T"] - 640) / 50) ** 2 - 20 * (design["gas"] == "Ar"), 6)


def measure(campaign: Campaign, batch: pd.DataFrame) -> None:
    campaign.record(batch.assign(strength=[strength(row) for _, row in batch.iterrows()]))


def create(**options: Any) -> Campaign:
    return Campaign.create(**{"space": SPACE, "targets": TARGETS, "initial": 3, **options})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


class TestOpening:
    def test_looking_writes_nothing(self, path: Path) -> None:
        campaign = Campaign.open(path)
        campaign.status()
        campaign.best()
        assert [each.name for each in path.parent.iterdir()] == ["run.yaml"]

    def test_the_first_suggestion_begins_the_campaign(self, path: Path) -> None:
        Campaign.open(path).suggest(2)
        assert path.with_suffix(".db").exists()
        assert SqlStore(path.with_suffix(".db")).names() == ["run"]

    def test_resumed_it_is_the_same(self, path: Path) -> None:
        first = Campaign.open(path)
        measure(first, first.suggest(2))
        again = Campaign.open(path)
        assert again.state == first.state
        assert again.events == first.events

    def test_two_processes_that_begin_at_once_share_one_campaign(self, path: Path) -> None:
        first, second = Campaign.open(path), Campaign.open(path)
        a, b = first.suggest(1), second.suggest(1)
        assert list(a.index) == ["S0001"]
        assert list(b.index) == ["S0002"]
        assert a.iloc[0].to_dict() != b.iloc[0].to_dict()

    def test_several_campaigns_of_one_store(self, path: Path, store_location: str) -> None:
        first = Campaign.open(path, store=store_location)
        other = path.parent / "other.yaml"
        other.write_text(FILE.replace("name: run", "name: other"), encoding="utf-8")
        second = Campaign.open(other, store=store_location)
        first.suggest(1)
        second.suggest(2)
        assert SqlStore(store_location).names() == ["other", "run"]
        assert len(Campaign.open(path, store=store_location).state.suggestions) == 1

    def test_a_campaign_is_resumed_from_its_store_alone(self, path: Path, tmp_path: Path) -> None:
        first = Campaign.open(path)
        measure(first, first.suggest(3))
        again = Campaign.resume(path.with_suffix(".db"), "run")
        assert again.state == first.state
        with sqlite3.connect(path.with_suffix(".db")) as source, sqlite3.connect(tmp_path / "copy.db") as copy:
            source.backup(copy)
        source.close()
        copy.close()
        assert again.suggest(2).equals(Campaign.open(path, store=tmp_path / "copy.db").suggest(2))
        with pytest.raises(InvalidCampaign, match="holds no campaign 'ran'; campaigns there: 'run'"):
            Campaign.resume(path.with_suffix(".db"), "ran")

    def test_created_in_python_twice(self, tmp_path: Path) -> None:
        create(store=tmp_path / "a.db").suggest(1)
        with pytest.raises(InvalidCampaign, match=r"use Campaign.resume, or another name"):
            create(store=tmp_path / "a.db")

    def test_values_and_plain_data_make_the_same_campaign(self) -> None:
        values = create(space=DesignSpace(parameters=SPACE), targets=Objective(targets=TARGETS))
        assert values.suggest(3).equals(create().suggest(3))

    def test_all_faults_of_what_is_given_in_python(self) -> None:
        with pytest.raises(InvalidCampaign) as caught:
            Campaign.create(space=[{"name": "T", "kind": "numeric"}], targets=[], budgte=3)
        text = str(caught.value)
        assert "did you mean 'budget'?" in text
        assert "bounds" in text
        assert "target" in text


class TestChangedFile:
    def begun(self, path: Path) -> None:
        campaign = Campaign.open(path)
        measure(campaign, campaign.suggest(3))

    def test_settings_may_change_and_the_change_is_an_event(self, path: Path) -> None:
        self.begun(path)
        path.write_text(FILE.replace("budget: 20", "budget: 30\nbatch_size: 2"), encoding="utf-8")
        campaign = Campaign.open(path)
        assert campaign.settings.budget == 30
        assert campaign.state.spec["budget"] == 20, "looking writes nothing"
        assert len(campaign.suggest()) == 2
        assert campaign.state.spec["budget"] == 30
        (event,) = [event for event in campaign.events if isinstance(event, SettingsChanged)]
        assert event.settings == {"batch_size": 2, "budget": 30}
        campaign.suggest()
        assert sum(isinstance(event, SettingsChanged) for event in campaign.events) == 1

    def test_the_choice_does_not_depend_on_when_settings_were_written(self, path: Path, tmp_path: Path) -> None:
        self.begun(path)
        path.write_text(FILE.replace("initial: 3", "seed: 5"), encoding="utf-8")
        batch = Campaign.open(path).suggest(2)
        stored = Campaign.resume(path.with_suffix(".db"), "run")
        last = stored.events[-1]
        assert isinstance(last, Suggested)
        assert [each.id for each in last.designs] == list(batch.index)
        assert stored.settings.seed == 5

    def test_a_changed_space_is_refused_with_the_remedy(self, path: Path) -> None:
        self.begun(path)
        path.write_text(FILE.replace("[300, 900]", "[300, 1000]"), encoding="utf-8")
        with pytest.raises(InvalidCampaign) as caught:
            Campaign.open(path)
        assert str(caught.value) == (
            f"{path}:3: the space is not the campaign's: T: bounds was (300.0, 900.0) and is (300.0, 1000.0); "
            f"record the change with 'designer amend {path} --space', or put it back"
        )

    def test_a_changed_space_can_be_taken_over(self, path: Path) -> None:
        self.begun(path)
        path.write_text(
            FILE.replace("[300, 900]", "[300, 1000]").replace("[N2, Ar]", "[N2, Ar, air]"), encoding="utf-8"
        )
        campaign = Campaign.open(path, accept_space=True)
        assert isinstance(campaign.events[-1], SpaceChanged)
        events = len(campaign.events)
        again = Campaign.open(path)
        assert again.space.parameters[0].high == 1000  # type: ignore[attr-defined]
        assert len(Campaign.open(path, accept_space=True).events) == events
        assert again.notices == ()

    def test_a_file_that_is_behind_is_used_and_says_so(self, path: Path) -> None:
        self.begun(path)
        Campaign.open(path).amend_space(bounds={"T": [300, 1000]})
        campaign = Campaign.open(path)
        assert campaign.space.parameters[0].high == 1000  # type: ignore[attr-defined]
        assert "an earlier space" in campaign.status().notices[0]

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            (
                "goal: maximize",
                "goal: minimize",
                r"run.yaml:6: target 'strength': goal was 'maximize' and is 'minimize'",
            ),
            ("name: run", "name: ran", r"run.yaml:2: the name was 'run' in .*run.db and is 'ran'; put the name back"),
            ("name: gas", "name: atmosphere", r"gas: is gone; atmosphere: was not there before"),
        ],
    )
    def test_another_question_is_another_campaign(self, path: Path, old: str, new: str, message: str) -> None:
        self.begun(path)
        path.write_text(FILE.replace(old, new), encoding="utf-8")
        with pytest.raises(InvalidCampaign, match=message):
            Campaign.open(path)

    def test_other_candidates_are_refused(self, path: Path) -> None:
        table = path.parent / "pool.csv"
        table.write_text("T,gas\n300,N2\n400,Ar\n500,N2\n", encoding="utf-8")
        path.write_text(FILE + "candidates: pool.csv\n", encoding="utf-8")
        self.begun(path)
        table.write_text("T,gas\n300,N2\n400,Ar\n550,N2\n", encoding="utf-8")
        with pytest.raises(InvalidCampaign, match="the candidates are not those that the campaign began with"):
            Campaign.open(path)
        with pytest.raises(InvalidCampaign, match="the candidates are not those"):
            Campaign.resume(path.with_suffix(".db"), "run", folder=path.parent)


class TestSuggesting:
    def test_ids_and_lab_units(self) -> None:
        batch = create().suggest(3)
        assert list(batch.index) == ["S0001", "S0002", "S0003"]
        assert batch.index.name == "suggestion"
        assert list(batch.columns) == ["T", "gas"]
        assert set(batch["T"]) <= set(range(300, 901, 50))

    def test_a_pure_function_of_the_events(self) -> None:
        def whole() -> list[str]:
            campaign = create(clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
            for _ in range(3):
                measure(campaign, campaign.suggest(2))
            campaign.suggest(2)
            return [event.model_dump_json() for event in campaign.events]

        assert whole() == whole()

    def test_it_does_not_matter_in_which_order_results_came(self) -> None:
        def next_after(order: list[int]) -> pd.DataFrame:
            campaign = create()
            batch = campaign.suggest(4)
            for i in order:
                measure(campaign, batch.iloc[[i]])
            return campaign.suggest(2)

        assert next_after([0, 1, 2, 3]).equals(next_after([2, 0, 3, 1]))

    def test_the_seed_matters(self) -> None:
        assert not create(seed=0).suggest(3).equals(create(seed=1).suggest(3))

    def test_based_on_says_what_was_known(self) -> None:
        campaign = create()
        measure(campaign, campaign.suggest(3))
        campaign.suggest(1)
        event = campaign.events[-1]
        assert isinstance(event, Suggested)
        assert event.based_on == event.position - 1
        assert event.how == "model"
        assert "torch" in event.versions
        assert event.designs[0].note

    def test_never_twice_the_same_until_all_are_used(self) -> None:
        campaign = create(space=[{"name": "x", "kind": "numeric", "values": [1, 2, 3, 4, 5]}], initial=2)
        seen = []
        for _ in range(5):
            batch = campaign.suggest(1)
            seen += list(batch["x"])
            campaign.record(batch.assign(strength=[float(batch["x"].iloc[0])]))
        assert sorted(seen) == [1, 2, 3, 4, 5]
        with pytest.raises(NoDesignLeft):
            campaign.suggest(1)

    def test_fewer_where_fewer_are_left(self) -> None:
        campaign = create(space=[{"name": "x", "kind": "numeric", "values": [1, 2, 3]}])
        assert len(campaign.suggest(5)) == 3
        assert "only 3 of 5" in campaign.events[-1].model_dump()["notes"][0]

    def test_withdrawn_and_failed_designs_do_not_return(self) -> None:
        campaign = create(space=[{"name": "x", "kind": "numeric", "values": [1, 2, 3, 4]}])
        batch = campaign.suggest(2)
        campaign.withdraw("S0001")
        campaign.record_failure("S0002", "cracked")
        rest = campaign.suggest(2)
        assert sorted([*batch["x"], *rest["x"]]) == [1, 2, 3, 4]

    def test_own_first_designs_come_first(self) -> None:
        initial = [{"T": 450, "gas": "Ar"}, {"T": 873.15, "gas": "N2"}]
        initial[1]["T"] = "873.15 K"
        campaign = create(initial=initial)
        batch = campaign.suggest(3)
        assert batch["T"].tolist()[:2] == [450.0, 600.0]
        assert batch["gas"].tolist()[:2] == ["Ar", "N2"]
        notes = [each.note for each in campaign.state.suggestions.values()]
        assert notes == ["one of the campaign's own first designs"] * 2 + ["fills the space"]

    def test_designs_fill_the_space_while_nothing_is_known(self) -> None:
        campaign = create()
        for _ in range(3):
            campaign.suggest(2)
        assert {each.how for each in campaign.state.suggestions.values()} == {"initial"}

    def test_attached_results_count_as_first_designs(self) -> None:
        campaign = create()
        campaign.attach([{"T": t, "gas": "N2", "strength": strength({"T": t, "gas": "N2"})} for t in (350, 650, 850)])
        campaign.suggest(1)
        assert campaign.state.suggestions["S0001"].how == "model"

    def test_replicates_on_demand(self) -> None:
        campaign = create()
        measure(campaign, campaign.suggest(2))
        again = campaign.suggest(replicate_of=["S0002"])
        assert list(again.index) == ["S0003"]
        assert again.iloc[0].to_dict() == dict(campaign.state.suggestions["S0002"].design)
        with pytest.raises(UnknownSuggestion, match="no suggestion 'S0009'"):
            campaign.suggest(replicate_of=["S0009"])
        assert len(campaign.suggest(replicate_of="S0001")) == 1
        with pytest.raises(InvalidData, match="leave out 'n'"):
            campaign.suggest(2, replicate_of=["S0001"])

    def test_a_withdrawn_design_does_not_return_as_a_replicate_either(self) -> None:
        campaign = create()
        measure(campaign, campaign.suggest(2))
        campaign.withdraw("S0001", "toxic")
        before = campaign.events
        with pytest.raises(InvalidData, match="S0001 was withdrawn, and a withdrawn design is never suggested again"):
            campaign.suggest(replicate_of=["S0002", "S0001"])
        assert campaign.events == before

    def test_numpys_whole_numbers_are_numbers(self) -> None:
        assert len(create().suggest(np.int64(2))) == 2  # type: ignore[arg-type]

    @pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
    def test_what_is_no_number_of_designs(self, n: Any) -> None:
        with pytest.raises(InvalidData, match="is no number of designs"):
            create().suggest(n)

    def test_a_batch_has_a_limit(self) -> None:
        with pytest.raises(InvalidData, match="100000 designs are too many for one suggestion; ask for at most 1000"):
            create().suggest(100_000)

    @pytest.mark.parametrize("key", ["batch_size", "replicates"])
    def test_settings_have_the_same_limit(self, key: str) -> None:
        with pytest.raises(InvalidInput, match="less than or equal to 1000"):
            Campaign.create(space=SPACE, targets=TARGETS, **{key: 100_000})  # type: ignore[arg-type]

    def test_a_list_of_candidates_has_three_first_designs(self) -> None:
        space = [{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(7)]
        rows = pd.DataFrame(
            [[(i * j) % 11 / 11 for j in range(1, 8)] for i in range(30)], columns=[f"x{i}" for i in range(7)]
        )
        assert initial_count(Campaign.create(space=space, targets=TARGETS)._spec()) == 8
        assert initial_count(Campaign.create(space=space, targets=TARGETS, candidates=rows)._spec()) == 3

    @pytest.mark.parametrize(
        ("settings", "count"),
        [
            ({}, 3),
            ({"budget": 4}, 2),
            ({"batch_size": 2}, 4),
            ({"initial": 7}, 7),
            ({"initial": [{"T": 300, "gas": "Ar"}]}, 1),
        ],
    )
    def test_how_many_first_designs(self, settings: dict[str, Any], count: int) -> None:
        campaign = Campaign.create(space=SPACE, targets=TARGETS, **settings)
        assert initial_count(campaign._spec()) == count

    def test_no_more_than_ten_first_designs_whatever_the_space(self) -> None:
        space = [{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(30)]
        assert initial_count(Campaign.create(space=space, targets=TARGETS)._spec()) == 10

    def test_results_that_come_while_a_choice_is_made_do_not_undo_it(self, path: Path) -> None:
        asking, recording = Campaign.open(path), Campaign.open(path)
        batch = recording.suggest(2)
        asking.refresh()
        state = asking.state
        measure(recording, batch.iloc[[0]])
        event = Suggested(
            at=datetime.now(UTC),
            designs=({"id": "S0003", "design": {"T": 300.0, "gas": "Ar"}},),
            based_on=state.position,
            how="initial",
        )
        assert asking._journal.commit_choice(event, state)
        assert asking.state.suggestions["S0003"].based_on == state.position
        recording.suggest(1)
        assert not asking._journal.commit_choice(event, state), "another choice was made since"


class TestChanging:
    def test_amend(self) -> None:
        campaign = create()
        measure(campaign, campaign.suggest(2))
        assert campaign.amend("M0001", {"strength": "0.45 GPa"}, noise={"strength": 3}, reason="typing error")
        assert campaign.state.measurements["M0001"].values == {"strength": 450.0}
        assert campaign.state.measurements["M0001"].noise == {"strength": 3.0}
        assert not campaign.amend("M0001", {"strength": 450})
        assert campaign.amend("M0001", design={"T": 455, "gas": "Ar"})
        assert campaign.state.measurements["M0001"].design == {"T": 455.0, "gas": "Ar"}
        assert campaign.amend("M0001", {"strength": None})
        assert campaign.state.suggestions["S0001"].status == "open"

    def test_amend_what_is_not_there(self) -> None:
        campaign = create()
        with pytest.raises(UnknownSuggestion, match="there is no measurement 'M0001'; no measurement is there"):
            campaign.amend("M0001", {"strength": 3})
        measure(campaign, campaign.suggest(1))
        with pytest.raises(InvalidData, match="did you mean 'strength'"):
            campaign.amend("M0001", {"strenght": 3})
        with pytest.raises(InvalidData, match="is not a number"):
            campaign.amend("M0001", {"strength": "strong"})
        assert not campaign.state.measurements["M0001"].amended

    def test_withdraw(self) -> None:
        campaign = create()
        measure(campaign, campaign.suggest(1))
        assert campaign.withdraw("M0001", "wrong sample")
        assert not campaign.withdraw("M0001")
        assert campaign.withdraw("S0001")
        assert not campaign.withdraw("S0001")
        with pytest.raises(UnknownSuggestion, match="did you mean S0001"):
            campaign.withdraw("S0002")

    def test_what_is_no_id(self) -> None:
        campaign: Any = create()
        for change in (campaign.withdraw, lambda subject: campaign.record_failure(subject, "broke")):
            with pytest.raises(UnknownSuggestion, match="there is no suggestion '3'"):
                change(3)

    def test_all_faults_of_a_change_of_the_space_at_once(self) -> None:
        with pytest.raises(InvalidSpace) as error:
            create().amend_space(bounds={"gas": [1, 2], "P": [1, 2]}, add_choices={"T": ["He"]})
        assert len(error.value.faults) == 3

    def test_the_space_grows(self) -> None:
        campaign = create()
        measure(campaign, campaign.suggest(3))
        assert campaign.amend_space(bounds={"T": [300, 1000]}, add_choices={"gas": ["air"]})
        event = campaign.events[-1]
        assert isinstance(event, SpaceChanged)
        assert event.changes == (
            "T: bounds was (300.0, 900.0) and is (300.0, 1000.0)",
            "gas: choices was ('N2', 'Ar') and is ('N2', 'Ar', 'air')",
        )
        campaign.attach({"T": 950, "gas": "air", "strength": 700})
        batch = campaign.suggest(3)
        assert len(batch) == 3
        assert not campaign.amend_space(bounds={"T": [300, 1000]})

    def test_the_space_shrinks_and_earlier_results_are_kept_and_flagged(self) -> None:
        campaign = create()
        campaign.attach([{"T": t, "gas": "N2", "strength": strength({"T": t, "gas": "N2"})} for t in (350, 650, 850)])
        campaign.amend_space(bounds={"T": [600, 900]}, constraints=["T <= 800"])
        assert "outside 600 to 900" in campaign.measurements().loc["M0001", "flags"]  # type: ignore[operator]
        batch = campaign.suggest(4)
        assert batch["T"].between(600, 800).all()
        assert len(campaign.state.results) == 3

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"bounds": {"P": [0, 1]}}, "P"),
            ({"bounds": {"gas": [0, 1]}}, "gas"),
            ({"add_choices": {"T": ["x"]}}, "T"),
            ({"space": SPACE[:1]}, "parameter 'gas' is gone"),
            ({"space": [SPACE[0], {**SPACE[1], "choices": ["N2"]}]}, "choice 'Ar' is gone; keep it, and forbid it"),  # type: ignore[dict-item]
            ({"space": [{**SPACE[0], "unit": "K"}, SPACE[1]]}, "the unit was 'degC' and is 'K'"),  # type: ignore[dict-item]
            ({"bounds": {"T": [900, 300]}}, "bounds"),
            ({"constraints": ["T <"]}, "T <"),
        ],
    )
    def test_changes_that_the_results_would_not_survive(self, change: dict[str, Any], message: str) -> None:
        campaign = create()
        campaign.suggest(1)
        events = len(campaign.events)
        with pytest.raises(InvalidInput, match=message) as caught:
            campaign.amend_space(**change)
        assert isinstance(caught.value, InvalidSpace | InvalidCampaign)
        assert len(campaign.events) == events

    def test_a_pool_survives_a_changed_space(self) -> None:
        pool = pd.DataFrame({"T": [300, 400, 500, 600], "gas": ["N2", "Ar", "N2", "Ar"], "note": "x"})
        campaign = create(candidates=pool)
        campaign.suggest(1)
        campaign.amend_space(constraints=["T >= 500"])
        assert set(campaign.suggest(3)["T"]) <= {500.0, 600.0}

    def test_narrowed_bounds_hold_for_a_pool(self) -> None:
        pool = pd.DataFrame({"T": [300, 400, 500, 600], "gas": ["N2", "Ar", "N2", "Ar"]})
        campaign = create(candidates=pool)
        campaign.amend_space(bounds={"T": [450, 600]})
        assert set(campaign.suggest(2)["T"]) == {500.0, 600.0}


class TestFormulas:
    def test_a_pool_of_formulas_and_a_result_from_outside_it(self) -> None:
        pool = pd.DataFrame({"formula": ["CoCrNi", "FeCoNi", "Al0.5CoCrFeNi", "CoCrFeMnNi", "AlTiZr"]})
        campaign = create(space=[{"name": "formula", "kind": "formula"}], candidates=pool, initial=2)
        batch = campaign.suggest(2)
        campaign.record(batch.assign(strength=[300.0, 400.0]))
        report = campaign.attach({"formula": "WMoTaNb", "strength": 900})
        assert "the design is not among the candidates" in report.flags["M0003"][0]
        rest = campaign.suggest(4)
        assert sorted([*batch["formula"], *rest["formula"]]) == sorted(pool["formula"])
        assert campaign.best().loc["M0003", "formula"] == "WMoTaNb"


class TestAsking:
    def test_best_before_and_after_results(self) -> None:
        campaign = create()
        assert campaign.best().empty
        measure(campaign, campaign.suggest(4))
        best = campaign.best()
        top = max(campaign.state.results, key=lambda each: each.values["strength"])
        assert best[best["best_by"].str.contains("measured")].index[0] == top.suggestion
        assert {"strength", "strength_mean", "strength_sd"} <= set(best.columns)

    def test_a_lucky_measurement_is_shown_but_is_not_the_best(self) -> None:
        campaign = create(initial=6)
        curve = {300: [300], 400: [350, 352], 500: [430], 600: [500, 498], 650: [520, 516, 524], 700: [505], 800: [430]}
        rows = [{"T": t, "gas": "N2", "strength": y, "strength_sem": 4} for t, ys in curve.items() for y in ys]
        campaign.attach([*rows, {"T": 850, "gas": "N2", "strength": 560, "strength_sem": 200}])
        best = campaign.best()
        assert best[best["best_by"].str.contains("posterior")]["T"].tolist() == [650.0]
        assert best[best["best_by"].str.contains("measured")]["T"].tolist() == [850.0]

    def test_infeasible_designs_are_not_the_best(self) -> None:
        targets = [*TARGETS, {"name": "leaching", "unit": "percent", "at_most": 2}]
        campaign = create(targets=targets)
        rows = [(300, 100, 1), (400, 200, 1.5), (500, 300, 3), (600, 400, 4)]
        campaign.attach([{"T": t, "gas": "N2", "strength": s, "leaching": x} for t, s, x in rows])
        best = campaign.best()
        assert best[best["best_by"].str.contains("measured")]["T"].tolist() == [400.0]
        assert 600.0 not in best["T"].tolist()

    def test_predict(self) -> None:
        campaign = create()
        with pytest.raises(InvalidData, match="too few for a model; record at least 2"):
            campaign.predict({"T": 600, "gas": "N2"})
        measure(campaign, campaign.suggest(6))
        frame = pd.DataFrame({"T [K]": [873.15, 573.15], "gas": ["N2", "Ar"]}, index=["a", "b"])
        predicted = campaign.predict(frame)
        assert list(predicted.index) == ["a", "b"]
        assert list(predicted.columns) == ["strength", "strength_sd", "strength_low", "strength_high"]
        assert (predicted["strength_low"] < predicted["strength"]).all()
        with pytest.raises(InvalidData, match="'Xe' is not a choice"):
            campaign.predict({"T": 600, "gas": "Xe"})

    def test_status_counts_and_reasons(self, path: Path) -> None:
        campaign = Campaign.open(path)
        batch = campaign.suggest(4)
        measure(campaign, batch.iloc[:1])
        campaign.record_failure("S0002", "cracked")
        campaign.withdraw("S0003")
        status = campaign.status()
        assert (status.recorded, status.failed, status.withdrawn, status.open) == (
            ("S0001",), ("S0002",), ("S0003",), ("S0004",),
        )  # fmt: skip
        assert (status.spent, status.budget, status.stop) == (2, 20, False)
        assert "2 of 20 experiments made" in str(status)
        json.dumps(status.as_dict())

    def test_history_and_export(self, path: Path) -> None:
        campaign = Campaign.open(path)
        measure(campaign, campaign.suggest(2))
        assert campaign.history()["kind"].tolist() == ["created", "suggested", "recorded", "recorded"]
        table = pd.read_csv(campaign.export(path.parent / "out.csv"))
        assert table["strength"].tolist() == [each.values["strength"] for each in campaign.state.results]
        lines = campaign.export(path.parent / "out.jsonl").read_text(encoding="utf-8").splitlines()
        assert tuple(from_json(line, i) for i, line in enumerate(lines, start=1)) == campaign.events
        with pytest.raises(InvalidInput, match=r"end it in .csv"):
            campaign.export(path.parent / "out.doc")
