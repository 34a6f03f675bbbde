"""A random effect that results of one batch share: found where it is there, and not where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import FloatArray
from designer.surrogates.batch_effect import NO_BATCH, batch_covariance, repeated_batches
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from tests.surrogates.tables import numeric_columns

NOISE = 0.05


def plots(effect: float, seed: int, batches: int = 10, each: int = 4) -> tuple[TaskData, FloatArray]:
    """Return results in batches of which the first setting is one, with the true values without effect and noise."""
    rng = np.random.default_rng(seed)
    whole = rng.integers(0, 5, batches) / 4
    X = np.stack([np.repeat(whole, each), rng.random(batches * each), rng.random(batches * each)], axis=1)
    true = np.sin(3 * X[:, 0]) + 2 * np.exp(-(((X[:, 1] - 0.6) / 0.3) ** 2)) + X[:, 2]
    true = (true - true.mean()) / true.std()
    shared = np.repeat(rng.normal(0, effect, batches), each)
    y = true + shared + rng.normal(0, NOISE, len(true))
    numbers = torch.as_tensor(np.repeat(np.arange(batches), each))
    return TaskData(torch.as_tensor(X), torch.as_tensor(y)[:, None], numeric_columns(3), batches=numbers), true


def without_batches(data: TaskData) -> TaskData:
    return TaskData(data.X, data.Y, data.columns)


def left_out_error(data: TaskData, true: FloatArray, batched: TaskData | None = None) -> float:
    """Return the error of predictions of each batch (of `batched`) from the others, against the true values."""
    batches = (batched or data).batches
    assert batches is not None
    errors = []
    for batch in batches.unique().tolist():
        inside = (batches == batch).numpy()
        model = fit_gaussian_process(data.rows(np.flatnonzero(~inside).tolist()))
        errors.append(model.marginals(data.X[torch.as_tensor(inside)])[0].numpy() - true[inside])
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def test_data_without_an_effect_are_predicted_as_before() -> None:
    same = 0
    for seed in range(10):
        data, _ = plots(0.0, seed)
        with_batches, plain = fit_gaussian_process(data), fit_gaussian_process(without_batches(data))
        if with_batches.batch_variance == 0.0:
            same += 1
            torch.testing.assert_close(with_batches.marginals(data.X)[0], plain.marginals(data.X)[0])
    assert same >= 8


def test_a_planted_effect_is_found_and_improves_predictions_of_other_batches() -> None:
    found = [fit_gaussian_process(plots(1.0, seed)[0]).shared_variance ** 0.5 for seed in range(6)]
    assert 0.5 < float(np.median(found)) < 1.3
    assert all(deviation > 0 for deviation in found)
    errors = []
    for seed in (0, 1, 3):
        data, true = plots(1.0, seed)
        errors.append((left_out_error(data, true), left_out_error(replace(data, batches=None), true, data)))
    with_effect, without = np.mean(errors, axis=0)
    assert with_effect < 0.95 * without


def test_measurements_of_a_new_batch_are_less_certain_and_correlated() -> None:
    data, _ = plots(1.0, 0)
    model = fit_gaussian_process(data)
    assert model.batch_variance > 0
    X = data.X[:2] + 0.01
    _, free = model.joint_moments(X)
    _, noisy = model.joint_moments(X, observation_noise=True)
    added = noisy - free
    assert float(added[0, 1]) == pytest.approx(model.shared_variance, rel=1e-6)
    assert float(added[0, 0]) == pytest.approx(model.shared_variance + model.noise_variance, rel=1e-6)


def test_the_covariance_of_measurements_is_that_of_the_model() -> None:
    """The posterior with an effect is that of a process whose covariance has it, computed here by hand."""
    data, _ = plots(1.0, 1, batches=4, each=3)
    fitted = fit_gaussian_process(without_batches(data))
    model = GaussianProcess(
        data.X, data.Y[:, 0], fitted.kernel, fitted.hyperparameters, output=fitted.output,
        batches=data.batches, batch_variance=0.5,
    )  # fmt: skip
    assert data.batches is not None
    shift = fitted.kernel.origin(data.X)
    K, _ = fitted.kernel.matrix((data.X - shift).numpy(), fitted.hyperparameters)
    S = K + batch_covariance(data.batches.numpy(), 0.5) + fitted.hyperparameters.noise * np.eye(len(K))
    z = (data.Y[:, 0].numpy() - fitted.output.centre) / fitted.output.scale
    expected = fitted.output.centre + fitted.output.scale * K @ np.linalg.solve(S, z)
    np.testing.assert_allclose(model.marginals(data.X)[0].numpy(), expected, atol=1e-6)
    inverse = np.linalg.inv(S)
    held_out = fitted.output.centre + fitted.output.scale * (z - inverse @ z / np.diag(inverse))
    np.testing.assert_allclose(model.held_out().means, held_out, atol=1e-6)


def test_few_batches_and_results_without_one_share_nothing() -> None:
    data, _ = plots(1.0, 0, batches=3, each=6)
    assert fit_gaussian_process(data).batch_variance == 0.0
    data, _ = plots(1.0, 0)
    assert data.batches is not None
    X = data.X.clone()
    X[:, 0] = data.batches / 10  # every batch has a setting of its own
    assert repeated_batches(X.numpy(), data.batches.numpy()) == 0
    assert fit_gaussian_process(replace(data, X=X)).batch_variance == 0.0
    data, _ = plots(1.0, 0)
    alone = TaskData(data.X, data.Y, data.columns, batches=torch.full((len(data.X),), NO_BATCH))
    assert fit_gaussian_process(alone).batch_variance == 0.0


@settings(max_examples=5, deadline=None)
@given(order=st.permutations(range(24)), shift=st.integers(1, 9))
def test_order_and_numbers_of_batches_do_not_matter(order: list[int], shift: int) -> None:
    data, _ = plots(1.0, 3, batches=6, each=4)
    assert data.batches is not None
    moved = data.rows(order)
    assert moved.batches is not None
    renamed = TaskData(moved.X, moved.Y, moved.columns, batches=(moved.batches * 7 + shift))
    one, other = fit_gaussian_process(data), fit_gaussian_process(renamed)
    assert one.batch_variance == other.batch_variance
    torch.testing.assert_close(one.marginals(data.X)[0], other.marginals(data.X)[0], atol=1e-6, rtol=1e-6)


def test_wrong_shapes_are_refused() -> None:
    data, _ = plots(1.0, 0)
    with pytest.raises(Exception, match="batches is"):
        TaskData(data.X, data.Y, data.columns, batches=torch.zeros(3))
