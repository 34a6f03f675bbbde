"""Acquisition functions of botorch, built from a campaign's context; and what makes any of them searchable.

Each builder takes the model of all targets and the `AcquisitionContext`, as a user's own does. They maximise the
utility of a single goal, or the overall desirability of several (`AcquisitionContext.utilities`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.acquisition.monte_carlo import (
    MCAcquisitionFunction,
    qProbabilityOfImprovement,
    qSimpleRegret,
    qUpperConfidenceBound,
)
from botorch.acquisition.objective import GenericMCObjective
from botorch.models.model import Model
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.functions import Acquisition
from designer.errors import Fault, InvalidObjective
from designer.surrogates.independent import joined, parts

DRAWS = 128
BETA = 4.0
"""Of the upper confidence bound: the mean plus two standard deviations."""

_MIN_LOG_PROBABILITY = math.log(0.5)
_BARRED = -1e6


class BotorchAcquisition(Acquisition):
    """Any botorch acquisition function of one design, as the search needs it.

    The probabilities that the experiment succeeds and that outcome constraints are met are added in logarithms where
    the function returns logarithms (botorch's ``_log``). Otherwise their sign and scale are not known, and designs that
    more probably fail than not come after all others.
    """

    effort = 2048

    def __init__(self, context: AcquisitionContext) -> None:
        super().__init__(context)
        assert context.builder is not None
        built: Any = context.builder(with_pending(context), context)
        if not isinstance(built, AcquisitionFunction):
            what = f"the acquisition function {context.builder!r} returned {type(built).__name__}"
            raise InvalidObjective(Fault(what, "return a botorch AcquisitionFunction"))
        self._inner = built
        self.is_logarithm = bool(getattr(built, "_log", False))

    def values(self, X: Tensor) -> Tensor:
        """Return the acquisition (``n``) of features (``n x d``)."""
        values = self._inner(X[:, None, :]).reshape(len(X)).to(torch.float64)
        usable = self.context.log_feasible(X) + self.context.log_gates(X)
        if getattr(self._inner, "_log", False):
            return cast(Tensor, values + usable)
        return torch.where(usable < _MIN_LOG_PROBABILITY, _BARRED + usable, values)


def with_pending(context: AcquisitionContext) -> Model:
    """Return the model as it will be when pending designs have given what it expects of them.

    Conditioned on its own means, a model is less uncertain near pending designs and expects the same ("kriging
    believer"), so that acquisition functions without ``X_pending`` spread a batch as well.
    """
    pending = context.pending_anywhere
    if not len(pending):
        return context.model
    models = [cast(Any, part).condition_on_observations(pending, None) for part in parts(context.model)]
    return joined(models)


def upper_confidence_bound(model: Model, context: AcquisitionContext) -> AcquisitionFunction:
    """Return the mean of the utility plus two of its standard deviations, by draws (Wilson et al., NeurIPS 2018)."""
    return qUpperConfidenceBound(model, beta=BETA, **_monte_carlo(context))


def posterior_mean(model: Model, context: AcquisitionContext) -> AcquisitionFunction:
    """Return the expected utility: pure exploitation."""
    return qSimpleRegret(model, **_monte_carlo(context))


def probability_of_improvement(model: Model, context: AcquisitionContext) -> AcquisitionFunction:
    """Return the probability that a design's utility is above that of the best measured design's posterior mean."""
    compared = context.incumbents()
    compared = compared if len(compared) else context.reference
    with torch.no_grad():
        means = cast(Any, model.posterior(compared[:, None, :])).mean[:, 0, :]
    best = _utility(context)(means).max()
    return qProbabilityOfImprovement(model, best_f=best, **_monte_carlo(context))


class _UtilityDeviation(MCAcquisitionFunction):
    """The standard deviation of the utility of one design, by draws."""

    def forward(self, X: Tensor) -> Tensor:
        _, utilities = self._get_samples_and_objectives(X)
        return utilities[..., 0].std(0)


def posterior_deviation(model: Model, context: AcquisitionContext) -> AcquisitionFunction:
    """Return the standard deviation of the utility: pure exploration (active learning, MacKay 1992)."""
    return _UtilityDeviation(model, **_monte_carlo(context))


def _monte_carlo(context: AcquisitionContext) -> dict[str, Any]:
    utility = _utility(context)

    def objective(Y: Tensor, X: Tensor | None = None) -> Tensor:
        return utility(Y)

    sampler = SobolQMCNormalSampler(torch.Size([DRAWS]), seed=context.seed)
    return {"sampler": sampler, "objective": GenericMCObjective(objective)}


def _utility(context: AcquisitionContext) -> Callable[[Tensor], Tensor]:
    """Return the function from targets (``... x m``) to the one utility that is maximised (``...``)."""
    if context.objective.mode == "pareto":
        what = "this acquisition function takes one goal, and the targets have several"
        raise InvalidObjective(Fault(what, "add 'combine: desirability', or use 'acquisition: auto'"))
    return lambda Y: context.utilities(Y)[..., 0]
