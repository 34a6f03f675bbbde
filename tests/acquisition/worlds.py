"""Small models and spaces that the tests of acquisition share."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from botorch.models import SingleTaskGP

from designer.objective import Objective, Target
from designer.space import DesignSpace
from designer.space.pool import Pool
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process

torch.set_num_threads(1)


def box(d: int, **keys: Any) -> Any:
    return DesignSpace(parameters=[{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1], **keys} for i in range(d)])


def pool(rows: Any) -> Any:
    rows = np.asarray(rows, dtype=float)
    return DesignSpace(parameters=box(rows.shape[1]).parameters, pool=Pool(rows))


def alloys(**keys: Any) -> Any:
    """A composition with a temperature and a gas; 8008 designs with the default steps, too many to list on demand."""
    composition = {"name": "c", "kind": "composition", "elements": ["Ni", "Fe", "Co", "Cr"], "unit": "at.%", "step": 10}
    return DesignSpace(
        parameters=[
            {**composition, **keys},
            {"name": "T", "kind": "numeric", "bounds": [300, 900], "step": 50},
            {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
        ]
    )


def one(goal: str = "maximize", **keys: Any) -> Any:
    return Objective(targets=[Target(name="y", goal=goal, **keys)])


def gaussian_process(X: Any, y: Any, **keys: Any) -> Any:
    X = torch.as_tensor(X, dtype=torch.float64)
    columns = box(X.shape[1]).encoder.columns
    return fit_gaussian_process(TaskData(X, torch.as_tensor(y, dtype=torch.float64)[:, None], columns=columns, **keys))


def fitted(space: DesignSpace, coordinates: Any, y: Any) -> GaussianProcess:
    X = torch.as_tensor(space.encoder.encode(coordinates))
    return fit_gaussian_process(TaskData(X, torch.as_tensor(y)[:, None], columns=space.encoder.columns))


def botorch_model(X: Any, Y: Any, noise: Any = None) -> Any:
    """A botorch model with its prior's hyperparameters: nothing is fitted, so it is quick and the same everywhere."""
    X, Y = torch.as_tensor(X), torch.as_tensor(Y)
    Yvar = None if noise is None else torch.full_like(Y, noise)
    model = SingleTaskGP(X, Y, train_Yvar=Yvar, outcome_transform=None, input_transform=None)
    model.eval()
    return model


def measured(seed: int = 0, n: int = 8, d: int = 2, m: int = 1) -> Any:
    """Return ``n x d`` designs in the unit box and ``n x m`` standardised smooth values."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 1, (n, d))
    phases = np.arange(m) * 1.3
    Y = np.sin(4 * X.sum(1, keepdims=True) + phases) + 0.5 * np.cos(7 * X[:, :1] - phases)
    return X, (Y - Y.mean(0)) / Y.std(0, ddof=1)


def tensor(array: Any) -> Any:
    return torch.as_tensor(np.asarray(array), dtype=torch.float64)
