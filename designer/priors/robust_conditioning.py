"""Conditioning of any prior that is robust to outliers: results that neither other results nor past tasks predict.

Outliers are found by the baseline process of the other results (`designer.surrogates.robust.outliers`). One that past
tasks predict is kept, where the posterior uses them: the other results alone are then too little evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from botorch.models.model import Model

from designer.priors.base import ConditionedPrior, FittedPrior, conditioned
from designer.priors.baseline import BaselinePrior
from designer.priors.interleaving import baseline_part
from designer.surrogates.censored import with_sites
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.independent import parts
from designer.surrogates.robust.outliers import Outlier, outlier_threshold, outliers, winsorise_outliers, without


@dataclass(frozen=True, eq=False)
class Conditioned:
    """A posterior, the data that it is conditioned on, and the results that were winsorised in them."""

    posterior: ConditionedPrior
    data: TaskData
    outliers: tuple[Outlier, ...] = ()

    @property
    def model(self) -> Model:
        """The posterior as a botorch model."""
        return self.posterior.model


def condition(prior: FittedPrior, data: TaskData) -> Conditioned:
    """Return the posterior of a new task with outliers winsorised.

    A pure function of `data`, the same for measurements in any order, and `prior.condition` without outliers. Censored
    results become sites first (`designer.surrogates.censored`), and are no outliers.
    """
    data = with_sites(data)
    first = conditioned(prior, data)
    found = [each for i in range(data.targets) for each in outliers(data, i, baseline_process(first.model, i))]
    found = [each for each in found if not data.is_censored(each.row, each.target)]
    if not found:
        return Conditioned(first, data)
    if isinstance(prior, BaselinePrior):
        surprising = tuple(found)  # no past task predicts anything
    else:
        surprising = _surprising(prior.condition(without(data, found)), data, found)
    drawn = winsorise_outliers(data, surprising)
    if not surprising:
        return Conditioned(first, drawn)
    if isinstance(prior, BaselinePrior):
        return Conditioned(ConditionedPrior(prior.condition(drawn, first.model)), drawn, surprising)
    return Conditioned(conditioned(prior, drawn), drawn, surprising)


def baseline_process(model: Model, target: int) -> GaussianProcess | None:
    """Return the baseline process of one target, if a posterior holds it."""
    part = parts(model)[target]
    baseline = baseline_part(part) or part
    return baseline if isinstance(baseline, GaussianProcess) else None


def _surprising(model: Model, data: TaskData, found: Sequence[Outlier]) -> tuple[Outlier, ...]:
    """Return the outliers that past tasks do not predict either; `model` was conditioned without the outliers."""
    return tuple(each for each in found if not _is_predicted(parts(model)[each.target], data, each))


def _is_predicted(model: Model, data: TaskData, each: Outlier) -> bool:
    if isinstance(model, GaussianProcess):
        return False
    with torch.no_grad():
        predictive: Any = model.posterior(data.X[[each.row]], observation_noise=True)
    reach = outlier_threshold(len(data.order(each.target))) * float(predictive.variance) ** 0.5
    return bool(abs(each.value - float(predictive.mean)) <= reach)
