"""Shortfall: zero exactly where a constraint is kept, and less the nearer a design is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.space.constraints.violation import violation
from designer.space.design_space import DesignSpace

PARAMETERS = [
    {"name": "a", "kind": "numeric", "bounds": [-10, 10], "step": 0.1},
    {"name": "b", "kind": "numeric", "bounds": [-10, 10], "step": 0.1},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
]


def broken(text: str, *rows: Any) -> Any:
    space = DesignSpace(parameters=PARAMETERS, constraints=[text])
    (constraint,) = space.bound_constraints
    return violation(constraint.tree, np.array(rows, dtype=float))


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("a <= 3", [5, 0, 0], 2),
        ("a >= 3", [1, 0, 0], 2),
        ("1 <= a <= 3", [-1, 0, 0], 2),
        ("1 <= a <= 3", [5, 0, 0], 2),
        ("a == b", [1, 4, 0], 3),
        ("a <= 0 and b <= 0", [1, 2, 0], 3),
        ("a <= 0 or b <= 0", [1, 2, 0], 1),
        ("not (a > 0 or b > 0)", [1, 2, 0], 3),
        ("forbid a > 0 and b > 0", [1, 2, 0], 1),
        ("gas == N2", [0, 0, 1], 1),
        ("gas in [N2, Ar]", [0, 0, 2], 1),
        ("if gas == air then a <= 3", [9, 0, 2], 1),
        ("if gas == air then a <= 3", [3.5, 0, 2], 0.5),
        ("a != b", [2, 2, 0], 1),
    ],
)
def test_how_much(text: str, row: Any, expected: float) -> None:
    assert broken(text, row)[0] == pytest.approx(expected)


def test_a_strict_bound_that_is_just_met_is_still_broken() -> None:
    assert 0 < broken("a < 3", [3, 0, 0])[0] < 1e-9
    assert broken("a < 3", [2.9, 0, 0])[0] == 0


def test_decimals_are_kept_where_floats_would_say_otherwise() -> None:
    assert broken("a + b <= 0.3", [0.1, 0.2, 0])[0] == 0
    assert broken("a + b == 0.3", [0.1, 0.2, 0])[0] == 0


def test_what_cannot_be_computed_is_infinitely_far() -> None:
    assert broken("log10(a) <= 1", [-1, 0, 0], [5, 0, 0]).tolist() == [np.inf, 0]


TEXTS = [
    "a + b <= 3",
    "a * b == 1",
    "a < b < 2 * a",
    "if a > 0 then gas == N2",
    "forbid gas == air and b >= 1",
    "a != b",
]


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30), st.integers(0, 2)), min_size=1, max_size=8),
)
def test_zero_exactly_where_kept(text: Any, rows: Any) -> None:
    space = DesignSpace(parameters=PARAMETERS, constraints=[text])
    lab = np.array([[a / 10, b / 10, gas] for a, b, gas in rows])
    (constraint,) = space.bound_constraints
    np.testing.assert_array_equal(violation(constraint.tree, lab) == 0, constraint.satisfied(lab))
