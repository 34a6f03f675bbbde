"""Posteriors of robust targets: averages and quantiles over errors of the settings."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.model_mixture import Mixture
from designer.surrogates.setting_errors import Quantile, RobustModel, SettingErrors, robust_model, setting_errors

SPACE = DesignSpace(
    parameters=[
        {"name": "a", "kind": "numeric", "bounds": [10, 30]},
        {"name": "b", "kind": "numeric", "bounds": [1, 100], "scale": "log"},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
        {"name": "c", "kind": "numeric", "zero_or": [2, 8]},
        {"name": "d", "kind": "numeric", "bounds": [0, 4], "when": "gas == N2"},
    ]
)


def errors_of(**deviations: tuple[float, bool]) -> SettingErrors:
    found = setting_errors(SPACE.encoder.columns, deviations)
    assert found is not None
    return found


def lab_values(features: torch.Tensor, columns: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the lab values of features of a and b."""
    values = features.numpy()
    return np.stack([10 + 20 * values[..., 0], 100 ** values[..., 1]], axis=-1)[..., : len(columns)]


def process() -> GaussianProcess:
    rng = np.random.default_rng(0)
    rows = SPACE.sample(40, rng)
    X = torch.as_tensor(SPACE.encoder.encode(rows))
    y = torch.sin(6 * X[:, 0]) + X[:, 1] ** 2
    data = TaskData(X, y[:, None], columns=SPACE.encoder.columns)
    return fit_gaussian_process(data.target(0))


PROCESS = process()
SOME = torch.as_tensor(SPACE.encoder.encode(SPACE.sample(8, np.random.default_rng(1))))


def test_no_error_without_a_deviation() -> None:
    assert setting_errors(SPACE.encoder.columns, {}) is None


@pytest.mark.parametrize("names", [("a",), ("a", "b"), ("a", "b", "c", "d")])
def test_draws_have_mean_zero_and_variance_one(names: tuple[str, ...]) -> None:
    draws = errors_of(**dict.fromkeys(names, (0.1, False))).draws
    assert draws.shape[1] == len(names)
    assert draws.mean(0).tolist() == pytest.approx([0.0] * len(names), abs=1e-9)
    assert draws.square().mean(0).tolist() == pytest.approx([1.0] * len(names))


def test_errors_are_in_the_unit_of_the_parameter_and_end_at_its_bounds() -> None:
    errors = errors_of(a=(2.0, False))
    rows = np.array([[20.0, 10, 1, 0, 1], [10.0, 10, 1, 0, 1]])
    made = lab_values(errors.around(torch.as_tensor(SPACE.encoder.encode(rows))), ["a"])[..., 0]
    assert made[0].mean() == pytest.approx(20)
    assert made[0].std() == pytest.approx(2.0)
    assert made.min() == pytest.approx(10)
    assert made[1].max() > 12


def test_error_on_a_log_scale_is_of_the_value_and_may_be_a_share() -> None:
    rows = np.array([[20.0, 20, 1, 0, 1], [20.0, 60, 1, 0, 1]])
    X = torch.as_tensor(SPACE.encoder.encode(rows))
    absolute = lab_values(errors_of(b=(3.0, False)).around(X), ["a", "b"])[..., 1]
    assert absolute.std(axis=1) == pytest.approx([3.0, 3.0])
    relative = lab_values(errors_of(b=(0.1, True)).around(X), ["a", "b"])[..., 1]
    assert relative.std(axis=1) == pytest.approx([2.0, 6.0])


def test_zero_and_absent_parameters_have_no_error() -> None:
    rows = np.array([[20.0, 20, 1, 0, 1], [20.0, 20, 0, 5, 2]])
    X = torch.as_tensor(SPACE.encoder.encode(rows))
    made = errors_of(c=(1.0, False), d=(0.5, False)).around(X)
    assert torch.equal(made[0], X[0].expand_as(made[0]))
    assert not torch.equal(made[1], X[1].expand_as(made[1]))
    assert torch.isfinite(made).all()


def test_expected_value_is_the_average_of_the_posterior() -> None:
    errors = errors_of(a=(2.0, False), b=(5.0, False))
    made = errors.around(SOME)
    model = RobustModel(PROCESS, errors)
    mean, variance = model.marginals(SOME)
    base, _ = PROCESS.marginals(made)
    assert torch.allclose(mean, base.mean(-1))
    exact = PROCESS.posterior(made)
    assert torch.allclose(variance, exact.distribution.covariance_matrix.mean((-2, -1)), atol=1e-9)
    joint = model.posterior(SOME)
    assert torch.allclose(joint.mean[:, 0], mean)
    assert torch.allclose(joint.distribution.covariance_matrix.diagonal(), variance, atol=1e-9)


def test_cross_moments_agree_with_the_joint_posterior() -> None:
    errors = errors_of(a=(2.0, False), b=(0.2, True))
    for quantile in (None, Quantile(0.1)):
        model = RobustModel(PROCESS, errors, quantile)
        mean, variance, cross = model.cross_moments(SOME[:5], SOME[5:])
        joint = model.posterior(SOME).distribution
        assert torch.allclose(mean, joint.mean[:5], atol=1e-8)
        assert torch.allclose(variance, joint.covariance_matrix.diagonal()[:5], atol=1e-8)
        assert torch.allclose(cross, joint.covariance_matrix[:5, 5:], atol=1e-7)


def test_quantile_is_worse_than_the_expected_value() -> None:
    errors = errors_of(a=(3.0, False))
    expected, _ = RobustModel(PROCESS, errors).marginals(SOME)
    low, _ = RobustModel(PROCESS, errors, Quantile(0.1)).marginals(SOME)
    high, _ = RobustModel(PROCESS, errors, Quantile(0.1, -1.0)).marginals(SOME)
    assert (low < expected).all()
    assert (high > expected).all()


def test_quantile_of_a_normal_variable() -> None:
    means = torch.special.ndtri((torch.arange(200, dtype=torch.float64) + 0.5) / 200)[None]
    for level in (0.05, 0.1, 0.5):
        wanted = float(torch.special.ndtri(torch.tensor(level, dtype=torch.float64)))
        assert float((Quantile(level).weights(means) * means).sum()) == pytest.approx(wanted, abs=0.02)
        assert float((Quantile(level, -1.0).weights(means) * means).sum()) == pytest.approx(-wanted, abs=0.02)
    near = Quantile(0.1, value=0.0)
    assert abs(float((near.weights(means) * means).sum())) == pytest.approx(1.645, abs=0.05)


def test_noise_of_a_measurement_includes_the_error() -> None:
    errors = errors_of(a=(3.0, False))
    model = RobustModel(PROCESS, errors)
    more = model.posterior(SOME, observation_noise=True).variance - model.posterior(SOME).variance
    spread = PROCESS.marginals(errors.around(SOME))[0].var(-1, unbiased=False)
    assert torch.allclose(more[:, 0], spread + PROCESS.noise_variance, rtol=1e-4)


def test_mixture_stays_a_mixture_and_gradients_flow() -> None:
    errors = errors_of(a=(3.0, False))
    mixture = robust_model(Mixture([PROCESS, PROCESS], [0.4, 0.6]), errors)
    assert isinstance(mixture, Mixture)
    assert [weight for weight, _ in mixture.components] == pytest.approx([0.4, 0.6])
    X = SOME.clone().requires_grad_()
    robust_model(PROCESS, errors).posterior(X).mean.sum().backward()
    assert X.grad is not None
    assert math.isfinite(float(X.grad.abs().sum()))
