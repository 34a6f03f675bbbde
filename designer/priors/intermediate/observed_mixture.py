"""A target given its design and its observations, as a mixture of regressions: one's own, and those of past campaigns.

At most one of the regressions holds, each with a posterior probability by its evidence
(`designer.priors.intermediate.regression`); the rest is the probability that the observations say nothing. A regression
of one's own needs `MIN_PAIRS` results. Until then its probability counts for those around past relations, where there
are any: they are then all that is known of informative observations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.observations.observation import MIN_PAIRS
from designer.priors.intermediate.combined_model import wider
from designer.priors.intermediate.observed_process import Regression as JointRegression
from designer.priors.intermediate.past_relation import PastRelation, PastResults
from designer.priors.intermediate.regression import (
    PRIOR_PROBABILITY,
    evidence_of,
    fit_regression,
    known_rows,
    posterior_weights,
)
from designer.priors.intermediate.related_regression import RelatedRegression, fit_related, fit_without
from designer.priors.intermediate.relation import log_bayes_factor
from designer.priors.intermediate.revision import Revision
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.model_mixture import MarginalModel

Learned = tuple[PastResults, PastRelation]


class Regression(Protocol):
    """A prediction of a target from a design and its observations."""

    @property
    def joint(self) -> JointRegression:
        """The same as a model over features and observations, side by side."""
        ...

    def predict(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``n`` each) of designs (``n x d``) with observations (``n x k``)."""
        ...


class LearnedFrom(NamedTuple):
    """The past campaign of a relation, and how many of its results it was learned from."""

    campaign: str
    results: int


@dataclass(frozen=True, eq=False)
class WeightedRegression:
    """One regression, and the probability that it holds.

    Parameters
    ----------
    without
        A model of the same results without observations; None: that of all results.
    past
        What its relation was learned from; None of one's own.
    """

    regression: Regression
    weight: float
    without: MarginalModel | None = None
    past: LearnedFrom | None = None

    def reference(self, X: Tensor, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Return the moments (``n`` each) without observations with which those given them are compared.

        The wider ones of `without` and of the process of all results (`mean`, `variance`): of few results either may
        know little of their level, and what a model knows beyond the wider ones is not negative.
        """
        if self.without is None:
            return mean, variance
        return wider((mean, variance), self.without.marginals(X))


@dataclass(frozen=True, eq=False)
class ObservedMixture:
    """The regressions of a target on some observations; at least one."""

    parts: tuple[WeightedRegression, ...]

    @property
    def weight(self) -> float:
        """The probability that the observations are informative about the target given the design."""
        return math.fsum(each.weight for each in self.parts)

    def revision(self, X: Tensor, Z: Tensor, baseline: GaussianProcess) -> Revision:
        """Return what observations (``p x k``) say of designs (``p x d``).

        Parameters
        ----------
        baseline
            The process of the results without observations.
        """
        whole = baseline.marginals(X)
        found = [(*each.regression.predict(X, Z), *each.reference(X, *whole)) for each in self.parts]
        means, variances, *without = (torch.stack(part) for part in zip(*found, strict=True))
        weights = torch.tensor([each.weight for each in self.parts], dtype=torch.float64)
        return Revision(means, variances, weights, *without)


def fit_observed(
    one: TaskData,
    Z: FloatArray,
    prior_probability: float = PRIOR_PROBABILITY,
    past: Sequence[Learned] = (),
) -> ObservedMixture | None:
    """Return the regressions of one target on design and observations.

    None of fewer than `MIN_PAIRS` results without a past relation. A pure function of the data, in any order of the
    rows.

    Parameters
    ----------
    one
        The results of one target (``m = 1``).
    Z
        ``n x k`` standardised observations of the same designs, NaN where one is missing: such rows are left out.
    prior_probability
        That the observations are informative, before a result: that of the past relations included.
    past
        Results of past campaigns with the relations that were learned from them.
    """
    data, known = known_rows(one, Z)
    priors, found, evidence = [], [], []
    enough = len(known) >= MIN_PAIRS
    among = math.fsum(each.probability for each, _ in past)
    if enough:
        priors.append(prior_probability - among)
        found.append(WeightedRegression(fit_regression(data, known), 0.0))
        evidence.append(log_bayes_factor(data.Y[:, 0].numpy(), known.numpy()))
    for results, relation in past:
        related, level = fit_related(data, known, relation), fit_without(data, relation)
        priors.append(results.probability * (1.0 if enough else prior_probability / among))
        found.append(WeightedRegression(related, 0.0, level, LearnedFrom(results.name, len(relation.values))))
        evidence.append(evidence_of(partial(_around, data, relation), known, related, level))
    if not found:
        return None
    weights = posterior_weights(priors, evidence)
    return ObservedMixture(tuple(replace(each, weight=w) for each, w in zip(found, weights, strict=True)))


def _around(data: TaskData, relation: PastRelation, Z: Tensor) -> RelatedRegression:
    return fit_related(data, Z, relation)
