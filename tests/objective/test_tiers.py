"""Tiers: the order of results, its utility in numpy and torch, and what cannot be combined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import InvalidObjective
from designer.objective import Objective, Target
from designer.objective.tiers import tier_text

YIELD = Target(name="yield", goal="maximize", reach=80)
SIZE = Target(name="size", goal="match", value=40, tolerance=5)
COST = Target(name="cost", goal="minimize")
NUMBERS = st.integers(-300, 300).map(float)


def rank(goals: tuple[Target, ...], row: Any) -> tuple[float, ...]:
    """Return the lexicographic rank of a result: the first goal missed decides, then the next."""
    found: list[float] = []
    for goal, y in zip(goals, row, strict=True):
        last = goal is goals[-1]
        reached = not last and bool(goal.reaches(y))
        found.append(0.0 if reached else -abs(y - goal.value) if goal.goal == "match" else goal.sign * y - 1e6)
        if not reached:
            break
    return tuple(found)


@pytest.mark.parametrize(
    "goals", [(YIELD, COST), (COST.model_copy(update={"reach": 20.0}), YIELD), (SIZE, YIELD, COST)]
)
@given(data=st.data())
def test_the_utility_has_the_lexicographic_order(goals: tuple[Target, ...], data: st.DataObject) -> None:
    objective = Objective(targets=goals, combine="tiers")
    rows = data.draw(st.lists(st.tuples(*[NUMBERS for _ in goals]), min_size=2, max_size=12))
    Y = np.array(rows)
    ranges = objective.ranges(Y[: data.draw(st.integers(0, len(Y)))])
    utilities = objective.utilities(Y, ranges)[:, 0]
    ranks = [rank(goals, row) for row in rows]
    for i in range(len(rows)):
        for j in range(len(rows)):
            if ranks[i] > ranks[j]:
                assert utilities[i] >= utilities[j]
            if ranks[i] > ranks[j] and np.exp((Y.min() - Y.max()) / 2) > 0 and utilities[i] > 1e-12:
                assert utilities[i] > utilities[j] or np.isclose(utilities[i], utilities[j], rtol=1e-9)
    np.testing.assert_allclose(objective.utilities(torch.as_tensor(Y), ranges)[:, 0].numpy(), utilities)


def test_utilities_by_hand() -> None:
    objective = Objective(targets=[YIELD, COST], combine="tiers")
    Y = np.array([[60.0, 1.0], [80.0, 9.0], [95.0, 2.0], [0.0, 0.0]])
    first, second, third, fourth = objective.utilities(Y, ((0.0, 80.0), (0.0, 10.0)))[:, 0]
    assert first == pytest.approx(0.75)
    assert second == pytest.approx(1.1)
    assert third == pytest.approx(1.8)
    assert 0 < fourth < 0.05


def test_only_the_last_goal_stops_a_campaign() -> None:
    open_ended = Objective(targets=[YIELD, COST], combine="tiers")
    assert not open_ended.reached(np.array([[90.0, 1.0]])).any()
    assert not open_ended.reachable
    ended = Objective(targets=[YIELD, COST.model_copy(update={"reach": 5.0})], combine="tiers")
    assert ended.reached(np.array([[90.0, 1.0], [90.0, 6.0], [70.0, 1.0]])).tolist() == [True, False, False]


def test_ranges_end_at_the_value_wanted() -> None:
    objective = Objective(targets=[YIELD, SIZE, COST], combine="tiers")
    (low, high), size, cost = objective.ranges(np.array([[20.0, 60.0, 4.0], [40.0, 35.0, 8.0]]))
    assert high == 80
    assert low < 25
    assert size[0] < 35 < 45 < size[1]
    assert 4 <= cost[0] < cost[1] <= 8
    without = objective.ranges(np.empty((0, 3)))
    assert all(low < high for low, high in without)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([COST, YIELD], "'cost' comes before another goal, and nothing says when it is reached"),
        ([YIELD, COST.model_copy(update={"weight": 2.0})], "'cost' has a weight, which combine: tiers cannot use"),
        ([YIELD, COST.model_copy(update={"range": (0.0, 1.0)})], "'cost' has a range, which combine: tiers cannot use"),
        ([YIELD], "combine: tiers needs several goals"),
        ([YIELD, Target(name="colour")], "combine: tiers needs several goals"),
    ],
)
def test_targets_that_cannot_be_tiers(targets: list[Target], message: str) -> None:
    with pytest.raises(InvalidObjective, match=message) as caught:
        Objective(targets=targets, combine="tiers")
    assert all(fault.path and fault.remedy for fault in caught.value.faults)


def test_texts() -> None:
    assert tier_text(COST.model_copy(update={"reach": 5.0, "unit": "EUR"})) == "cost ≤ 5 EUR"
    assert tier_text(SIZE) == "size = 40 ± 5"
