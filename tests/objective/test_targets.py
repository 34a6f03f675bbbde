"""The grammar of targets: what it accepts, and that it names every fault at once."""

from __future__ import annotations

from typing import Any

import pytest

from designer.documents import parse, read_document
from designer.errors import InvalidObjective
from designer.objective import Objective, Target

INVALID = [
    ({"name": "y", "goal": "match"}, ["no 'value'", "no 'tolerance'"]),
    (
        {"name": "y", "goal": "match", "value": 1, "tolerance": 1, "reach": 2},
        ["'reach' cannot be used with goal match"],
    ),
    ({"name": "y", "goal": "match", "value": 1, "tolerance": 0}, ["greater than 0"]),
    ({"name": "y", "goal": "minimize", "value": 3}, ["'value' cannot be used with goal minimize"]),
    ({"name": "y", "goal": "minimise"}, ["'minimise'"]),
    ({"name": "y", "reach": 3, "weight": 1}, ["'reach' cannot be used with no goal", "'weight' cannot be used"]),
    ({"name": "y", "at_least": 3, "at_most": 2}, ["at_least 3 is not below at_most 2"]),
    ({"name": "y", "goal": "maximize", "reach": 5, "at_most": 2}, ["reach 5 is above at_most 2"]),
    ({"name": "y", "goal": "match", "value": 1, "tolerance": 1, "at_least": 2}, ["value 1 is below at_least 2"]),
    ({"name": "y", "goal": "maximize", "range": [2, 2]}, ["range [2, 2] is empty"]),
    (
        {"name": "y", "goal": "match", "value": 1, "tolerance": 1, "range": [0, 9]},
        ["does not contain value ± tolerance"],
    ),
    ({"name": "y", "goal": "maximize", "weight": True}, ["True is not a number"]),
    ({"name": "y", "goal": "maximize", "reach": float("nan")}, ["finite"]),
    ({"name": "y", "goal": "boundary"}, ["goal boundary and no 'value'; add 'value', the level"]),
    ({"name": "y", "goal": "boundary", "value": 1, "tolerance": 2}, ["'tolerance' cannot be used with goal boundary"]),
    (
        {"name": "y", "goal": "map", "value": 1, "reach": 2, "at_most": 3, "weight": 1, "range": [0, 1]},
        [f"'{key}' cannot be used with goal map" for key in ("value", "reach", "at_most", "weight", "range")],
    ),
    ({"name": "y", "goal": "boundary", "value": -1, "scale": "log"}, ["value -1 has no logarithm"]),
    ({"name": "", "goal": "maximize"}, ["at least 1 character"]),
    ({"name": "y", "gaol": "maximize"}, ["did you mean 'goal'"]),
]


@pytest.mark.parametrize(("keys", "messages"), INVALID)
def test_each_fault_of_a_target_is_named(keys: Any, messages: Any) -> None:
    with pytest.raises(InvalidObjective) as caught:
        Target(**keys)
    text = str(caught.value)
    assert all(message in text for message in messages), text
    assert len(caught.value.faults) == len(messages)


def test_faults_of_several_targets_come_together_with_their_lines() -> None:
    text = """
targets:
  - {name: a, goal: match}
  - name: b
    goal: maximize
    range: [3, 1]
"""
    with pytest.raises(InvalidObjective) as caught:
        parse(Objective, read_document(text, file="c.yaml"), error=InvalidObjective)
    assert [fault.line for fault in caught.value.faults] == [3, 3, 6]
    assert all(fault.file == "c.yaml" for fault in caught.value.faults)


def test_a_target_is_a_frozen_value_equal_by_content() -> None:
    one, other = (Target(name="y", goal="match", value=1, tolerance=2) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(Exception, match="frozen"):
        one.name = "z"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("targets", "combine", "message"),
    [
        ([{"name": "a", "at_most": 1}], "auto", "no target has a goal"),
        ([{"name": "a", "goal": "minimize"}, {"name": "a"}], "auto", "two targets have the name 'a'"),
        ([{"name": "a", "goal": "minimize"}, {"name": "b", "column": "a"}], "auto", "two targets have the column 'a'"),
        ([{"name": "a", "goal": "minimize"}], "pareto", "pareto needs several goals"),
        ([{"name": "a", "goal": "map"}], "desirability", "no goals are combined with goal map or boundary"),
        ([{"name": "a", "goal": "map"}, {"name": "b", "goal": "minimize"}], "auto", "cannot be combined with goal min"),
        ([{"name": "b", "goal": "minimize"}, {"name": "a", "goal": "map"}], "auto", "cannot be combined with goal map"),
        (
            [{"name": "a", "goal": "boundary", "value": 1}, {"name": "b", "goal": "boundary", "value": 1}],
            "auto",
            "goal boundary of 'a' cannot be combined with goal boundary",
        ),
        (
            [{"name": "a", "goal": "map"}, {"name": "b", "goal": "boundary", "value": 1}],
            "auto",
            "goal map of 'a' cannot be combined with goal boundary",
        ),
        (
            [{"name": "a", "goal": "minimize", "weight": 2}, {"name": "b", "goal": "minimize"}],
            "pareto",
            "target 'a' has a weight",
        ),
        ([], "auto", "no target has a goal"),
    ],
)
def test_targets_that_do_not_fit_together(targets: Any, combine: str, message: str) -> None:
    with pytest.raises(InvalidObjective, match=message):
        Objective(targets=targets, combine=combine)


@pytest.mark.parametrize(
    ("weights", "combine", "mode"),
    [
        ([None], "auto", "single"),
        ([3.0], "auto", "single"),
        ([None, None], "auto", "pareto"),
        ([None, 0.2], "auto", "desirability"),
        ([None, None], "desirability", "desirability"),
        ([None, None], "pareto", "pareto"),
    ],
)
def test_mode(weights: Any, combine: str, mode: str) -> None:
    targets = [Target(name=f"t{i}", goal="minimize", weight=weight) for i, weight in enumerate(weights)]
    assert Objective(targets=targets, combine=combine).mode == mode
