"""Small tasks that the tests of models share."""

from __future__ import annotations

import numpy as np
import torch

from designer.space.encoding import FeatureColumn
from designer.surrogates.data import TaskData


def numeric_columns(d: int) -> tuple[FeatureColumn, ...]:
    return tuple(FeatureColumn(f"x{i}", f"x{i}", "numeric") for i in range(d))


def mixed_columns() -> tuple[FeatureColumn, ...]:
    """Two knobs, a categorical parameter of three choices, and a composition of two elements."""
    return (
        FeatureColumn("t", "t", "numeric"),
        FeatureColumn("p", "p", "numeric"),
        *(FeatureColumn(f"gas = {c}", "gas", "category") for c in ("N2", "Ar", "air")),
        *(FeatureColumn(f"alloy.{e}", "alloy", "fraction") for e in ("Ni", "Fe")),
    )


def mixed_features(n: int, seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    share = rng.random(n)
    return torch.from_numpy(
        np.column_stack([rng.random((n, 2)), np.eye(3)[rng.integers(3, size=n)], share, 1.0 - share])
    )


def smooth(X: torch.Tensor) -> torch.Tensor:
    return torch.sin(5.0 * X[:, 0]) + X[:, 1] ** 2 + (0.5 * X[:, 2] if X.shape[1] > 2 else 0.0)


def mixed_task(n: int, seed: int = 0, noise: float = 0.05) -> TaskData:
    X = mixed_features(n, seed)
    rng = np.random.default_rng([seed, 1])
    y = smooth(X) + noise * torch.from_numpy(rng.standard_normal(n))
    return TaskData(X=X, Y=y[:, None], columns=mixed_columns())
