"""What observations say of a target at some designs, and models of the target given them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botorch.models.model import Model
from torch import Tensor

from designer.priors.intermediate.combined_model import CombinedModel, combined
from designer.surrogates.forest import Forest
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.model_mixture import Mixture
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
    means, variances
        ``r x p`` each: predictions from results with observations.
    probabilities
        ``r`` probabilities of the regressions; the rest is that of uninformative observations.
    means_without, variances_without
        ``r x p`` each: predictions from the same results without observations.
    """

    means: Tensor
    variances: Tensor
    probabilities: Tensor
    means_without: Tensor
    variances_without: Tensor

    def mean(self, mean: Tensor, variance: Tensor) -> Tensor:
        """Return a model's means (``p``) given the observations, by the probabilities of the regressions.

        Parameters
        ----------
        mean, variance
            ``p`` each: the moments of the model.
        """
        given, _ = self.if_informative(mean, variance)
        return mean + (self.probabilities[:, None] * (given - mean)).sum(0)

    def if_informative(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Return a model's moments (``r x p`` each) given the observations by each of the regressions.

        Parameters
        ----------
        mean, variance
            ``p`` each: those of the model (`designer.priors.intermediate.combined_model.combined`).
        """
        own = mean.expand_as(self.means), variance.expand_as(self.means)
        return combined(own, (self.means, self.variances), (self.means_without, self.variances_without))


@dataclass(frozen=True, eq=False)
class Informed:
    """The posterior of a target by one regression on its observations.

    Parameters
    ----------
    probability
        That the regression holds.
    model
        The posterior if it does.
    without
        Models of the same results without observations; at a design the widest one counts.
    """

    probability: float
    model: SingleOutput
    without: tuple[Any, ...]


def revised(model: Model, informed: Sequence[Informed], least: float = MIN_PROBABILITY) -> Model:
    """Return a model of a target given observations; of a mixture, each of its components.

    It is the mixture of the model itself and of the model given the observations by each of the regressions with a
    probability of `MIN_PROBABILITY`. A model of the campaign's own results alone has learned from the same results as
    the regressions: given the observations it is their posterior. What any other model knows is combined with it.

    Parameters
    ----------
    informed
        The posteriors by the regressions, of which at most one holds.
    least
        The probability of being informative from which observations count; below it the model itself is returned.
    """
    used = [each for each in informed if each.probability >= MIN_PROBABILITY]
    total = math.fsum(each.probability for each in used)
    if not used or total < least:
        return model
    if is_own(model):
        given: list[Model] = [each.model for each in used]
    elif isinstance(model, Mixture):
        return type(model)([revised(part, informed, least) for _, part in model.components], model.weights.numpy())
    else:
        given = [CombinedModel(model, each.model, each.without) for each in used]
    return Mixture([model, *given], [1.0 - total, *(each.probability for each in used)])


def is_own(model: Model) -> bool:
    """Whether a model, or all components of a mixture, have learned from the campaign's own results alone."""
    if isinstance(model, Mixture):
        return all(is_own(part) for _, part in model.components)
    return isinstance(model, GaussianProcess | Forest)
