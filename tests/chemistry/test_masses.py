"""Weight to atomic fractions and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from designer.chemistry.masses import atomic_from_weight, atomic_masses, weight_from_atomic
from designer.errors import InvalidInput


def test_masses_are_pymatgens() -> None:
    from pymatgen.core import Element

    symbols = ["H", "Ni", "U"]
    assert atomic_masses(symbols).tolist() == [float(Element(symbol).atomic_mass) for symbol in symbols]


def test_agrees_with_pymatgen_on_a_steel() -> None:
    from pymatgen.core import Composition

    weights = {"Fe": 70.0, "Cr": 18.0, "Ni": 12.0}
    expected = Composition.from_weight_dict(weights)  # type: ignore[arg-type]
    got = atomic_from_weight([list(weights.values())], list(weights))[0]
    assert got == pytest.approx([expected.get_atomic_fraction(symbol) for symbol in weights], rel=1e-12)


@given(arrays(np.float64, (3, 4), elements=st.floats(0.01, 100)))
def test_there_and_back(amounts: Any) -> None:
    symbols = ["Li", "Fe", "Pb", "H"]
    fractions = amounts / amounts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(atomic_from_weight(weight_from_atomic(amounts, symbols), symbols), fractions, rtol=1e-12)


def test_a_row_of_nothing_is_nan_not_zero() -> None:
    result = atomic_from_weight([[0.0, 0.0], [1.0, 0.0]], ["Fe", "Ni"])
    assert np.isnan(result[0]).all()
    assert result[1].tolist() == [1.0, 0.0]


def test_an_unknown_symbol_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'water' is no element"):
        atomic_from_weight([[1.0]], ["water"])
