"""Replicates that contradict each other, by given noise, by the noise of other replicates, and by the spread."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.campaign.suggesting.contradictions import Contradiction, contradictions

NONE = np.nan


def found(keys: str, y: list[float], noise: list[float] | None = None) -> list[Contradiction]:
    variances = np.full(len(y), NONE) if noise is None else np.square(noise)
    return contradictions(list(keys), np.array(y, dtype=float), variances)


@pytest.mark.parametrize(
    ("keys", "y", "noise", "expected"),
    [
        ("abcdee", [1.2, 3.4, 6.9, 5.0, 127.0, 1.63], None, [(5, 4)]),
        ("abcdee", [1.2, 3.4, 6.9, 5.0, 4.0, 1.63], None, []),
        ("ee", [127.0, 1.63], None, []),  # nothing to judge it by
        ("ee", [127.0, 1.63], [0.5, 0.5], [(1, 0)]),
        ("ee", [127.0, 1.63], [40.0, 40.0], []),
        ("aabbccdd", [1.0, 1.1, 5.0, 5.1, 3.0, 2.9, 4.0, 6.0], None, [(6, 7)]),
        ("aabbccdd", [1.0, 2.0, 5.0, 6.1, 3.0, 1.9, 4.0, 6.0], None, []),
        ("abcdee", [1.2, 3.4, 6.9, 5.0, NONE, 1.63], None, []),
        ("abcdeee", [1.2, 3.4, 6.9, 5.0, 1.7, 127.0, 1.63], None, [(6, 5)]),
    ],
)
def test_table(keys: str, y: list[float], noise: list[float] | None, expected: list[tuple[int, int]]) -> None:
    assert [tuple(each) for each in found(keys, y, noise)] == expected


@given(st.lists(st.floats(-100, 100), min_size=4, max_size=12), st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_units_do_not_matter(values: list[float], factor: float, shift: float) -> None:
    keys = [i // 2 for i in range(len(values))]
    y = np.round(np.array(values), 3)
    none = np.full(len(y), NONE)
    rows = [each.low for each in contradictions(keys, y, none)]
    scaled = [each.low for each in contradictions(keys, factor * y, none)]
    assert rows == scaled
