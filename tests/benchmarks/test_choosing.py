"""Who could choose."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.choosing import by_family
from benchmarks.comparison import Cube

TASKS = (("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"))
CUBE = Cube(("ours", "past"), TASKS, (0,), np.array([[9.0, 9.0, 2.0, 7.0], [1.0, 8.0, 20.0, 5.0]])[..., None])


@pytest.mark.parametrize(
    ("but_itself", "expected"),
    [
        (False, (9 + 9 + 2 + 5) / 4),  # family a: 20 against 29; b: 7 against 5
        (True, (9 + 9 + 20 + 7) / 4),  # without task 3 the past is better (9 against 18); b has one task: ours
    ],
)
def test_the_best_of_a_family(but_itself: bool, expected: float) -> None:
    assert by_family(CUBE, "ours", but_itself=but_itself) == pytest.approx(expected)
