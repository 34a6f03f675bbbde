"""Metrics: distance predicts difference, and similar past tasks get the largest weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from designer.objective import Target
from designer.priors.baseline import BaselinePrior
from designer.priors.deep.deep_training import Tables
from designer.priors.metric.metric import FittedMetric, MetricPrior
from designer.priors.metric.metric_training import MetricTraining, attention
from designer.priors.metric.signature import sign, train_signature
from designer.priors.weighting import TaskSimilarity, Trial, Weighting, centrality, learn_weighting
from designer.space import DesignSpace
from designer.surrogates.data import Quantity, TaskData
from designer.tasks import Task

SPACE = DesignSpace(parameters=[{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in ("x", "u", "v")])
QUANTITY = Quantity("y")


def surface(X: np.ndarray, sort: str) -> np.ndarray:
    """Two sorts of tasks; `v` matters in neither."""
    return np.sin(5 * X[:, 0]) + X[:, 1] if sort == "wave" else np.abs(X[:, 0] - 0.5) - 2 * X[:, 1] * X[:, 0]


def designs(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((rows, 3))


def task(name: str, sort: str, seed: int, rows: int = 40) -> Task:
    X = designs(rows, seed)
    data = pd.DataFrame(X, columns=["x", "u", "v"]).assign(y=surface(X, sort) + 0.1 * (seed % 3) * X[:, 0])
    return Task(space=SPACE, targets=[Target(name="y")], data=data, name=name)


def new_task(sort: str, rows: int) -> TaskData:
    X = designs(rows, 99)
    Y = torch.tensor(surface(X, sort))[:, None]
    return TaskData(torch.tensor(SPACE.encoder.encode(X)), Y, SPACE.encoder.columns, quantities=(QUANTITY,))


@pytest.fixture(scope="module")
def fitted() -> FittedMetric:
    tasks = [task(f"{sort} {i}", sort, 10 * i + len(sort)) for sort in ("wave", "vee") for i in range(3)]
    return MetricPrior(MetricTraining(steps=150, check=50, rows=24)).fit(tasks, seed=0)


@pytest.mark.parametrize("sort", ["wave", "vee"])
def test_similar_past_tasks_get_the_weight(fitted: FittedMetric, sort: str) -> None:
    weights = fitted.source_weights(new_task(sort, 12))
    assert sum(weights.values()) == pytest.approx(1.0)
    assert list(weights.values()) == sorted(weights.values(), reverse=True)
    assert sum(weight for name, weight in weights.items() if name.startswith(sort)) > 0.75


def test_without_measurements_weights_are_about_equal(fitted: FittedMetric) -> None:
    weights = fitted.source_weights(new_task("wave", 0))
    assert max(weights.values()) < 0.5
    assert fitted.source_weights(replace(new_task("wave", 0), columns=foreign(), X=torch.zeros(0, 1))) == {}  # type: ignore[arg-type]


def foreign() -> tuple[object, ...]:
    return DesignSpace(parameters=[{"name": "w", "kind": "numeric", "bounds": [0, 1]}]).encoder.columns


def test_it_helps(fitted: FittedMetric) -> None:
    new = new_task("wave", 100)
    few = replace(new, X=new.X[:4], Y=new.Y[:4])

    def error(prior: object) -> float:
        mean = prior.condition(few).posterior(new.X).mean  # type: ignore[attr-defined]
        return float((mean - new.Y).square().mean().sqrt())

    assert error(fitted) < 0.8 * error(BaselinePrior())


def test_distance_in_the_embedding_predicts_difference(fitted: FittedMetric) -> None:
    """What changes nothing moves a design less than what does."""
    base = torch.tensor(designs(50, 5))
    space = fitted.learned[-1].space
    phi = space(base)[0]

    def moved(column: int) -> float:
        other = base.clone()
        other[:, column] = 1.0 - other[:, column]
        return float((space(other)[0] - phi).norm(dim=1).mean())

    assert moved(2) < 0.6 * min(moved(0), moved(1))


def test_attention_is_a_softmax_over_squared_distances() -> None:
    generator = torch.Generator().manual_seed(0)
    q, s = torch.randn(3, 2, generator=generator), torch.randn(5, 2, generator=generator)
    z = torch.randn(5, generator=generator)
    there = torch.tensor([True, True, True, True, False])
    found = attention(q, s, z, there, torch.tensor(1.5))
    a = torch.softmax(-1.5 * torch.cdist(q, s[:4]) ** 2, dim=1)
    torch.testing.assert_close(found, a @ z[:4], rtol=1e-4, atol=1e-5)


class TestSignatures:
    def test_units_and_signs(self) -> None:
        generator = torch.Generator().manual_seed(0)
        phi = [torch.randn(20, 4, generator=generator) for _ in range(2)]
        z = [p[:, 0] for p in phi]
        weights = train_signature(Tables.of(phi, z), torch.eye(2), 0, 5)
        there = torch.ones(20, dtype=torch.bool)
        first = sign(weights, phi[0], z[0], there)
        torch.testing.assert_close(sign(weights, phi[0], -z[0], there), -first)
        torch.testing.assert_close(sign(weights, phi[0], 8.0 * z[0] + 3.0, there), first, rtol=1e-3, atol=1e-4)
        assert float(first.norm()) == pytest.approx(1.0, abs=1e-5)
        order = torch.randperm(20, generator=generator)
        torch.testing.assert_close(sign(weights, phi[0][order], z[0][order], there), first, rtol=1e-4, atol=1e-5)
        assert sign(weights, phi[0][:0], z[0][:0], there[:0]).abs().max() == 0

    def test_they_predict_agreement_from_a_part_of_the_pairs(self) -> None:
        generator = torch.Generator().manual_seed(1)
        phi = [torch.randn(40, 4, generator=generator) for _ in range(6)]
        z = [p[:, 0] ** 2 if i % 2 else p[:, 1] for i, p in enumerate(phi)]
        wanted = torch.tensor([[1.0 if (i - j) % 2 == 0 else 0.0 for j in range(6)] for i in range(6)])
        weights = train_signature(Tables.of(phi, z), wanted, 0, 150)
        there = torch.ones(12, dtype=torch.bool)
        signs = torch.stack([sign(weights, p[:12], v[:12], there) for p, v in zip(phi, z, strict=True)])
        found = signs @ signs.T
        assert found[wanted == 1].mean() > found[wanted == 0].mean() + 0.4


class TestWeights:
    def test_more_measurements_count_more(self) -> None:
        def source_weights(k: int) -> float:
            similarity = TaskSimilarity(k, np.zeros(2), np.array([0.9, -0.9]), np.zeros(2))
            return float(Weighting().weights(similarity)[0])

        assert source_weights(0) == pytest.approx(0.5)
        assert 0.5 < source_weights(3) < source_weights(20)

    def test_what_predicts_left_out_tasks_gains_strength(self) -> None:
        rng = np.random.default_rng(0)
        trials = []
        for _ in range(8):
            z = rng.standard_normal(30)
            expected = np.stack([z, rng.standard_normal(30)], axis=1)
            trials.append(Trial(TaskSimilarity(20, np.zeros(2), rng.normal(size=2), np.array([1.0, 0.0])), expected, z))
        found = learn_weighting(trials)
        assert found.strengths[2] > 2.0
        assert found.strengths[1] < 3.0
        assert learn_weighting([]) == Weighting()

    def test_centrality(self) -> None:
        agreed = np.array([[1.0, 0.6, 0.2], [0.6, 1.0, 0.0], [0.2, 0.0, 1.0]])
        np.testing.assert_allclose(centrality(agreed), [0.4, 0.3, 0.1])
        assert centrality(np.ones((1, 1))).tolist() == [0.0]
