"""The order of runs: random within blocks, or short paths over the settings."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.acquisition.classical.run_order import Order, _costs, _short_path, run_order
from designer.arrays import FloatArray
from designer.space import DesignSpace

GAS: dict[str, Any] = {"name": "g", "kind": "categorical", "choices": ["N2", "Ar", "air"]}
HEAT: dict[str, Any] = {"name": "T", "kind": "numeric", "bounds": [0, 100]}


def costs_of(path: list[int], costs: FloatArray) -> float:
    return float(sum(costs[i, j] for i, j in pairwise(path)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 7))
def test_path_is_nearly_the_shortest_of_all(seed: int, n: int) -> None:
    space = DesignSpace(parameters=[GAS, HEAT])
    points = space.sample(n, np.random.default_rng(seed))
    costs = _costs(space, points)
    path = _short_path(costs)
    assert sorted(path) == list(range(n))
    shortest = min(costs_of(list(each), costs) for each in permutations(range(n)))
    assert costs_of(path, costs) <= 1.1 * shortest + 1e-9


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from(["random", "least-changes"]))
def test_every_run_comes_once_and_block_by_block(seed: int, n: int, order: Order) -> None:
    rng = np.random.default_rng(seed)
    space = DesignSpace(parameters=[{**GAS, "vary": "per_batch"}, HEAT])
    points = space.sample(n, rng)
    blocks = rng.integers(0, 3, n).tolist()
    found = run_order(space, points, blocks, order, rng)
    assert sorted(found) == list(range(n))
    assert [blocks[i] for i in found] == sorted(blocks)
    for block in set(blocks):
        gases = [points[i, 0] for i in found if blocks[i] == block]
        assert 1 + np.count_nonzero(np.diff(gases)) == len(set(gases))


def test_setting_that_a_batch_shares_changes_least() -> None:
    space = DesignSpace(parameters=[GAS, {**HEAT, "vary": "per_batch"}])
    points = np.array([[gas, heat] for gas in (0.0, 1.0, 2.0) for heat in (10.0, 90.0)])
    found = points[run_order(space, points, [0] * 6, "least-changes", np.random.default_rng(0))]
    assert np.count_nonzero(np.diff(found[:, 1])) == 1
    assert np.count_nonzero(np.diff(found[:, 0])) == 4


def test_random_order_depends_on_the_seed_alone() -> None:
    space = DesignSpace(parameters=[GAS, HEAT])
    points = space.sample(12, np.random.default_rng(0))
    orders = [run_order(space, points, [0] * 12, "random", np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("n", [60, 200])
def test_gas_changes_twice_where_every_run_has_another_temperature(n: int) -> None:
    space = DesignSpace(parameters=[GAS, HEAT])
    points = space.sample(n, np.random.default_rng(0))
    found = points[run_order(space, points, [0] * n, "least-changes", np.random.default_rng(0))]
    assert np.count_nonzero(np.diff(found[:, 0])) == 2
