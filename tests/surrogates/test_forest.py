from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestRegressor

from designer.acquisition.moments import joint, moments
from designer.surrogates.data import TaskData
from designer.surrogates.forest import TREES, Forest, fit_forest
from designer.surrogates.outputs import OutputScale
from tests.surrogates.tables import mixed_features, mixed_task


@pytest.fixture(scope="module")
def forest() -> Forest:
    return fit_forest(mixed_task(25))


def test_moments_are_those_of_scikit_learn_s_trees() -> None:
    task = mixed_task(25).target(0)
    y = task.Y[:, 0].numpy()
    output = OutputScale.of(y)
    reference = RandomForestRegressor(n_estimators=TREES, random_state=3).fit(
        task.X.numpy(), output.standardise(y).round(9)
    )
    X = mixed_features(9, 4)
    trees = np.stack([tree.predict(X.numpy()) for tree in reference.estimators_])
    mean, variance = fit_forest(task, seed=3).marginals(X)
    np.testing.assert_allclose(mean.numpy(), output.centre + output.scale * reference.predict(X.numpy()), rtol=1e-12)
    np.testing.assert_allclose(variance.numpy(), (output.scale * trees.std(0)) ** 2, atol=2e-6 * output.scale**2)


def test_marginals_joint_and_cross_moments_agree(forest: Forest) -> None:
    X, Z = mixed_features(6, 1), mixed_features(4, 2)
    mean, covariance = joint(forest, torch.cat([X, Z]))
    found = moments(forest, X, Z)
    torch.testing.assert_close(found.mean, mean[:6])
    torch.testing.assert_close(found.variance, covariance.diagonal()[:6])
    torch.testing.assert_close(found.cross, covariance[:6, 6:])
    torch.testing.assert_close(moments(forest, X, Z[:0]).variance, found.variance)


def test_covariances_of_many_designs_factorise(forest: Forest) -> None:
    _, covariance = joint(forest, mixed_features(2 * TREES, 5))
    assert not bool(torch.linalg.cholesky_ex(covariance)[1])


def test_batches_keep_their_shape(forest: Forest) -> None:
    posterior = forest.posterior(mixed_features(12, 3).reshape(2, 3, 2, -1))
    assert posterior.mean.shape == (2, 3, 2, 1)
    noisy = forest.posterior(mixed_features(2, 3), observation_noise=torch.full((2, 1), 0.5, dtype=torch.float64))
    plain = forest.posterior(mixed_features(2, 3))
    torch.testing.assert_close(noisy.variance, plain.variance + 0.5)


def test_the_order_of_measurements_does_not_matter(forest: Forest) -> None:
    task = mixed_task(25)
    order = torch.randperm(25, generator=torch.Generator().manual_seed(1)).tolist()
    X = mixed_features(8, 6)
    torch.testing.assert_close(fit_forest(task.rows(order)).predictions(X), forest.predictions(X))


@pytest.mark.parametrize(("factor", "shift"), [(-1.0, 0.0), (1e-6, 0.0), (3.0, -40.0), (1e6, 1e7)])
def test_moments_follow_affine_outputs(forest: Forest, factor: float, shift: float) -> None:
    task = mixed_task(25)
    changed = fit_forest(TaskData(task.X, factor * task.Y + shift, task.columns))
    X = mixed_features(8, 6)
    mean, variance = forest.marginals(X)
    new_mean, new_variance = changed.marginals(X)
    scale = float(variance.max()) ** 0.5
    torch.testing.assert_close((new_mean - shift) / factor, mean, atol=1e-6 * scale, rtol=1e-6)
    torch.testing.assert_close(new_variance / factor**2, variance, atol=1e-6 * scale**2, rtol=1e-6)


def test_a_gross_value_does_not_decide_the_scale() -> None:
    task = mixed_task(25)
    Y = task.Y.clone()
    Y[3] = 1e9
    mean, _ = fit_forest(TaskData(task.X, Y, task.columns)).marginals(task.X[10:])
    assert float(mean.abs().max()) < 1e5


def test_one_measurement_is_too_few() -> None:
    with pytest.raises(ValueError, match="at least two measurements, not 1"):
        fit_forest(mixed_task(1))


def test_many_measurements_are_sampled() -> None:
    forest = fit_forest(mixed_task(1200), trees=5)
    assert max(int(tree.n_leaves) for tree in forest._trees) <= 500


def test_held_out_predictions_are_those_of_the_trees_that_did_not_see_a_result() -> None:
    task = mixed_task(25).target(0)
    y = task.Y[:, 0].numpy()
    output = OutputScale.of(y)
    reference = RandomForestRegressor(n_estimators=TREES, random_state=0, oob_score=True)
    reference.fit(task.X.numpy(), output.standardise(y).round(9))
    held = fit_forest(task).held_out()
    np.testing.assert_allclose(held.means, output.centre + output.scale * reference.oob_prediction_, rtol=1e-9)
    assert (held.variances > 0).all()


def test_results_that_every_tree_saw_are_predicted_by_the_mean() -> None:
    held = fit_forest(mixed_task(2), trees=1, seed=1).held_out()
    values = np.sort(mixed_task(2).Y[:, 0].numpy())
    assert held.means.min() >= values[0]
    assert held.means.max() <= values[1]
    assert np.isfinite(held.log_densities).all()


def test_a_forest_without_its_measurements_holds_none_out(forest: Forest) -> None:
    bare = Forest(forest._forest, forest.output)
    with pytest.raises(ValueError, match="without its measurements"):
        bare.held_out()


def test_a_thinned_forest_has_every_fourth_tree(forest: Forest) -> None:
    X = mixed_features(6, 1)
    assert torch.equal(forest.thinned().predictions(X), forest.predictions(X)[::4])
    with pytest.raises(ValueError, match="without its measurements"):
        forest.thinned().held_out()
