"""Moves of amounts: always a way to share the total, and every way can be reached."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from designer.space.parameters.amount_draws import AmountDraws
from designer.space.parameters.amount_moves import fill, settle, transfer
from designer.space.parameters.amounts import AmountLattice, Member
from tests.space.parameters.test_amount_draws import free, lattice_of, lattices


@settings(max_examples=100, deadline=None)
@given(lattices(largest=6, most=12), st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.1, 0.5]))
def test_transfers_keep_the_limits(lattice: Any, seed: int, radius: Any) -> None:
    assume(lattice.is_feasible)
    rng = np.random.default_rng(seed)
    amounts = AmountDraws(lattice).draw(20, rng)
    before = amounts.copy()
    moved = transfer(amounts, lattice, radius, rng)
    assert lattice.contains(moved).all()
    np.testing.assert_array_equal(amounts, before)
    assert ((moved != amounts).sum(axis=1) <= 2).all()  # one gives, one takes


def test_a_walk_by_transfers_reaches_every_way() -> None:
    lattice = lattice_of(6, (0, 0, 2, 1), (6, 3, 4, 5), (True, True, True, False), 2, 3)
    rng = np.random.default_rng(0)
    amounts = AmountDraws(lattice).draw(50, rng)
    seen = set()
    for _ in range(100):
        amounts = transfer(amounts, lattice, 0.2, rng)
        seen |= set(map(tuple, amounts.tolist()))
    assert len(seen) == lattice.count


def test_members_are_swapped_where_no_more_may_be_present() -> None:
    lattice = free(100, 6, 2)
    rng = np.random.default_rng(0)
    start = np.array([[40, 60, 0, 0, 0, 0]] * 400)
    moved = transfer(start, lattice, 0.05, rng)
    assert lattice.contains(moved).all()
    swapped = (moved[:, 2:] > 0).any(axis=1)
    assert 0.1 < swapped.mean() < 0.9
    assert (moved != start).any(axis=1).all()


def test_the_radius_sets_the_length_of_transfers() -> None:
    lattice = free(1000, 3, 3)
    start = np.array([[400, 300, 300]] * 2000)
    lengths = []
    for radius in (0.001, 0.01, 0.1):
        moved = transfer(start, lattice, radius, np.random.default_rng(0))
        stayed = (moved > 0).all(axis=1)
        lengths.append(np.abs(moved - start)[stayed].max(axis=1).mean())
    assert 1 <= lengths[0] < 4
    assert lengths[0] < lengths[1] / 3 < lengths[2] / 9


def test_where_nothing_can_move_nothing_moves() -> None:
    fixed = AmountLattice(10, (Member(4, 4, False), Member(6, 6, False)), 1, 2)
    start = np.array([[4, 6]])
    np.testing.assert_array_equal(transfer(start, fixed, 0.5, np.random.default_rng(0)), start)


@settings(max_examples=100, deadline=None)
@given(lattices(largest=5, most=12), st.integers(0, 2**32 - 1))
def test_settle_leaves_ways_as_they_are(lattice: Any, seed: int) -> None:
    assume(lattice.is_feasible)
    amounts = AmountDraws(lattice).draw(10, np.random.default_rng(seed))
    np.testing.assert_array_equal(settle(amounts.astype(float), lattice), amounts)


@pytest.mark.parametrize(
    ("given_amounts", "expected"),
    [
        ([33.4, 33.3, 33.3, 0.0], [34, 33, 33, 0]),
        ([50.0, 49.0, 0.0, 0.0], [51, 49, 0, 0]),  # sums to 99
        ([120.0, 80.0, 0.0, 0.0], [60, 40, 0, 0]),
        ([40.0, 30.0, 20.0, 10.0], None),  # one too many
        ([-5.0, 100.0, 5.0, 0.0], None),
        ([0.0, 0.0, 0.0, 0.0], None),
    ],
)
def test_settle_brings_measured_designs_to_the_grid(given_amounts: Any, expected: Any) -> None:
    lattice = free(100, 4, 3)
    result = settle(np.array([given_amounts]), lattice)
    assert lattice.contains(result).all()
    if expected is not None:
        assert np.abs(result[0] - expected).max() <= 1
    else:
        assert np.argmax(result[0]) == np.argmax(given_amounts)


def test_fill_says_by_its_sum_where_it_cannot() -> None:
    lattice = lattice_of(10, (0, 0), (4, 8), (True, True), 1, 2)
    present = np.array([[True, False], [True, True], [False, True]])
    result = fill(np.array([[10, 0], [10, 0], [0, 3]]), present, lattice)
    assert result.tolist() == [[4, 0], [4, 6], [0, 8]]
    assert lattice.contains(result).tolist() == [False, True, False]
