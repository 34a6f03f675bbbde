"""Deep kernels: what is trained is what the papers say; it helps where past tasks are alike, and is held where not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from designer.priors.baseline import BaselinePrior
from designer.priors.deep.deep_calibration import CalibratedHyperpriors, Episode, learn_hyperpriors
from designer.priors.deep.deep_kernel import DeepKernelPrior
from designer.priors.deep.deep_training import Tables, Training, divergence, folds_of, negative_log_likelihood, train
from designer.priors.deep.embedding_networks import evaluate_networks, initial_weights, member_weights
from designer.priors.testing import example_data, example_tasks
from designer.surrogates.data import TaskData

QUICK = Training(steps=80, check=20, rows=16, tasks=4)


def weights_of(seed: int = 0, members: int = 2, inputs: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights = initial_weights(members, inputs, 4, generator)
    hyper = {"offset": -1.0, "learned": -0.5, "own": -1.5, "length": 0.1, "noise": -2.0}
    weights |= {name: torch.full((members,), value) for name, value in hyper.items()}
    weights["mean"] = 0.1 * torch.randn(weights["mean"].shape, generator=generator)
    return weights


def dense(weights: dict[str, torch.Tensor], member: int, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and covariance of one member, written out."""
    phi, mean = evaluate_networks(member_weights(weights, member), X[None])
    value = {name: float(weights[name][member].exp()) for name in ("offset", "learned", "own", "length")}

    def correlation(r: torch.Tensor) -> torch.Tensor:
        s = math.sqrt(5) * r
        return (1 + s + s**2 / 3) * torch.exp(-s)

    length = value["length"] * math.sqrt(X.shape[1])
    K = value["offset"] + value["learned"] * correlation(torch.cdist(phi[0], phi[0]))
    return mean[0], K + value["own"] * correlation(torch.cdist(X, X) / length)


def test_the_loss_is_the_likelihood_and_padding_adds_nothing() -> None:
    weights = weights_of()
    generator = torch.Generator().manual_seed(1)
    tasks = [torch.randn(n, 3, generator=generator) for n in (5, 8)]
    values = [torch.randn(len(X), generator=generator) for X in tasks]
    tables = Tables.of(tasks, values)
    part = tables.part(torch.tensor([[0, 1], [0, 1]]), torch.arange(8).expand(2, 2, 8))
    found = negative_log_likelihood(weights, part)
    for e in range(2):
        for t in range(2):
            mean, K = dense(weights, e, tasks[t])
            noise = float(weights["noise"][e].exp()) + 1e-3
            normal = torch.distributions.MultivariateNormal(mean, K + noise * torch.eye(len(K)))
            n = len(values[t])
            expected = -float(normal.log_prob(values[t])) / n - 0.5 * math.log(2 * math.pi)
            assert float(found[e, t]) == pytest.approx(expected, abs=1e-4)


def test_the_regulariser_is_the_divergence_from_a_wide_process() -> None:
    weights = weights_of()
    X = torch.randn(6, 3, generator=torch.Generator().manual_seed(2))
    s = math.sqrt(5) * torch.cdist(X, X) / math.sqrt(3)
    wide = torch.distributions.MultivariateNormal(
        torch.zeros(6), (1 + s + s**2 / 3) * torch.exp(-s) + 0.01 * torch.eye(6)
    )
    for e in range(2):
        mean, K = dense(weights, e, X)
        prior = torch.distributions.MultivariateNormal(mean, K + 0.01 * torch.eye(6))
        expected = float(torch.distributions.kl_divergence(prior, wide))
        assert float(divergence(weights, X)[e]) == pytest.approx(expected, rel=1e-3)


def test_near_copies_are_left_out_together() -> None:
    groups = ["a", "a", "a", "b", "c", "c", "d"]
    folds = folds_of(groups, 3)
    assert {len({int(folds[i]) for i, g in enumerate(groups) if g == name}) for name in "abcd"} == {1}
    assert sorted(torch.bincount(folds).tolist()) == [2, 2, 3]
    assert folds_of(["a", "a"], 3).tolist() == [0, 0]


def test_to_train_on_negated_values_gives_the_negated_mean() -> None:
    generator = torch.Generator().manual_seed(3)
    X = [torch.randn(12, 2, generator=generator) for _ in range(3)]
    z = [torch.sin(2 * each[:, 0]) for each in X]
    folds = torch.tensor([0, 1, 2])
    up, down = (train(Tables.of(X, [s * each for each in z]), folds, QUICK, 0) for s in (1.0, -1.0))
    first, second = (evaluate_networks(weights, X[0][None].expand(3, -1, -1)) for weights in (up, down))
    assert torch.equal(first[1], -second[1])
    assert torch.equal(first[0], second[0])
    assert float(first[1].std()) > 0.1


def episode(slope: float, seed: int, rough: float = 0.0) -> Episode:
    rng = np.random.default_rng(seed)
    data = example_data(40)
    X = data.X[torch.from_numpy(rng.permutation(40))]
    mean = torch.sin(5 * X[:, 0]) + X[:, 1]
    z = slope * mean + rough * torch.from_numpy(rng.standard_normal(40))
    return Episode(X, data.columns, mean, X[:, :2], z)


def test_means_that_held_on_tasks_left_out_are_trusted() -> None:
    good = learn_hyperpriors([episode(1.0, seed, 0.05) for seed in range(6)])
    bad = learn_hyperpriors([episode(0.0, seed, 1.0) for seed in range(6)])
    assert good.slope > 0.8
    assert abs(bad.slope) < 0.25
    assert good.around < 0.1 * bad.around
    assert good.noise < bad.noise
    assert learn_hyperpriors([]) == CalibratedHyperpriors()


def error(model: object, new: TaskData) -> float:
    posterior = model.posterior(new.X)  # type: ignore[attr-defined]
    return float((posterior.mean - new.Y).square().mean().sqrt())


@pytest.fixture(scope="module")
def trained() -> object:
    return DeepKernelPrior(Training(steps=200, check=50, rows=16, tasks=4)).fit(example_tasks(6, 30), seed=0)


@pytest.mark.parametrize("rows", [0, 3, 6])
def test_past_tasks_that_are_alike_help(trained: object, rows: int) -> None:
    new = example_data(80)
    few = replace(new, X=new.X[:rows], Y=new.Y[:rows])
    assert error(trained.condition(few), new) < 0.7 * error(BaselinePrior().condition(few), new)  # type: ignore[attr-defined]


def test_a_task_that_runs_against_the_past_is_found_out(trained: object) -> None:
    new = example_data(80)
    against = replace(new, Y=400.0 - new.Y)
    few = replace(against, X=against.X[:8], Y=against.Y[:8])
    assert error(trained.condition(few), against) < 1.1 * error(BaselinePrior().condition(few), against)  # type: ignore[attr-defined]
