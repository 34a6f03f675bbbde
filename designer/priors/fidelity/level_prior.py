"""The prior of a campaign with results at lower levels of a fidelity, with the guard of the default prior.

Lower levels are used from the beginning where their results predict each other, unless those at the top level
contradict them; where they do not, from `MIN_TOP_RESULTS` top-level results that prove them. Otherwise the posterior is
that of the campaign's prior, bit for bit (`designer.priors.fidelity.level_evidence`).

Where they are used, the posterior is a mixture of the baseline model, of the top-level results alone, and of models
that know more: the process of all levels (`designer.priors.fidelity.level_process`), and the posterior of the
campaign's past tasks, where it has any. Weights follow the evidence of the top-level results, with the prior weight and
the rejection of `designer.priors.auto`. The baseline model has no least weight: it knows less, so that it expects
larger improvements, and with a tenth of the weight it chose the designs once the process of all levels was sure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from botorch.models.model import Model

from designer.counting import agree, count
from designer.priors.auto import BASELINE_WEIGHT, expert_weights
from designer.priors.base import ConditionedPrior, FittedPrior, conditioned, conditioned_each
from designer.priors.baseline import BaselinePrior, baseline_model
from designer.priors.conditioning import is_informed
from designer.priors.evidence import PriorEvidence, comparison_words, odds_of
from designer.priors.fidelity.level_process import LevelModel, LevelResults, fit_levels
from designer.priors.informed import fit_informed, zero_mean
from designer.priors.interleaving import InterleavedMixture
from designer.priors.sources import Source
from designer.space.fidelity.fidelity_levels import DECISIVE_LOG_ODDS
from designer.surrogates.data import TaskData

MIN_TOP_RESULTS = 4
"""Results at the top level from which lower levels that do not predict themselves are used."""

_ALONE, _LEVELS, _PAST = "plain", "levels", "past tasks"


@dataclass(frozen=True, eq=False)
class _Experts:
    """The models of one target, and the evidence for its lower levels; None where too few were measured."""

    names: tuple[str, ...]
    models: tuple[Model, ...]
    weights: tuple[float, ...]
    log_evidence: float
    results: int
    past: PriorEvidence | None = None
    levels: float | None = None

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
        name, count_of = one.quantities[0].name if one.quantities else "", len(one.X)
        found = fit_levels(one, self.lower.get(name, ()))
        past = None if isinstance(self.inner, BaselinePrior) else conditioned(self.inner, one)
        own = None if past is None else past.evidence
        levels = None if found is None else _log_odds(one, found) if count_of else 0.0
        if found is None or levels is None or not is_used(levels, count_of, predicts_itself=found.predicts_itself):
            model = baseline_model(one) if past is None else past.model
            return _Experts((_ALONE,), (model,), (1.0,), 0.0, count_of, own, levels)
        models: dict[str, Model] = {_LEVELS: found}
        evidence = [0.0, levels]
        if past is not None and is_informed(past.model):
            models[_PAST] = past.model
            evidence.append(0.0 if own is None else own.log_evidence)
        share = math.log((1 - BASELINE_WEIGHT) / len(models))
        log_prior = np.array([math.log(BASELINE_WEIGHT), *([share] * len(models))])
        weights, against = expert_weights(log_prior, np.array(evidence), floor=0.0)
        return _Experts(
            (_ALONE, *models), (baseline_model(one), *models.values()), tuple(weights.tolist()),
            against if count_of else 0.0, count_of, own, levels,
        )  # fmt: skip


def _log_odds(one: TaskData, levels: LevelModel) -> float:
    """Return the log evidence for lower levels: the less favourable one of two tests."""
    process = levels.log_evidence() - _alone(one, levels)
    return process if levels.pairs is None else min(process, levels.pairs)


def _alone(one: TaskData, levels: LevelModel) -> float:
    """Return the log evidence of the top-level results alone, on the scale that the process of all levels uses."""
    return fit_informed(one, zero_mean, (), output=levels.process.output).log_evidence()


def is_used(log_evidence: float, results: int, *, predicts_itself: bool) -> bool:
    """Whether lower levels are used, by the evidence of a number of top-level results for them."""
    if predicts_itself and (not results or log_evidence > -DECISIVE_LOG_ODDS):
        return True
    return results >= MIN_TOP_RESULTS and log_evidence >= DECISIVE_LOG_ODDS


def level_models(model: Model) -> list[tuple[float, LevelModel]]:
    """Return the processes of all levels in a posterior of one target, with their weights."""
    if isinstance(model, LevelModel):
        return [(1.0, model)]
    parts = model.components if isinstance(model, InterleavedMixture) else ()
    return [(weight, part) for weight, part in parts if isinstance(part, LevelModel)]


def _evidence(found: _Experts) -> PriorEvidence | None:
    if found.levels is None:
        return found.past
    if len(found.models) < 2:
        words = unused_words(found.levels, found.results)
        if found.past is not None:
            return replace(found.past, words=f"{found.past.words}; {words}", levels=found.levels)
        return PriorEvidence(((_ALONE, 1.0),), log_evidence=found.levels, words=words, levels=found.levels)
    return PriorEvidence(
        experts=tuple(zip(found.names, found.weights, strict=True)),
        sources=() if found.past is None else found.past.sources,
        log_evidence=found.log_evidence,
        rejected_at=found.results if found.weights[0] == 1.0 else None,
        words=_words(found.log_evidence, found.results),
        levels=found.levels,
    )


def _these(results: int) -> str:
    return f"{agree(results, 'this', 'these')} {count(results, 'result')} at the top level"


def _words(log_evidence: float, results: int) -> str:
    """Return a sentence about the evidence for lower levels that are used.

    >>> _words(math.log(31), 9)
    'lower levels predict these 9 results at the top level better than these alone (Bayes factor 31)'
    """
    if results == 0:
        return "nothing is measured at the top level yet: predictions follow the lower levels"
    return comparison_words("lower levels", _these(results), "these alone", log_evidence)


def unused_words(log_evidence: float, results: int) -> str:
    """Return a sentence about lower levels that are not used.

    >>> unused_words(-math.log(4), 5)
    'lower levels are not used: these 5 results at the top level contradict them (Bayes factor 4)'
    >>> unused_words(math.log(2), 3)
    'lower levels are not used yet: these 3 results at the top level do not show that they predict it (Bayes factor 2)'
    >>> unused_words(0.0, 0)
    'lower levels are not used yet: nothing is measured at the top level, and their results do not predict each other'
    """
    if not results:
        return (
            "lower levels are not used yet: nothing is measured at the top level, and their results do not predict each"
            " other"
        )
    if log_evidence <= -DECISIVE_LOG_ODDS:
        odds = f"Bayes factor {odds_of(log_evidence):.3g}"
        return f"lower levels are not used: {_these(results)} contradict them ({odds})"
    shown = f"{agree(results, 'does', 'do')} not show that they predict it (Bayes factor {math.exp(log_evidence):.3g})"
    return f"lower levels are not used yet: {_these(results)} {shown}"
