"""Conditioning target by target: the way that all kinds of prior which learn from sources have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from botorch.models.model import Model

from designer.priors.alignment import Bridge, CommonFeatures
from designer.priors.baseline import plain_model
from designer.priors.informed import Extra, InformedModel, PriorMean, fit_informed
from designer.priors.sources import Source, matching
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.independent import joined, parts
from designer.surrogates.kernel_structure import GaussianProcessSettings
from designer.surrogates.model_mixture import Mixture
from designer.surrogates.outputs import OutputScale

OPPOSITE_SIGN = 0.05
"""Prior probability that a new task correlates negatively with past tasks, for trained networks: past tasks are brought
to one sign before training, by estimates of it."""

OPPOSITE_SIGN_GP = 0.02
"""The same for Gaussian processes of single sources, chosen by measurement
(docs/decisions/012-transfer-and-guard.md)."""


def condition_each(data: TaskData, informed: Callable[[TaskData], Model | None]) -> Model:
    """Return one model a target: what `informed` makes of it, or the plain model where it knows nothing (None)."""
    models: list[Model] = []
    for i in range(data.targets):
        one = data.target(i)
        model = informed(one)
        models.append(plain_model(one) if model is None else model)
    return joined(models)


def is_informed(model: Model) -> bool:
    """Whether a posterior that a prior gave follows past tasks in some target: it is not the plain model alone."""
    return any(not isinstance(part, GaussianProcess) for part in parts(model))


def quantity_of(one: TaskData) -> Quantity | None:
    """Return the quantity of data of one target, None where it is not known."""
    return one.quantities[0] if one.quantities else None


def what_teaches(
    one: TaskData, common: CommonFeatures, sources: Sequence[Source]
) -> tuple[Bridge, tuple[Source, ...]] | None:
    """Return the way into the common features and the sources that teach about a target; None, where there are none."""
    teaching = matching(sources, quantity_of(one))
    bridge = common.bridge(one.columns)
    return (bridge, teaching) if teaching and bridge.shares else None


def mix_by_evidence(models: Sequence[InformedModel], one: TaskData, opposite: float = OPPOSITE_SIGN) -> Model | None:
    """Return the mixture of the model that runs with past tasks and the one that runs against them, by their evidence.

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
    extras: Sequence[Extra],
    output: OutputScale,
    settings: GaussianProcessSettings,
) -> tuple[InformedModel, InformedModel]:
    """Return the model of one target that runs with past tasks (`prior_mean` at `slope`) and the one that runs
    against."""
    with_them, against = (
        fit_informed(one, prior_mean(sign * slope), extras, output=output, settings=settings) for sign in (1.0, -1.0)
    )
    return with_them, against
