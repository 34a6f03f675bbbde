"""The default prior: what past tasks say, as far as they deserve it.

The posterior is a mixture of the plain model of the new task alone and of models that learned from past tasks. Weights
follow the evidence of the measurements: with prior weights w_k, expert k has weight

    w_k p_k(y) / sum_j w_j p_j(y),

where p_k is the marginal likelihood of all that was measured so far, which is the product of its one-step-ahead
predictions in any order. The plain model chooses its centre and scale by the very values that it is to foretell; its
likelihood here is that of the plain model told of the experts' centre and scale, so that all are judged alike. The
expected improvement of the mixture is the weighted sum of the experts' improvements,
exactly.

The guard:

1. Sources that cannot predict themselves, and sets of sources that do not predict each other, are not used: the
   posterior is then the plain one, bit for bit.
2. The plain model keeps a weight of at least `FLOOR`, whatever the evidence.
3. Every third design is chosen by the plain model alone (`designer.priors.interleaving`).
4. E = p_plain(y) / p_prior(y) is an e-value against the prior: if the prior were right, E >= 20 would come with a
   probability of at most 1/20 (Ville's inequality). The prior is then rejected, and the plain model decides alone.

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

from designer.priors.base import ConditionedPrior
from designer.priors.baseline import plain_model
from designer.priors.conditioning import OPPOSITE_SIGN_GP
from designer.priors.evidence import PriorEvidence
from designer.priors.informed import InformedModel, fit_informed, zero_mean
from designer.priors.interleaving import Guarded
from designer.priors.saving import SavedPrior, Serialized
from designer.priors.transfer import FittedTransfer, TransferPrior
from designer.surrogates.data import TaskData
from designer.surrogates.independent import joined
from designer.surrogates.model_mixture import Mixture

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "auto"
PLAIN = 0.1
"""Prior weight of the plain model."""

FLOOR = 0.1
"""Least weight of the plain model."""

REJECTED = math.log(20.0)
"""Log evidence against the prior at which it is laid aside."""

_ALIKE = 3.0  # odds that are not worth telling


@dataclass(frozen=True)
class AutoPrior:
    """The default: learn from past tasks, and find out whether they help."""

    kind: str = field(default=KIND, init=False)

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> FittedAuto:
        """Fit all experts to past tasks."""
        return FittedAuto(TransferPrior().fit(tasks, seed=seed))


@dataclass(frozen=True)
class Guard:
    """The locks of the guard, in the order of this module's list; none is off but to measure what it is worth."""

    agreement: bool = True
    floor: bool = True
    turns: bool = True
    rejection: bool = True

    @classmethod
    def without(cls, lock: str) -> Guard:
        """Return the guard with one lock removed.

        Raises
        ------
        ValueError
            If there is no such lock.
        """
        if lock not in LOCKS:
            raise ValueError(f"there is no lock {lock!r}; one of: {', '.join(LOCKS)}")
        return cls(**{lock: False})


LOCKS = tuple(lock.name for lock in fields(Guard))
"""The names of the locks."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """The experts of one target, and what the measurements say of them.

    Parameters
    ----------
    names, models, weights
        The experts, the plain one first.
    log_evidence
        Of the prior against the plain model.
    in_turns
        Whether the plain model chooses by itself when it is its turn.
    """

    names: tuple[str, ...]
    models: tuple[Model, ...]
    weights: tuple[float, ...]
    log_evidence: float
    in_turns: bool = True

    @property
    def rejected(self) -> bool:
        """Whether the measurements speak against the prior too clearly for it to be used."""
        return self.log_evidence <= -REJECTED

    @property
    def model(self) -> Model:
        """The posterior."""
        used = [(m, w) for m, w in zip(self.models, self.weights, strict=True) if w > 0]
        if len(used) == 1:
            return used[0][0]
        kind = Guarded if self.in_turns and self.weights[0] > 0 else Mixture
        return kind([m for m, _ in used], [w for _, w in used])


@dataclass(frozen=True, eq=False)
class FittedAuto(SavedPrior):
    """Experts that learned from past tasks, and the guard."""

    transfer: FittedTransfer
    guard: Guard = Guard()

    @property
    def kind(self) -> str:
        return KIND

    def condition(self, data: TaskData) -> Model:
        """Return the posterior of a new task; see `FittedPrior.condition`."""
        return self.conditioned(data).model

    def conditioned(self, data: TaskData) -> ConditionedPrior:
        """Return the posterior of a new task, and the evidence of the first target that past tasks inform."""
        targets = [data.target(i) for i in range(data.targets)]
        found = [self.weigh(one) for one in targets]

        def evidence() -> PriorEvidence | None:
            pairs = zip(targets, found, strict=True)
            return next((self._evidence(one, each) for one, each in pairs if len(each.models) > 1), None)

        return ConditionedPrior(joined([each.model for each in found]), evidence)

    def weigh(self, one: TaskData) -> Weighed:
        """Return the experts of one target with their weights."""
        plain = plain_model(one)
        informed = self.transfer.informed(one, agreeing=self.guard.agreement)
        if not informed:
            return Weighed(("plain",), (plain,), (1.0,), 0.0)
        models = (plain, *informed)
        names = ("plain", "transfer-gp", "transfer-gp, against")
        prior = np.log([PLAIN, (1 - PLAIN) * (1 - OPPOSITE_SIGN_GP), (1 - PLAIN) * OPPOSITE_SIGN_GP])
        evidence = np.zeros(len(models))
        if len(one.X):
            level = informed[0].process.output
            alone = fit_informed(one, zero_mean, (), output=level).log_evidence()
            evidence = np.array([alone, *[model.log_evidence() for model in informed]])
        weights, against = weighed(prior, evidence, self.guard)
        told = against if len(one.X) else 0.0
        return Weighed(names, models, tuple(weights.tolist()), told, self.guard.turns)

    def _evidence(self, one: TaskData, found: Weighed) -> PriorEvidence:
        informed = max(found.models[1:], key=lambda model: found.weights[found.models.index(model)])
        assert isinstance(informed, InformedModel)
        return PriorEvidence(
            experts=tuple(zip(found.names, found.weights, strict=True)),
            sources=self.transfer.leaning(one, informed),
            log_evidence=found.log_evidence,
            rejected_at=len(one.X) if found.rejected else None,
            words=in_words(found.log_evidence, len(one.X)),
        )

    def serialize(self) -> Serialized:
        """Return the experts as card and tensors."""
        return self.transfer.serialize(kind=KIND)

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedAuto:
        """Return what `save` wrote."""
        return cls(FittedTransfer.from_saved(card, tensors))


def in_words(log_evidence: float, results: int) -> str:
    """Say what the evidence is.

    >>> in_words(math.log(31), 9)
    'past tasks foretold the 9 results 31 times better than the campaign alone'
    >>> in_words(-math.log(31), 9)
    'prior rejected at experiment 9, evidence 31 to 1'
    >>> in_words(-0.5, 4)
    'past tasks foretold the 4 results about as well as the campaign alone'
    """
    if results == 0:
        return "nothing is measured yet: past tasks alone decide"
    odds = math.exp(min(abs(log_evidence), 700.0))
    if log_evidence <= -REJECTED:
        return f"prior rejected at experiment {results}, evidence {odds:.3g} to 1"
    if odds < _ALIKE:
        return f"past tasks foretold the {results} results about as well as the campaign alone"
    how = "better" if log_evidence > 0 else "worse"
    return f"past tasks foretold the {results} results {odds:.3g} times {how} than the campaign alone"


_WHOLE = Guard()


def weighed(log_prior: np.ndarray, log_evidence: np.ndarray, guard: Guard = _WHOLE) -> tuple[np.ndarray, float]:
    """Return weights of the experts, the plain one first, and the log evidence for the others against the plain one.

    >>> weights, against = weighed(np.log([0.1, 0.9]), np.array([0.0, 5.0]))
    >>> weights.round(3).tolist(), round(against, 3)
    ([0.1, 0.9], 5.0)
    >>> weighed(np.log([0.1, 0.9]), np.array([0.0, -4.0]))[0].tolist()
    [1.0, 0.0]
    """
    joint = log_prior + log_evidence
    others = joint[1:] - log_prior[1:].max()
    share = np.exp(log_prior[1:] - log_prior[1:].max()).sum()
    ratio = float(np.logaddexp.reduce(others) - math.log(share) - log_evidence[0])
    if guard.rejection and ratio <= -REJECTED:
        return np.eye(len(joint))[0], ratio
    weights = np.exp(joint - joint.max())
    weights /= weights.sum()
    if guard.floor and weights[0] < FLOOR:
        weights[1:] *= (1 - FLOOR) / weights[1:].sum()
        weights[0] = FLOOR
    return weights, ratio
