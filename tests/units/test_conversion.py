import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from designer.errors import InvalidUnit
from designer.units import convert, convert_many, parse_quantity, same_unit, split_header, split_quantity

PAIRS = [("K", "degC"), ("degF", "degC"), ("h", "min"), ("GPa", "MPa"), ("mV", "V"), ("bar", "Pa"), ("mmol/L", "mol/L")]


@given(st.sampled_from(PAIRS), st.floats(-1e6, 1e6))
def test_there_and_back(pair: tuple[str, str], value: float) -> None:
    there = convert(value, *pair)
    assert convert(there, *reversed(pair)) == pytest.approx(value, rel=1e-9, abs=1e-6)
    assert convert_many(np.array([value]), *pair)[0] == pytest.approx(there, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("350 K", "degC", 76.85), ("350", "degC", 350.0), ("76.85 °C", "K", 350.0), ("1e-3 mol/L", "mmol/L", 1.0),
        ("-5", None, -5.0), (".5 h", "min", 30.0), ("10 mol %", "mol%", 10.0), ("3 a.u.", "a.u.", 3.0),
        ("+2", "V", 2.0),
    ],
)  # fmt: skip
def test_quantities(text: str, unit: str | None, expected: float) -> None:
    assert parse_quantity(text, unit) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("warm", "degC", "'warm' is not a number; give a number in degC"),
        ("", None, "'' is not a number; give a number"),
        ("3,5", "V", "'3,5' is not a number; write a decimal point"),
        ("1_000", "V", "'1_000' is not a number"),
        ("5 MPa", "degC", "'MPa' does not convert to 'degC'; give the value in degC"),
        ("5 K", None, "'K' does not convert to 'no unit'; give the value without a unit"),
        ("5 at.%", "wt.%", "'at.%' does not convert to 'wt.%'"),
        ("5 counts_x", "V", "unit 'counts_x' is not known"),
        ("5 V", "a.u.", "'V' does not convert to 'a.u.'"),
    ],
)
def test_what_does_not_convert_is_refused(text: str, unit: str | None, message: str) -> None:
    with pytest.raises(InvalidUnit) as caught:
        parse_quantity(text, unit)
    assert message in str(caught.value)


def test_many_are_refused_like_one() -> None:
    with pytest.raises(InvalidUnit, match="does not convert"):
        convert_many(np.array([1.0]), "V", "K")
    values = np.array([1.0])
    assert convert_many(values, "a.u.", "a.u.") is values


def test_spellings_of_one_unit() -> None:
    assert same_unit("°C", "degC")
    assert same_unit("mol %", "mol%")
    assert same_unit(None, "")
    assert same_unit("fraction", None)
    assert same_unit("a.u.", " a.u. ")
    assert not same_unit("at.%", "wt.%")
    assert not same_unit("vol.%", "wt.%")
    assert not same_unit("a.u.", "counts")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("T [K]", ("T", "K")), ("time (min)", ("time", "min")), ("yield", ("yield", None)),
        (" a [mol/(L s)] ", ("a", "mol/(L s)")),
        ("[K]", ("[K]", None)), ("c.Ni [at.%]", ("c.Ni", "at.%")),
    ],
)  # fmt: skip
def test_headers(header: str, expected: tuple[str, str | None]) -> None:
    assert split_header(header) == expected


def test_numbers_and_units_apart() -> None:
    assert split_quantity(" 350 K ", None) == (350.0, "K")
    assert split_quantity("350", "K") == (350.0, None)
