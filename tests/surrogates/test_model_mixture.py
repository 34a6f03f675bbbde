from __future__ import annotations

import numpy as np
import pytest
import torch
from botorch.acquisition import LogExpectedImprovement
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.independent import IndependentModels
from designer.surrogates.kernel_structure import GaussianProcessSettings
from designer.surrogates.model_mixture import Mixture, stacking_weights
from tests.surrogates.tables import mixed_features, mixed_task


@pytest.fixture(scope="module")
def mixture() -> Mixture:
    task = mixed_task(20)
    models = [
        fit_gaussian_process(task),
        fit_gaussian_process(task, GaussianProcessSettings(main_effects="all")),
        fit_gaussian_process(task, GaussianProcessSettings(descriptors="unused")),
    ]
    return Mixture(models, [0.5, 0.3, 0.2])


def test_moments_are_those_of_many_draws(mixture: Mixture) -> None:
    X = mixed_features(3, 5)
    torch.manual_seed(0)
    draws = [model.posterior(X).rsample(torch.Size([int(200_000 * w)]))[..., 0] for w, model in mixture.components]
    values = torch.cat(draws)
    posterior = mixture.posterior(X)
    covariance = posterior.distribution.covariance_matrix
    size = float(covariance.diagonal().mean())
    torch.testing.assert_close(posterior.mean[:, 0], values.mean(0), atol=0.02 * size**0.5, rtol=0)
    torch.testing.assert_close(covariance, torch.cov(values.T), atol=0.03 * size, rtol=0)


def test_expected_improvement_is_the_weighted_sum(mixture: Mixture) -> None:
    X, best = mixed_features(2, 6)[:, None, :], 1.0
    exact = sum(w * LogExpectedImprovement(model, best_f=best)(X).exp() for w, model in mixture.components)
    torch.manual_seed(1)
    values = torch.cat(
        [m.posterior(X).rsample(torch.Size([int(200_000 * w)]))[..., 0, 0] for w, m in mixture.components]
    )
    torch.testing.assert_close(exact, (values - best).clamp_min(0.0).mean(0), rtol=0.05, atol=1e-3)


def test_marginals_equal_the_joint_diagonal(mixture: Mixture) -> None:
    X = mixed_features(7, 1)
    mean, variance = mixture.marginals(X)
    joint = mixture.posterior(X)
    torch.testing.assert_close(mean, joint.mean[:, 0], atol=1e-8, rtol=0)
    torch.testing.assert_close(variance, joint.variance[:, 0], atol=1e-6, rtol=1e-5)


def test_the_order_of_components_does_not_matter(mixture: Mixture) -> None:
    parts = mixture.components[::-1]
    turned = Mixture([m for _, m in parts], [w for w, _ in parts])
    X = mixed_features(5, 2)
    for a, b in zip(mixture.marginals(X), turned.marginals(X), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_one_component_is_itself() -> None:
    model = fit_gaussian_process(mixed_task(10))
    X = mixed_features(4, 2)
    ours, theirs = Mixture([model], [1.0]).posterior(X), model.posterior(X)
    torch.testing.assert_close(ours.mean, theirs.mean)
    torch.testing.assert_close(ours.distribution.covariance_matrix, theirs.distribution.covariance_matrix)


def test_pending_designs_condition_every_component() -> None:
    task = mixed_task(12)
    models = [fit_gaussian_process(task), fit_gaussian_process(task, GaussianProcessSettings(main_effects="all"))]
    mixture, X = Mixture(models, [0.5, 0.5]), mixed_features(2, 9)
    pending = mixture.condition_on_observations(X)
    torch.testing.assert_close(pending.marginals(X)[0], mixture.marginals(X)[0], atol=1e-8, rtol=0)
    conditioned = mixture.condition_on_observations(X, torch.tensor([[9.0], [9.0]]))
    for (_, ours), model in zip(conditioned.components, models, strict=True):
        expected = model.condition_on_observations(X, torch.tensor([[9.0], [9.0]])).marginals(X)[0]
        torch.testing.assert_close(ours.marginals(X)[0], expected)  # type: ignore[operator]


@pytest.mark.parametrize("weights", [[], [0.5], [0.5, 0.6], [1.5, -0.5]])
def test_weights_must_fit(weights: list[float]) -> None:
    model = fit_gaussian_process(mixed_task(3))
    with pytest.raises(ValueError, match="weights"):
        Mixture([model, model], weights)


def test_components_have_one_output() -> None:
    model = fit_gaussian_process(mixed_task(3))
    with pytest.raises(ValueError, match="one output"):
        Mixture([IndependentModels(model, model)], [1.0])


@given(
    densities=arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.floats(-50, 3)),
    seed=st.integers(0, 99),
)
def test_stacking_weights(densities: np.ndarray, seed: int) -> None:
    k, n = densities.shape
    weights = stacking_weights(densities, floor=0.2)
    assert weights.sum() == pytest.approx(1.0)
    assert bool((weights >= 0.2 / k - 1e-12).all())
    rng = np.random.default_rng(seed)
    models, rows = rng.permutation(k), rng.permutation(n)
    np.testing.assert_allclose(stacking_weights(densities[models][:, rows], floor=0.2), weights[models], atol=1e-9)


def test_stacking_finds_the_best_mixture() -> None:
    densities = np.log(np.array([[0.9, 0.9, 0.1], [0.1, 0.1, 0.9]]))
    weights = stacking_weights(densities, floor=0.0)
    grid = np.linspace(0, 1, 10_001)
    scores = np.log(grid[:, None] * np.exp(densities[0]) + (1 - grid[:, None]) * np.exp(densities[1])).sum(1)
    assert weights[0] == pytest.approx(grid[scores.argmax()], abs=1e-3)


def test_without_measurements_all_weigh_alike() -> None:
    assert stacking_weights(np.zeros((4, 0))).tolist() == [0.25] * 4
