"""Conditioning target by target: what all kinds of prior that learn from sources share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from botorch.models.model import Model

from designer.priors.alignment import CommonFeatures, FeatureMap
from designer.priors.baseline import baseline_model
from designer.priors.informed import InformedModel, KernelTerm, PriorMean, fit_informed
from designer.priors.sources import Source, matching
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.independent import joined, parts
from designer.surrogates.kernel_structure import GaussianProcessSettings
from designer.surrogates.model_mixture import Mixture
from designer.surrogates.outputs import OutputScale
from designer.surrogates.preference import PreferenceProcess

OPPOSITE_SIGN = 0.05
"""Prior probability that a new task correlates negatively with past tasks, for trained networks: past tasks are brought
to one sign before training, by estimates of it."""

OPPOSITE_SIGN_GP = 0.02
"""The same for Gaussian processes of single sources, chosen by measurement
(docs/decisions/012-transfer-and-guard.md)."""


def condition_each(data: TaskData, informed: Callable[[TaskData], Model | None]) -> Model:
    """Return one model a target: that of `informed`, or the baseline model where `informed` returns None."""
    return joined([informed(one) or baseline_model(one) for one in map(data.target, range(data.targets))])


def is_informed(model: Model) -> bool:
    """Whether a posterior uses past tasks for some target: it is not the baseline model alone."""
    return any(not isinstance(part, GaussianProcess | PreferenceProcess) for part in parts(model))


def quantity_of(one: TaskData) -> Quantity | None:
    """Return the quantity of data of one target, None where it is not known."""
    return one.quantities[0] if one.quantities else None


def informative_sources(
    one: TaskData, common: CommonFeatures, sources: Sequence[Source]
) -> tuple[FeatureMap, tuple[Source, ...]] | None:
    """Return the map to the common features and the sources that are informative about a target; None without any."""
    informative = matching(sources, quantity_of(one))
    feature_map = common.feature_map(one.columns)
    return (feature_map, informative) if informative and feature_map.shares else None


def mix_by_evidence(models: Sequence[InformedModel], one: TaskData, opposite: float = OPPOSITE_SIGN) -> Model | None:
    """Return the mixture of the models with the sign of past tasks and with the opposite sign, weighted by evidence.

    The only model, where there is one; None, where there are none. `opposite` is the prior probability of the second.
    """
    if len(models) < 2:
        return models[0] if models else None
    odds = np.log([1.0 - opposite, opposite])
    if len(one.X):
        odds = odds + [model.log_evidence() for model in models]
    weights = np.exp(odds - odds.max())
    return Mixture(models, weights / weights.sum())


def fit_both_signs(
    one: TaskData,
    prior_mean: Callable[[float], PriorMean],
    slope: float,
    terms: Sequence[KernelTerm],
    output: OutputScale,
    settings: GaussianProcessSettings,
) -> tuple[InformedModel, InformedModel]:
    """Return the models of one target with the sign of past tasks (`prior_mean` at `slope`) and the opposite sign."""
    same, opposite = (
        fit_informed(one, prior_mean(sign * slope), terms, output=output, settings=settings) for sign in (1.0, -1.0)
    )
    return same, opposite
