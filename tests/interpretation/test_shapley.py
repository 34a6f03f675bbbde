"""Shapley values against functions whose values are known."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.interpretation.shapley import shapley_values

PARTS = [slice(0, 1), slice(1, 3), slice(3, 4)]


def numbers(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, (n, d))


def additive(x: np.ndarray) -> np.ndarray:
    """Return the terms (``n x 3``) of an additive function, one a part."""
    return np.column_stack([np.sin(5 * x[:, 0]), x[:, 1] * x[:, 2], x[:, 3] ** 3])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_values_of_an_additive_function_are_its_centred_terms() -> None:
    x, background = numbers(1, 4)[0], numbers(8, 4, 1)
    found = shapley_values(lambda X: additive(X).sum(1, keepdims=True), x, background, PARTS, rng())
    assert found.exact
    expected = additive(x[None])[0] - additive(background).mean(0)
    np.testing.assert_allclose(found.values[:, 0], expected, atol=1e-12)


def test_sampled_orders_give_the_same_for_an_additive_function() -> None:
    x, background = numbers(1, 4)[0], numbers(4, 4, 1)
    found = shapley_values(lambda X: additive(X).sum(1, keepdims=True), x, background, PARTS, rng(), evaluations=24)
    assert not found.exact
    expected = additive(x[None])[0] - additive(background[:3]).mean(0)  # three orders and their reverses
    np.testing.assert_allclose(found.values[:, 0], expected, atol=1e-12)


def test_product_is_shared_by_its_factors() -> None:
    """Of f = a b against a background of zeros, either factor has half of the product."""
    found = shapley_values(
        lambda X: X[:, :1] * X[:, 3:], np.array([2.0, 9.0, 9.0, 3.0]), np.zeros((1, 4)), PARTS, rng()
    )
    np.testing.assert_allclose(found.values[:, 0], [3.0, 0.0, 3.0])


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_values_are_the_mean_over_all_orders_and_sum_to_the_difference(seed: int, outputs: int) -> None:
    generator = np.random.default_rng(seed)
    W = generator.normal(size=(4, 4, outputs))
    x, background = generator.normal(size=4), generator.normal(size=(3, 4))

    def function(X: np.ndarray) -> np.ndarray:
        return np.einsum("ni,nj,ijm->nm", X, X, W)

    expected = np.zeros((3, outputs))
    for b in background:
        for order in permutations(range(3)):
            row = b.copy()
            for i in order:
                before = function(row[None])[0]
                row[PARTS[i]] = x[PARTS[i]]
                expected[i] += (function(row[None])[0] - before) / 18
    found = shapley_values(function, x, background, PARTS, rng())
    np.testing.assert_allclose(found.values, expected, atol=1e-9)
    np.testing.assert_allclose(found.base + found.values.sum(0), function(x[None])[0], atol=1e-9)


def test_sampled_values_of_many_parameters_are_accurate() -> None:
    """Twelve parameters, pairwise interactions: a sampled value lies within a few hundredths of the spread."""
    W = np.random.default_rng(3).normal(size=(12, 12))
    parts = [slice(i, i + 1) for i in range(12)]
    x, background = numbers(1, 12)[0], numbers(64, 12, 1)
    found = shapley_values(lambda X: np.einsum("ni,nj,ij->n", X, X, W)[:, None], x, background, parts, rng())
    assert not found.exact
    S = 0.5 * (W + W.T)
    away = x - background
    # Of a quadratic form: the gradient halfway between design and background, times their difference.
    expected = (away * ((x + background) @ S)).mean(0)
    np.testing.assert_allclose(found.values[:, 0], expected, atol=0.03 * np.abs(expected).max() + 0.05)


def test_empty_background_is_refused() -> None:
    with pytest.raises(ValueError, match="background"):
        shapley_values(lambda X: X, np.zeros(4), np.zeros((0, 4)), PARTS, rng())
