"""Numbers as text with few digits: one rounding for the terminal and for reports."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.cli import output
from designer.report import number_format
from designer.rounding import significant


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 15))
def test_the_text_is_the_number_rounded_to_the_digits(value: float, digits: int) -> None:
    text = significant(value, digits)
    assert float(text) == float(f"{value:.{digits}g}")
    assert not text.startswith("-0") or float(text) != 0
    assert "." not in text or not text.rstrip("0123456789").endswith(".0")


@given(st.floats(-99_999, 99_999), st.integers(1, 10))
def test_numbers_below_100_000_have_no_positive_exponent(value: float, digits: int) -> None:
    assert "e+" not in significant(value, digits)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 12))
def test_terminal_and_report_show_the_same_number(value: float, digits: int) -> None:
    assert output.number(value, digits) == number_format.number(value, digits) == significant(value, digits)


@pytest.mark.parametrize("missing", [None, math.nan])
def test_missing_numbers_are_a_dash(missing: float | None) -> None:
    assert (output.number(missing), number_format.number(missing)) == ("-", "–")
