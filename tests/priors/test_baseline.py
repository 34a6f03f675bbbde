"""The baseline prior: what must not change its posterior."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from botorch.acquisition import LogExpectedImprovement

from designer.priors.base import FittedPrior, Prior
from designer.priors.baseline import BaselinePrior
from designer.surrogates.data import TaskData
from tests.surrogates.tables import mixed_features, mixed_task

NAN = float("nan")
NEW = mixed_features(50, 77)


def moments(data: TaskData) -> tuple[torch.Tensor, torch.Tensor]:
    posterior = BaselinePrior().condition(data).posterior(NEW[:, None, :])
    return posterior.mean[:, 0], posterior.variance[:, 0]


def with_values(data: TaskData, Y: torch.Tensor) -> TaskData:
    return TaskData(X=data.X, Y=Y, columns=data.columns)


def test_it_is_a_prior_and_a_fitted_one() -> None:
    prior = BaselinePrior()
    assert isinstance(prior, Prior)
    assert isinstance(prior, FittedPrior)
    assert prior.fit([], seed=3) == prior
    assert prior.kind == "none"


def test_the_same_data_give_the_same_bits() -> None:
    first, second = moments(mixed_task(25)), moments(mixed_task(25))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_measurements_does_not_matter(seed: int) -> None:
    data = mixed_task(20, seed)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(seed))
    shuffled = TaskData(X=data.X[order], Y=data.Y[order], columns=data.columns)
    for a, b in zip(moments(data), moments(shuffled), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("seed", range(3))
def test_to_maximise_is_to_minimise_the_negative(seed: int) -> None:
    data = mixed_task(20, seed)
    mean, variance = moments(data)
    negative_mean, negative_variance = moments(with_values(data, -data.Y))
    torch.testing.assert_close(negative_mean, -mean, rtol=0, atol=1e-4)
    torch.testing.assert_close(negative_variance, variance, rtol=1e-3, atol=1e-8)
    up = LogExpectedImprovement(BaselinePrior().condition(data), best_f=data.Y.max())(NEW[:, None])
    down = LogExpectedImprovement(
        BaselinePrior().condition(with_values(data, -data.Y)), best_f=-data.Y.max(), maximize=False
    )(NEW[:, None])
    assert int(up.argmax()) == int(down.argmax())


@pytest.mark.parametrize(("scale", "shift"), [(1e-6, 0.0), (1.8, 32.0), (1e6, -1e7)])
def test_units_do_not_matter(scale: float, shift: float) -> None:
    data = mixed_task(20)
    mean, variance = moments(data)
    other_mean, other_variance = moments(with_values(data, scale * data.Y + shift))
    torch.testing.assert_close((other_mean - shift) / scale, mean, rtol=0, atol=1e-3)
    torch.testing.assert_close(other_variance / scale**2, variance, rtol=1e-2, atol=1e-8)


def test_a_replicate_makes_it_surer_there_and_nothing_fails() -> None:
    data = mixed_task(12)
    twice = TaskData(X=torch.cat([data.X, data.X]), Y=torch.cat([data.Y, data.Y]), columns=data.columns)
    first = BaselinePrior().condition(data).posterior(data.X[:, None, :]).variance
    second = BaselinePrior().condition(twice).posterior(data.X[:, None, :]).variance
    assert float(second.mean()) < float(first.mean())


def test_each_target_learns_from_its_own_measurements() -> None:
    data = mixed_task(20)
    Y = torch.cat([data.Y, 3.0 * data.Y], dim=1)
    Y[:8, 1] = NAN
    model = BaselinePrior().condition(TaskData(X=data.X, Y=Y, columns=data.columns))
    posterior = model.posterior(NEW[:, None, :])
    assert posterior.mean.shape == (50, 1, 2)
    alone = TaskData(X=data.X[8:], Y=3.0 * data.Y[8:], columns=data.columns)
    torch.testing.assert_close(posterior.mean[:, 0, [1]], moments(alone)[0])
    torch.testing.assert_close(posterior.mean[:, 0, [0]], moments(data)[0])


def test_a_target_that_was_never_measured_is_the_prior() -> None:
    data = mixed_task(5)
    Y = torch.cat([data.Y, torch.full((5, 1), NAN)], dim=1)
    posterior = BaselinePrior().condition(TaskData(X=data.X, Y=Y, columns=data.columns)).posterior(NEW)
    assert torch.isfinite(posterior.mean).all()
    spread = posterior.variance[:, 1]
    torch.testing.assert_close(spread, spread[0].expand(50))


def test_nothing_measured_yet() -> None:
    data = mixed_task(3)
    nothing = TaskData(X=data.X[:0], Y=data.Y[:0], columns=data.columns)
    mean, variance = moments(nothing)
    assert torch.isfinite(mean).all()
    assert bool((variance > 0).all())


def test_it_saves_a_card(tmp_path: Path) -> None:
    BaselinePrior().save(tmp_path / "prior")
    card = json.loads((tmp_path / "prior" / "prior.json").read_text())
    assert (card["designer_prior"], card["kind"]) == (1, "none")
