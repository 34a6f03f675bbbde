"""Undoing actions: the campaign is again as before them, and nothing is deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.undoing import last_action
from designer.campaign.log.events import from_json, to_json
from designer.campaign.log.state import CampaignState, fold
from designer.errors import InvalidData

SPACE = [{"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 1}]
TARGETS = [{"name": "y", "goal": "maximize"}, {"name": "z", "goal": "minimize"}]


def campaign() -> Campaign:
    made = Campaign.create(space=SPACE, targets=TARGETS, initial=4)
    made.suggest(4)
    return made


def counted(state: CampaignState) -> Any:
    """Return what counts at a state: without the ids that are given once, and without remarks on its history."""
    results = [
        replace(each, amended=False, reason="", as_recorded=None)
        for each in state.measurements.values()
        if not each.undone
    ]
    return (
        results,
        {name: (each.status, each.withdrawn_because) for name, each in state.suggestions.items()},
        state.failures,
    )


ACTIONS: dict[str, Callable[[Campaign], Any]] = {
    "record": lambda c: c.record({"S0001": {"y": 1.0, "z": 2.0}}),
    "record two": lambda c: c.record({"S0001": {"y": 1.5, "z": 2.0}, "S0002": {"y": 3.0}}),
    "record with a failure": lambda c: c.record(
        [{"suggestion": "S0001", "y": 7.0}, {"suggestion": "S0002", "failed": "cracked"}]
    ),
    "complete": lambda c: c.record({"S0002": {"z": 4.0}}),
    "attach": lambda c: c.attach([{"x": 2, "y": 5.0, "z": 1.0}]),
    "fail": lambda c: c.record_failure("S0003", "cracked"),
    "withdraw a suggestion": lambda c: c.withdraw("S0004", "too costly"),
    "withdraw a result": lambda c: c.withdraw("M0001") if "M0001" in c.state.measurements else None,
    "amend": lambda c: c.amend("M0001", {"y": 9.0, "z": None}) if "M0001" in c.state.measurements else None,
    "space": lambda c: c.amend_space(bounds={"x": [0, 12]}),
    "beliefs": lambda c: c.amend_beliefs([{"parameter": "x", "near": 4, "spread": 2}]),
    "amend the design": lambda c: c.amend("M0001", design={"x": 7}) if "M0001" in c.state.measurements else None,
}


@settings(max_examples=25)
@given(st.lists(st.sampled_from(sorted(set(ACTIONS) - {"space", "beliefs"})), min_size=1, max_size=6))
def test_undoing_every_action_leads_back(names: list[str]) -> None:
    made = campaign()
    before: list[tuple[Any, int]] = []
    for name in names:
        earlier = counted(made.state), len(made.events)
        ACTIONS[name](made)
        if len(made.events) > earlier[1]:
            before.append(earlier)
    number = len(made.events)
    for earlier, _ in reversed(before):
        assert made.undo() is not None
        assert counted(made.state) == earlier
    assert made.undo() is None
    assert len(made.events) == number + len(before), "nothing is deleted"
    reread = fold([from_json(to_json(event), event.position) for event in made.events])
    assert counted(reread) == counted(made.state)


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (["record"], "the result M0001 of S0001"),
        (["record two"], "2 results: M0001 of S0001, M0002 of S0002"),
        (["record with a failure"], "the result M0001 of S0001 and the failure of S0002"),
        (["attach"], "the result M0001"),
        (["fail"], "the failure of S0003"),
        (["withdraw a suggestion"], "the withdrawal of S0004"),
        (["record", "amend"], "the amendment of M0001"),
        (["space"], "the change of the space (x: bounds was (0.0, 10.0) and is (0.0, 12.0))"),
        (["beliefs"], "the change of beliefs"),
    ],
)
def test_what_is_undone_in_words(actions: list[str], words: str) -> None:
    made = campaign()
    for name in actions:
        ACTIONS[name](made)
    assert made.undo() == words


def test_an_undone_row_can_be_recorded_again() -> None:
    made = campaign()
    made.record({"S0001": {"y": 1.0}})
    made.undo()
    assert [each.id for each in made.state.open] == ["S0001", "S0002", "S0003", "S0004"]
    assert made.record({"S0001": {"y": 1.0}}).recorded == ("M0002",)
    assert [each.id for each in made.state.results] == ["M0002"]


def test_suggestions_are_passed_over() -> None:
    made = campaign()
    made.record({"S0001": {"y": 1.0, "z": 1.0}})
    made.suggest(1)
    assert made.undo() == "the result M0001 of S0001"
    assert len(made.state.suggestions) == 5


def content(made: Campaign) -> Any:
    return {key: value for key, value in made.state.spec.items() if value}


CHANGES: dict[str, Callable[[Campaign], Any]] = {
    "wider": lambda c: c.amend_space(bounds={"x": [0, 12]}),
    "narrower": lambda c: c.amend_space(bounds={"x": [2, 9]}),
    "constraint": lambda c: c.amend_space(constraints=["x <= 8"]),
    "beliefs": lambda c: c.amend_beliefs([{"parameter": "x", "near": 4, "spread": 2}]),
    "no beliefs": lambda c: c.amend_beliefs([]),
    "record": lambda c: c.record({"S0001": {"y": 1.0, "z": 2.0}}),
    "attach": lambda c: c.attach([{"x": 11, "y": 5.0, "z": 1.0}]),
}


@settings(max_examples=15)
@given(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=5))
def test_changes_of_the_space_and_of_beliefs_are_undone_in_turn(names: list[str]) -> None:
    made = campaign()
    before: list[tuple[Any, Any]] = []
    for name in names:
        earlier, number = (content(made), counted(made.state)), len(made.events)
        CHANGES[name](made)
        if len(made.events) > number:
            before.append(earlier)
    for earlier in reversed(before):
        assert made.last_action() is not None
        assert made.undo() is not None
        assert (content(made), counted(made.state)) == earlier
    assert made.last_action() is None
    reread = fold([from_json(to_json(event), event.position) for event in made.events])
    assert reread.spec == made.state.spec


def test_a_change_that_cannot_be_changed_back_is_passed_over() -> None:
    space = [{"name": "x", "kind": "categorical", "choices": ["a", "b"]}]
    made = Campaign.create(space=space, targets=TARGETS[:1])
    made.attach([{"x": "a", "y": 1.0}])
    made.amend_space(add_choices={"x": ["c"]})
    assert made.undo() == "the result M0001"
    assert made.undo() is None


def test_the_file_of_a_campaign_states_its_space_and_undo_leaves_it(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    space = "[{name: x, kind: numeric, bounds: [0, 10]}]"
    text = f"designer: 1\nname: c\nspace: {space}\ntargets: [{{name: y, goal: maximize}}]\n"
    path.write_text(text, encoding="utf-8")
    Campaign.open(path).attach([{"x": 2, "y": 5.0}])
    path.write_text(text.replace("10]", "12]"), encoding="utf-8")
    made = Campaign.open(path, accept_space=True)
    assert made.events[-1].kind == "space_changed"
    assert made.undo() == "the result M0001"


def test_another_action_came_first() -> None:
    made = campaign()
    made.record({"S0001": {"y": 1.0}})
    action = last_action(made.events)
    assert action is not None
    made.withdraw("S0002")
    with pytest.raises(InvalidData, match="not the last one; the last action is the withdrawal of S0002"):
        made.undo(action.position)
    made.undo()
    assert made.undo(action.position) == "the result M0001 of S0001"
    with pytest.raises(InvalidData, match="nothing can be undone"):
        made.undo(action.position)


def counted_comparisons(made: Campaign) -> list[str]:
    return [each.id for each in made.state.counted_comparisons]


def test_a_comparison_is_undone() -> None:
    made = Campaign.create(space=SPACE, targets=[{"name": "look", "goal": "prefer"}], initial=3)
    made.suggest(2)
    made.record([{"suggestion": "S0001", "look": "made"}, {"suggestion": "S0002", "look": "made"}])
    made.compare("S0001", "S0002")
    assert made.undo() == "the comparison C0001"
    assert counted_comparisons(made) == []
    assert made.compare("S0001", "S0002").recorded == ("C0002",)
    made.withdraw("C0002")
    assert made.undo() == "the withdrawal of C0002"
    assert counted_comparisons(made) == ["C0002"]


def test_observations_costs_and_limits_are_undone() -> None:
    made = Campaign.create(
        space=SPACE,
        targets=[{"name": "y", "goal": "maximize", "limits": [0, 100]}],
        observations=[{"name": "h", "stage": 1, "cost": 1}],
        cost=5,
        initial=4,
    )
    made.suggest(2)
    made.record([{"suggestion": "S0001", "h": 3.0}])
    observed = counted(made.state)
    made.record([{"suggestion": "S0001", "y": ">60", "cost": 7.0}])
    measured = counted(made.state)
    made.amend("M0001", {"y": 50.0, "h": 4.0, "cost": 9.0})
    assert made.undo() == "the amendment of M0001"
    assert counted(made.state) == measured
    assert made.state.measurements["M0001"].cost == 7.0
    assert made.undo() == "the result M0001 of S0001"
    assert counted(made.state) == observed
    assert made.record([{"suggestion": "S0001", "y": ">60", "cost": 7.0}]).completed == ("M0001",)
