"""What the observations of designs without a result say about a target, and models revised by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import cast

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.intermediate.regression import PRIOR_PROBABILITY, ObservedRegression, fit_observed
from designer.priors.intermediate.revised_model import RevisedModel
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.model_mixture import MarginalModel, Mixture

Columns = tuple[int, ...]
_SAME = 1e-9
"""Features of one design differ by no more than rounding."""


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
    """

    one: TaskData
    Z: FloatArray
    X_new: Tensor
    Z_new: FloatArray
    prior_probability: float = PRIOR_PROBABILITY
    _fitted: dict[Columns, ObservedRegression | None] = field(default_factory=dict, init=False)

    def regressions(self) -> dict[Columns, ObservedRegression]:
        """Return the regression for each set of observations that a design without a result has, where one is."""
        sets = {tuple(np.flatnonzero(np.isfinite(row)).tolist()) for row in self.Z_new}
        found = {columns: self.regression(columns) for columns in sorted(sets) if columns}
        return {columns: each for columns, each in found.items() if each is not None}

    def regression(self, columns: Columns) -> ObservedRegression | None:
        """Return the regression on some of the observations; None where too few results have them."""
        if columns not in self._fitted:
            Z = self.Z[:, list(columns)]
            self._fitted[columns] = fit_observed(self.one, Z, self.prior_probability) if columns else None
        return self._fitted[columns]

    def revision(self, baseline: GaussianProcess) -> Revision | None:
        """Return what observations say of the designs without a result; None where they say nothing.

        Parameters
        ----------
        baseline
            The process of the results without observations.
        """
        regressions: Mapping[Columns, ObservedRegression] = self.regressions()
        rows, means, variances, weights = [], [], [], []
        for columns, each in regressions.items():
            has = [i for i, row in enumerate(self.Z_new) if tuple(np.flatnonzero(np.isfinite(row)).tolist()) == columns]
            Z = torch.as_tensor(self.Z_new[np.ix_(has, list(columns))], dtype=torch.float64)
            mean, variance = each.predict(self.X_new[has], Z)
            rows += has
            means.append(mean)
            variances.append(variance)
            weights.append(torch.full_like(mean, each.weight))
        if not rows:
            return None
        X = self.X_new[rows]
        return Revision(X, torch.cat(means), torch.cat(variances), torch.cat(weights), *baseline.marginals(X))


@dataclass(frozen=True, eq=False)
class Revision:
    """What observations say of a target at ``p`` designs.

    Parameters
    ----------
    X
        ``p x d`` features.
    means, variances
        ``p`` each: predictions from the results with observations.
    weights
        ``p`` probabilities that the observations are informative.
    means_without, variances_without
        ``p`` each: predictions from the same results without observations.
    """

    X: Tensor
    means: Tensor
    variances: Tensor
    weights: Tensor
    means_without: Tensor
    variances_without: Tensor

    def of(self, model: Model) -> Model:
        """Return a model of the target revised by the observations; of a mixture, each of its components.

        Where the model knows more than the results of the campaign, as one with past tasks does, the observations
        change it by what they add to these results: precisions add up.
        """
        if isinstance(model, Mixture):
            return type(model)([self.of(part) for _, part in model.components], model.weights.numpy())
        mean, variance = self.moments(*cast(MarginalModel, model).marginals(self.X))
        return RevisedModel(model, self.X, mean, variance)

    def if_informative(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Return the moments (``p`` each) of the target given its observations, where these are informative."""
        variance = _positive(variance)
        added = (1.0 / self.variances - 1.0 / self.variances_without).clamp_min(0.0)
        new_variance = 1.0 / (1.0 / variance + added)
        pull = (self.means - mean) / self.variances - (self.means_without - mean) / self.variances_without
        return mean + new_variance * pull, new_variance

    def moments(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Return the moments (``p`` each) of the target given its observations, of those that a model predicts."""
        informed, new_variance = self.if_informative(mean, variance)
        variance = _positive(variance)
        moved, w = informed - mean, self.weights
        return mean + w * moved, (1.0 - w) * variance + w * new_variance + w * (1.0 - w) * moved.square()

    def of_design(self, x: Tensor) -> Revision | None:
        """Return what observations say of one design by its features (``1 x d``); None where it has none."""
        far = (self.X - x).abs().amax(dim=-1)
        i = int(far.argmin())
        if float(far[i]) > _SAME:
            return None
        return Revision(*(getattr(self, each.name)[i : i + 1] for each in fields(self)))


def _positive(variance: Tensor) -> Tensor:
    return variance.clamp_min(1e-12 * float(variance.mean()) + 1e-300)
