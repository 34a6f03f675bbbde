"""Formulas: read as pymatgen reads them, refused where pymatgen lets nonsense pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core.composition import Composition

from designer.chemistry.formulas import formula_elements, formula_fractions, parse_formula
from designer.errors import InvalidData


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("Fe2O3", {"Fe": 2, "O": 3}),
        ("(NH4)2SO4", {"N": 2, "H": 8, "S": 1, "O": 4}),
        ("CuSO4(H2O)5", {"Cu": 1, "S": 1, "O": 9, "H": 10}),
        (" Co0.1 Ni0.9\n", {"Co": 0.1, "Ni": 0.9}),
        ("(Fe0.5Ni0.5)1.2O", {"Fe": 0.6, "Ni": 0.6, "O": 1}),
        ("Na0.5H2O", {"Na": 0.5, "H": 2, "O": 1}),
        ("CoCrFeNi", {"Co": 1, "Cr": 1, "Fe": 1, "Ni": 1}),
    ],
)
def test_amounts(text: str, amounts: Any) -> None:
    assert dict(parse_formula(text)) == pytest.approx(amounts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a formula"),
        ("fe2o3", "is not a formula"),
        ("Fe-2", "is not a formula"),
        ("Fe2(O", "is not a formula"),
        ("Fe2+", "is not a formula"),
        ("Ba0.5Sr0.5CoO3-x", "is not a formula"),
        ("NaCl-KCl", "is not a formula"),
        ("H2O!", "is not a formula"),
        ("nan", "is not a formula"),
        ("None", "is not a formula"),
        ("Fe2Q", "names no element: 'Q'"),
        ("HgX", "names no element: 'X'"),
        ("Fe0", "no finite amount"),
        ("Fe1e400", "'1e400' is no usual amount"),
        ("CuSO4.5H2O", "can be read in two ways"),
        ("Na2CO3.10H2O", "can be read in two ways"),
    ],
)
def test_what_is_no_formula_is_refused_with_a_remedy(text: str, message: str) -> None:
    with pytest.raises(InvalidData, match=message) as caught:
        parse_formula(text)
    (fault,) = caught.value.faults
    assert fault.remedy.startswith(("write element symbols", "put crystal water", "write the amount"))


@pytest.mark.parametrize("value", [None, 3.5, float("nan")])
def test_what_is_no_text_is_refused(value: float | str | None) -> None:
    with pytest.raises(InvalidData, match="is not text"):
        parse_formula(value)  # type: ignore[arg-type]


def test_a_parsed_formula_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        parse_formula("Fe2O3")["Fe"] = 5  # type: ignore[index]


def test_all_faults_of_a_list_are_reported_with_their_places() -> None:
    with pytest.raises(InvalidData) as caught:
        formula_fractions(["Fe", "Zz", "Ni", "fe"])
    assert [fault.path for fault in caught.value.faults] == [(1,), (3,)]


def test_an_element_outside_the_wanted_columns_is_refused() -> None:
    with pytest.raises(InvalidData, match="formula 'FeO' holds O"):
        formula_fractions(["Fe", "FeO"], ["Fe"])


def test_fractions_equal_pymatgens() -> None:
    from pymatgen.core import Composition

    texts = ["Fe2O3", "LiNi0.8Co0.15Al0.05O2", "Ca5(PO4)3(OH)", "U"]
    elements = formula_elements(texts)
    result = formula_fractions(texts, elements)
    for text, row in zip(texts, result, strict=True):
        composition = Composition(text)
        expected = [composition.get_atomic_fraction(symbol) for symbol in elements]
        np.testing.assert_allclose(row, expected, atol=1e-14)
    np.testing.assert_allclose(result.sum(axis=1), 1, rtol=1e-14)


def test_all_elements_by_default() -> None:
    result = formula_fractions(["H2O", "Og"])
    assert result.shape == (2, 118)
    assert result[0, 0] == pytest.approx(2 / 3)
    assert result[1, 117] == 1


def test_no_formulas_give_no_rows() -> None:
    assert formula_fractions([], ["Fe"]).shape == (0, 1)
    assert formula_elements([]) == ()


SYMBOLS = ("Fe", "O", "H", "C", "Co", "N", "I", "Sc", "F")
PARTS = st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(["", "1", "2", "10", "0.5", "1.25", "003"]))


@given(st.lists(PARTS, min_size=1, max_size=6))
def test_plain_formulas_are_read_as_pymatgen_reads_them(parts: Any) -> None:
    text = "".join(symbol + amount for symbol, amount in parts)
    assert dict(parse_formula(text)) == pytest.approx(Composition(text).as_dict())
    assert list(parse_formula(text)) == list(Composition(text).as_dict())
