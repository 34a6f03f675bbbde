"""The evidence that a target is related to observations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from designer.priors.intermediate.relation import log_bayes_factor


@pytest.mark.parametrize("n", [4, 7])
def test_it_is_the_ratio_of_marginal_likelihoods(n: int) -> None:
    """Integrated over the slope, and in closed form over the level and the scale with their reference priors."""
    rng = np.random.default_rng(n)
    z = rng.normal(size=n)
    y = 0.8 * z + 0.5 * rng.normal(size=n)
    y, z = y - y.mean(), z - z.mean()

    def marginal(slope_variance: float) -> float:
        """Return p(y) up to a constant: of centred values, s^2 of them scaled by 1 / s^2 ~ 1 / s^2."""
        matrix = np.eye(n) + slope_variance * np.outer(z, z)
        basis = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, : n - 1]]))[0][:, 1:]
        inner, rest = basis.T @ matrix @ basis, basis.T @ y

        def density(log_scale: float) -> float:
            variance = np.exp(2.0 * log_scale)
            fit = rest @ np.linalg.solve(inner, rest) / variance
            return float(np.exp(-0.5 * fit - (n - 1) * log_scale) / np.sqrt(np.linalg.det(inner)))

        return float(quad(density, -8.0, 8.0, limit=200)[0])

    expected = np.log(marginal(n**2 / (z @ z)) / marginal(0.0))
    assert log_bayes_factor(y, z[:, None]) == pytest.approx(expected, abs=1e-6)


@given(st.integers(0, 1000), st.integers(4, 12), st.integers(1, 4), st.floats(-5, 5), st.floats(0.1, 10), st.booleans())
def test_scales_signs_and_orders_do_not_matter(
    seed: int, n: int, width: int, level: float, scale: float, mirrored: bool
) -> None:
    rng = np.random.default_rng(seed)
    y, Z = rng.normal(size=n), rng.normal(size=(n, width))
    found = log_bayes_factor(y, Z)
    order, columns = rng.permutation(n), rng.permutation(width)
    other = log_bayes_factor(level + scale * y[order], level - scale * Z[order][:, columns])
    assert other == pytest.approx(found, abs=1e-6)
    assert found <= log_bayes_factor(y, np.column_stack([Z, y])) + 1e-9
    assert log_bayes_factor(-y if mirrored else y, Z) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("width", [1, 4])
def test_shuffled_observations_are_rarely_related_and_true_ones_nearly_always(width: int) -> None:
    """With eight results at most one in ten shuffled ones has even odds, and of true ones at most one in ten less."""
    related: dict[bool, list[bool]] = {True: [], False: []}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=8)
        Z = np.column_stack([y + 0.5 * rng.normal(size=8), rng.normal(size=(8, width - 1))])
        related[True].append(log_bayes_factor(y, Z) > 0.0)
        related[False].append(log_bayes_factor(y, Z[rng.permutation(8)]) > np.log(2.0))
    assert np.mean(related[True]) >= 0.9
    assert np.mean(related[False]) <= 0.1


def test_constant_results_or_observations_are_not_related() -> None:
    y = np.arange(6.0)
    assert log_bayes_factor(y, np.ones((6, 1))) == log_bayes_factor(np.ones(6), y[:, None]) < -1.5
