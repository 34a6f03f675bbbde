"""What speaks for a lower level: that its results predict each other, and the correlation of designs at both levels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special

from designer.arrays import FloatArray
from designer.priors.fidelity.level_evidence import log_odds_of_correlation, pairs_of, predicts_itself
from designer.space.encoding import FeatureColumn
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process

COLUMNS = tuple(FeatureColumn(name, name, "numeric", "numeric") for name in "ab")


def is_predictable(n: int, seed: int, *, shuffled: bool = False) -> bool:
    rng = np.random.default_rng(seed)
    X = rng.random((n, 2))
    y = np.sin(5 * X[:, 0]) + X[:, 1]
    y = rng.permutation(y) if shuffled else y
    return predicts_itself(fit_gaussian_process(TaskData(torch.tensor(X), torch.tensor(y)[:, None], COLUMNS)))


def test_results_that_follow_from_the_features_predict_each_other_and_shuffled_ones_do_not() -> None:
    assert all(is_predictable(18, seed) for seed in range(8))
    assert sum(is_predictable(20, seed, shuffled=True) for seed in range(16)) <= 2


def test_few_results_are_not_judged() -> None:
    assert is_predictable(16, 0)
    assert not is_predictable(15, 0)


def exact(n: int, r: float) -> float:
    """Return the log Bayes factor with the exact likelihood of a correlation (Ly et al. 2016, equation 13)."""

    def likelihood(rho: float) -> float:
        bounded = special.hyp2f1(0.5, 0.5, n - 0.5, (1 + rho * r) / 2)
        return float((1 - rho**2) ** ((n - 1) / 2) * (1 - rho * r) ** (1.5 - n) * bounded)

    return math.log(integrate.quad(likelihood, 0.0, 0.9999)[0] / likelihood(0.0))


def correlated(n: int, r: float) -> FloatArray:
    """Return pairs of exactly this correlation."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=n)
    x = (x - x.mean()) / np.linalg.norm(x - x.mean())
    e = rng.normal(size=n)
    e -= e.mean() + x * ((e - e.mean()) @ x)
    return np.stack([x, r * x + math.sqrt(1 - r**2) * e / np.linalg.norm(e)], axis=1)


@pytest.mark.parametrize("n", [4, 8, 20])
@pytest.mark.parametrize("r", [-0.9, -0.3, 0.0, 0.5, 0.8, 0.95])
def test_bayes_factor_is_that_of_the_exact_likelihood(n: int, r: float) -> None:
    assert log_odds_of_correlation(correlated(n, r)) == pytest.approx(exact(n, r), abs=0.1)


@given(st.integers(0, 100), st.floats(0.01, 100.0), st.floats(-1e3, 1e3))
def test_unit_level_and_order_of_pairs_do_not_matter(seed: int, a: float, b: float) -> None:
    pairs = np.random.default_rng(seed).normal(size=(6, 2))
    own = log_odds_of_correlation(pairs)
    assert own is not None
    assert log_odds_of_correlation(pairs[::-1] * [a, 1.0] + [b, 0.0]) == pytest.approx(own, abs=1e-6)
    assert log_odds_of_correlation(pairs[:, ::-1]) == pytest.approx(own, abs=1e-9)


@pytest.mark.parametrize("pairs", [np.ones((5, 2)), np.array([[1.0, 2.0], [2.0, 2.0], [4.0, 2.0]]), np.eye(2)])
def test_pairs_that_do_not_differ_or_are_too_few_say_nothing(pairs: FloatArray) -> None:
    assert log_odds_of_correlation(pairs) is None


def test_pairs_are_the_designs_at_both_levels_each_by_the_mean_of_its_results() -> None:
    X = torch.tensor([[0.0, 1.0], [0.5, 0.5], [0.0, 1.0]])
    lower = torch.tensor([[0.9, 0.1], [0.0, 1.0]])
    found = pairs_of(X, np.array([1.0, 5.0, 3.0]), lower, np.array([7.0, 8.0]))
    assert found.tolist() == [[2.0, 8.0]]
    assert pairs_of(X, np.array([1.0, 5.0, 3.0]), lower[:1], np.array([7.0])).shape == (0, 2)
