"""Narrow peaks on a model, against the closed form of a sum of two independent Gaussian processes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.normal import normal_of
from designer.surrogates.robust.peaks import NARROW, WithPeaks, best_of_all, peak_scale, with_peaks
from tests.surrogates.tables import numeric_columns


def base() -> GaussianProcess:
    x = torch.linspace(0, 1, 9, dtype=torch.float64)[:, None]
    return fit_gaussian_process(TaskData(x, torch.sin(4 * x), columns=numeric_columns(1)))


def peaked() -> tuple[GaussianProcess, WithPeaks, torch.Tensor]:
    model = base()
    designs = model.inputs[[3, 6]]
    return model, with_peaks(model, designs, torch.tensor([9.0, -4.0], dtype=torch.float64), model), designs


def test_the_mean_goes_through_the_values_and_is_the_models_far_away() -> None:
    model, found, designs = peaked()
    assert found.marginals(designs)[0].tolist() == pytest.approx([9.0, -4.0], rel=1e-4)
    far = designs + 50.0
    for own, plain in zip(found.marginals(far)[:1], model.marginals(far)[:1], strict=True):
        torch.testing.assert_close(own, plain, rtol=1e-6, atol=1e-6)


def test_mean_and_covariance_are_those_of_a_conditioned_process() -> None:
    model, found, designs = peaked()
    X = torch.rand(5, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    scale = float(peak_scale(model, 1)[0])

    def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        s = np.sqrt(5) * np.abs(a[:, None, 0] - b[None, :, 0]) * scale
        return (1 + s + s**2 / 3) * np.exp(-s)

    Z, x = designs.numpy(), X.numpy()
    residuals = np.array([9.0, -4.0]) - model.marginals(designs)[0].numpy()
    inverse = np.linalg.inv(correlation(Z, Z) + 1e-6 * np.eye(2))
    mean = correlation(x, Z) @ inverse @ residuals
    covariance = np.mean(residuals**2) * (correlation(x, x) - correlation(x, Z) @ inverse @ correlation(Z, x))
    plain, own = normal_of(model.posterior(X)), normal_of(found.posterior(X))
    np.testing.assert_allclose((own.mean - plain.mean).numpy(), mean, rtol=1e-8, atol=1e-10)
    added = (own.covariance_matrix - plain.covariance_matrix).numpy()
    np.testing.assert_allclose(added, covariance, rtol=1e-6, atol=1e-8)


def test_joint_marginal_and_cross_moments_agree() -> None:
    _, found, designs = peaked()
    X = torch.rand(4, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    joint = normal_of(found.posterior(torch.cat([X, designs])))
    mean, variance, cross = found.cross_moments(X, designs)
    torch.testing.assert_close(mean, joint.mean[:4])
    torch.testing.assert_close(variance, joint.covariance_matrix.diagonal()[:4], rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(cross, joint.covariance_matrix[:4, 4:], rtol=1e-6, atol=1e-6)


def test_a_pending_design_lowers_variances_and_moves_no_mean() -> None:
    _, found, _ = peaked()
    X = torch.tensor([[0.4], [0.45]], dtype=torch.float64)
    after = found.condition_on_observations(X[:1], None)
    before_mean, before = found.marginals(X)
    mean, variance = after.marginals(X)
    torch.testing.assert_close(mean, before_mean, rtol=1e-3, atol=1e-2)
    assert bool((variance < before).all())


def test_peaks_are_narrower_than_the_model() -> None:
    model = base()
    shortest = min(model.hyperparameters.lengthscales)
    assert float(peak_scale(model, 1)[0]) == pytest.approx(1 / (NARROW * shortest))


@pytest.mark.parametrize(
    ("values", "row", "excluded", "expected"),
    [
        ([1.0, 2.0, 3.0], 2, [2], True),
        ([1.0, 2.0, 3.0], 1, [], False),
        ([1.0, 9.0, 3.0], 2, [1, 2], True),
        ([float("nan"), 3.0], 1, [], False),
        ([3.0, 3.0], 1, [], False),
    ],
)
def test_best_of_all(values: list[float], row: int, excluded: list[int], expected: bool) -> None:
    assert best_of_all(values, row, excluded) is expected
