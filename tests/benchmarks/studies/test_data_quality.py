"""Planted faults: where they stand, what counts as found, and seeds that are added up."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.studies.data_quality import Outcome, Planted, Result, page, rows_of, slipped, together


@pytest.mark.parametrize(
    ("text", "label", "unit", "expected"),
    [
        ("12.50", "/ 10", None, "1.25"),
        ("0.3", "x 1000", "g", "300"),
        ("25", "C against K", "degC", "298.15"),
        ("300", "C against K", "K", "26.85"),
    ],
)
def test_the_decimal_point_moves_and_no_digit_is_rounded(
    text: str, label: str, unit: str | None, expected: str
) -> None:
    assert slipped(text, label, unit) == expected


def test_faults_stand_in_single_rows_in_a_run_or_in_all() -> None:
    rng = np.random.default_rng(0)
    assert len(rows_of("row", 250, rng)) == 2
    run = rows_of("run", 250, rng)
    assert run.tolist() == list(range(run[0], run[0] + 25))
    assert rows_of("column", 9, rng).tolist() == list(range(9))


def outcome(where: str, what: str, found: float) -> Outcome:
    return Outcome(Planted("a", where, what, "target", ("y",), (0,)), found, found, 1, 10)


def test_the_page_counts_all_seeds_of_a_family_together() -> None:
    first = Result("a", 1, 40, (outcome("row", "x 10", 1.0), outcome("column", "swap", 0.0)), 2.0)
    second = Result("a", 2, 60, (outcome("row", "x 10", 0.0), outcome("column", "swap", 1.0)), 3.0)
    other = Result("b", 0, 100, (outcome("run", "/ 10", 1.0),), 1.0)
    merged = together([first, other, second])
    assert [(one.family, one.false, one.rows, len(one.outcomes), one.seconds) for one in merged] == [
        ("a", 3, 100, 4, 5.0),
        ("b", 0, 100, 1, 1.0),
    ]
    lines = page(merged, (0, 9), {"seeds": "0, 1"}).splitlines()
    assert "- Unit slips found: 67% (3); of settings -, of results 67% (3)." in lines
    assert "- Swapped columns found: 50% (2)." in lines
    false = "- False alarms: 3 of 200 rows of sound tables (1.50%); beside planted faults 5 of 50 sound rows (10.00%)."
    assert false in lines
    assert "| a | 100 | 3 | 3.00% |" in lines
