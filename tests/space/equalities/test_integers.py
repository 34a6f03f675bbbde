import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from designer.space.equalities.integers import Unsolved, shifted, short_basis, solve

ROWS = st.lists(st.lists(st.integers(-4, 4), min_size=3, max_size=3), min_size=1, max_size=2)


@settings(max_examples=100, deadline=None)
@given(ROWS, st.lists(st.integers(-6, 6), min_size=2, max_size=2))
def test_all_whole_solutions_are_found(rows: list[list[int]], totals: list[int]) -> None:
    totals = totals[: len(rows)]
    box = np.array(list(itertools.product(range(-4, 5), repeat=3)))
    brute = {tuple(row) for row in box[(box @ np.array(rows).T == totals).all(axis=1)].tolist()}
    found = solve(rows, totals, 3)
    if found is None:
        assert not brute
        return
    basis = short_basis(found.basis, np.ones(3))
    origin = shifted(found.origin, basis, np.zeros(3), np.ones(3))
    assert (np.array(rows) @ origin == totals).all()
    vectors = np.array(basis).reshape(len(basis), 3)
    assert not (np.array(rows) @ vectors.T).any()
    for point in brute:  # each is the origin plus whole multiples of the basis
        gap = np.array(point) - np.array(origin)
        factors = (
            np.rint(np.linalg.lstsq(vectors.T.astype(float), gap.astype(float), rcond=None)[0]) if len(basis) else []
        )
        assert (np.array(factors) @ vectors == gap).all()


def test_a_basis_is_made_short() -> None:
    basis = short_basis([[1000, 1, 0], [999, 1, 0], [31, 7, 5]], np.ones(3))
    assert max(abs(entry) for vector in basis for entry in vector) <= 7


def test_numbers_that_grow_beyond_all_bounds_are_reported() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 10**6, (40, 41)).tolist()
    with pytest.raises(Unsolved, match="too fine"):
        solve(rows, [1] * 40, 41)
