"""Drawn amounts: exact, complete and evenly spread, against a plain list of every design."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.space.parameters.amount_draws import AmountDraws
from designer.space.parameters.amounts import AmountLattice, Member


def lattice_of(total: Any, low: Any, high: Any, zero: Any, fewest: Any, most: Any) -> Any:
    members = tuple(Member(max(a, 1), b, z or a == 0) for a, b, z in zip(low, high, zero, strict=True))
    return AmountLattice(total, members, fewest, most)


def free(total: Any, size: int, most: Any) -> Any:
    return lattice_of(total, (0,) * size, (total,) * size, (True,) * size, 1, most)


@st.composite
def lattices(draw: st.DrawFn, largest: int = 4, most: int = 7) -> Any:
    size = draw(st.integers(1, largest))
    total = draw(st.integers(1, most))
    pairs = [sorted((draw(st.integers(0, most)), draw(st.integers(0, most)))) for _ in range(size)]
    zero = [draw(st.booleans()) for _ in range(size)]
    fewest = draw(st.integers(1, size))
    greatest = draw(st.integers(fewest, size))
    low, high = zip(*pairs, strict=True)
    return lattice_of(total, low, high, zero, fewest, greatest)


def every_way(lattice: Any) -> Any:
    """All ways to share the total, by trying all amounts there are."""
    found = []
    for amounts in itertools.product(range(lattice.total + 1), repeat=len(lattice.members)):
        each = zip(amounts, lattice.members, strict=True)
        inside = all(member.low <= x <= member.high or (x == 0 and member.zero) for x, member in each)
        present = sum(x > 0 for x in amounts)
        if inside and sum(amounts) == lattice.total and lattice.min_nonzero <= present <= lattice.max_nonzero:
            found.append(amounts)
    return found


def drawn(lattice: Any, n: int, seed: int = 0) -> Any:
    return AmountDraws(lattice).draw(n, np.random.default_rng(seed))


@settings(max_examples=150, deadline=None)
@given(lattices(), st.integers(0, 2**32 - 1))
def test_draws_keep_the_limits_and_emptiness_is_said(lattice: Any, seed: int) -> None:
    ways = every_way(lattice)
    assert lattice.is_feasible == bool(ways)
    if not ways:
        with pytest.raises(ValueError, match="no amounts"):
            drawn(lattice, 1, seed)
        return
    assert set(map(tuple, drawn(lattice, 50, seed).tolist())) <= set(ways)


def test_ways_of_one_size_are_equally_likely_and_all_are_reached() -> None:
    lattice = lattice_of(6, (0, 0, 2, 1), (6, 3, 4, 5), (False, False, True, False), 2, 3)
    ways = every_way(lattice)
    found = Counter(map(tuple, drawn(lattice, 60_000).tolist()))
    assert set(found) == set(ways)
    for size in (2, 3):
        counts = np.array([found[way] for way in ways if sum(x > 0 for x in way) == size])
        chi_squared = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
        assert chi_squared < 3 * len(counts)  # its mean is about len(counts)


def test_small_and_large_systems_are_both_drawn() -> None:
    lattice = free(100, 10, 5)
    found = drawn(lattice, 2000, seed=1)
    assert lattice.contains(found).all()
    sizes = Counter((found > 0).sum(axis=1).tolist())
    assert set(sizes) == {1, 2, 3, 4, 5}
    assert min(sizes.values()) > 40


def test_a_corner_that_is_one_in_1e20_is_still_found() -> None:
    # The limits add up to exactly the total: one way among astronomically many partial ones.
    full = lattice_of(1000, (0,) * 20, (50,) * 20, (True,) * 20, 1, 20)
    assert drawn(full, 3).tolist() == [[50] * 20] * 3
    nearly = replace(full, total=999)
    assert nearly.contains(drawn(nearly, 100)).all()
    assert len(np.unique(drawn(nearly, 500), axis=0)) == 20


def test_zero_or_much_leaves_few_ways() -> None:
    # Out of amounts 0 or 33..34 exactly three must be present.
    lattice = lattice_of(100, (33,) * 8, (34,) * 8, (True,) * 8, 1, 8)
    found = drawn(lattice, 3000)
    assert lattice.contains(found).all()
    assert len(np.unique(found, axis=0)) == math.comb(8, 3) * 3


@pytest.mark.parametrize(
    ("size", "total", "most"),
    [(1, 5, 1), (50, 10_000, 50), (50, 10_000, 5), (118, 1000, 118), (50, 10_000, 25), (10, 1_000_000, 5)],
)
def test_large_lattices(size: int, total: int, most: int) -> None:
    lattice = free(total, size, most)
    assert lattice.contains(drawn(lattice, 300)).all()


def test_very_fine_steps_still_use_every_last_digit_within_narrow_limits() -> None:
    lattice = AmountLattice(
        1_000_000,
        (
            Member(123_457, 123_457, False),
            Member(1, 1_000_000, True),
            Member(3, 5, True),
            Member(250_000, 250_100, True),
        ),
        2,
        3,
    )
    found = drawn(lattice, 300)
    assert lattice.contains(found).all()
    assert len(set((found[:, 1] % 10).tolist())) == 10
    assert (found[:, 2] > 0).any()


def test_draws_depend_only_on_the_generator() -> None:
    lattice = lattice_of(20, (0, 1, 0), (20, 9, 15), (True, False, True), 1, 3)
    np.testing.assert_array_equal(drawn(lattice, 30, seed=5), drawn(lattice, 30, seed=5))
    assert (drawn(lattice, 30, seed=5) != drawn(lattice, 30, seed=6)).any()


def test_as_many_members_as_steps_leave_one_step_each() -> None:
    lattice = lattice_of(100, (0,) * 200, (100,) * 200, (True,) * 200, 100, 200)
    ways = AmountDraws(lattice).draw(3, np.random.default_rng(0))
    assert lattice.contains(ways).all()
    assert (ways.max(axis=1) == 1).all()
