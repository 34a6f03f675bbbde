"""First designs: valid, spread out, away from what is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from designer.acquisition.initial import initial_designs, quick_designs
from designer.errors import NoDesignLeft

from .worlds import alloys, box, pool


@pytest.mark.parametrize("space", [box(2), alloys(), pool(np.random.default_rng(0).uniform(0, 1, (50, 2)).round(3))])
def test_first_designs_are_valid_different_and_reproducible(space: Any) -> None:
    taken = space.sample(4, np.random.default_rng(5))
    first, again = (initial_designs(space, 6, 1, taken) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert space.valid(first).all()
    assert len(set(space.keys(first))) == 6
    assert not set(space.keys(first)) & set(space.keys(taken))


def test_first_designs_spread_further_than_chance() -> None:
    space = box(2)
    nearest = []
    for designs in (initial_designs(space, 8, 0), space.sample(8, np.random.default_rng(0))):
        distances = np.linalg.norm(designs[:, None] - designs[None], axis=-1) + 9 * np.eye(8)
        nearest.append(distances.min())
    assert nearest[0] > 1.5 * nearest[1]


def test_a_space_that_is_nearly_used_up_gives_what_is_left() -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (7, 2)).round(3)
    space = pool(rows)
    assert sorted(space.keys(initial_designs(space, 5, 0, rows[:4]))) == sorted(space.keys(rows[4:]))
    with pytest.raises(NoDesignLeft):
        initial_designs(space, 1, 0, rows)


@pytest.mark.parametrize("space", [box(2), alloys(), pool(np.random.default_rng(0).uniform(0, 1, (50, 2)).round(3))])
@pytest.mark.parametrize("seed", range(5))
def test_a_design_to_avoid_counts_once_however_often_it_is_given(space: Any, seed: Any) -> None:
    avoid = space.sample(3, np.random.default_rng(seed))
    twice = initial_designs(space, 4, seed, np.concatenate([avoid, avoid[::-1]]))
    np.testing.assert_array_equal(initial_designs(space, 4, seed, avoid), twice)


@pytest.mark.parametrize("space", [box(2), alloys(), pool(np.random.default_rng(0).uniform(0, 1, (50, 2)).round(3))])
def test_quick_designs_are_valid_different_and_not_taken(space: Any) -> None:
    taken = space.sample(30, np.random.default_rng(5))
    forbidden = frozenset(space.keys(space.sample(10, np.random.default_rng(6))))
    first, again = (quick_designs(space, 4, 1, taken, forbidden) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert space.valid(first).all()
    keys = set(space.keys(first))
    assert len(keys) == 4
    assert not keys & (set(space.keys(taken)) | forbidden)


def test_quick_designs_of_a_space_that_is_all_taken_are_none() -> None:
    space = pool(np.random.default_rng(0).uniform(0, 1, (50, 2)).round(3))
    assert space.pool is not None
    assert not len(quick_designs(space, 4, 1, np.asarray(space.pool.coordinates), frozenset()))


def test_quick_designs_lie_in_the_gap() -> None:
    space = box(2)
    taken = space.sample(400, np.random.default_rng(1))
    taken = taken[np.abs(taken - 0.5).max(1) > 0.25]
    assert np.abs(quick_designs(space, 1, 0, taken, frozenset()) - 0.5).max() < 0.25
