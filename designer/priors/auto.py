"""The default prior: past tasks with safeguards against misleading ones.

The posterior is a mixture of the baseline model, of the new task alone, and of models that learned from past tasks (the
experts). Their weights follow the evidence of the measurements: with prior weights w_k, expert k has weight

    w_k p_k(y) / sum_j w_j p_j(y),

where p_k is the marginal likelihood of all measurements, which is the product of one-step-ahead predictive densities in
any order. The baseline model standardises by the values that it predicts; its likelihood here uses the experts' centre
and scale instead, so that all models are compared on one scale. The expected improvement of the mixture is exactly the
weighted sum of the experts' improvements.

The guard:

1. Sources that cannot predict themselves, and sets of sources that do not predict each other, are not used: the
   posterior is then that of the baseline model, bit for bit.
2. The baseline model has a weight of at least `MIN_BASELINE_WEIGHT`, whatever the evidence; of at least
   `ADAPTIVE_BASELINE_WEIGHT`, where at least half of the sources were measured in a search for their best design
   (`designer.tasks.adaptive_sampling`): these say little about the rest of the space.
3. Every third design is chosen by the baseline model alone (`designer.priors.interleaving`).
4. E = p_baseline(y) / p_prior(y) is an e-value against the prior: if the prior were right, E >= 20 would occur with a
   probability of at most 1/20 (Ville's inequality). At E >= 20 the prior is rejected and the baseline model
   is used alone.

References: G. Shafer, Testing by Betting (J. R. Stat. Soc. A 2021); Y. Yao et al., Using Stacking to Average Bayesian
Predictive Distributions (Bayesian Analysis 2018).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from botorch.models.model import Model
from torch import Tensor

from designer.counting import agree, count
from designer.priors.base import ConditionedPrior, conditioned_each
from designer.priors.baseline import baseline_model
from designer.priors.conditioning import OPPOSITE_SIGN_GP, quantity_of
from designer.priors.evidence import PriorEvidence, comparison_words, odds_of
from designer.priors.informed import InformedModel, fit_informed, zero_mean
from designer.priors.interleaving import InterleavedMixture
from designer.priors.saving import SavedPrior, Serialized
from designer.priors.sources import Source
from designer.priors.transfer import FittedTransfer, TransferPrior
from designer.surrogates.data import TaskData
from designer.surrogates.model_mixture import Mixture

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "auto"
BASELINE_WEIGHT = 0.1
"""Prior weight of the baseline model."""

MIN_BASELINE_WEIGHT = 0.1
"""Least weight of the baseline model."""

ADAPTIVE_BASELINE_WEIGHT = 0.5
"""Least weight of the baseline model where the sources are past searches for a best design."""

REJECTION_LOG_ODDS = math.log(20.0)
"""Log evidence against the prior at which it is rejected."""


@dataclass(frozen=True)
class AutoPrior:
    """The default prior: experts that learn from past tasks, weighted by the evidence."""

    kind: str = field(default=KIND, init=False)

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> FittedAuto:
        """Fit all experts to past tasks."""
        return FittedAuto(TransferPrior().fit(tasks, seed=seed))

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedAuto:
        """Return the fitted prior that was saved."""
        return FittedAuto.from_saved(card, tensors)


@dataclass(frozen=True)
class Guard:
    """The safeguards, in the order of this module's list; each can be disabled to measure its effect."""

    agreement: bool = True
    floor: bool = True
    adaptive: bool = True
    interleaving: bool = True
    rejection: bool = True

    @classmethod
    def without(cls, name: str) -> Guard:
        """Return the guard without one safeguard.

        Raises
        ------
        ValueError
            If there is no such safeguard.
        """
        if name not in SAFEGUARDS:
            raise ValueError(f"there is no safeguard {name!r}; one of: {', '.join(SAFEGUARDS)}")
        return cls(**{name: False})


SAFEGUARDS = tuple(each.name for each in fields(Guard))
"""The names of the safeguards."""


@dataclass(frozen=True, eq=False)
class WeightedExperts:
    """The experts of one target, with weights by the evidence of its measurements.

    Parameters
    ----------
    names, models, weights
        The experts, the baseline model first.
    log_evidence
        Of the prior against the baseline model.
    interleaved
        Whether the baseline model chooses every third design alone.
    """

    names: tuple[str, ...]
    models: tuple[Model, ...]
    weights: tuple[float, ...]
    log_evidence: float
    interleaved: bool = True

    @property
    def rejected(self) -> bool:
        """Whether the evidence against the prior is so strong that it is not used."""
        return self.log_evidence <= -REJECTION_LOG_ODDS

    @property
    def model(self) -> Model:
        """The posterior."""
        used = [(m, w) for m, w in zip(self.models, self.weights, strict=True) if w > 0]
        if len(used) == 1:
            return used[0][0]
        kind = InterleavedMixture if self.interleaved and self.weights[0] > 0 else Mixture
        return kind([m for m, _ in used], [w for _, w in used])


@dataclass(frozen=True, eq=False)
class FittedAuto(SavedPrior):
    """Experts that learned from past tasks, and the safeguards."""

    transfer: FittedTransfer
    guard: Guard = Guard()

    @property
    def kind(self) -> str:
        """The kind of prior, as in `prior: {kind: ...}`."""
        return KIND

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources that the experts learned from."""
        return self.transfer.sources

    def condition(self, data: TaskData) -> Model:
        """Return the posterior of a new task; see `FittedPrior.condition`."""
        return self.conditioned(data).model

    def conditioned(self, data: TaskData) -> ConditionedPrior:
        """Return the posterior of a new task, and the evidence of the first target that past tasks inform."""
        return conditioned_each(
            data,
            lambda one: (one, self.weighted_experts(one)),
            lambda found: found[1].model,
            lambda found: self._evidence(*found) if len(found[1].models) > 1 else None,
        )

    def weighted_experts(self, one: TaskData) -> WeightedExperts:
        """Return the experts of one target with their weights."""
        baseline = baseline_model(one)
        informed = self.transfer.informed(one, agreeing=self.guard.agreement)
        if not informed:
            return WeightedExperts(("plain",), (baseline,), (1.0,), 0.0)
        models = (baseline, *informed)
        names = ("plain", "transfer-gp", "transfer-gp, against")  # as version 0.1 wrote them into stores
        prior = np.log(
            [BASELINE_WEIGHT, (1 - BASELINE_WEIGHT) * (1 - OPPOSITE_SIGN_GP), (1 - BASELINE_WEIGHT) * OPPOSITE_SIGN_GP]
        )
        evidence = np.zeros(len(models))
        if len(one.X):
            level = informed[0].process.output
            alone = fit_informed(one, zero_mean, (), output=level).log_evidence()
            evidence = np.array([alone, *[model.log_evidence() for model in informed]])
        weights, against = expert_weights(prior, evidence, self.guard, self._floor(one))
        log_evidence = against if len(one.X) else 0.0
        return WeightedExperts(names, models, tuple(weights.tolist()), log_evidence, self.guard.interleaving)

    def _floor(self, one: TaskData) -> float:
        """Return the least weight of the baseline model."""
        adaptive = [model.source.adaptive for model in self.transfer.about(quantity_of(one))]
        searched = self.guard.adaptive and 2 * sum(adaptive) >= len(adaptive)
        return ADAPTIVE_BASELINE_WEIGHT if searched else MIN_BASELINE_WEIGHT

    def _evidence(self, one: TaskData, found: WeightedExperts) -> PriorEvidence:
        informed = max(found.models[1:], key=lambda model: found.weights[found.models.index(model)])
        assert isinstance(informed, InformedModel)
        return PriorEvidence(
            experts=tuple(zip(found.names, found.weights, strict=True)),
            sources=self.transfer.source_weights(one, informed),
            log_evidence=found.log_evidence,
            rejected_at=len(one.X) if found.rejected else None,
            words=description_of(found.log_evidence, len(one.X)),
        )

    def serialize(self) -> Serialized:
        """Return the experts as card and tensors."""
        return self.transfer.serialize(kind=KIND)

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedAuto:
        """Return what `save` wrote."""
        return cls(FittedTransfer.from_saved(card, tensors))


def description_of(log_evidence: float, results: int) -> str:
    """Return a sentence about the evidence.

    >>> description_of(math.log(31), 9)
    'past tasks predict these 9 results better than the campaign alone (Bayes factor 31)'
    >>> description_of(-math.log(31), 9)
    'prior rejected at experiment 9 (Bayes factor 31 against it)'
    >>> description_of(-0.5, 4)
    'past tasks predict these 4 results about as well as the campaign alone'
    """
    if results == 0:
        return "nothing is measured yet: predictions follow past tasks alone"
    if log_evidence <= -REJECTION_LOG_ODDS:
        return f"prior rejected at experiment {results} (Bayes factor {odds_of(log_evidence):.3g} against it)"
    these = f"{agree(results, 'this', 'these')} {count(results, 'result')}"
    return comparison_words("past tasks", these, "the campaign alone", log_evidence)


_WHOLE = Guard()


def expert_weights(
    log_prior: np.ndarray, log_evidence: np.ndarray, guard: Guard = _WHOLE, floor: float = MIN_BASELINE_WEIGHT
) -> tuple[np.ndarray, float]:
    """Return weights of the experts, the baseline model first, and the log evidence for the others against it.

    `floor` is the least weight of the baseline model, where the guard has one.

    >>> weights, against = expert_weights(np.log([0.1, 0.9]), np.array([0.0, 5.0]))
    >>> weights.round(3).tolist(), round(against, 3)
    ([0.1, 0.9], 5.0)
    >>> expert_weights(np.log([0.1, 0.9]), np.array([0.0, -4.0]))[0].tolist()
    [1.0, 0.0]
    """
    joint = log_prior + log_evidence
    others = joint[1:] - log_prior[1:].max()
    share = np.exp(log_prior[1:] - log_prior[1:].max()).sum()
    ratio = float(np.logaddexp.reduce(others) - math.log(share) - log_evidence[0])
    if guard.rejection and ratio <= -REJECTION_LOG_ODDS:
        return np.eye(len(joint))[0], ratio
    weights = np.exp(joint - joint.max())
    weights /= weights.sum()
    if guard.floor and weights[0] < floor:
        weights[1:] *= (1 - floor) / weights[1:].sum()
        weights[0] = floor
    return weights, ratio
