from __future__ import annotations

import numpy as np
import pytest

from designer.surrogates.fitting import LogPosterior, NotPositiveDefinite, cholesky, maximum_posterior, noise_variances
from designer.surrogates.kernel_structure import (
    GaussianProcessSettings,
    MainEffects,
    build_kernel,
    build_priors,
    build_starts,
)
from designer.surrogates.kernels import Hyperparameters
from tests.surrogates.tables import mixed_columns, mixed_features

NAN = float("nan")


def problem(settings: GaussianProcessSettings, known: bool = False, n: int = 15) -> LogPosterior:
    kernel = build_kernel(mixed_columns(), settings)
    priors = build_priors(kernel, settings)
    rng = np.random.default_rng(1)
    noise = np.where(rng.random(n) < 0.5, 0.2, NAN) if known else np.full(n, NAN)
    return LogPosterior(kernel, mixed_features(n, 2).numpy(), rng.standard_normal(n), noise, priors)


@pytest.mark.parametrize("main_effects", ["none", "category", "all"])
@pytest.mark.parametrize("known", [False, True])
def test_the_gradient_is_that_of_finite_differences(main_effects: MainEffects, known: bool) -> None:
    target = problem(GaussianProcessSettings(main_effects=main_effects), known)
    theta = target.priors.means + 0.3 * np.random.default_rng(0).standard_normal(len(target.priors.means))
    step = 1e-5
    slopes = [
        (target(theta + step * axis)[0] - target(theta - step * axis)[0]) / (2 * step) for axis in np.eye(len(theta))
    ]
    np.testing.assert_allclose(target(theta)[1], slopes, rtol=1e-6, atol=1e-6)


def test_the_fit_is_at_least_as_good_as_all_its_starts() -> None:
    target = problem(GaussianProcessSettings())
    starts = build_starts(target.kernel, target.priors)
    found = maximum_posterior(target, starts)
    theta = np.log(np.concatenate([found.lengthscales, found.variances, [found.noise]]))
    assert all(target(theta)[0] <= target(start)[0] for start in starts)
    inside = [a < t < b for t, (a, b) in zip(theta, target.priors.bounds(), strict=True)]
    assert np.abs(target(theta)[1][inside]).max() < 1e-2


def test_known_noise_is_kept_and_unknown_is_learned() -> None:
    assert noise_variances(np.array([0.3, NAN]), 0.1).tolist() == [0.3, 0.1]


def test_jitter_escalates_until_the_factor_exists() -> None:
    K = np.ones((4, 4))
    factor = cholesky(K)
    np.testing.assert_allclose(factor @ factor.T, K, atol=1e-4)
    assert np.isfinite(np.linalg.inv(factor)).all()


def test_no_jitter_is_added_where_none_is_needed() -> None:
    K = np.array([[2.0, 0.5], [0.5, 1.0]])
    factor = cholesky(K)
    np.testing.assert_array_equal(factor, np.linalg.cholesky(K))


def test_a_covariance_without_meaning_is_an_error() -> None:
    with pytest.raises(NotPositiveDefinite):
        cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_flat_vectors_are_read_in_order() -> None:
    hyper = Hyperparameters.from_log(np.log([1.0, 2.0, 3.0, 4.0]), 2)
    np.testing.assert_allclose(hyper.lengthscales, [1.0, 2.0])
    np.testing.assert_allclose(hyper.variances, [3.0])
    assert hyper.noise == pytest.approx(4.0)
