"""The results of a target and the observations of designs with and without one, and what these say of the target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.intermediate.observed_mixture import ObservedMixture, fit_observed
from designer.priors.intermediate.past_relation import PastResults
from designer.priors.intermediate.regression import PRIOR_PROBABILITY
from designer.priors.intermediate.revision import Revision
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess

Columns = tuple[int, ...]
FittedRegressions = dict[Any, ObservedMixture | None]
"""Regressions of the same designs, by the results and the observations, the columns and what past campaigns say."""


@dataclass(frozen=True, eq=False)
class ObservedTarget:
    """One target, and the observations of designs with and without a result of it.

    Parameters
    ----------
    one
        The results (``n`` rows, ``m = 1``).
    Z
        ``n x k`` standardised observations of their designs, NaN where one is missing.
    X_new, Z_new
        ``p x d`` features and ``p x k`` observations of designs without a result.
    prior_probability
        That the observations are informative, before a result.
    past
        Results of past campaigns with the same observations, whose relations may hold here.
    fitted
        Regressions of these results that were fitted before, to which further ones are added.
    """

    one: TaskData
    Z: FloatArray
    X_new: Tensor
    Z_new: FloatArray
    prior_probability: float = PRIOR_PROBABILITY
    past: tuple[PastResults, ...] = ()
    fitted: FittedRegressions = field(default_factory=dict)

    def regression(self, columns: Columns) -> ObservedMixture | None:
        """Return the regressions on some of the observations; None where there are none."""
        if not columns:
            return None
        results = (self.one.Y.numpy().tobytes(), self.Z[:, list(columns)].tobytes())
        key = (results, columns, self.prior_probability, self.past)
        if key not in self.fitted:
            self.fitted[key] = self._regression(columns)
        return self.fitted[key]

    def _regression(self, columns: Columns) -> ObservedMixture | None:
        found = [(each, each.relation(columns)) for each in self.past]
        past = [(each, relation) for each, relation in found if relation is not None]
        return fit_observed(self.one, self.Z[:, list(columns)], self.prior_probability, past)

    def revision(self, baseline: GaussianProcess) -> Revision | None:
        """Return what observations say of the designs without a result; None where they say nothing.

        Parameters
        ----------
        baseline
            The process of the results without observations.
        """
        sets = [tuple(np.flatnonzero(np.isfinite(row)).tolist()) for row in self.Z_new]
        found = []
        for columns in sorted(set(sets)):
            regression = self.regression(columns)
            if regression is not None:
                has = [i for i, each in enumerate(sets) if each == columns]
                Z = torch.as_tensor(self.Z_new[np.ix_(has, list(columns))], dtype=torch.float64)
                found.append(regression.revision(self.X_new[has], Z, baseline))
        return Revision.joined(found) if found else None
