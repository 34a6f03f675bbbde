"""Number formats: what a person sees of a stored number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.space.spreadsheet.number_formats import MAX_CODE, shown

SEEN = [
    # what is stored, its format, what is seen
    (0.55, "", 0.55),
    (0.55, "General", 0.55),
    (5.0, "General", 5),
    (0.1 + 0.2, "General", 0.3),
    (449.99999999999994, "0.0", 450),
    (0.55, "0%", "55 %"),
    (0.5525, "0.00%", "55.25 %"),
    (1.0, "0%", "100 %"),
    (0.0, "0%", "0 %"),
    (-0.05, "0.0%;[Red]-0.0%", "-5 %"),
    (0.07, "0.00 %", "7 %"),
    (0.07, "#,##0.0%", "7 %"),
    (55.0, '0.0"%"', "55 %"),
    (55.0, '0.0" wt.%"', "55 wt.%"),
    (5.5, '0.0"‰"', "5.5 ‰"),
    (5.5, "0.0‰", "5.5 ‰"),
    (12345.6, "#,##0.00", 12345.6),
    (5200.0, "#,##0.0,", 5.2),
    (5_200_000.0, '0.0,,"M"', "5.2 M"),
    (0.5, "# ?/?", 0.5),
    (0.3125, "# ?/16", 0.3125),
    (0.25, "# ??/100", 0.25),
    (0.000123, "0.00E+00", 0.000123),
    (12.5, '0.0" mV"', "12.5 mV"),
    (12.5, '0.0\\ "°C"', "12.5 °C"),
    (12.5, '0 "mA/cm2"', "12.5 mA/cm2"),
    (3.0, '0.0" m-2"', "3 m-2"),
    (5.0, '"<"0.0', "<5"),
    (5.0, "+0.0;-0.0", 5),
    (-2.0, "0.0;(0.0)", -2),
    (12.5, "#,##0.00 [$€-407]", "12.5 EUR"),
    (12.5, "[$$-409]#,##0.00", "12.5 USD"),
    (12.5, '"$"#,##0.00', "12.5 USD"),
    (12.5, "[$CHF-807] #,##0.00", "12.5 CHF"),
    (12.5, "£#,##0.00", "12.5 GBP"),
    (12.5, "[$-409]0.00", 12.5),
    (12.5, "[Red]0.00", 12.5),
    (12.5, "[>=100]0;0.0", 12.5),
    # sections with conditions: the first that holds, else the last
    (0.5, "[<1]0.00%;0", "50 %"),
    (5.0, "[<1]0.00%;0", 5),
    (5.0, '[>=1000]0.0," k";0', 5),
    (5000.0, '[>=1000]0.0," k";0', "5 k"),
    (-5000.0, '[>=1000]0.0," k";0', -5000),
    (0.0, '[=0]"n.d.";0.0', "n.d."),
    (3.0, '[=0]"n.d.";0.0', 3),
    (0.01, '[<0.1]"<0.1";0.0', "<0.1"),
    (150.0, '[<10]0.0;[<100]0;0" high"', "150 high"),
    (50.0, '[<10]0.0" low";[<100]0;0" high"', 50),
    (-1.0, '[<>0]0.0" x";0', "-1 x"),
    (-3.0, '0.00;[Red]"low"', "low"),
    (0.0, '0.0;-0.0;"n.d."', "n.d."),
    (45000.0, "yyyy-mm-dd", "2023-03-15"),
    (45000.0, "d-mmm-yy", "2023-03-15"),
    (45000.0, "[$-409]mmmm d, yyyy;@", "2023-03-15"),
    (45000.75, "dd/mm/yyyy hh:mm", "2023-03-15 18:00:00"),
    (59.0, "yyyy-mm-dd", "1900-02-28"),
    (61.0, "yyyy-mm-dd", "1900-03-01"),
    (0.5, "h:mm", "12:00:00"),
    (0.5, "[h]:mm:ss", "12:00:00"),
    (3.0, ";;;", None),
    (0.0, "0.0;-0.0;", None),
    (12.5, "@", 12.5),
    (12.5, "_-* #,##0.00_-", 12.5),
    (12.5, "_-* #,##0.00 €_-", "12.5 EUR"),
]  # fmt: skip


@pytest.mark.parametrize(("stored", "code", "seen"), SEEN, ids=lambda value: str(value))
def test_a_number_is_read_as_it_is_seen(stored: float, code: str, seen: object) -> None:
    found = shown(stored, code)
    assert found == seen
    assert type(found) is type(seen)


def test_dates_may_count_from_1904() -> None:
    assert shown(43538.0, "yyyy-mm-dd", from_1904=True) == "2023-03-15"


@given(st.floats(-1e12, 1e12), st.text(max_size=MAX_CODE + 5))
def test_any_format_gives_an_answer(number: float, code: str) -> None:
    seen = shown(number, code)
    assert seen is None or isinstance(seen, (int, float, str))


@given(st.floats(-1e9, 1e9, allow_subnormal=False), st.sampled_from(["0%", "0.00%", "#,##0.0 %"]))
def test_percent_is_a_hundred_times_what_is_stored(number: float, code: str) -> None:
    text = shown(number, code)
    assert isinstance(text, str)
    assert math.isclose(float(text.removesuffix(" %")), 100 * number, rel_tol=1e-12, abs_tol=1e-300)


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_a_general_number_keeps_fifteen_digits(number: float) -> None:
    seen = shown(number, "General")
    assert isinstance(seen, (int, float))
    assert math.isclose(seen, number, rel_tol=1e-14)
