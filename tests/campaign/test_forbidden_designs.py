"""Designs that the space forbids now are neither the best nor a reason to stop; they are shown apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.campaign.campaign import Campaign

SPACE = [
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 600], "step": 50},
    {"name": "reactor", "kind": "categorical", "choices": ["R1", "R2", "R3"]},
]
TARGET = {"name": "y", "goal": "maximize", "reach": 100}
RESULTS = [
    {"T": 300, "reactor": "R1", "y": 150.0},
    {"T": 350, "reactor": "R3", "y": 60.0},
    {"T": 550, "reactor": "R3", "y": 90.0},
]


def begun(**settings: Any) -> Campaign:
    campaign = Campaign.create(space=SPACE, targets=[TARGET], **settings)
    campaign.attach(RESULTS)
    assert campaign.verdict().rule == "reach"
    assert list(campaign.best().index) == ["M0001"]
    assert len(campaign.forbidden_best()) == 0
    return campaign


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"constraints": ["reactor == R3"]}, "violates 'reactor == R3'"),
        ({"constraints": ["forbid reactor == R1"]}, "violates 'forbid reactor == R1'"),
        ({"bounds": {"T": [350, 600]}}, "T = 300 degC is outside 350 to 600"),
    ],
)
def test_best_and_stop_leave_out_what_is_forbidden(change: dict[str, Any], reason: str) -> None:
    campaign = begun()
    campaign.amend_space(**change)
    decided = campaign.verdict()
    assert (decided.stop, decided.rule) == (False, None)
    assert decided.reason.endswith(
        f"M0001 has y = 150 (wanted: 100 or more), measured once, and does not count: {reason}"
    )
    assert list(campaign.best().index) == ["M0003"]
    excluded = campaign.forbidden_best()
    assert (list(excluded.index), list(excluded["forbidden"])) == (["M0001"], [reason])


def test_another_design_that_reaches_the_target_stops() -> None:
    campaign = begun()
    campaign.amend_space(constraints=["reactor == R3"])
    campaign.attach([{"T": 400, "reactor": "R3", "y": 101.0}])
    assert campaign.verdict().reason == (
        "the target is reached after 0 experiments: M0004 has y = 101 (wanted: 100 or more), measured once"
    )


def test_nothing_may_be_made_of_what_was_measured() -> None:
    campaign = begun()
    campaign.amend_space(constraints=["reactor == R2"])
    assert len(campaign.best()) == 0
    assert list(campaign.forbidden_best().index) == ["M0001"]
    assert not campaign.verdict().stop


def test_probability_of_better_is_that_of_beating_what_may_be_made() -> None:
    """The forbidden result lies far above the others: compared with it, nothing better would be left."""
    stop = {"reach": False, "probability_of_better_than": 0.05, "margin": 1}
    campaign = Campaign.create(space=SPACE, targets=[TARGET], stop=stop, initial=2)
    rng = np.random.default_rng(0)
    rows = [{"T": T, "reactor": "R3", "y": 50 + T / 100 + rng.normal()} for T in (300, 400, 500, 600)]
    campaign.attach([*rows, {"T": 300, "reactor": "R1", "y": 500.0}])
    campaign.amend_space(constraints=["reactor == R3"])
    known = campaign.posterior()
    assert known is not None
    from designer.campaign.suggesting.proposer import chance_of_better

    spec = campaign._spec()
    assert chance_of_better(spec, campaign.state, known, 1.0) > 0.05


def test_best_in_the_command_line_shows_it_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from designer.cli.main import main

    monkeypatch.chdir(tmp_path)
    text = """\
designer: 1
name: r
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 600], step: 50}
  - {name: reactor, kind: categorical, choices: [R1, R2, R3]}
targets:
  - {name: y, goal: maximize, reach: 100}
"""
    (tmp_path / "r.yaml").write_text(text)
    (tmp_path / "a.csv").write_text("T,reactor,y\n300,R1,150\n350,R3,60\n")
    assert main(["attach", "a.csv"]) == 0
    (tmp_path / "r.yaml").write_text(text + "constraints:\n  - reactor == R3\n")
    assert main(["amend", "--space"]) == 0
    capsys.readouterr()
    assert main(["best"]) == 0
    lines = capsys.readouterr().out.splitlines()
    where = lines.index("Not counted, since the space forbids them now:")
    assert any(line.startswith("M0002") for line in lines[:where])
    assert not any(line.startswith("M0001") for line in lines[:where])
    assert lines[-1] == "M0001: violates 'reactor == R3'"


def test_status_says_what_is_more_than_the_budget() -> None:
    campaign = Campaign.create(space=SPACE, targets=[TARGET], budget=3)
    campaign.suggest(3)
    assert campaign.status().remarks == ()
    campaign.suggest(1)
    remark = "0 of 3 experiments made and 4 open: 1 more than the budget"
    assert campaign.status().remarks == (remark,)
    assert remark in campaign.status().lines()


SMOOTH = [{"T": T, "reactor": "R3", "y": 50.0 - (T - 500) ** 2 / 1e3} for T in (300, 350, 400, 550, 600)]


def test_forbidden_result_is_not_the_incumbent() -> None:
    """Beside a forbidden result of 500 an allowed design of about 50 would be no improvement, and not be exploited."""
    campaign = Campaign.create(space=SPACE, targets=[{"name": "y", "goal": "maximize"}], initial=2)
    campaign.attach([*SMOOTH, *({"T": T, "reactor": "R1", "y": 490.0 + T / 100} for T in range(300, 601, 50))])
    campaign.amend_space(constraints=["reactor == R3"])
    campaign.suggest(1)
    (suggestion,) = campaign.state.suggestions.values()
    assert suggestion.design == {"T": 500.0, "reactor": "R3"}
    assert suggestion.note == "exploitation: predicted to beat the best so far"
    explanation = campaign.explain("S0001")
    assert explanation.best is not None
    assert explanation.best.design["reactor"] == "R3"
    assert explanation.beat is not None
    assert explanation.beat > 0.5


@pytest.mark.parametrize("goals", [1, 2])
def test_suggestions_where_every_result_is_forbidden(goals: int) -> None:
    targets = [{"name": name, "goal": "maximize"} for name in ("y", "z")][:goals]
    campaign = Campaign.create(space=SPACE, targets=targets, initial=2)
    campaign.attach([{**row, "z": float(row["T"])} if goals == 2 else row for row in SMOOTH])
    campaign.amend_space(constraints=["reactor == R2"])
    campaign.suggest(3)
    designs = [each.design for each in campaign.state.suggestions.values()]
    assert {design["reactor"] for design in designs} == {"R2"}
    notes = [each.note for each in campaign.state.suggestions.values()]
    if goals == 1:
        assert notes == ["exploration: no measured design keeps the constraints"] * 3
    assert all(campaign.explain(name).design for name in campaign.state.suggestions)


def test_limit_that_only_forbidden_designs_measured_still_counts() -> None:
    """The model knows the second target from the forbidden designs alone: above 450 degC its limit is not kept."""
    targets: list[dict[str, object]] = [{"name": "y", "goal": "maximize"}, {"name": "z", "at_most": 450}]
    campaign = Campaign.create(space=SPACE, targets=targets, initial=2)
    campaign.attach([{**row, "z": float(row["T"])} for row in SMOOTH])
    campaign.attach([{"T": T, "reactor": "R1", "y": T / 10} for T in (300, 500)])
    campaign.amend_space(constraints=["reactor == R1"])
    assert campaign.suggest(1)["T"].iloc[0] <= 450


def test_limit_that_only_forbidden_designs_measured_counts_in_the_probability_of_better() -> None:
    """All allowed designs exceed the limit by the forbidden designs' results: nothing better is left."""
    from designer.campaign.suggesting.proposer import chance_of_better

    chances = []
    for limit in (290, 5000):
        targets: list[dict[str, object]] = [{"name": "y", "goal": "maximize"}, {"name": "z", "at_most": limit}]
        campaign = Campaign.create(space=SPACE, targets=targets, initial=2)
        campaign.attach([{**row, "z": float(row["T"])} for row in SMOOTH])
        campaign.attach([{"T": T, "reactor": "R1", "y": T / 10} for T in (300, 400)])
        campaign.amend_space(constraints=["reactor == R1"])
        known = campaign.posterior()
        assert known is not None
        chances.append(chance_of_better(campaign._spec(), campaign.state, known, 0.0))
    assert chances[0] < 0.5 < 0.7 < chances[1]


def _with_outlier(forbidden: float, *, allowed: float | None = None) -> Campaign:
    """Return a campaign with a smooth response on R3, and a value far above it at 500 degC on R1, forbidden now."""
    rows = [{"T": T, "reactor": r, "y": 5 + np.sin(T / 90)} for T in range(300, 601, 50) for r in ("R1", "R3")]
    rows[8]["y"] = forbidden
    if allowed is not None:
        rows[5]["y"] = allowed
    campaign = Campaign.create(space=SPACE, targets=[{"name": "y", "goal": "maximize"}], initial=2)
    campaign.attach(rows)
    assert (rows[8]["reactor"], rows[5]["reactor"]) == ("R1", "R3")
    return campaign


def test_forbidden_outlier_is_no_discovery_and_is_not_confirmed() -> None:
    campaign = _with_outlier(157.0)
    known = campaign.posterior()
    assert known is not None
    assert [known.measurements[each.row] for each in known.discoveries] == ["M0009"]
    campaign.amend_space(constraints=["forbid reactor == R1"])
    known = campaign.posterior()
    assert known is not None
    assert known.discoveries == ()
    (flag,) = known.flagged
    assert (flag.measurement, flag.discovery, flag.forbidden) == ("M0009", False, True)
    assert "easure it again" not in str(flag)
    assert "Its design is forbidden now" in str(flag)
    campaign.suggest(3)
    made = campaign.state.suggestions.values()
    assert all(each.design["reactor"] != "R1" and "confirm" not in str(each.note) for each in made)


def test_forbidden_result_does_not_hide_a_discovery() -> None:
    """A result of an allowed design is confirmed, though a forbidden design once gave more."""
    campaign = _with_outlier(300.0, allowed=157.0)
    campaign.amend_space(constraints=["reactor == R3"])
    known = campaign.posterior()
    assert known is not None
    assert [known.measurements[each.row] for each in known.discoveries] == ["M0006"]
    campaign.suggest(1)
    (made,) = campaign.state.suggestions.values()
    assert (made.design["T"], made.design["reactor"]) == (400.0, "R3")


def test_contradicting_measurements_of_a_forbidden_design_are_not_to_be_measured_again() -> None:
    campaign = begun()
    rows = [{"T": T, "reactor": "R3", "y": 50.0 + T / 100} for T in (300, 400, 500)]
    campaign.attach([*rows, {"T": 350, "reactor": "R1", "y": 127.0}])
    campaign.attach([{"T": 350, "reactor": "R1", "y": 1.63}])
    for constraints, again in (([], True), (["reactor == R3"], False)):
        if constraints:
            campaign.amend_space(constraints=constraints)
        known = campaign.posterior()
        assert known is not None
        (flag,) = [each for each in known.flagged if each.contradicts is not None]
        assert ("easure it again" in str(flag)) is again


def test_open_suggestion_that_is_forbidden_now_is_not_pending() -> None:
    campaign = Campaign.create(space=SPACE, targets=[{"name": "y", "goal": "maximize"}], initial=2)
    campaign.suggest(2)
    campaign.attach(SMOOTH)
    first, second = (each.design["reactor"] for each in campaign.state.open)
    assert first != second
    campaign.amend_space(constraints=[f"reactor == {second}"])
    made = campaign.suggest(5)
    assert set(made["reactor"]) == {second}
