"""The model by which designs are chosen: the posterior, with a random forest beside its baseline model.

The expected improvement of a mixture is the weighted sum of its components' improvements, so that a design is chosen
where the Gaussian process, the forest or both expect to improve. The process is right on smooth responses and on
factorials of choices, the forest on rough responses and on tables collected from many sources. Its weight is half of
the share of the results' variance that the process does not predict, each result from all the others: both count the
same where the process predicts nothing, and the process alone where it predicts everything.

In spaces without a list the response is smooth, and its optimum lies between the measured designs, where trees predict
constants: there the process is better alone (docs/decisions/022-two-experts.md). People are shown the posterior, whose
intervals hold what they promise.
"""

from __future__ import annotations

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.objective import Objective
from designer.priors.interleaving import InterleavedMixture, baseline_part
from designer.priors.policy.chosen_search import ChoosesExperts
from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.forest import fit_forest
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.independent import joined, parts
from designer.surrogates.model_mixture import Mixture

MAX_WEIGHT = 0.5
"""Weight of the forest beside a baseline model that predicts nothing."""

MIN_WEIGHT = 0.01
"""Weight of the forest beside a baseline model that predicts everything."""

MAX_DESIGNS = 3000
"""Designs of a space without a list of candidates up to which the forest is used."""

MIN_RESULTS = 3
"""Results from which trees differ enough to be an expert."""


def search_model(
    posterior: Model,
    data: TaskData,
    space: DesignSpace,
    objective: Objective,
    *,
    prior: object = None,
) -> Model:
    """Return the model whose improvement a search maximises: `posterior` itself where no forest is used.

    A forest is used for the goal of a single-goal objective, from `MIN_RESULTS` results of it, in spaces with a list of
    candidates or of at most `MAX_DESIGNS` designs, where the posterior holds the baseline model: not where it uses past
    tasks alone, nor where a result may be a discovery, of which the forest knows one reading only. A pure function: the
    same data give the same trees, rows in any order.

    Parameters
    ----------
    posterior
        Of all targets, in the order of the objective's.
    data
        What it was conditioned on.
    prior
        A prior with a learned policy chooses the model itself, where candidates are listed and the goal is an end of
        the scale (`designer.priors.policy`).
    """
    if objective.mode != "single" or (space.pool is None and space.size(MAX_DESIGNS) is None):
        return posterior
    column = objective.goal_columns[0]
    models = list(parts(posterior))
    baseline = baseline_part(models[column]) or models[column]
    if not isinstance(baseline, GaussianProcess) or len(data.order(column)) < MIN_RESULTS:
        return posterior
    one, weight = data.target(column), forest_weight(baseline)
    forest = fit_forest(one)
    sign = objective.goals[0].sign
    candidates = _unmeasured(space, one) if isinstance(prior, ChoosesExperts) and sign else None
    if isinstance(prior, ChoosesExperts) and candidates is not None and len(candidates):
        models[column] = prior.chosen_search(one, models[column], forest, weight, candidates, sign)
        return joined(models)
    pair = Mixture([baseline, forest], [1.0 - weight, weight])
    models[column] = _with_baseline(models[column], pair)
    return joined(models)


def _unmeasured(space: DesignSpace, one: TaskData) -> Tensor | None:
    """Return the features (``N x d``) of the listed candidates that are not measured; None without a list."""
    if space.pool is None:
        return None
    features = np.asarray(space.encoder.encode(space.pool.coordinates))
    measured = {row.tobytes() for row in one.X.numpy()}
    return torch.from_numpy(features[[row.tobytes() not in measured for row in features]])


def forest_weight(baseline: GaussianProcess) -> float:
    """Return the weight of a forest beside a baseline model: half of the variance that its predictions leave.

    With the leave-one-out R^2 of the process, between 0 and 1, it is ``(1 - R^2) / 2``.
    """
    values = baseline.values.numpy()
    spread = float(np.square(values - values.mean()).sum())
    left = float(np.square(values - baseline.held_out().means).sum()) / spread if spread > 0 else 1.0
    return min(max(MAX_WEIGHT * left, MIN_WEIGHT), MAX_WEIGHT)


def _with_baseline(model: Model, baseline: Model) -> Model:
    """Return a model of one target with another baseline model."""
    if not isinstance(model, InterleavedMixture):
        return baseline
    informed = [part for _, part in model.components[1:]]
    return InterleavedMixture([baseline, *informed], model.weights.numpy())
