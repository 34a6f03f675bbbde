"""The cost of an experiment, guessed from a column of prices."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from designer.cli.column_guess import guess, read_columns
from designer.cli.lab_column import ColumnRequest


def offered(table: dict[str, list[Any]]) -> tuple[str, str] | None:
    frame = pd.DataFrame(table, dtype=object).astype(str)
    return guess(read_columns(frame), "x", [ColumnRequest("y", "maximize")], [], "x.csv").cost


BASE: dict[str, list[Any]] = {
    "T": [300, 400, 500, 300, 400, 500],
    "t": [1, 1, 2, 3, 2, 1],
    "gas": ["N2", "Ar", "N2", "Ar", "N2", "Ar"],
    "y": [1, 2, 3, 4, 5, 6],
}


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([5, 5, 5, 5, 5, 5], "5"),
        ([40, 25, 40, 25, 40, 25], "40 if gas == N2, 25"),
        ([13, 14, 15, 13, 14, 15], "10 + 0.01 * T"),
        ([12.5, 13.5, 14, 11.5, 13, 14.5], "10 + 0.01 * T - 0.5 * t"),
        ([1, 9, 4, 2, 8, 3], "4.5"),
    ],
)
def test_fewest_terms_that_describe_the_prices(costs: list[float], expected: str) -> None:
    found = offered({**BASE, "price [EUR]": costs})
    assert found == (expected, "a guess from column 'price [EUR]'")


def test_no_prices_no_offer() -> None:
    assert offered(BASE) is None
    assert offered({**BASE, "cost": [1, 2, 3, 4, 5, 6], "price": [1, 2, 3, 4, 5, 7]}) is None  # which of the two?
