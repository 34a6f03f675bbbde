"""Composition descriptors against a plain reading of their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from designer.chemistry.descriptors import STATISTICS, descriptor_names, descriptors
from designer.chemistry.elements import element_table
from designer.chemistry.formulas import formula_fractions


def by_hand(amounts: Any, table: Any) -> Any:
    """One row, in the words of the module's docstring."""
    present = [(x, p) for x, p in zip(amounts, table, strict=True) if x > 0]
    total = sum(x for x, _ in present)
    columns = {name: [] for name in STATISTICS}  # type: ignore[var-annotated]
    for k in range(table.shape[1]):
        mean = sum(x / total * p[k] for x, p in present)
        low, high = min(p[k] for _, p in present), max(p[k] for _, p in present)
        deviation = sum(x / total * abs(p[k] - mean) for x, p in present)
        for name, value in zip(STATISTICS, (mean, deviation, low, high, high - low), strict=True):
            columns[name].append(value)
    entropy = -sum(x / total * np.log(x / total) for x, _ in present)
    return [value for name in STATISTICS for value in columns[name]] + [entropy, len(present)]


@given(
    arrays(np.float64, (5, 6), elements=st.sampled_from([0.0, 0.0, 0.1, 0.25, 1.0, 30.0])),
    arrays(np.float64, (6, 3), elements=st.floats(-100, 100)),
)
def test_equals_the_definition(amounts: Any, table: Any) -> None:
    result = descriptors(amounts, table)
    for row, got in zip(amounts, result, strict=True):
        if row.any():
            np.testing.assert_allclose(got, by_hand(row, table), rtol=1e-9, atol=1e-9)
        else:
            assert np.isnan(got).all()


def test_means_equal_pymatgens_weighted_average() -> None:
    from pymatgen.core import Composition

    table = element_table()
    texts = ["Fe2O3", "CoCrFeMnNi", "Ca5(PO4)3(OH)"]
    result = descriptors(formula_fractions(texts), table.values)
    names = descriptor_names(table.names)
    for text, row in zip(texts, result, strict=True):
        expected = Composition(text).average_electroneg
        assert row[names.index("electronegativity mean")] == pytest.approx(expected, rel=1e-12)


def test_scale_of_the_amounts_does_not_matter() -> None:
    table = element_table().values
    amounts = np.eye(118)[:4] + np.eye(118)[4:8] * 0.5
    np.testing.assert_allclose(descriptors(amounts, table), descriptors(amounts * 100, table), rtol=1e-12)


def test_order_of_the_elements_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    table, amounts = element_table().values[:10], rng.random((20, 10)) * (rng.random((20, 10)) < 0.5)
    order = rng.permutation(10)
    np.testing.assert_allclose(
        descriptors(amounts, table), descriptors(amounts[:, order], table[order]), rtol=1e-12, atol=1e-12
    )


def test_a_pure_element_has_no_spread() -> None:
    names = descriptor_names(element_table().names)
    row = descriptors(np.eye(118), element_table().values)
    still = [i for i, name in enumerate(names) if name.endswith(("deviation", "range", "entropy"))]
    assert not row[:, still].any()
    assert (row[:, -1] == 1).all()


def test_many_rows_are_the_same_as_one_at_a_time() -> None:
    rng = np.random.default_rng(1)
    amounts = rng.random((20_000, 5)) * (rng.random((20_000, 5)) < 0.7)
    table = element_table().values[20:25]
    whole = descriptors(amounts, table)
    for i in (0, 4095, 4096, 19_999):
        np.testing.assert_array_equal(whole[i], descriptors(amounts[i : i + 1], table)[0])


def test_names_match_columns() -> None:
    table = element_table()
    assert len(descriptor_names(table.names)) == descriptors(np.eye(118)[:1], table.values).shape[1]
    assert len(set(descriptor_names(table.names))) == len(descriptor_names(table.names))


def test_ten_thousand_compositions_are_described() -> None:
    rng = np.random.default_rng(2)
    symbols = element_table().symbols[:94]
    texts = [
        "".join(f"{symbols[z]}{rng.integers(1, 99) / 10}" for z in rng.choice(94, 5, replace=False))
        for _ in range(10_000)
    ]
    amounts = formula_fractions(texts)
    result = descriptors(amounts, element_table().values)
    assert result.shape[0] == 10_000
    assert np.isfinite(result).all()
