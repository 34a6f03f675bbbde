"""Numbers as people type them: one meaning is read, none or two are explained with what to write."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import InvalidUnit
from designer.units import parse_quantity
from designer.units.typed_numbers import plain_text, unreadable
from tests.bounded import at_most

READ = {
    "−80": -80, "–80": -80, "－80": -80, "-80": -80, "+80": 80, "\u00a080\u00a0": 80, "80\u202fmV": 80,
    "5.0E-03": 0.005,
    "5.0e−3": 0.005, "5×10^-3": 0.005, "5 × 10⁻³": 0.005, "5x10-3": 0.005, "5·10^3": 5000, "1.5*10^(-2)": 0.015,
    "1,234.5": 1234.5, "-1,234.5": -1234.5, "1,234,567": 1234567, "12,345,678.9": 12345678.9, "1'234.5": 1234.5,
    "1’000": 1000, "1.234,5": 1234.5, "1.234.567": 1234567,
    "1.234.567,8": 1234567.8, ".5": 0.5, "5.": 5, "0.30 mV": 0.3,
    "1,234.5 mV": 1234.5, "2.5 mV": 2.5,
}  # fmt: skip
REFUSED = {
    "n.d.": "missing", "N/A": "missing", "–": "missing", "-": "missing", "?": "missing", "not measured": "missing",
    "#DIV/0!": "error", "#N/A": "error", "#REF!": "error", "#VALUE!": "error", "#NAME?": "error", "#NUM!": "error",
    "<0.1": "limit", "≤ 5": "limit", ">100 mV": "limit", "< -5": "limit", "&lt;5": "limit",
    "5 ± 0.3": "tolerance", "5±0.3 mV": "tolerance", "5 +/- 1": "tolerance", "12.3(4)": "tolerance",
    "~5": "about", "ca. 5": "about", "≈ 5 mV": "about", "about 5": "about",
    "5-7": "range", "5–7": "range", "5 - 7 mV": "range", "5 to 7": "range", "5...7": "range",
    "1,234": "ambiguous", "12,345 mV": "ambiguous", "-1,234": "ambiguous",
    "12,5": "comma", "0,123": "comma", "1,2 mV": "comma", "1,5e-3": "comma",
    "2026-05-03": "date", "2026-05-03 12:00:00": "date", "3.5.2026": "date", "03/05/2026": "date", "12:30": "date",
}  # fmt: skip


@pytest.mark.parametrize(("text", "number"), READ.items(), ids=ascii)
def test_what_has_one_meaning_is_read(text: str, number: float) -> None:
    assert parse_quantity(text, "mV") == pytest.approx(number, rel=1e-12)
    assert unreadable(text) is None


@pytest.mark.parametrize(("text", "kind"), REFUSED.items(), ids=ascii)
def test_what_has_none_or_two_is_explained(text: str, kind: str) -> None:
    reason = unreadable(text)
    assert reason is not None
    assert reason.kind == kind
    with pytest.raises(InvalidUnit) as caught:
        parse_quantity(text, "mV")
    (fault,) = caught.value.faults
    assert reason.why in fault.what
    assert fault.remedy == reason.remedy


@pytest.mark.parametrize(
    "text", ["warm", "5 mA/cm2", "3000 1/min", "1e5", "5 m^-1", "1,3-butadiene", "10 %", "Fe2O3", "5 K/min", "2 um"]
)
def test_other_texts_are_left_as_they_are(text: str) -> None:
    assert plain_text(text) == text
    reason = unreadable(text)
    assert reason is None or text == "1,3-butadiene"


@given(st.floats(-1e300, 1e300, allow_subnormal=False))
def test_numbers_of_a_computer_are_read_as_they_are(number: float) -> None:
    for text in (repr(number), f"{number:.6g}", f"{number:.3e}"):
        assert parse_quantity(text, None) == float(text)
        assert math.isclose(parse_quantity(text.replace("-", "−", 1), None), float(text), rel_tol=0)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_thousands_in_english_are_read(number: object) -> None:
    text = f"{number:,}"
    assert parse_quantity(text, None) == float(str(number))


@given(st.text(alphabet="0123456789.,-−–+±<>~ eE×10^()'/:xmV%", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert isinstance(plain_text(text), str)
    try:
        number = parse_quantity(text, "mV")
    except InvalidUnit as error:
        assert error.faults[0].what  # noqa: PT017  either way is right, and nothing else may be raised
        return
    assert isinstance(number, float)


@pytest.mark.parametrize("text", ["1," * 50_000, "1" * 100_000, "1." * 99, "(" * 100_000, "5 " * 90, "1'000" * 40])
def test_long_texts_take_no_time(text: str) -> None:
    with at_most(10.0):  # 20 ms
        for _ in range(20):
            plain_text(text)
            unreadable(text)
