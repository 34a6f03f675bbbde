"""The posterior by a regression on observations that are known at some designs: against sampling and closed forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from torch import Tensor

from designer.priors.baseline import baseline_model
from designer.priors.intermediate.observed_process import ObservedProcess
from designer.priors.intermediate.past_relation import learned_relation
from designer.priors.intermediate.regression import fit_regression, known_rows
from designer.priors.intermediate.related_regression import fit_related
from designer.space import DesignSpace
from designer.surrogates.data import TaskData

SPACE = DesignSpace(parameters=[{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(3)])
COLUMNS = SPACE.encoder.columns
RESULTS, OBSERVED, OTHERS = 10, 30, 12


@dataclass(frozen=True, eq=False)
class Example:
    """A response, observations of `OBSERVED` designs of which the first ones have results, and other designs."""

    X: Tensor
    Z: Tensor
    y: Tensor

    @property
    def results(self) -> TaskData:
        return TaskData(self.X[:RESULTS], self.y[:RESULTS, None], columns=COLUMNS)

    @property
    def processes(self) -> list[Any]:
        return [
            baseline_model(TaskData(self.X[:OBSERVED], self.Z[:OBSERVED, [i]], columns=COLUMNS))
            for i in range(self.Z.shape[1])
        ]

    @property
    def others(self) -> Tensor:
        return self.X[OBSERVED:]


def example(seed: int, width: int = 1) -> Example:
    rng = np.random.default_rng(seed)
    X = rng.random((OBSERVED + OTHERS, 3))
    f = np.sin(X @ rng.normal(size=(3, 4)) * 3 + rng.random(4) * 6) @ rng.normal(size=4)
    Z = f[:, None] + 0.3 * rng.normal(size=(len(f), width))
    Z = (Z - Z.mean(0)) / Z.std(0)
    return Example(torch.as_tensor(X), torch.as_tensor(Z), torch.as_tensor(f))


def regression_of(one: Example) -> Any:
    data, known = known_rows(one.results, one.Z[:RESULTS].numpy())
    return fit_regression(data, known)


def observed(one: Example) -> ObservedProcess:
    return ObservedProcess(regression_of(one).joint, one.processes, one.X[:OBSERVED], one.Z[:OBSERVED])


def test_an_observed_design_is_predicted_by_its_observations() -> None:
    one = example(0, width=2)
    model, X, Z = observed(one), one.X[RESULTS:OBSERVED], one.Z[RESULTS:OBSERVED]
    for found, expected in zip(model.marginals(X), regression_of(one).predict(X, Z), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("width", [1, 3])
def test_moments_elsewhere_are_those_of_draws_of_the_observations(width: int) -> None:
    one = example(2, width)
    regression, processes, X = regression_of(one), one.processes, one.others
    generator = torch.Generator().manual_seed(0)
    draws = []
    for process in processes:
        mean, variance = process.marginals(X)
        deviation = (variance + process.noise_variance).sqrt()
        draws.append(mean + deviation * torch.randn(8000, len(X), generator=generator, dtype=torch.float64))
    Z = torch.stack(draws, dim=-1)
    mean, variance = regression.predict(X.expand(8000, *X.shape).reshape(-1, 3), Z.reshape(-1, width))
    means = mean.reshape(8000, -1)
    expected = means.mean(0), variance.reshape(8000, -1).mean(0) + means.var(0)
    found = observed(one).marginals(X)
    spread = expected[1].sqrt()
    assert float(((found[0] - expected[0]) / spread).abs().max()) < 0.05
    assert float((found[1].sqrt() / spread - 1.0).abs().max()) < 0.05


def test_joint_moments_agree_with_marginal_and_with_cross_moments() -> None:
    one = example(2, width=2)
    model, X = observed(one), torch.cat([one.X[OBSERVED - 3 : OBSERVED], one.others])
    mean, covariance = model.joint_moments(X)
    marginal, variance = model.marginals(X)
    at, of_each, cross = model.cross_moments(X, X[:5])
    torch.testing.assert_close(marginal, mean, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(variance, covariance.diagonal(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(at, marginal)
    torch.testing.assert_close(of_each, variance)
    torch.testing.assert_close(cross[5:], covariance[5:, :5], rtol=1e-6, atol=1e-8)
    assert float(torch.linalg.eigvalsh(covariance).min()) > 0.0


def test_botorch_finds_gradients() -> None:
    one = example(3)
    X = one.others[:, None, :].clone().requires_grad_()
    value = LogExpectedImprovement(observed(one), best_f=one.y[:RESULTS].max())(X)
    value.sum().backward()
    assert value.isfinite().all()
    assert X.grad is not None
    assert X.grad.isfinite().all()
    assert float(X.grad.abs().max()) > 0.0
    step = 1e-6 * torch.eye(3, dtype=torch.float64)[0]
    acquisition = LogExpectedImprovement(observed(one), best_f=one.y[:RESULTS].max())
    with torch.no_grad():
        ahead, behind = (acquisition((one.others + move)[:, None, :]) for move in (step, -step))
    torch.testing.assert_close(X.grad[:, 0, 0], (ahead - behind) / 2e-6, rtol=1e-3, atol=1e-4)


def test_a_result_makes_its_design_sure_and_pending_designs_move_no_mean() -> None:
    one = example(4)
    model, X = observed(one), one.others
    mean, variance = model.marginals(X)
    pending = model.condition_on_observations(X[:3])
    torch.testing.assert_close(pending.marginals(X)[0], mean, rtol=1e-7, atol=1e-7)
    assert bool((pending.marginals(X)[1] <= variance * (1.0 + 1e-9)).all())
    assert float((pending.marginals(X[:3])[1] / variance[:3]).max()) < 0.5
    sure = model.condition_on_observations(X[:1], one.y[OBSERVED][None, None], noise=torch.full((1, 1), 1e-9))
    assert abs(float(sure.marginals(X[:1])[0]) - float(one.y[OBSERVED])) < 1e-3
    again = sure.condition_on_observations(X[1:2], one.y[OBSERVED + 1][None, None], noise=torch.full((1, 1), 1e-9))
    both = model.condition_on_observations(X[:2], one.y[OBSERVED : OBSERVED + 2, None], noise=torch.full((2, 1), 1e-9))
    for found, expected in zip(again.marginals(X), both.marginals(X), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_results_of_any_order_and_unit_give_the_same_posterior() -> None:
    """y in another unit, and the observed designs in another order."""
    one = example(6)
    order = torch.randperm(OBSERVED, generator=torch.Generator().manual_seed(1))
    model, X = observed(one), one.others
    mean, variance = model.marginals(X)
    regression = regression_of(one).joint
    shuffled = ObservedProcess(regression, one.processes, one.X[:OBSERVED][order], one.Z[:OBSERVED][order])
    for found, expected in zip(shuffled.marginals(X), (mean, variance), strict=True):
        assert torch.equal(found, expected)
    in_unit, deviation = observed(Example(one.X, one.Z, 32.0 - 1.8 * one.y)).marginals(X)
    torch.testing.assert_close(in_unit, 32.0 - 1.8 * mean, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(deviation, 1.8**2 * variance, rtol=1e-4, atol=1e-6)


def test_observations_predict_other_designs_better_and_say_how_sure_they_are() -> None:
    """Beside the process of the results alone, and by the normal distribution of standardised errors."""
    ratios, scores = [], []
    for seed in range(6):
        one = example(seed)
        truth = one.y[OBSERVED:]
        errors = []
        for model in (observed(one), baseline_model(one.results)):
            mean, variance = model.marginals(one.others)
            errors.append(float((mean - truth).square().mean().sqrt()))
            scores.append(float(((mean - truth).square() / variance).mean().sqrt()))
        ratios.append(errors[0] / errors[1])
    assert np.exp(np.mean(np.log(ratios))) < 0.9
    assert 0.4 < np.mean(scores[::2]) < 1.5


def test_a_regression_around_a_past_relation_is_used_alike() -> None:
    past, one = example(7), example(8)
    relation = learned_relation(past.results, past.Z[:RESULTS].numpy())
    assert relation is not None
    related = fit_related(one.results.first(4), one.Z[:4], relation)
    model = ObservedProcess(related.joint, one.processes, one.X[:OBSERVED], one.Z[:OBSERVED])
    X, Z = one.X[RESULTS:OBSERVED], one.Z[RESULTS:OBSERVED]
    for found, expected in zip(model.marginals(X), related.predict(X, Z), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)
    mean, covariance = model.joint_moments(one.others)
    torch.testing.assert_close(model.marginals(one.others)[0], mean, rtol=1e-6, atol=1e-8)
    assert float(torch.linalg.eigvalsh(covariance).min()) > 0.0
