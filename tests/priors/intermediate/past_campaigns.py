"""Two campaigns with other settings, the same observation and the same relation of the target to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from designer.arrays import FloatArray
from designer.priors.intermediate.observed_mixture import ObservedMixture, fit_observed
from designer.priors.intermediate.past_relation import PastResults
from designer.priors.intermediate.regression import PRIOR_PROBABILITY
from designer.space import DesignSpace
from designer.surrogates.data import TaskData

PAST, NEW = 60, 40
NOISE = 0.2


def columns(d: int) -> DesignSpace:
    return DesignSpace(parameters=[{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(d)])


def rough(rng: np.random.Generator, X: FloatArray) -> FloatArray:
    d = X.shape[1]
    return np.asarray(np.sin(X @ (4.0 * rng.normal(size=(d, 6))) + 6.0 * rng.random(6)) @ rng.normal(size=6))


@dataclass(frozen=True, eq=False)
class Campaigns:
    """A past campaign, and results (``X``, ``y``, ``z``) of a new one."""

    past: PastResults
    X: FloatArray
    y: FloatArray
    z: FloatArray

    def first(self, n: int) -> tuple[TaskData, FloatArray]:
        y = torch.as_tensor(self.y[:n, None])
        return TaskData(torch.as_tensor(self.X[:n]), y, columns(3).encoder.columns), self.z[:n, None]

    def regression(self, n: int, *, past: bool = True) -> ObservedMixture | None:
        """Return what the first results say, with the past campaign or without it."""
        if not past:
            return fit_observed(*self.first(n))
        relation = self.past.relation((0,))
        assert relation is not None
        before = 0.5 * PRIOR_PROBABILITY + self.past.probability
        return fit_observed(*self.first(n), before, [(self.past, relation)])


def campaigns(seed: int, *, sign: float = 1.0, shift: float = 0.0, shuffled: bool = False) -> Campaigns:
    """Return two campaigns; the relation of the new one has a sign and a level, or its observations are exchanged."""
    rng = np.random.default_rng(seed)
    X_past, X = rng.random((PAST, 4)), rng.random((NEW + 20, 3))
    z_past, z = rough(rng, X_past), rough(rng, X)
    y_past = z_past + NOISE * rng.normal(size=len(z_past))
    y = sign * z + shift + NOISE * rng.normal(size=len(z))
    if shuffled:
        z = rng.permutation(z)
    one = TaskData(torch.as_tensor(X_past), torch.as_tensor(y_past[:, None]), columns(4).encoder.columns)
    return Campaigns(PastResults("past", one, z_past[:, None], 0.5, np.zeros(1), np.ones(1)), X, y, z)
