"""What observations say of a target at some designs, and models revised by it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from botorch.models.model import Model
from torch import Tensor

from designer.priors.intermediate.revised_model import RevisedModel
from designer.surrogates.forest import Forest
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.model_mixture import MarginalModel, Mixture
from designer.surrogates.single_output import SingleOutput

MIN_PROBABILITY = 0.02
"""Of a regression, from which it revises a model."""

TRUSTED = 0.7
"""Probability of being informative from which observations change the choice of designs."""


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

    @property
    def probabilities(self) -> Tensor:
        """The probabilities (``r``) of the regressions: the largest over the designs, of a sum of at most 1."""
        largest = self.weights.amax(dim=1)
        return largest / largest.sum().clamp_min(1.0)

    def of(self, model: Model) -> Model:
        """Return a model of the target revised by the observations; of a mixture, each of its components.

        It is the mixture of the model itself and of the model given the observations by each of the regressions with a
        probability of `MIN_PROBABILITY`; the model itself where there is none.
        """
        if isinstance(model, Mixture):
            return type(model)([self.of(part) for _, part in model.components], model.weights.numpy())
        used = [(i, p) for i, p in enumerate(self.probabilities.tolist()) if p >= MIN_PROBABILITY]
        if not used:
            return model
        weights = [1.0 - math.fsum(p for _, p in used), *(p for _, p in used)]
        return Mixture([model, *(self.given(model, i) for i, _ in used)], weights)

    def given(self, model: Model, regression: int) -> RevisedModel:
        """Return a model given the observations by one of the regressions, as if it held.

        Where it is less probable of some designs than of others, it says less of these.
        """
        mean, variance = cast(MarginalModel, model).marginals(self.X)
        informed, narrow = (part[regression] for part in self.if_informative(mean, variance))
        share = self.weights[regression] / self.weights[regression].max()
        moved = informed - mean
        between = share * (1.0 - share) * moved.square()
        return RevisedModel(model, self.X, mean + share * moved, (1.0 - share) * variance + share * narrow + between)

    def if_informative(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Return the moments (``r x p`` each) of the target given its observations by each of the regressions.

        Where the model knows more than the results of the campaign, as one with past tasks does, the observations
        change it by what they add to these results: precisions add up. A model that knows less than these results is
        taken to know as much, so that the difference of two predictions from them is not magnified.
        """
        without = self.variances_without
        variance = torch.minimum(_positive(variance), without)
        new_variance = 1.0 / (1.0 / self.variances + (1.0 / variance - 1.0 / without))
        own, taken = new_variance / self.variances, (new_variance / without).clamp_max(1.0)
        return mean + own * (self.means - mean) - taken * (self.means_without - mean), new_variance

    @property
    def _by_regression(self) -> tuple[Tensor, ...]:
        return self.means, self.variances, self.weights, self.means_without, self.variances_without

    def _padded(self, regressions: int) -> tuple[Tensor, ...]:
        """Return the parts with further regressions that do not change a prediction and have a weight of 0."""
        more = regressions - len(self.means)
        mean, variance = (part[:1].expand(more, -1) for part in (self.means_without, self.variances_without))
        added = (mean, variance, torch.zeros_like(mean), mean, variance)
        return tuple(torch.cat([part, more]) for part, more in zip(self._by_regression, added, strict=True))


def revised(
    model: Model,
    revision: Revision | None,
    informed: Sequence[tuple[float, SingleOutput]],
    least: float = MIN_PROBABILITY,
) -> Model:
    """Return a model of a target revised by observations; of a mixture, each of its components.

    A model of the campaign's own results alone becomes a mixture with the posteriors by the regressions, which have
    learned from the same results; any other model is revised at the designs with observations and without a result.

    Parameters
    ----------
    revision
        What observations say of designs without a result; None without such designs.
    informed
        The posteriors by the regressions, with their probabilities.
    least
        The probability of being informative from which observations revise the model.
    """
    if is_own(model):
        used = [(p, process) for p, process in informed if p >= MIN_PROBABILITY]
        total = math.fsum(p for p, _ in used)
        if not used or total < least:
            return model
        return Mixture([model, *(process for _, process in used)], [1.0 - total, *(p for p, _ in used)])
    if isinstance(model, Mixture):
        parts = [revised(part, revision, informed, least) for _, part in model.components]
        return type(model)(parts, model.weights.numpy())
    if revision is None or float(revision.probabilities.sum()) < least:
        return model
    return revision.of(model)


def is_own(model: Model) -> bool:
    """Whether a model, or all components of a mixture, have learned from the campaign's own results alone."""
    if isinstance(model, Mixture):
        return all(is_own(part) for _, part in model.components)
    return isinstance(model, GaussianProcess | Forest)


def _positive(variance: Tensor) -> Tensor:
    return variance.clamp_min(1e-12 * float(variance.mean()) + 1e-300)
