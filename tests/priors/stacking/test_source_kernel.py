"""The process against what defines it: scikit-learn's regression, refits without a value, a brute-force evidence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_t
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from designer.priors.stacking.source_kernel import Inputs, ThetaPrior, fit_theta, problem_of, student_t_process
from designer.surrogates.fitting import ScalePrior
from designer.surrogates.kernels import Hyperparameters

THETA = np.log([1.3, 0.8, 0.7, 0.4, 0.5, 0.2])
WIDE = ThetaPrior(np.log([1.0, 1.0, 0.5, 0.2, 0.3, 0.2]), np.full(6, 1.5))
SCALE = ScalePrior(3.0, 1.4)


def some(n: int, seed: int = 0) -> Inputs:
    generator = torch.Generator().manual_seed(seed)
    draw = [torch.randn(n, d, generator=generator, dtype=torch.float64) for d in (3, 5)]
    return Inputs(*draw)


def dense(inputs: Inputs, other: Inputs, theta: np.ndarray, offset: float) -> np.ndarray:
    """Return the covariance by scikit-learn's kernels."""
    first, second, linear, smooth, own, _ = np.exp(theta)
    M, N, x, z = (t.numpy() for t in (inputs.M, other.M, inputs.own, other.own))
    near = Matern(first, nu=2.5)(M / np.sqrt(3), N / np.sqrt(3))
    alike = Matern(second, nu=2.5)(x / np.sqrt(5), z / np.sqrt(5))
    return offset + linear / 3 * M @ N.T + smooth * near + own * alike


def test_the_covariance_is_scikit_learns() -> None:
    left, right = some(7), some(4, 1)
    hyper = Hyperparameters.from_log(THETA, 2)
    found = left.kernel(2.0).evaluate(left.features, right.features, hyper).numpy()
    assert found == pytest.approx(dense(left, right, THETA, 2.0), abs=1e-12)


def test_the_mean_is_that_of_a_gaussian_process() -> None:
    inputs, new = some(20), some(6, 1)
    u = torch.sin(inputs.M[:, 0]) + inputs.own[:, 1]
    process = student_t_process(inputs, u, THETA, SCALE, 2.0)
    noisy = dense(inputs, inputs, THETA, 2.0) + np.exp(THETA[-1]) * np.eye(20)
    expected = dense(new, inputs, THETA, 2.0) @ np.linalg.solve(noisy, u.numpy())
    location, scale = process.predict(new.features)
    assert location == pytest.approx(expected, abs=1e-6)
    rest = dense(new, new, THETA, 2.0) - dense(new, inputs, THETA, 2.0) @ np.linalg.solve(
        noisy, dense(inputs, new, THETA, 2.0)
    )
    size = (SCALE.nu * SCALE.s0**2 + u.numpy() @ np.linalg.solve(noisy, u.numpy())) / (SCALE.nu + 20)
    assert scale**2 == pytest.approx(size * (np.diag(rest) + np.exp(THETA[-1])), rel=1e-5)


def test_held_out_values_are_as_without_them() -> None:
    inputs = some(12)
    u = torch.cos(inputs.own[:, 0]) + 0.3 * inputs.M[:, 1]
    location, scale = student_t_process(inputs, u, THETA, SCALE).held_out
    for i in range(12):
        kept = torch.tensor([j for j in range(12) if j != i])
        alone = student_t_process(inputs.at(kept), u[kept], THETA, SCALE)
        expected, size = alone.predict(inputs.at(torch.tensor([i])).features)
        assert location[i] == pytest.approx(expected[0], abs=1e-6)
        assert scale[i] == pytest.approx(size[0], rel=1e-6)


def test_the_evidence_is_that_of_a_multivariate_t() -> None:
    inputs = some(9)
    u = inputs.M[:, 0].clone()
    values = []
    for shift in (0.0, 0.4):
        theta = THETA + shift
        noisy = dense(inputs, inputs, theta, 2.0) + np.exp(theta[-1]) * np.eye(9)
        exact = multivariate_t(np.zeros(9), SCALE.s0**2 * noisy, df=SCALE.nu).logpdf(u.numpy())  # type: ignore[arg-type]
        found = -problem_of(inputs, u, WIDE, SCALE, 2.0).likelihood(theta)[0]
        values.append((exact, found))
    (first, ours), (second, other) = values
    assert ours - other == pytest.approx(first - second, abs=1e-6)


def test_hyperparameters_follow_what_carries_the_values() -> None:
    inputs = some(60)
    generator = torch.Generator().manual_seed(5)
    noise = 0.05 * torch.randn(60, generator=generator, dtype=torch.float64)
    by_sources = np.exp(fit_theta(inputs, inputs.M @ torch.ones(3).double() / 3**0.5 + noise, WIDE, SCALE))
    by_design = np.exp(fit_theta(inputs, torch.sin(2 * inputs.own[:, 0]) + noise, WIDE, SCALE))
    assert by_sources[2] / by_sources[4] > 5 * by_design[2] / by_design[4]


def test_gradients_of_the_evidence_are_those_of_finite_differences() -> None:
    inputs = some(9)
    problem = problem_of(inputs, inputs.M[:, 0] + inputs.own[:, 1], WIDE, SCALE, 2.0)
    for i, found in enumerate(problem(THETA)[1]):
        step = np.eye(6)[i] * 1e-5
        assert found == pytest.approx((problem(THETA + step)[0] - problem(THETA - step)[0]) / 2e-5, abs=1e-6)


def test_a_gaussian_process_of_scikit_learn_agrees_on_own_features_alone() -> None:
    inputs = Inputs(torch.empty(15, 0, dtype=torch.float64), some(15).own)
    u = torch.sin(inputs.own[:, 0])
    theta = np.log([1.0, 0.9, 1.0, 1e-12, 1.0, 0.1])
    location, _ = student_t_process(inputs, u, theta, SCALE, 0.0).predict(inputs.at(slice(0, 5)).features)
    scaled = inputs.own.numpy() / np.sqrt(5)
    reference = GaussianProcessRegressor(Matern(0.9, nu=2.5), alpha=0.1, optimizer=None).fit(scaled, u.numpy())
    assert location == pytest.approx(reference.predict(scaled[:5]), abs=1e-5)


@pytest.mark.parametrize("offset", [0.05, 2.0, 25.0, 1e4])
def test_single_precision_is_near_double(offset: float) -> None:
    inputs, new = some(200), some(300, 1)
    u = torch.sin(inputs.M[:, 0]) + inputs.own[:, 1]
    process = student_t_process(inputs, u, np.log([1.3, 0.8, 0.7, 0.4, 0.5, 0.01]), SCALE, offset).process
    mean, variance = process.marginals(new.features)
    near, spread = process.single_precision_marginals(new.features)
    assert near.numpy() == pytest.approx(mean.numpy(), abs=1e-4 * float(u.std()))
    assert spread.numpy() == pytest.approx(variance.numpy(), rel=1e-3)


def test_a_wide_constant_is_the_limit_of_an_unknown_mean() -> None:
    """Equation 2.42 of Rasmussen and Williams: generalised least squares of the mean."""
    inputs, new = some(15), some(5, 1)
    u = torch.cos(inputs.own[:, 0]) + 7.0
    location, _ = student_t_process(inputs, u, THETA, SCALE, 1e6).predict(new.features)
    known = dense(inputs, inputs, THETA, 0.0) + np.exp(THETA[-1]) * np.eye(15)
    cross, ones = dense(new, inputs, THETA, 0.0), np.ones(15)
    mean = ones @ np.linalg.solve(known, u.numpy()) / (ones @ np.linalg.solve(known, ones))
    assert location == pytest.approx(mean + cross @ np.linalg.solve(known, u.numpy() - mean), abs=1e-5)
