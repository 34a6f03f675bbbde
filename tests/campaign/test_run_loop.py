from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from designer.campaign.campaign import Campaign
from designer.campaign.run_loop import Step
from designer.errors import InvalidInput, MeasurementFailed, OracleUnusable
from designer.oracles import Measured

FILE = """\
designer: 1
name: run
space:
  - {name: x, kind: numeric, bounds: [0, 20], step: 1}
targets:
  - {name: y, goal: maximize, reach: 100}
initial: 3
batch_size: 2
budget: 8
"""


class Oracle:
    """Measures -(x - 7)^2, keeps the ids of its calls, and runs an action at one of them."""

    def __init__(self, acts: Mapping[int, Callable[[], Any]] | None = None) -> None:
        self.acts = acts or {}
        self.asked: list[str | None] = []

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Mapping[str, float]:
        self.asked.append(suggestion)
        act = self.acts.get(len(self.asked))
        if act is not None:
            act()
        return {"y": -float((design["x"] - 7) ** 2)}


def failing() -> None:
    raise MeasurementFailed("film peeled")


def unusable() -> None:
    raise OracleUnusable("no instrument")


def interrupting(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def designs(campaign: Campaign) -> list[Any]:
    return [(each.id, each.design, each.status) for each in campaign.state.suggestions.values()]


def test_it_runs_to_its_budget_and_says_why_it_stopped(path: Path) -> None:
    steps: list[Step] = []
    campaign = Campaign.open(path)
    report = campaign.run(Oracle(), progress=steps.append)
    assert report.reason == "the budget of 8 experiments is used up"
    assert report.rule == "budget"
    assert tuple(steps) == report.steps
    assert [step.spent for step in steps] == list(range(1, 9))
    assert len(campaign.state.results) == 8
    assert campaign.state.open == (), "no more is suggested than the budget allows"


def test_it_stops_at_the_target(path: Path) -> None:
    path.write_text(FILE.replace("reach: 100", "reach: 0"), encoding="utf-8")
    report = Campaign.open(path).run(Oracle())
    assert report.rule == "reach"
    assert report.steps[-1].values == {"y": 0.0}


def test_it_stops_when_all_is_measured() -> None:
    campaign = Campaign.create(
        space=[{"name": "x", "kind": "numeric", "values": [1, 2, 3]}],
        targets=[{"name": "y", "goal": "maximize"}],
        budget=9,
    )
    report = campaign.run(Oracle())
    assert report.rule == "space"
    assert len(report.steps) == 3


def test_failures_are_events_and_the_run_goes_on(path: Path) -> None:
    campaign = Campaign.open(path)
    report = campaign.run(Oracle({2: failing}))
    assert report.steps[1].failed == "film peeled"
    assert campaign.state.suggestions["S0002"].failed_because == ("film peeled",)
    assert len(report.steps) == 8


def test_an_unusable_oracle_ends_the_run_and_leaves_the_suggestion_open(path: Path) -> None:
    campaign = Campaign.open(path)
    with pytest.raises(OracleUnusable):
        campaign.run(Oracle({2: unusable}))
    assert [each.status for each in campaign.state.suggestions.values()] == ["recorded", "open"]
    assert campaign.state.failures == ()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("call", [1, 4, 5])
def test_interrupted_and_resumed_it_is_as_if_nothing_had_happened(
    path: Path, tmp_path: Path, call: int, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    report = Campaign.open(path).run(Oracle({call: interrupting(number)}))
    assert report.interrupted
    assert len(report.steps) == call - 1
    assert re.search("comes? first next time", report.reason)
    assert signal.getsignal(number) is before
    waiting = Campaign.open(path).state.open[0].id
    again, oracle = Campaign.open(path), Oracle()
    again.run(oracle)
    assert oracle.asked[0] == waiting
    whole = Campaign.open(path, store=tmp_path / "whole.db")
    whole.run(Oracle())
    assert designs(again) == designs(whole)


def test_a_signal_between_experiments_ends_the_run_before_the_next(path: Path) -> None:
    campaign = Campaign.open(path)
    report = campaign.run(Oracle(), progress=lambda _: os.kill(os.getpid(), signal.SIGINT))
    assert report.interrupted
    assert len(report.steps) == 1
    assert len(campaign.state.results) == 1


def test_replicates_are_measured_one_by_one(path: Path) -> None:
    path.write_text(FILE + "replicates: 2\n", encoding="utf-8")
    campaign, oracle = Campaign.open(path), Oracle()
    campaign.run(oracle, max_experiments=3)
    assert oracle.asked == ["S0001", "S0001.2", "S0002"]
    assert [each.replicate for each in campaign.state.of("S0001")] == [1, 2]
    campaign.run(oracle)
    assert oracle.asked[3] == "S0002.2"
    assert len(campaign.state.results) == 8


@pytest.mark.parametrize(
    "undo", [lambda campaign: campaign.withdraw("M0001"), lambda campaign: campaign.amend("M0001", {"y": None})]
)
def test_a_measurement_that_was_taken_back_is_made_again(path: Path, undo: Callable[[Campaign], bool]) -> None:
    campaign, oracle = Campaign.open(path), Oracle()
    campaign.run(oracle, max_experiments=2)
    undo(campaign)
    (step,) = campaign.run(oracle, max_experiments=1).steps
    assert (step.suggestion, oracle.asked[2]) == ("S0001", "S0001.2")
    assert [each.id for each in campaign.state.of("S0001") if each.values] == ["M0003"]
    assert len(campaign.state.results) == 2


def test_what_was_measured_instead_and_its_notes_are_kept() -> None:
    class Nearest:
        def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Measured:
            return Measured({"y": 1.0}, notes=("nearest row",), executed={"x": 5.5})

    campaign = Campaign.create(
        space=[{"name": "x", "kind": "numeric", "bounds": [0, 20], "step": 1}],
        targets=[{"name": "y", "goal": "maximize"}],
    )
    (step,) = campaign.run(Nearest(), max_experiments=1).steps
    assert step.notes == ("nearest row",)
    (result,) = campaign.state.results
    assert result.design == {"x": 5.5}
    assert result.notes == ("nearest row",)


def test_the_oracle_of_the_file(path: Path) -> None:
    table = "x,y\n" + "".join(f"{x},{-((x - 7) ** 2)}\n" for x in range(21))
    (path.parent / "plate.csv").write_text(table, encoding="utf-8")
    path.write_text(FILE + "measure: {kind: table, file: plate.csv}\n", encoding="utf-8")
    campaign = Campaign.open(path)
    assert campaign.run().rule == "budget"
    assert all(each.values["y"] == -((each.design["x"] - 7) ** 2) for each in campaign.state.results)  # type: ignore[operator]


def test_a_run_needs_an_oracle_and_an_end() -> None:
    space, targets = [{"name": "x", "kind": "numeric", "bounds": [0, 1]}], [{"name": "y", "goal": "maximize"}]
    with pytest.raises(InvalidInput, match="has no oracle; add 'measure'"):
        Campaign.create(space=space, targets=targets, budget=3).run()
    with pytest.raises(InvalidInput, match="give max_experiments only"):
        Campaign.create(space=space, targets=targets).run(Oracle(), max_experiments=2, most=2)
    assert len(Campaign.create(space=space, targets=targets).run(Oracle(), most=1).steps) == 1
    with pytest.raises(InvalidInput, match="has no stopping rule; give a 'budget'"):
        Campaign.create(space=space, targets=targets).run(Oracle())
    assert len(Campaign.create(space=space, targets=targets).run(Oracle(), max_experiments=2).steps) == 2
