"""The prior of a campaign with results at lower levels of a fidelity, with the guard of the default prior.

The posterior is a mixture of the baseline model, of the top-level results alone, and of models that know more: the
process of all levels (`designer.priors.fidelity.level_process`), and the posterior of the campaign's past tasks, where
it has any. Weights follow the evidence of the top-level results, with the least weight of the baseline model and the
rejection of `designer.priors.auto`; an expert against which the evidence is `UNUSED_LOG_ODDS` is not used. So lower
levels that do not predict the top one are not used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from botorch.models.model import Model

from designer.counting import agree, count
from designer.priors.auto import expert_weights
from designer.priors.base import ConditionedPrior, FittedPrior, conditioned, conditioned_each
from designer.priors.baseline import BaselinePrior, baseline_model
from designer.priors.conditioning import is_informed
from designer.priors.evidence import PriorEvidence, Weights, comparison_words, odds_of
from designer.priors.fidelity.level_process import LevelModel, LevelResults, fit_levels
from designer.priors.informed import fit_informed, zero_mean
from designer.priors.interleaving import InterleavedMixture
from designer.priors.sources import Source
from designer.surrogates.data import TaskData

ALONE_WEIGHT = 0.5
"""Prior weight of the baseline model: a process of levels that do not predict each other is wide, and would decide."""

UNUSED_LOG_ODDS = math.log(3.0)
"""Log evidence against an expert from which it is not used, as long as the results say so."""

_ALONE, _LEVELS, _PAST = "plain", "levels", "past tasks"


@dataclass(frozen=True, eq=False)
class _Experts:
    names: tuple[str, ...]
    models: tuple[Model, ...]
    weights: tuple[float, ...]
    log_evidence: float
    results: int
    sources: Weights = ()

    @property
    def model(self) -> Model:
        used = [(m, w) for m, w in zip(self.models, self.weights, strict=True) if w > 0]
        return used[0][0] if len(used) == 1 else InterleavedMixture([m for m, _ in used], [w for _, w in used])


@dataclass(frozen=True, eq=False)
class LevelPrior:
    """Results at lower levels, and the prior that past tasks give.

    Parameters
    ----------
    inner
        The campaign's prior; `BaselinePrior` without past tasks.
    lower
        The results at lower levels by target.
    """

    inner: FittedPrior
    lower: Mapping[str, Sequence[LevelResults]]

    @property
    def kind(self) -> str:
        """The kind of the campaign's prior."""
        return self.inner.kind

    @property
    def sources(self) -> tuple[Source, ...]:
        """The past tasks."""
        return tuple(getattr(self.inner, "sources", ()))

    def condition(self, data: TaskData) -> Model:
        """Return the posterior at the top level; see `FittedPrior.condition`."""
        return self.conditioned(data).model

    def conditioned(self, data: TaskData) -> ConditionedPrior:
        """Return the posterior at the top level, and the evidence for the lower levels and the past tasks."""
        return conditioned_each(data, self._experts, lambda found: found.model, _evidence)

    def save(self, path: Path) -> None:
        """Save the prior of the past tasks: results of the campaign are in its store."""
        self.inner.save(path)

    def _experts(self, one: TaskData) -> _Experts:
        baseline = baseline_model(one)
        name = one.quantities[0].name if one.quantities else ""
        found = fit_levels(one, self.lower.get(name, ()))
        models: dict[str, Model] = {} if found is None else {_LEVELS: found}
        evidence = [0.0]
        if found is not None:
            evidence.append(found.log_evidence() - _alone(one, found) if len(one.X) else 0.0)
        past = None if isinstance(self.inner, BaselinePrior) else conditioned(self.inner, one)
        if past is not None and is_informed(past.model):
            models[_PAST] = past.model
            evidence.append(0.0 if past.evidence is None else past.evidence.log_evidence)
        share = math.log((1 - ALONE_WEIGHT) / max(len(models), 1))
        log_prior = np.array([math.log(ALONE_WEIGHT), *([share] * len(models))])
        if not models:
            return _Experts((_ALONE,), (baseline,), (1.0,), 0.0, len(one.X))
        _, against = expert_weights(log_prior, np.array(evidence))
        used = np.where(np.array(evidence) > -UNUSED_LOG_ODDS, evidence, -np.inf)
        weights, _ = expert_weights(log_prior, used)
        return _Experts(
            (_ALONE, *models), (baseline, *models.values()), tuple(weights.tolist()), against if len(one.X) else 0.0,
            len(one.X), () if past is None or past.evidence is None else past.evidence.sources,
        )  # fmt: skip


def _alone(one: TaskData, levels: LevelModel) -> float:
    """Return the log evidence of the top-level results alone, on the scale that the process of all levels uses."""
    return fit_informed(one, zero_mean, (), output=levels.process.output).log_evidence()


def level_models(model: Model) -> list[tuple[float, LevelModel]]:
    """Return the processes of all levels in a posterior of one target, with their weights."""
    if isinstance(model, LevelModel):
        return [(1.0, model)]
    parts = model.components if isinstance(model, InterleavedMixture) else ()
    return [(weight, part) for weight, part in parts if isinstance(part, LevelModel)]


def _evidence(found: _Experts) -> PriorEvidence | None:
    if len(found.models) < 2:
        return None
    rejected = found.weights[0] == 1.0
    return PriorEvidence(
        experts=tuple(zip(found.names, found.weights, strict=True)),
        sources=found.sources,
        log_evidence=found.log_evidence,
        rejected_at=found.results if rejected else None,
        words=_words(found.log_evidence, found.results),
    )


def _words(log_evidence: float, results: int) -> str:
    """Return a sentence about the evidence.

    >>> _words(math.log(31), 9)
    'lower levels predict these 9 results at the top level better than these alone (Bayes factor 31)'
    """
    if results == 0:
        return "nothing is measured at the top level yet: predictions follow the lower levels"
    these = f"{agree(results, 'this', 'these')} {count(results, 'result')} at the top level"
    if log_evidence <= -UNUSED_LOG_ODDS:
        return f"lower levels are not used: {these} contradict them (Bayes factor {odds_of(log_evidence):.3g})"
    return comparison_words("lower levels", these, "these alone", log_evidence)
