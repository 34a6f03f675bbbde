"""Utilities, feasibility and desirability, against values worked out by hand and between numpy and torch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from botorch.utils.multi_objective.box_decompositions.dominated import DominatedPartitioning
from botorch.utils.multi_objective.pareto import is_non_dominated
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.errors import InvalidObjective
from designer.objective import Objective, Target, hypervolume, pareto_mask
from designer.objective.desirability import FLOOR, desirability, measured_range

MINIMIZE = Target(name="a", goal="minimize", reach=2)
MAXIMIZE = Target(name="b", goal="maximize")
MATCH = Target(name="c", goal="match", value=40, tolerance=5)
LIMITED = Target(name="d", at_least=0, at_most=2)
Y = np.array([[1.0, 5.0, 38.0, 1.0], [3.0, 6.0, 47.0, 1.0], [2.0, 7.0, 45.0, 3.0], [1.0, 1.0, 40.0, np.nan]])


def weighted(*targets: Any, **weights: Any) -> Any:
    return Objective(targets=[t.model_copy(update={"weight": weights.get(t.name)}) for t in targets])


def test_utilities_of_goals_are_larger_when_better() -> None:
    objective = Objective(targets=[MINIMIZE, MAXIMIZE, MATCH, LIMITED])
    expected = [[-1, 5, -2], [-3, 6, -7], [-2, 7, -5], [-1, 1, 0]]
    assert objective.utilities(Y).tolist() == expected


def test_feasible_and_reached() -> None:
    objective = Objective(targets=[MINIMIZE, MAXIMIZE, MATCH, LIMITED])
    assert objective.feasible(Y).tolist() == [True, True, False, False]
    assert objective.reached(Y).tolist() == [True, False, False, False]
    unlimited = Objective(targets=[MAXIMIZE])
    assert unlimited.feasible(Y[:, :1]).all()
    assert not unlimited.reached(Y[:, :1]).any()


def test_reaching_is_inclusive() -> None:
    objective = Objective(targets=[MINIMIZE, MATCH])
    assert objective.reached(np.array([[2.0, 45.0], [2.0, 35.0], [2.0 + 1e-9, 40.0]])).tolist() == [True, True, False]


@pytest.mark.parametrize("objective", [
    Objective(targets=[MINIMIZE, MAXIMIZE, MATCH, LIMITED]),
    Objective(targets=[MATCH, LIMITED]),
    weighted(MINIMIZE, MAXIMIZE, MATCH, LIMITED, a=2.0),
])  # fmt: skip
def test_torch_gives_what_numpy_gives(objective: Any) -> None:
    y = np.abs(np.random.default_rng(0).normal(30, 20, (3, 50, len(objective.targets))))
    ranges = objective.ranges(y)
    tensor = torch.tensor(y, requires_grad=True)
    utilities = objective.utilities(tensor, ranges)
    np.testing.assert_allclose(utilities.detach().numpy(), objective.utilities(y, ranges), rtol=1e-12)
    assert utilities.shape[:2] == (3, 50)
    for method in (objective.feasible, objective.reached):
        assert (method(torch.tensor(y)).numpy() == method(y)).all()
    utilities.sum().backward()
    assert torch.isfinite(tensor.grad).all()  # type: ignore[arg-type]


def test_single_desirability_is_linear_in_the_range_and_capped_only_where_the_user_gave_it() -> None:
    given_range = Target(name="y", goal="minimize", range=(10, 20))
    y = np.array([5.0, 10.0, 12.5, 20 - 10 * FLOOR])
    np.testing.assert_allclose(desirability(given_range, y, (10, 20)), [1, 1, 0.75, FLOOR])
    open_range = Target(name="y", goal="maximize")
    np.testing.assert_allclose(desirability(open_range, np.array([25.0, 15.0]), (10, 20)), [1.5, 0.5])


def test_desirability_of_a_match_is_one_within_the_tolerance() -> None:
    y = np.array([35.0, 40.0, 45.0, 50.0, 30.0])
    np.testing.assert_allclose(desirability(MATCH, y, (25, 55)), [1, 1, 1, 0.5, 0.5])


def test_desirability_never_loses_the_order_of_bad_designs() -> None:
    y = np.linspace(-50, 20, 300)
    d = desirability(MAXIMIZE, y, (10.0, 20.0))
    assert (np.diff(d) > 0).all()
    assert (d > 0).all()


def test_desirability_has_a_continuous_slope_at_the_floor() -> None:
    h = 1e-6
    d = desirability(MAXIMIZE, np.array([-h, 0.0, h]) + FLOOR, (0.0, 1.0))
    np.testing.assert_allclose(np.diff(d) / h, 1.0, rtol=1e-3)


def test_overall_desirability_is_the_weighted_geometric_mean() -> None:
    objective = weighted(Target(name="a", goal="minimize"), Target(name="b", goal="maximize"), a=3.0)
    total = objective.utilities(np.array([[2.0, 6.0]]), [(0.0, 10.0), (0.0, 10.0)])
    np.testing.assert_allclose(total, [[0.8**0.75 * 0.6**0.25]])


def test_measured_ranges_are_robust_and_never_empty() -> None:
    values = np.append(np.linspace(0, 1, 100), [1e6, np.nan])
    low, high = measured_range(MAXIMIZE, values)
    assert 0 < low < 0.1
    assert 0.9 < high < 1.0
    assert measured_range(MAXIMIZE, np.array([3.0, 3.0])) == (2.5, 3.5)
    low, high = measured_range(MATCH, np.array([]))
    assert low < 35
    assert high > 45


def test_a_desirability_without_ranges_says_which_target_lacks_one() -> None:
    objective = weighted(Target(name="a", goal="minimize", range=(0, 1)), MAXIMIZE, a=1.0)
    with pytest.raises(InvalidObjective, match="target 'b' has no range"):
        objective.utilities(np.zeros((1, 2)))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 14), st.integers(2, 4))
def test_front_and_hypervolume_equal_botorch(seed: int, n: int, k: int) -> None:
    utilities = np.round(np.random.default_rng(seed).normal(0, 1, (n, k)), 1)
    front = is_non_dominated(torch.tensor(utilities), deduplicate=False).numpy()
    assert (pareto_mask(utilities) == front).all()
    assert (pareto_mask(torch.tensor(utilities)).numpy() == front).all()
    reference = np.full(k, -0.5)
    partitioning = DominatedPartitioning(ref_point=torch.tensor(reference), Y=torch.tensor(utilities))
    expected = partitioning.compute_hypervolume().item()
    np.testing.assert_allclose(hypervolume(utilities, reference), expected, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_mirrored_goals_have_equal_utilities(seed: int) -> None:
    y = np.random.default_rng(seed).normal(0, 10, (20, 1))
    up, down = (Objective(targets=[Target(name="y", goal=goal)]) for goal in ("maximize", "minimize"))
    assert (up.utilities(y) == down.utilities(-y)).all()


def test_importing_the_objective_loads_no_torch() -> None:
    code = "import sys, designer.objective; print([m for m in ('torch', 'botorch', 'pandas') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("others", [["map", "prefer"], ["prefer", "boundary"], ["prefer", "maximize"]])
def test_goals_that_cannot_be_combined_are_one_fault(others: list[str]) -> None:
    targets: list[dict[str, Any]] = [{"name": f"y{i}", "goal": goal} for i, goal in enumerate(others)]
    for target in targets:
        target |= {"value": 0.5} if target["goal"] == "boundary" else {}
    with pytest.raises(InvalidObjective) as caught:
        Objective(targets=targets)
    (fault,) = caught.value.faults
    assert "cannot be combined" in fault.what
