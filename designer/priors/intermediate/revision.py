"""What observations say of a target at some designs, and models revised by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import cast

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.intermediate.revised_model import RevisedModel
from designer.surrogates.model_mixture import MarginalModel, Mixture

_SAME = 1e-9
"""Features of one design differ by no more than rounding."""


@dataclass(frozen=True, eq=False)
class Revision:
    """What observations say of a target at ``p`` designs by ``r`` regressions, of which at most one holds.

    Parameters
    ----------
    X
        ``p x d`` features.
    means, variances
        ``r x p`` each: predictions from results with observations.
    weights
        ``r x p`` probabilities of the regressions; the rest is that of uninformative observations.
    means_without, variances_without
        ``r x p`` each: predictions from the same results without observations.
    """

    X: Tensor
    means: Tensor
    variances: Tensor
    weights: Tensor
    means_without: Tensor
    variances_without: Tensor

    @classmethod
    def joined(cls, revisions: Sequence[Revision]) -> Revision:
        """Return those of several groups of designs as one; regressions that a group lacks have a weight of 0."""
        most = max(len(each.means) for each in revisions)
        parts = zip(*(each._padded(most) for each in revisions), strict=True)
        return cls(torch.cat([each.X for each in revisions]), *(torch.cat(part, dim=1) for part in parts))

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
        """Return the moments (``r x p`` each) of the target given its observations by each of the regressions."""
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
        none = 1.0 - w.sum(0)
        within = none * variance + (w * new_variance).sum(0)
        between = (w * none * moved.square()).sum(0)
        for i, j in combinations(range(len(w)), 2):
            between = between + w[i] * w[j] * (moved[i] - moved[j]).square()
        return mean + (w * moved).sum(0), within + between

    def expected(self, without: FloatArray, informed: FloatArray) -> FloatArray:
        """Return the expectation (``p``) of a quantity of which each prediction has one.

        Parameters
        ----------
        without, informed
            ``p`` and ``r x p``: without the observations, and by each of the regressions.
        """
        weights = self.weights.numpy()
        return np.asarray((weights * informed).sum(0) + (1.0 - weights.sum(0)) * without)

    def of_design(self, x: Tensor) -> Revision | None:
        """Return what observations say of one design by its features (``1 x d``); None where it has none."""
        far = (self.X - x).abs().amax(dim=-1)
        i = int(far.argmin())
        if float(far[i]) > _SAME:
            return None
        return Revision(self.X[i : i + 1], *(part[:, i : i + 1] for part in self._by_regression))

    @property
    def _by_regression(self) -> tuple[Tensor, ...]:
        return self.means, self.variances, self.weights, self.means_without, self.variances_without

    def _padded(self, regressions: int) -> tuple[Tensor, ...]:
        """Return the parts with further regressions that do not change a prediction and have a weight of 0."""
        more = regressions - len(self.means)
        mean, variance = (part[:1].expand(more, -1) for part in (self.means_without, self.variances_without))
        added = (mean, variance, torch.zeros_like(mean), mean, variance)
        return tuple(torch.cat([part, more]) for part, more in zip(self._by_regression, added, strict=True))


def _positive(variance: Tensor) -> Tensor:
    return variance.clamp_min(1e-12 * float(variance.mean()) + 1e-300)
