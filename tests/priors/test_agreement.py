"""Which past tasks agree, and which run the other way."""

from __future__ import annotations

import numpy as np
import torch

from designer.priors.agreement import Ridge, Standardiser, agreement, rank_correlation, signs
from designer.priors.alignment import CommonFeatures
from designer.priors.sources import Source
from designer.space import DesignSpace
from designer.surrogates.data import Quantity

SPACE = DesignSpace(
    parameters=[
        {"name": "x", "kind": "numeric", "bounds": [0, 1]},
        {"name": "gas", "kind": "categorical", "choices": ["a", "b", "c", "d"]},
    ]
)
COMMON = CommonFeatures.of([SPACE.encoder.columns])


def task(seed: int, sign: float = 1.0, noise: float = 0.0, rows: int = 40) -> Source:
    rng = np.random.default_rng(seed)
    X = torch.tensor(SPACE.encoder.encode(SPACE.sample(rows, rng)))
    y = sign * (torch.sin(4 * X[:, 0]) + X[:, 1] - X[:, 2]) + noise * torch.tensor(rng.standard_normal(len(X)))
    return Source(f"t{seed}", Quantity("q"), X, y, torch.ones(X.shape[1], dtype=torch.bool))


def test_tasks_that_agree_run_against_each_other_or_say_nothing() -> None:
    sources = [task(0), task(1), task(2, -1.0), task(3, 0.0, 1.0)]
    found = agreement(sources, Standardiser.of(sources, COMMON.columns))
    np.testing.assert_array_equal(found, found.T)
    assert found[0, 1] > 0.6
    assert found[0, 2] < -0.6
    assert abs(found[0, 3]) < 0.3
    assert found[0, 0] > 0.7
    assert found[3, 3] < 0.2
    assert signs(found)[:3].tolist() == [1, 1, -1]


def test_signs_follow_the_majority_or_the_first() -> None:
    assert signs(np.array([[1.0, -0.5], [-0.5, 1.0]])).tolist() == [1, -1]
    agreed = np.array([[1.0, -0.8, -0.8], [-0.8, 1.0, 0.8], [-0.8, 0.8, 1.0]])
    assert signs(agreed).tolist() == [-1, 1, 1]
    assert signs(np.ones((1, 1))).tolist() == [1]
    assert signs(np.ones((0, 0))).tolist() == []


def test_what_is_written_in_many_columns_does_not_count_many_times() -> None:
    sources = [task(i) for i in range(4)]
    features = torch.cat([Standardiser.of(sources, COMMON.columns)(s.X) for s in sources])
    assert torch.allclose(features.mean(0), torch.zeros(5, dtype=torch.float64), atol=1e-9)
    variance = features.var(0, correction=0)
    assert abs(float(variance[0]) - 1.0) < 1e-9
    assert abs(float(variance[1:].sum()) - 1.0) < 1e-9


def test_a_column_that_never_changes_is_nought() -> None:
    one = task(0)
    X = one.X.clone()
    X[:, 0] = 0.3
    still = Source("s", one.quantity, X, one.y, one.present)
    standardise = Standardiser.of([still], COMMON.columns)
    assert standardise(one.X)[:, 0].abs().max() == 0


def test_leave_one_out_in_closed_form() -> None:
    X, z = torch.linspace(0, 1, 12, dtype=torch.float64)[:, None], torch.linspace(-1, 1, 12, dtype=torch.float64) ** 3
    ridge = Ridge.of(X, z)
    errors = []
    for i in range(12):
        kept = [j for j in range(12) if j != i]
        K = torch.exp(-torch.cdist(X[kept], X[kept]) / ridge.length) + 0.1 * torch.eye(11, dtype=torch.float64)
        expected = torch.exp(-torch.cdist(X[[i]], X[kept]) / ridge.length) @ torch.linalg.solve(K, z[kept])
        errors.append(float(z[i] - expected))
    spread = float((z - z.mean()).square().sum())
    np.testing.assert_allclose(ridge.self_prediction, 1 - np.sum(np.square(errors)) / spread)


def test_rank_correlation_of_what_does_not_vary() -> None:
    assert rank_correlation(np.ones(4), np.arange(4.0)) == 0
    assert rank_correlation(np.arange(2.0), np.arange(2.0)) == 0
    assert rank_correlation(np.arange(4.0), np.exp(np.arange(4.0))) == 1
