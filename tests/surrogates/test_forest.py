from __future__ import annotations

import numpy as np
import pytest
import torch
from botorch.acquisition import LogExpectedImprovement

from designer.surrogates.data import TaskData
from designer.surrogates.forest import Forest, ForestSettings, fit_forest
from tests.surrogates.tables import mixed_features, mixed_task, numeric_columns, smooth

SMALL = ForestSettings(trees=40)


@pytest.fixture(scope="module")
def forest() -> Forest:
    return fit_forest(mixed_task(60))


def test_the_mean_is_that_of_the_trees_and_it_learns(forest: Forest) -> None:
    X = mixed_features(300, 7)
    mean, _ = forest.marginals(X)
    assert float((mean - smooth(X)).square().mean()) < 0.3 * float(smooth(X).var())
    torch.testing.assert_close(forest.posterior(X[:, None, :]).mean[:, 0, 0], mean)


def test_its_uncertainty_fits_its_errors(forest: Forest) -> None:
    X = mixed_features(1000, 8)
    mean, variance = forest.marginals(X)
    standard = (mean - smooth(X)).square() / variance
    assert 0.2 < float(standard.mean()) < 3.0
    bag = forest.held_out()
    standard_bag = (bag.means - forest.values.numpy()) ** 2 / bag.variances
    assert 0.5 < float(standard_bag.mean()) < 1.5


def test_joint_covariances_agree_with_marginals_and_are_positive(forest: Forest) -> None:
    X = mixed_features(6, 9).reshape(2, 3, -1)
    posterior = forest.posterior(X)
    torch.testing.assert_close(posterior.variance[..., 0], forest.marginals(X)[1])
    assert bool((torch.linalg.eigvalsh(posterior.distribution.covariance_matrix) > 0).all())
    same = forest.posterior(X[0, [0, 0]]).distribution.covariance_matrix
    assert float(same[0, 1] / same[0, 0]) > 0.9
    assert posterior.rsample(torch.Size([5])).shape == (5, 2, 3, 1)


def test_it_does_not_depend_on_the_order_of_rows_or_on_the_unit() -> None:
    task, new = mixed_task(25), mixed_features(20, 2)
    first = fit_forest(task, SMALL).marginals(new)
    back = TaskData(X=task.X.flip(0), Y=task.Y.flip(0), columns=task.columns)
    for a, b in zip(first, fit_forest(back, SMALL).marginals(new), strict=True):
        assert torch.equal(a, b)
    scaled = TaskData(X=task.X, Y=-1000.0 * task.Y + 5.0, columns=task.columns)
    mean, variance = fit_forest(scaled, SMALL).marginals(new)
    torch.testing.assert_close(mean, -1000.0 * first[0] + 5.0, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(variance, 1e6 * first[1], rtol=1e-6, atol=0)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_measurements(n: int) -> None:
    task = mixed_task(n)
    forest = fit_forest(task, SMALL)
    mean, variance = forest.marginals(mixed_features(5, 1))
    assert bool(torch.isfinite(mean).all())
    assert bool((variance > 0).all())
    assert np.isfinite(forest.held_out().log_densities).all()


def test_replicates_show_as_noise() -> None:
    X = torch.zeros(40, 1)
    Y = torch.from_numpy(np.random.default_rng(0).standard_normal((40, 1)))
    forest = fit_forest(TaskData(X=X, Y=Y, columns=numeric_columns(1)), SMALL)
    assert forest.noise_variance == pytest.approx(float(Y.var()), rel=0.2)


def test_no_measurements_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        fit_forest(TaskData(X=torch.zeros(0, 1), Y=torch.zeros(0, 1), columns=numeric_columns(1)))


def test_acquisition_functions_and_given_noise(forest: Forest) -> None:
    X = mixed_features(4, 3)[:, None, :]
    assert torch.isfinite(LogExpectedImprovement(forest, best_f=1.0)(X)).all()
    given = forest.posterior(X, observation_noise=torch.full((1, 1), 2.0, dtype=torch.float64))
    torch.testing.assert_close(given.variance, forest.posterior(X).variance + 2.0)
