"""Deviations are those of Student's t and of designs that were chosen; what is expected stays as it was."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import norm, t

from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.variance_inflation import SELECTION_FACTOR, inflation_factor
from tests.surrogates.tables import mixed_features, mixed_task


@pytest.mark.parametrize("freedom", [1, 2, 5, 30])
def test_a_normal_interval_is_as_wide_as_that_of_students_t(freedom: int) -> None:
    half = inflation_factor(freedom) * norm.ppf(0.95) / SELECTION_FACTOR
    assert t.cdf(half, freedom) - t.cdf(-half, freedom) == pytest.approx(0.9, abs=1e-12)


def test_it_falls_to_what_choosing_takes() -> None:
    factors = [inflation_factor(freedom) for freedom in range(-2, 400)]
    assert factors[0] == factors[3], "less than one degree of freedom counts as one"
    assert all(a >= b for a, b in pairwise(factors))
    assert factors[-1] == pytest.approx(SELECTION_FACTOR, rel=0.01)


@pytest.mark.parametrize("noise", [None, 0.3])
@pytest.mark.parametrize("n", [3, 10])
def test_a_wide_process_expects_the_same_and_is_less_sure_of_it(n: int, noise: float | None) -> None:
    task, new = mixed_task(n), mixed_features(20, 7)
    known = None if noise is None else torch.tensor([[noise], *[[torch.nan]] * (n - 1)], dtype=torch.float64)
    data = TaskData(task.X, task.Y, columns=task.columns, Yvar=known)
    narrow, wide = (fit_gaussian_process(data, wide=wide) for wide in (False, True))
    (mean, variance), (same, wider) = narrow.marginals(new), wide.marginals(new)
    moved = 0.03 if n == 3 else 0.005  # since the prior of the level stays as it was
    torch.testing.assert_close(same, mean, rtol=0, atol=moved * float(task.Y.std()))
    torch.testing.assert_close(wider, inflation_factor(n - 2) ** 2 * variance, rtol=0.3 if n == 3 else 0.02, atol=0)
    assert wide.noise_variance == pytest.approx(inflation_factor(n - 2) ** 2 * narrow.noise_variance)


def test_intervals_of_few_results_hold_what_they_promise() -> None:
    """Values drawn from a process of unknown level and scale: 90 % intervals from five of them hold nine in ten."""
    rng, held = np.random.default_rng(0), []
    x = torch.rand(9, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    covariance = np.exp(-0.5 * (torch.cdist(x, x).numpy() / 0.3) ** 2) + 1e-6 * np.eye(9)
    for _ in range(60):
        y = torch.as_tensor(rng.normal() * 5 + rng.multivariate_normal(np.zeros(9), covariance))[:, None]
        data = TaskData(x[:5], y[:5], columns=mixed_task(3).columns[:1])
        for wide in (False, True):
            mean, variance = fit_gaussian_process(data, wide=wide).marginals(x[5:])
            held.append((wide, ((y[5:, 0] - mean).abs() <= 1.645 * variance.sqrt()).double().mean()))
    narrow, broad = (float(np.mean([share for each, share in held if each == wide])) for wide in (False, True))
    assert narrow < 0.85 < broad
