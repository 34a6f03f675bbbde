"""Properties of formulas by name: exact values, prices with their source, and names that there are not."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.chemistry.element_groups import ELEMENT_GROUPS
from designer.chemistry.elements import element_table
from designer.chemistry.formula_properties import element_prices, formula_values
from designer.chemistry.symbols import SYMBOLS
from designer.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Ba2Ti2O6", "n_elements", 3),
        ("Ba2Ti2O6", "n_atoms", 5),
        ("Ba2Ti2O6", "amount.O", 3),
        ("Ba2Ti2O6", "amount.S", 0),
        ("LiNa9", "fraction.Li", Fraction(1, 10)),
        ("Li0.1Na0.9", "fraction.Li", Fraction(1, 10)),
        ("NaCl", "weight_fraction.Na", Fraction("22.98976928") / (Fraction("22.98976928") + Fraction("35.453"))),
        ("NaCl", "mean.electronegativity", Fraction("2.045")),
        ("NaCl", "deviation.electronegativity", Fraction("1.115")),
        ("NaCl2", "minimum.electronegativity", Fraction("0.93")),
        ("NaCl2", "maximum.electronegativity", Fraction("3.16")),
        ("NaCl2", "range.electronegativity", Fraction("2.23")),
        ("Fe", "price", Fraction("0.029696231")),
        ("PuO2", "price", None),
    ],
)
def test_values_are_exact(text: str, name: str, value: Fraction | None) -> None:
    assert formula_values([text], name) == (value,)


@given(
    amounts=st.dictionaries(st.sampled_from(SYMBOLS[:60]), st.integers(1, 9), min_size=1, max_size=5),
    factor=st.integers(1, 5),
)
@settings(max_examples=30, deadline=None)
def test_fractions_sum_to_one_and_do_not_depend_on_the_size_of_a_formula(amounts: dict[str, int], factor: int) -> None:
    text = " ".join(f"{symbol}{amount}" for symbol, amount in amounts.items())
    larger = " ".join(f"{symbol}{amount * factor}" for symbol, amount in amounts.items())
    for kind in ("fraction", "weight_fraction"):
        assert sum(value or 0 for symbol in amounts for value in formula_values([text], f"{kind}.{symbol}")) == 1
    for name in ("fraction.O", "n_atoms", "price", "mean.atomic_mass", "range.row", *(f"amount.{s}" for s in amounts)):
        assert formula_values([text], name) == formula_values([larger], name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fractoin.Li", "no property 'fractoin'; did you mean 'fraction'"),
        ("fraction.Lx", "'Lx' is no element"),
        ("fraction", "is that of an element; write fraction.O"),
        ("mean.electronegativty", "did you mean 'electronegativity'"),
        ("mean", "is that of a property of elements"),
        ("price.Li", "'price' is one number; write price alone"),
        ("", "no property ''"),
    ],
)
def test_unknown_properties_are_refused(name: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        formula_values([], name)


def test_prices_are_those_of_pymatgen() -> None:
    import pymatgen.analysis

    source = Path(next(iter(pymatgen.analysis.__path__)), "costdb_elements.csv")
    known = {row[0]: Fraction(row[1]) for row in csv.reader(source.read_text(encoding="utf-8").splitlines())}
    assert element_prices() == known


def test_the_group_of_expensive_elements_is_that_of_their_prices() -> None:
    gases_and_radioactive = {"F", "Ne", "Xe", *ELEMENT_GROUPS["radioactive"]}
    dear = {symbol for symbol, price in element_prices().items() if price > 1000} - gases_and_radioactive
    assert set(ELEMENT_GROUPS["expensive"]) == dear
    assert {*ELEMENT_GROUPS["toxic_class_2a"], *ELEMENT_GROUPS["toxic_class_2b"]} <= set(element_table().symbols)
