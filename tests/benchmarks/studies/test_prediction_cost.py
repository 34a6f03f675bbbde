"""What predicted properties cost: the figures are of the work that is claimed."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.studies import prediction_cost
from benchmarks.studies.properties_work import Property
from designer.surrogates.data import Quantity
from tests.priors.stacking.compounds import fitted, formulas, softness


@pytest.mark.parametrize("measured", [3, 30])
def test_it_learns_and_predicts(measured: int) -> None:
    texts = formulas(60, 7)
    new = Property("soft-c", Quantity("softness", "mm"), texts, softness(texts), np.zeros(60, dtype=bool), None)
    found = prediction_cost.measure(new, fitted(), measured, 200)
    assert set(found) == {"learning", "predicting", "memory_mb"}
    assert all(value > 0 for value in found.values())


def test_its_formulas_are_distinct_and_always_the_same() -> None:
    found = prediction_cost.formulas(500)
    assert len(set(found)) == 500
    assert found == prediction_cost.formulas(500)
