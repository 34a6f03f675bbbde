"""Neighbours: valid to the last digit, near, never the design itself, and quick."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.space.design_space import DesignSpace
from tests.space.checker import broken_rules, spaces
from tests.space.test_sampling import ALLOY, CONSTRAINED, GAS, HOT, LONG, TEN, rows


@settings(max_examples=120, deadline=None)
@given(spaces(), st.integers(0, 2**32 - 1), st.sampled_from([1e-6, 0.01, 0.1, 0.5]))
def test_every_neighbour_keeps_every_rule_exactly_and_differs(parameters: Any, seed: int, radius: Any) -> None:
    space = DesignSpace(parameters=parameters)
    rng = np.random.default_rng(seed)
    parents = space.sample(4, rng)
    for i in range(4):
        near = space.neighbours(parents[i : i + 1], 6, rng, radius)
        assert len(near) <= 6
        assert space.valid(near).all()
        assert not (near == parents[i]).all(axis=1).any()
        for row in rows(space, near):
            assert broken_rules(space, row) == []


@pytest.mark.parametrize("name", [name for name in CONSTRAINED if name != "needle"])
def test_constraints_are_kept_exactly(name: Any) -> None:
    texts, checks = CONSTRAINED[name]
    space = DesignSpace(parameters=[ALLOY, HOT, LONG, GAS], constraints=texts)
    rng = np.random.default_rng(0)
    near = space.neighbours(space.sample(20, rng), 10, rng, 0.05)
    assert len(near) > 50
    assert space.valid(near).all()
    for row in rows(space, near):
        assert broken_rules(space, row) == []
        assert all(check(row) for check in checks)


def test_off_grid_and_outlying_designs_have_valid_neighbours() -> None:
    space = DesignSpace(parameters=[{**ALLOY, "max_nonzero": 3}, HOT, LONG, GAS])
    measured = np.array([[33.4, 33.3, 33.3, 0, 0, 1003.7, 0.2, 1], [30.0, 30, 20, 20, 5, 299, 1e6, 0]])
    near = space.neighbours(measured, 50, np.random.default_rng(0), 0.02)
    assert len(near) == 100
    assert space.valid(near).all()
    assert (near[:50, :3].min(axis=1) >= 0).all()
    assert np.median(np.abs(near[:50, 0] - 33.4)) < 5
    assert np.median(near[:50, 5]) == 900


def test_a_small_radius_stays_near_and_a_large_one_goes_far() -> None:
    space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1000]}, LONG])
    start = np.array([[500.0, 30.0]])
    spread = [space.neighbours(start, 400, np.random.default_rng(0), r)[:, 0].std() for r in (0.3, 0.03, 0.003)]
    assert spread[0] > 100 > spread[1] > 8 > spread[2] > 0.5


def test_the_least_step_is_one_setting() -> None:
    space = DesignSpace(parameters=[HOT])
    near = space.neighbours(np.array([[300.0], [600.0], [900.0]]), 50, np.random.default_rng(0), 1e-9)
    assert set(near[:50, 0]) == {305.0}
    assert set(near[50:100, 0]) == {595.0, 605.0}
    assert set(near[100:, 0]) == {895.0}


def test_the_least_step_of_a_continuous_number_is_its_last_digit() -> None:
    space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}])
    near = space.neighbours(np.array([[0.5]]), 50, np.random.default_rng(0), 1e-9)
    assert set(near[:, 0]) == {0.4999, 0.5001}
    logarithmic = DesignSpace(parameters=[LONG])
    near = logarithmic.neighbours(np.array([[30.0], [1.0], [1000.0]]), 50, np.random.default_rng(0), 1e-9)
    ratio = near[:, 0] / np.repeat([30.0, 1.0, 1000.0], 50)
    assert (np.abs(np.log(ratio)) < 0.003).all()


def test_a_local_walk_reaches_every_design() -> None:
    tiny = {"name": "m", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 20}
    space = DesignSpace(
        parameters=[{**tiny, "max_nonzero": 2}, GAS, {"name": "v", "kind": "numeric", "values": [1, 10, 500]}],
        constraints=["forbid gas == air and v == 10"],
    )
    rng = np.random.default_rng(0)
    walkers, seen = space.sample(4, rng), set()
    for _ in range(80):
        walkers = space.neighbours(walkers, 4, rng, 0.05)
        seen |= set(space.keys(walkers))
        walkers = walkers[rng.permutation(len(walkers))[:12]]
    assert len(seen) == (3 + 3 * 4) * (3 * 3 - 1)


def test_several_parameters_change_at_once_sometimes() -> None:
    space = DesignSpace(parameters=[ALLOY, HOT, LONG, GAS])
    start = space.sample(1, np.random.default_rng(0))
    near = space.neighbours(start, 500, np.random.default_rng(1), 0.05)
    blocks = [(near[:, part] != start[:, part]).any(axis=1) for part in space.slices]
    number = np.sum(blocks, axis=0)
    assert (number == 1).mean() > 0.2
    assert (number >= 2).mean() > 0.2
    assert all(block.any() for block in blocks)


def test_neighbours_depend_only_on_the_generator() -> None:
    space = DesignSpace(parameters=[ALLOY, HOT, LONG, GAS])
    start = space.sample(5, np.random.default_rng(0))
    first, second = (space.neighbours(start, 9, np.random.default_rng(1), 0.05) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_child_takes_microseconds() -> None:
    space = DesignSpace(parameters=[TEN, HOT, LONG, {**LONG, "name": "p"}, GAS])
    rng = np.random.default_rng(0)
    parents = space.sample(64, rng)
    space.neighbours(parents, 32, rng, 0.05)
    begin = time.process_time()
    for _ in range(20):
        space.neighbours(parents, 32, rng, 0.05)
    each = (time.process_time() - begin) / (20 * 64 * 32)
    assert each < 15e-6  # 2 microseconds on an idle machine
