"""Observations before and beside the targets: the file, recording, what to measure next, runs, and what is shown."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.as_task import task_of_campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Recorded, from_json, to_json
from designer.campaign.observing.campaign_stages import undecided
from designer.cli.main import main
from designer.errors import InvalidCampaign, InvalidData, MeasurementFailed
from designer.report import write_report

SPACE: list[dict[str, Any]] = [{"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 0.5}]
CONTEXT: dict[str, Any] = {"name": "humidity", "kind": "numeric", "bounds": [0, 100], "role": "context"}
TARGETS: list[dict[str, Any]] = [{"name": "y", "unit": "MPa", "goal": "maximize"}]
HARDNESS: dict[str, Any] = {"name": "hardness", "unit": "HV", "stage": 1, "cost": 0.1}
CANDIDATES = pd.DataFrame({"x": np.arange(0.0, 10.5, 1.0)})


def made(observations: Any = (HARDNESS,), **options: Any) -> Campaign:
    options = {"space": SPACE, "targets": TARGETS, **options}
    return Campaign.create(observations=list(observations), **options)


def surface(x: float) -> float:
    return 50.0 - (x - 7.0) ** 2 + 5.0 * math.sin(3.0 * x)


class Tensile:
    """An oracle of both quantities that counts what it was asked for."""

    def __init__(self, *, informative: bool = True, fails: bool = False) -> None:
        self.asked: list[str] = []
        self.informative, self.fails = informative, fails

    def measure(self, design: Any, *, suggestion: str | None = None) -> dict[str, float]:
        self.asked.append("y")
        return {"y": surface(design["x"])}

    def observe(self, design: Any, names: Any, *, suggestion: str) -> dict[str, float]:
        self.asked.append("hardness")
        if self.fails:
            raise MeasurementFailed("no indent was visible")
        x = design["x"]
        return {"hardness": 3.0 * surface(x) + 20.0 if self.informative else (37.0 * x + 11.0) % 17.0}


@pytest.mark.parametrize(
    ("options", "path", "words"),
    [
        ({"observations": [{"name": "z", "stage": 1}]}, ("observations", 0, "cost"), "has a stage and no cost"),
        ({"observations": [{"name": "z", "cost": 1}]}, ("observations", 0, "stage"), "has a cost and no stage"),
        ({"observations": [{"name": "y"}]}, ("observations", 0, "name"), "is also a target"),
        ({"observations": [{"name": "x"}]}, ("observations", 0, "name"), "is also a parameter"),
        ({"observations": [{"name": "failed"}]}, ("observations", 0, "name"), "the campaign's own tables"),
        ({"observations": [{"name": "z"}, {"name": "z"}]}, ("observations", 1, "name"), "is also an observation"),
        ({"observations": [{"name": "z", "colour": 1}]}, ("observations", 0, "colour"), "unknown key"),
        ({"observations": [{**HARDNESS, "cost": 0}]}, ("observations", 0, "cost"), "greater than 0"),
        ({"observations": [{**HARDNESS, "stage": 1.5}]}, ("observations", 0, "stage"), "not a whole number"),
        ({"observations": [{"name": " z"}]}, ("observations", 0, "name"), "cannot be used"),
        (
            {"observations": [HARDNESS], "targets": [*TARGETS, {"name": "w", "goal": "minimize"}]},
            ("observations", 0, "stage"),
            "not one goal",
        ),
        (
            {"observations": [HARDNESS], "targets": [{"name": "y", "goal": "map"}]},
            ("observations", 0, "stage"),
            "goal map has no best design",
        ),
        (
            {"observations": [{"name": "z"}], "targets": [{"name": "y", "goal": "prefer"}]},
            ("observations",),
            "results of 'y' are compared",
        ),
        (
            {"observations": [HARDNESS], "space": [{**SPACE[0], "name": "u"}, CONTEXT]},
            ("observations", 0, "stage"),
            "depends on a context (humidity)",
        ),
        (
            {"observations": [HARDNESS], "space": [{**SPACE[0], "vary": "per_batch"}, {**SPACE[0], "name": "u"}]},
            ("observations", 0, "stage"),
            "a batch is made at one setting of 'x'",
        ),
        (
            {"observations": [HARDNESS], "diversify_by": [{"parameter": "x", "cells": 2}]},
            ("observations", 0, "stage"),
            "the best design of each cell",
        ),
        (
            {
                "observations": [{"name": "z"}],
                "space": [*SPACE, {"name": "m", "kind": "fidelity", "levels": ["a", "b"]}],
            },
            ("observations",),
            "cannot be used with the fidelity 'm'",
        ),
        (
            {"observations": [HARDNESS], "acquisition": "posterior-mean"},
            ("observations", 0, "stage"),
            "has no expected improvement",
        ),
        (
            {"observations": [{"name": "z"}], "space": [{**SPACE[0], "setting_error": 0.1}]},
            ("observations",),
            "'x' is made with an error",
        ),
        (
            {"observations": [HARDNESS], "measure": {"kind": "python", "function": "math:sqrt"}},
            ("observations", 0, "measure"),
            "nothing gives observation 'hardness' in a run",
        ),
        (
            {"observations": [{**HARDNESS, "measure": {"kind": "python", "function": "math:sqrt"}}]},
            ("observations", 0, "measure"),
            "has 'measure', and the campaign has none",
        ),
    ],
)
def test_faults_are_located(options: dict[str, Any], path: tuple[str | int, ...], words: str) -> None:
    data = {"designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, **options}
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_data(data, check_files=False)
    found = [fault for fault in caught.value.faults if words in str(fault)]
    assert [fault.path for fault in found] == [path]
    assert all(fault.remedy for fault in caught.value.faults)


def test_a_fault_of_a_file_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "designer: 1\nname: c\nspace:\n  - {name: T, kind: numeric, bounds: [0, 10]}\n"
        "targets:\n  - {name: y, goal: maximize}\nobservations:\n  - name: z\n    stage: 1\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_file(path)
    (fault,) = caught.value.faults
    assert fault.line == 8
    assert "cost: 0.1" in fault.remedy


def test_an_observation_is_recorded_before_its_target() -> None:
    campaign = made()
    campaign.suggest(2)
    assert campaign.record([{"suggestion": "S0001", "hardness": "310 HV"}]).recorded == ("M0001",)
    assert [each.id for each in campaign.state.open] == ["S0001", "S0002"], "no result yet"
    assert not campaign.state.results
    assert undecided(campaign.state) == {"S0001"}
    again = campaign.record([{"suggestion": "S0001", "hardness": 310}])
    assert not again.changed
    assert campaign.record([{"suggestion": "S0001", "y": 4.0}]).completed == ("M0001",)
    (result,) = campaign.state.results
    assert (result.values, result.observed) == ({"y": 4.0}, {"hardness": 310.0})
    assert campaign.state.suggestions["S0001"].status == "recorded"
    other = campaign.record([{"suggestion": "S0001", "hardness": 315}])
    assert other.recorded == ("M0002",), "another value is another measurement"
    assert campaign.record([{"suggestion": "S0002", "hardness": "failed", "y": 3}]).recorded == ("M0003",)
    assert campaign.state.measurements["M0003"].observed == {"hardness": None}


def test_tables_hold_observations_and_come_back(tmp_path: Path) -> None:
    campaign = made()
    campaign.suggest(3)
    campaign.record([{"suggestion": "S0001", "hardness": 310, "y": 2.0}, {"suggestion": "S0002", "hardness": "failed"}])
    campaign.attach([{"x": 3.0, "hardness": "2 HV"}])
    path = campaign.export(tmp_path / "results.csv")
    frame = pd.read_csv(path, index_col=0)
    assert frame["hardness"].tolist() == ["310.0", "failed", "2.0"]
    copied = made()
    copied.suggest(3)
    suggested = frame[frame["suggestion"].notna()].drop(columns=["at", "flags"])
    copied.record(suggested.reset_index(drop=True))
    copied.attach(frame[frame["suggestion"].isna()][["x", "hardness"]].reset_index(drop=True))
    assert [each.observed for each in copied.state.measurements.values()] == [
        each.observed for each in campaign.state.measurements.values()
    ]


@pytest.mark.parametrize("cell", ["hard", math.inf, "3 MPa", True])
def test_faulty_observations_are_located(cell: Any) -> None:
    campaign = made()
    campaign.suggest(1)
    with pytest.raises(InvalidData) as caught:
        campaign.record([{"suggestion": "S0001", "hardness": cell}])
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (2, "hardness")
    assert campaign.state.measurements == {}


def test_observations_are_corrected_and_withdrawn() -> None:
    campaign = made()
    campaign.suggest(1)
    campaign.record([{"suggestion": "S0001", "hardness": 310}])
    assert campaign.amend("M0001", {"hardness": 301})
    assert not campaign.amend("M0001", {"hardness": 301})
    assert campaign.state.measurements["M0001"].observed == {"hardness": 301.0}
    with pytest.raises(InvalidData, match="'failed' is no number"):
        campaign.amend("M0001", {"hardness": "failed"})
    assert campaign.amend("M0001", {"hardness": None})
    assert campaign.state.measurements["M0001"].observed == {}
    campaign.withdraw("M0001")
    assert undecided(campaign.state) == frozenset()


def test_observations_may_be_added_to_a_campaign(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    space = "space:\n  - {name: x, kind: numeric, bounds: [0, 10]}\n"
    plain = f"designer: 1\nname: c\n{space}targets:\n  - {{name: y, goal: maximize}}\n"
    path.write_text(plain, encoding="utf-8")
    Campaign.open(path).suggest(1)
    path.write_text(plain + "observations:\n  - {name: z, stage: 1, cost: 0.2}\n", encoding="utf-8")
    campaign = Campaign.open(path)
    campaign.suggest(1)
    assert campaign.record([{"suggestion": "S0001", "z": 1.0}]).changed
    assert Campaign.resume(campaign.store, "c").settings.observations == campaign.settings.observations


def test_the_first_design_is_measured_at_once_and_the_next_ones_are_observed_and_measured() -> None:
    campaign = made()
    campaign.suggest(1)
    assert campaign.state.suggestions["S0001"].note.endswith("measure y at once")
    (step,) = campaign.next_steps()
    assert step.words == "S0001: go on to y"
    campaign.record([{"suggestion": "S0001", "y": 1.0}])
    campaign.suggest(1)
    assert campaign.state.suggestions["S0002"].note.endswith("measure hardness first")
    (step,) = campaign.next_steps()
    assert step.words == "S0002: measure hardness"
    campaign.record([{"suggestion": "S0002", "hardness": 1.0}])
    (step,) = campaign.next_steps()
    assert step.words == "S0002: go on to y"
    assert "S0002: go on to y" in campaign.status().lines()
    assert made(()).next_steps() == ()


def after_results(n: int = 7, **options: Any) -> Campaign:
    """Return a campaign with as many results and informative observations."""
    campaign = made(**options)
    oracle = Tensile()
    xs = np.linspace(0.0, 10.0, n).round(1)
    campaign.attach([{"x": x, "y": surface(x), **oracle.observe({"x": x}, [], suggestion="")} for x in xs])
    return campaign


def test_a_promising_observation_goes_on_and_a_poor_one_stops() -> None:
    campaign = after_results(9, initial=1)
    campaign.suggest(1)
    low, high = 20.0 + 3.0 * 2.0, 20.0 + 3.0 * 60.0
    campaign.record([{"suggestion": "S0001", "hardness": high}])
    (step,) = campaign.next_steps()
    assert step.kind != "stop", step.words
    before = campaign.posterior()
    assert before is not None
    campaign.amend("M0010", {"hardness": low})
    (step,) = campaign.next_steps()
    assert step.kind == "stop", step.words
    assert step.words.startswith("S0001: stop, ")
    assert step.words.endswith("chance to be better than the best")
    known = campaign.posterior()
    assert known is not None
    design = campaign.space.coordinates(pd.DataFrame([dict(campaign.state.suggestions["S0001"].design)]))
    assert known.predict(design)[0][0, 0] < before.predict(design)[0][0, 0] - 5.0
    assert len(known.coordinates) == 9, "an observation is no result"
    assert campaign.suggest(1).index.tolist() == ["S0002"]
    assert any(note.startswith("S0001: stop") for note in campaign.events[-1].notes)  # type: ignore[union-attr]


@pytest.mark.parametrize("seen", [(250.0,), (250.0, 310.0, 280.0, 240.0, 300.0)], ids=["constant", "unrelated"])
@pytest.mark.parametrize("candidates", [None, CANDIDATES], ids=["space", "list"])
def test_observations_that_say_nothing_change_no_experiment(candidates: Any, seen: tuple[float, ...]) -> None:
    """They cost what they cost, and the same designs are measured in the same order."""
    runs = []
    for observations in ((), (HARDNESS,)):
        campaign = made(observations, candidates=candidates, seed=3, initial=3)
        measured: list[float] = []
        while len(measured) < 7:
            campaign.suggest(1)
            (suggestion,) = campaign.state.open
            for step in campaign.next_steps():
                if step.kind == "observe":
                    hardness = seen[len(measured) % len(seen)]
                    campaign.record([{"suggestion": suggestion.id, "hardness": hardness}])
            assert {step.kind for step in campaign.next_steps()} <= {"measure"}
            measured.append(float(suggestion.design["x"] or 0.0))
            campaign.record([{"suggestion": suggestion.id, "y": surface(measured[-1])}])
        runs.append(measured)
    assert runs[0] == runs[1]


def test_a_stopped_design_is_no_failure() -> None:
    campaign = after_results(initial=1)
    campaign.suggest(1)
    campaign.record([{"suggestion": "S0001", "hardness": 0.0}])
    campaign.withdraw("S0001", "stopped after the hardness")
    assert campaign.state.failures == ()
    known = campaign.posterior()
    assert known is not None
    assert known.revised_targets is not None
    assert known.revised_targets.informed[0], "what it showed still counts"


def test_failed_observations_lead_to_the_target() -> None:
    campaign = after_results(initial=1)
    campaign.suggest(1)
    campaign.record([{"suggestion": "S0001", "hardness": "failed"}])
    (step,) = campaign.next_steps()
    assert step.kind in ("measure", "wait"), "it is not asked for again"
    assert campaign.state.failures == ()


@pytest.mark.parametrize("informative", [True, False])
def test_a_run_observes_first_and_spends_its_budget(informative: bool) -> None:
    campaign = made(candidates=CANDIDATES, budget=4, seed=3, initial=3)
    oracle = Tensile(informative=informative)
    report = campaign.run(oracle)
    assert report.rule in ("budget", "space")
    observed, measured = oracle.asked.count("hardness"), oracle.asked.count("y")
    assert measured + int(0.1 * observed + 1e-9) == campaign.status().spent
    assert len(campaign.state.results) == measured
    assert all(step.observed or step.values for step in report.steps)


def test_a_run_goes_on_where_observations_fail() -> None:
    campaign = made(candidates=CANDIDATES, budget=4)
    campaign.run(Tensile(fails=True))
    assert len(campaign.state.results) >= 3
    assert campaign.state.failures == ()
    assert all(each.observed in ({"hardness": None}, {}) for each in campaign.state.results)


def test_a_table_gives_observations_and_targets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{x},{surface(x)},{3 * surface(x)}" for x in CANDIDATES["x"]]
    (tmp_path / "plate.csv").write_text("\n".join(["x,y [MPa],hardness [HV]", *rows]) + "\n", encoding="utf-8")
    path = tmp_path / "c.yaml"
    path.write_text(
        json.dumps(
            {
                "designer": 1,
                "name": "c",
                "space": SPACE,
                "candidates": "plate.csv",
                "targets": TARGETS,
                "observations": [{**HARDNESS, "cost": 0.04}],
                "measure": {"kind": "table", "file": "plate.csv", "columns": {"y": "y"}},
                "budget": 3,
            }
        ),
        encoding="utf-8",
    )
    assert main(["run", str(path), "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["experiments"]
    assert steps[0]["observed"] == {"hardness": 3 * surface(steps[0]["design"]["x"])}
    assert steps[1]["values"] == {"y": surface(steps[0]["design"]["x"])}
    assert main(["suggest", str(path), "--csv", str(tmp_path / "next.csv")]) == 0
    header = (tmp_path / "next.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "suggestion,x,hardness [HV],y [MPa]"
    capsys.readouterr()
    assert main(["status", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"]


def test_costs_of_observations_are_spent() -> None:
    campaign = made(cost=5, budget={"cost": 20}, observations=[{**HARDNESS, "cost": 2}])
    campaign.suggest(1)
    campaign.record([{"suggestion": "S0001", "hardness": 300}])
    spending = campaign.spending
    assert spending is not None
    assert (spending.spent, spending.committed) == (2.0, 0.0), "whether it goes on is not decided"
    campaign.record([{"suggestion": "S0001", "y": 3}])
    spending = campaign.spending
    assert spending is not None
    assert spending.spent == 7.0


def test_an_event_with_observations_has_a_version_of_its_own() -> None:
    event = Recorded.model_validate(
        {
            "at": "2026-05-01T00:00:00Z",
            "measurement": "M0001",
            "design": {"x": 1.0},
            "values": {},
            "observed": {"z": None, "w": 2.0},
        }
    )
    assert json.loads(to_json(event))["v"] == 5
    assert from_json(to_json(event)) == event
    assert '"v":1' in to_json(event.model_copy(update={"observed": {}}))


steps = st.lists(
    st.tuples(st.sampled_from(["z", "y", "failed", "fail", "withdraw"]), st.integers(1, 3), st.integers(0, 2)),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(steps.flatmap(lambda given_: st.tuples(st.just(given_), st.permutations(given_))))
def test_results_and_observations_in_any_order_give_the_same_state(orders: tuple[list[Any], list[Any]]) -> None:
    def after(order: list[Any]) -> Any:
        campaign = made([{**HARDNESS, "name": "z"}])
        campaign.suggest(3)
        for kind, number, value in order:
            name = f"S000{number}"
            if kind == "fail":
                campaign.record_failure(name, str(value))
            elif kind == "withdraw":
                campaign.withdraw(name)
            elif kind == "failed":
                campaign.record([{"suggestion": name, "z": "failed", "replicate": value + 1}])
            else:
                campaign.record([{"suggestion": name, kind: float(value)}])
        state = campaign.state
        results = sorted((each.suggestion, sorted(each.values.items())) for each in state.results)
        observed = {
            name: sorted({str(each.observed["z"]) for each in state.of(name) if "z" in each.observed})
            for name in state.suggestions
        }
        return [(each.id, each.status) for each in state.suggestions.values()], results, observed, undecided(state)

    first, second = map(after, orders)
    assert first == second


@settings(max_examples=4, deadline=None)
@given(st.permutations(range(8)))
def test_the_posterior_does_not_depend_on_the_order_of_observations(order: list[int]) -> None:
    def posterior(rows: list[int]) -> Any:
        campaign = made()
        for i in rows:
            row = {"x": i + 0.5, "hardness": 3.0 * surface(i + 0.5)}
            campaign.attach([row if i % 3 == 2 else {**row, "y": surface(i + 0.5)}])
        known = campaign.posterior()
        assert known is not None
        return known.predict(np.array([[2.5], [4.0]]))

    for mine, theirs in zip(posterior(order), posterior(sorted(order)), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_explanations_and_the_report_show_what_observations_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.yaml"
    data = {"designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, "observations": [HARDNESS], "initial": 1}
    path.write_text(json.dumps(data), encoding="utf-8")
    campaign = Campaign.open(path)
    campaign.attach([{"x": x, "y": surface(x), "hardness": 3.0 * surface(x)} for x in np.linspace(0, 10, 7).round(1)])
    campaign.suggest(1)
    assert campaign.observation_effects() == ()
    campaign.record([{"suggestion": "S0001", "hardness": 60.0}])
    (effect,) = campaign.observation_effects()
    assert effect.weight > 0.5
    assert effect.given != effect.without
    distances = [abs(each.observed - 60.0) for each in effect.nearest if each.observed is not None]
    assert len(distances) == 3
    assert min(distances) == distances[0]
    assert effect.words.startswith("S0001 has hardness 60 HV; y is then ")
    assert main(["explain", str(path), "S0001"]) == 0
    assert "Observed since: S0001 has hardness 60 HV" in " ".join(capsys.readouterr().out.split())
    assert main(["explain", str(path), "S0001", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["observations"][0]["observed"] == "hardness 60 HV"
    page = write_report(campaign, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "S0001 has hardness 60 HV" in page
    assert "y against hardness" in page


def test_a_finished_campaign_with_observations_is_a_past_task(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    data = {"designer": 1, "name": "old", "space": SPACE, "targets": TARGETS, "observations": [HARDNESS]}
    path.write_text(json.dumps(data), encoding="utf-8")
    campaign = Campaign.open(path)
    campaign.attach([{"x": float(x), "y": surface(x), "hardness": 2.0 * surface(x)} for x in range(6)])
    campaign.attach([{"x": 9.5, "hardness": 3.0}])
    task = task_of_campaign(path)
    assert np.isfinite(task.Y).sum() == 6, "a design that was observed alone is no result"
    assert [each.name for each in task.targets] == ["y"]


def test_a_run_goes_on_with_what_promises_most_where_no_design_is_left() -> None:
    """Designs without a chance wait for new ones; where there are none, the budget is still spent."""
    campaign, oracle = made(candidates=CANDIDATES, budget=40), Tensile()
    for x in (0.0, 2.0, 4.0, 6.0, 7.0, 8.0, 10.0):
        campaign.attach([{"x": x, "y": surface(x), **oracle.observe({"x": x}, [], suggestion="")}])
    steps: list[Any] = []
    report = campaign.run(oracle, progress=steps.append)
    assert report.rule == "space"
    assert len(campaign.state.results) == len(CANDIDATES)
    kinds = [bool(each.observed) and not each.values for each in steps]
    assert kinds.index(False) >= 2, "some are observed before the first of them is measured"
