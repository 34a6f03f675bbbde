"""What a chemist means: spellings, conversions, what does not convert,
and no way through pint's dimensionless units."""

from __future__ import annotations

import itertools
from math import pi

import numpy as np
import pint
import pytest

from designer.errors import InvalidUnit
from designer.units import convert, convert_difference, convertible, dimensionality, label_reason, same_unit
from designer.units.vocabulary import AMBIGUOUS, PARTS, SHARES, SYMBOLS, symbol_of

SAME = [
    ("°C", "degC", "℃", "˚C", "ºC", "° C", "deg C", "deg. C", "Celsius", "degree Celsius", "oC", "C"),
    ("K", "kelvin", "°K"), ("°F", "degF", "Fahrenheit", "F"), ("Å", "Å", "A\u030a", "angstrom", "Å", "A"),
    ("µm", "μm", "um", "micron", "micrometer", "micrometre"), ("h", "hr", "hrs", "hour", "hours"),
    ("min", "minutes", "min.", "mins"), ("s", "sec", "seconds"), ("L", "l", "liter", "litre", "ℓ", "dm3", "dm³"),
    ("mL", "ml", "cm3", "cm^3", "cc", "cm³"), ("M", "mol/L", "mol L-1", "mol·L−1", "mol L⁻¹", "mol.L-1", "mol dm^-3"),
    ("mA/cm2", "mA cm-2", "mA cm^-2", "mA·cm⁻²", "mA cm−2", "mA/cm²", "mA/cm**2", "mA × cm^{-2}", "mA per cm2"),
    ("Ohm cm2", "Ω cm²", "ohm·cm^2", "Ω cm²", "ohm-cm2"), ("mAh/g", "mAh g-1", "mA h/g", "mA·h·g⁻¹", "Ah/kg"),
    ("cm-1", "cm^-1", "1/cm", "cm⁻¹", "/cm"), ("1/min", "min-1", "min^-1", "/min", "per min", "per minute"),
    ("rpm", "RPM", "r/min", "rev/min", "1/min", "r.p.m.", "U/min"), ("Hz", "1/s", "s-1", "s⁻¹", "rps"),
    ("S/cm", "S cm-1", "S·cm⁻¹", "1/(Ω cm)"), ("g/L", "g L-1", "mg/mL", "kg/m3"),
    ("wt.%", "wt%", "wt %", "wt-%", "weight %", "mass%", "mass percent", "% w/w", "%(w/w)", "Gew.-%", "Ma.-%", "w%",
    "cg/g"),
    ("at.%", "at%", "at. %", "atomic %", "atom percent"), ("mol%", "mol.%", "mol %", "Mol-%", "mole percent"),
    ("vol.%", "vol%", "Vol.-%", "% v/v", "v%", "volume percent"), ("%", "percent", "％", "pct"), ("ppm", "PPM"),
    ("ppmw", "wppm", "mg/kg", "ug/g", "wt ppm"), ("mole fraction", "mol/mol"), ("eV/atom", "eV atom-1", "eV per atom"),
    ("kJ/mol", "kJ mol-1", "kJ·mol⁻¹"), ("Torr", "torr"), ("mmHg", "mm Hg"), ("barg", "bar(g)", "bar (g)"),
    ("psi", "psia"), ("sccm", "SCCM"), ("K/min", "°C/min", "degC min-1", "C/min"), ("J/(g K)", "J g-1 °C-1", "J/g/K"),
    ("MPa m^0.5", "MPa m1/2", "MPa·√m", "MPa√m", "MPa m^(1/2)", "MPa m½"),
    ("10^-6/K", "10-6/K", "1e-6/K", "10⁻⁶ K⁻¹", "ppm/K"),
    ("μB/f.u.", "µB/f.u.", "muB/fu"), ("Ω/□", "ohm/sq"), ("mV/dec", "mV/decade", "mV dec-1"), ("N/mm2", "MPa"),
    ("", None, "-", "fraction", "1", "dimensionless"), ("W/(m K)", "W m-1 K-1", "W/m/K", "W/(m·K)"),
    ("kPa", "kilopascal"), ("cP", "mPa s", "mPas"), ("U/mL", "μmol/(min mL)"), ("deg", "°", "degree"),
    ("a.u.", " a.u. "),
]  # fmt: skip


@pytest.mark.parametrize("texts", SAME, ids=lambda texts: str(texts[0]))
def test_spellings_of_one_unit(texts: tuple[str | None, ...]) -> None:
    for text in texts[1:]:
        assert same_unit(texts[0], text), text
        assert same_unit(text, texts[0]), text


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (3000, "1/min", "rpm", 3000), (50, "Hz", "rpm", 3000), (50, "1/s", "rpm", 3000), (3000, "rpm", "Hz", 50),
        (100 * pi, "rad/s", "rpm", 3000), (3000, "rpm", "rad/s", 100 * pi), (18000, "deg/s", "rpm", 3000),
        (180, "deg", "rad", pi), (1, "rev", "deg", 360), (2, "krpm", "rpm", 2000),
        (25, "C", "K", 298.15), (298.15, "K", "C", 25), (1, "C", "mAh", 1 / 3.6), (3.6, "C/g", "mAh/g", 1),
        (77, "F", "degC", 25), (2, "F/g", "mF/mg", 2), (5, "A", "nm", 0.5), (5, "A", "mA", 5000),
        (6, "A/s", "nm/min", 36),
        (1, "A/cm2", "mA/cm2", 1000), (64, "A^3", "nm3", 0.064), (60, "U/min", "Hz", 1),
        (10, "°C/min", "K/s", 1 / 6), (18, "°F/min", "K/min", 10), (1, "W/(m °C)", "W/(m K)", 1), (5, "mK", "K", 0.005),
        (1, "bar", "kPa", 100), (760, "Torr", "atm", 1), (1, "atm", "psi", 14.695949), (2, "barg", "psig", 29.0075),
        (2, "slm", "sccm", 2000), (10, "ppm", "ppb", 10_000), (1, "%", "ppm", 10_000), (0.5, "fraction", "percent", 50),
        (5, "‰", "%", 0.5), (1, "wt.%", "mg/g", 10), (1, "mg/kg", "wt.%", 1e-4), (0.3, "mole fraction", "mol%", 30),
        (1, "mL/L", "vol.%", 0.1), (1, "mm/m", "%", 0.1), (1, "%/K", "1/K", 0.01), (12, "10^-6/K", "1/K", 12e-6),
        (1, "h", "min", 60), (1, "d", "h", 24), (1, "M", "mmol/L", 1000), (1, "g/L", "mg/mL", 1),
        (1, "eV/atom", "meV/atom", 1000),
        (1, "kcal/mol", "kJ/mol", 4.184), (1, "S/cm", "mS/cm", 1000), (1, "Ohm cm2", "mΩ m2", 0.1),
        (1, "emu/g", "A m2/kg", 1),
        (1, "kOe", "A/m", 79577.47), (1, "kG", "mT", 100), (1, "mpy", "µm/yr", 25.4), (1, "ksi", "MPa", 6.894757),
        (1, "MPa m^0.5", "MPa mm^0.5", 31.6227766), (1, "kgf/mm2", "MPa", 9.80665), (1, "cm2/(V s)", "m2/(V s)", 1e-4),
        (1, "Ha", "eV", 27.2114), (1, "U/mL", "nkat/mL", 16.6667), (1, "Da", "kg", 1.66054e-27), (1, "kDa", "Da", 1000),
        (1, "cd", "mcd", 1000), (1, "kcps", "counts/s", 1000), (1, "mmol/(g h)", "mol/(kg s)", 1 / 3600),
    ],
)  # fmt: skip
def test_what_a_chemist_means(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == pytest.approx(expected, rel=1e-5)
    assert convert(float(convert(value, unit, to)), to, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("unit", "to"),
    [
        ("rad/s", "Hz"), ("rad/s", "1/s"), ("deg/min", "1/min"), ("deg", None), ("rad", None), ("rad", "percent"),
        ("rev", None), ("rpm", None), ("sr", "rad"), ("W/sr", "W"), ("lm", "cd"), ("lx", "cd/m2"), ("Bq", "Hz"),
        ("Bq", "1/s"),
        ("Sv", "Gy"), ("Sv", "J/kg"), ("at.%", "wt.%"), ("at.%", "mol%"), ("mol%", "wt.%"), ("vol.%", "wt.%"),
        ("%", "wt.%"), ("wt.%", "%"), ("ppm", "ppmw"), ("mg/kg", "ppm"), ("mg/kg", "at.%"), ("mol/mol", "mg/kg"),
        ("mL/L", "percent"), ("percent", None), (None, "percent"), ("ppm", None), ("%", ""), ("wt.%", None),
        ("g/g", None),
        ("wt.%", "g/L"), ("delta_degC", "degC"), ("degC", "Δ°C"), ("ΔK", "degC"), ("degF", "delta_degF"),
        ("barg", "bar"), ("psig", "psi"), ("bar(g)", "MPa"), ("sccm", "mL/min"), ("sccm", "W"), ("slm", "L/min"),
        ("eV/atom", "eV"), ("eV/atom", "kJ/mol"), ("eV/atom", "eV/f.u."), ("eV", "kJ/mol"), ("cm-1", "eV"),
        ("nm", "eV"),
        ("Ω/sq", "Ω"), ("mV/dec", "mV"), ("cells/mL", "1/mL"), ("atoms/cm3", "cm-3"), ("counts", None),
        ("counts/s", "Hz"),
        ("%/cycle", "%"), ("dB", None), ("dB", "percent"), ("pH", None), ("pH", "mol/L"), ("a.u.", None),
        ("a.u.", "counts"),
        ("HV", "GPa"), ("HRC", "HV"), ("Da", "g/mol"), ("g", "N"), ("M", "m"), ("mol/kg", "M"), ("mol/L", "g/L"),
        ("h", "J s"), ("a.u.", "eV"), ("m%", "percent"), ("m%", "wt.%"), ("J/mol K", "J/(mol K)"), ("ppt", "ppm"),
        ("%w/v", "wt.%"), ("%RH", "%"), ("ML", "L"), ("mbar(g)", "mbar"), ("10^3", None), ("bit", None),
        ("mAh", "mAh/g"), ("K", None), ("1/min", None), ("nits", "cd/m2"), ("degC", "1/min"), ("kg/L-1", "kg L"),
    ],
)  # fmt: skip
def test_what_does_not_convert_is_refused(unit: str | None, to: str | None) -> None:
    for one, other in ((unit, to), (to, unit)):
        assert not convertible(one, other)
        assert dimensionality(one) != dimensionality(other)
        with pytest.raises(InvalidUnit):
            convert(1.0, one, other)


@pytest.mark.parametrize(
    ("unit", "to", "message"),
    [
        ("at.%", "wt.%", "'at.%' does not convert to 'wt.%': shares by atoms, moles, mass and volume do not convert"),
        ("Δ°C", "degC", "a difference of temperatures is not a temperature; give the value in degC"),
        ("bar", "barg", "a gauge pressure counts from ambient pressure; give the value in barg"),
        ("mL/min", "sccm", "a standard volume is an amount of gas; give the value in sccm"),
        ("rad/s", "Hz", "an angle counts in rad or degrees, a speed of rotation in revolutions; give the value in Hz"),
        ("percent", None, "say whether the bare number is a fraction or a percentage; give the value without a unit"),
        (
            "V",
            "a.u.",
            "'V' does not convert to 'a.u.', which is a label and equals only itself; give the value in a.u.",
        ),
        ("a.u.", "V", "unit 'a.u.' is not known (a.u. stands for arbitrary units, or for atomic units: it is a label)"),
        ("Mpa", "GPa", "unit 'Mpa' is not known (did you mean 'MPa'?); give the value in GPa"),
        ("J/mol K", "J/(mol K)", "'J/mol K' can be read in two ways: use brackets, or one / for each divisor"),
        (
            "m" * 99,
            "m",
            "unit 'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm...' is not known (a unit has at most 80 characters)",
        ),
    ],
)
def test_a_refusal_says_why(unit: str, to: str | None, message: str) -> None:
    with pytest.raises(InvalidUnit) as caught:
        convert(1.0, unit, to)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (5, "K", "degC", 5), (9, "degF", "K", 5), (5, "degC", "degF", 9), (5, "Δ°C", "degC", 5), (5, "degC", "K", 5),
        (5, "ΔK", "delta_degC", 5), (2, "mV", "V", 0.002), (500, "mK", "degC", 0.5), (1, "%", "fraction", 0.01),
    ],
)  # fmt: skip
def test_differences(value: float, unit: str, to: str, expected: float) -> None:
    assert convert_difference(value, unit, to) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["a.u.", "HRC", "widgets", "dB", "pH", "m%", "ML", "J/mol K", "5 m", "g/100 mL", "m**2**3"]
)
def test_labels_equal_themselves_alone(text: str) -> None:
    assert label_reason(text) is not None
    assert same_unit(text, f" {text} ")
    assert convert(3.0, text, text) == 3.0
    assert dimensionality(text) == text
    assert not convertible(text, "m")
    assert not convertible(text, None)


# Every pair of units that pint would call dimensionless and that does convert, by what justifies it. A pair of symbols
# outside one line never converts, whatever pint says; `test_no_silent_way...` goes through all of them.
JUSTIFIED = {
    "a part of the whole, of no stated sort": {
        "%", "percent", "pct", "permille", "‰", "ppm", "ppb", "fraction", "dimensionless",
    },
    "an angle; a turn is one of 360 degrees": {
        "r", "rev", "revs", "revolution", "revolutions", "turn", "turns", "rad", "radian", "radians", "mrad", "°",
        "deg", "degs",
        "degree", "degrees", "U",
    },
}  # fmt: skip


def test_no_silent_way_between_numbers_that_pint_calls_dimensionless() -> None:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
    numbers = {
        name for name, symbol in SYMBOLS.items() if symbol.pint == "designer_one" or symbol.kind in ("angle", "turn")
    }
    numbers -= {"rpm", "RPM", "rps"}
    numbers |= {*PARTS, *(f"{sort} %" for sort in SHARES), "mrad", "g/g", "mol/mol", "L/L"}
    lines = {name: line for line, names in JUSTIFIED.items() for name in names}
    for one, other in itertools.combinations(sorted(numbers), 2):
        kinds = [_sort(name) for name in (one, other)]
        expected = kinds[0] == kinds[1] or (one in lines and lines[one] == lines.get(other))
        assert convertible(one, other) == expected, (one, other)
        assert convertible(other, one) == expected, (other, one)
    assert registry.Quantity(1.0, "1/min").to("rpm").magnitude == pytest.approx(1 / (2 * pi))  # the trap


def _sort(name: str) -> str:
    sort = {"g/g": "mass share", "mol/mol": "mole share", "L/L": "volume share"}.get(name) or (
        name[-2:] == " %" and SHARES[name[:-2]]
    )
    symbol = symbol_of(name)
    return sort or (symbol.kind if symbol is not None and symbol.kind else "number")


def test_all_other_units_have_the_size_that_pint_gives_them() -> None:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
    checked = 0
    for name, symbol in SYMBOLS.items():
        if symbol.kind or "designer" in symbol.pint or symbol.difference or symbol.is_difference or name in AMBIGUOUS:
            continue
        unit = registry.parse_units(symbol.pint)
        for other, its in SYMBOLS.items():
            if its == symbol and other not in AMBIGUOUS and name != "U_enzyme" != other:
                assert same_unit(name, other), (name, other)
        base = registry.Quantity(2.5, unit).to_base_units()
        text = " ".join(f"{part}^{power}" for part, power in base.unit_items())
        assert convert(2.5, name, text) == pytest.approx(base.magnitude, rel=1e-12), name
        checked += 1
    assert checked > 300


def test_arrays_are_converted_like_numbers() -> None:
    from designer.units import convert_many

    values = np.array([20.0, 300.0])
    for unit, to in (("degC", "K"), ("degF", "degC"), ("rpm", "Hz"), ("wt.%", "mg/kg"), ("10^-6/K", "1/K")):
        expected = [convert(value, unit, to) for value in values]
        np.testing.assert_array_equal(convert_many(values, unit, to), expected)


def test_what_has_two_meanings_is_decided_by_the_other_unit() -> None:
    assert convert(1.0, "C", "degF") == pytest.approx(33.8)
    assert convert(1.0, "C", "A h") == pytest.approx(1 / 3600)
    assert convert(1.0, "A", "Å") == 1.0
    assert {*AMBIGUOUS} == {"C", "F", "A", "u", "U"}
