"""The runner-up of a suggestion, and the prediction of the chosen design at which the runner-up would be chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.acquisition.archive import LogWeights
from designer.acquisition.builder import build_acquisition
from designer.acquisition.context import AcquisitionContext
from designer.acquisition.functions import Acquisition, FirstFeasible
from designer.acquisition.moments import components, moments, single_output
from designer.acquisition.propose import Known, features
from designer.acquisition.reasons import best_first
from designer.acquisition.search import Search
from designer.arrays import FloatArray
from designer.deadline import Deadline
from designer.errors import NoDesignLeft
from designer.interpretation.distances import clearly_different
from designer.objective import Target
from designer.objective.design_costs import DesignCosts
from designer.space import DesignSpace
from designer.surrogates.independent import joined
from designer.surrogates.model_mixture import Mixture
from designer.surrogates.normal import normal_of
from designer.surrogates.single_output import SingleOutput
from designer.threads import one_thread

_LEADING = 20_000
_SCORED = 256
_DOUBLINGS = 24
_HALVINGS = 40


@dataclass(frozen=True, eq=False)
class RunnerUp:
    """The design with the next highest acquisition value.

    Parameters
    ----------
    coordinates
        ``c``.
    log_ratio
        Logarithm of the chosen design's acquisition value over this one's; below 0 if this one's is higher.
    thresholds
        For each goal, in order: the predicted mean of the chosen design, in the target's unit and on its worse side, at
        which both acquisition values are equal, all else unchanged; None if no mean makes them equal.
    success
        Probability of success of the chosen design's experiment at which both acquisition values are equal.
    different
        Whether it differs clearly, by a fifth of its range in some parameter; False if no such design was found.
    """

    coordinates: FloatArray
    log_ratio: float
    thresholds: tuple[float | None, ...]
    success: float
    different: bool


@one_thread()
def find_runner_up(
    chosen: FloatArray,
    space: DesignSpace,
    context: AcquisitionContext,
    known: Known,
    seed: int,
    deadline: Deadline | None = None,
    log_weights: LogWeights | None = None,
    costs: DesignCosts | None = None,
) -> RunnerUp | None:
    """Return the design with the next highest acquisition value that differs clearly from `chosen` (``c``).

    Parameters
    ----------
    context, known
        What the choice was made from; designs chosen earlier in its batch are pending.
    seed, deadline, log_weights, costs
        Of the search, as in `designer.acquisition.propose.propose`; with costs, gains for the cost are compared.

    Returns
    -------
    None if no other design is left.
    """
    x = features(space.encoder, chosen[None])[0]
    shifted, shifts = _with_mean_shifts(context.model, x, len(context.objective.targets))
    acquisition = build_acquisition(replace(context, model=shifted))
    others, different = _others(acquisition, chosen, space, context, known, seed, deadline, log_weights, costs)
    if not len(others):
        return None
    with torch.no_grad():
        scores = acquisition(features(space.encoder, others)[:, None, :]).numpy()
        if log_weights is not None:  # relative to the chosen design's
            scores = scores + log_weights(others) - log_weights(chosen[None])
        if costs is not None:  # the gain that the chosen design would need for its own cost
            scores = scores - np.log(costs.of(others)) + np.log(costs.of(chosen[None]))
        best = int(scores.argmax())
        level = float(scores[best])
        own = float(acquisition(x[None, None, :]))
        thresholds = tuple(
            None
            if isinstance(acquisition, FirstFeasible) or context.objective.explores  # no mean decides
            else _threshold(acquisition, context, shifts[column], x, column, level)
            for column in context.objective.goal_columns
        )
        success = min(1.0, math.exp(float(context.log_gates(x[None])[0]) + level - own))
    return RunnerUp(others[best], own - level, thresholds, success, different)


def _others(
    acquisition: Acquisition,
    chosen: FloatArray,
    space: DesignSpace,
    context: AcquisitionContext,
    known: Known,
    seed: int,
    deadline: Deadline | None,
    log_weights: LogWeights | None,
    costs: DesignCosts | None,
) -> tuple[FloatArray, bool]:
    """Return the designs with the next highest acquisition values, and whether they differ clearly from `chosen`."""
    taken = known.taken | set(space.keys(chosen[None]))
    starts = known.measured[best_first(context)[:8]]
    rng = np.random.default_rng(seed)
    search = Search(space, space.encoder.encode, taken, starts, rng, deadline, log_weights, costs)
    try:
        leading = search.leading(acquisition, _LEADING)
    except NoDesignLeft:
        return known.measured[:0], False
    apart = clearly_different(space, chosen, leading)
    return (leading[apart] if apart.any() else leading)[:_SCORED], bool(apart.any())


def _threshold(
    acquisition: Acquisition, context: AcquisitionContext, shift: _MeanShift, x: Tensor, column: int, level: float
) -> float | None:
    """Return the mean of one goal at `x` at which the acquisition falls to `level`, by bisection."""
    target = context.objective.targets[column]
    there = moments(single_output(context.model, column), x[None], x[None][:0])
    mean, deviation = float(there.mean[0]), math.sqrt(max(float(there.variance[0]), 0.0))
    worse = _worse(target, mean)

    def above(step: float) -> bool:
        shift.value = worse * step
        try:
            return float(acquisition(x[None, None, :])) > level
        finally:
            shift.value = 0.0

    step = deviation / 16 or abs(mean) / 1024 or 1.0
    if not above(0.0):
        return mean
    for _ in range(_DOUBLINGS):
        if not above(step):
            break
        step *= 2
    else:
        return None
    low, high = 0.0, step
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if above(middle) else (low, middle)
    return mean + worse * high


def _worse(target: Target, mean: float) -> float:
    """Return the direction, -1 or 1, in which a target's mean becomes worse."""
    if target.value is not None:
        return 1.0 if mean >= target.value else -1.0
    return -float(target.sign)


class _MeanShift:
    """By how much a target's mean at one design is shifted, in its unit; changed while a threshold is searched."""

    def __init__(self) -> None:
        self.value = 0.0


class _Shifted(SingleOutput):
    """A model of one target whose mean is shifted at one design and nowhere else."""

    _model: Any

    def __init__(self, model: Model, x: Tensor, shift: _MeanShift) -> None:
        super().__init__()
        self._model, self._x, self._shift = model, x, shift

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return the model's means, shifted where `X` is the design, and covariances (`SingleOutput.joint_moments`)."""
        normal: Any = normal_of(self._model.posterior(X, observation_noise=observation_noise))
        here = (self._x == X).all(-1).to(normal.mean.dtype)
        return normal.mean + self._shift.value * here, normal.covariance_matrix

    def condition_on_observations(self, X: Tensor, Y: Tensor | None = None, **kwargs: Any) -> _Shifted:
        """Return the model with more measurements, its mean shifted at the same design."""
        return type(self)(self._model.condition_on_observations(X, Y, **kwargs), self._x, self._shift)


class _ShiftedWithMoments(_Shifted):
    """The same for a model with `marginals` and `cross_moments`, which searches use instead of full posteriors."""

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``...`` each) of `X` (``... x d``)."""
        mean, variance = self._model.marginals(X)
        return mean + self._shift.value * (self._x == X).all(-1).to(mean.dtype), variance

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means, variances (``n`` each) and covariances (``n x b``) of `X` with `Z`."""
        mean, variance, cross = self._model.cross_moments(X, Z)
        return mean + self._shift.value * (self._x == X).all(-1).to(mean.dtype), variance, cross


def _with_mean_shifts(model: Model, x: Tensor, targets: int) -> tuple[Model, list[_MeanShift]]:
    """Return the model with a mean that can be shifted at `x`, and the shift of each target."""
    shifts = [_MeanShift() for _ in range(targets)]
    singles = [_with_mean_shift(single_output(model, i), x, shift) for i, shift in enumerate(shifts)]
    return joined(singles), shifts


def _with_mean_shift(model: Model, x: Tensor, shift: _MeanShift) -> Model:
    if isinstance(model, Mixture):
        parts = components(model)
        total = sum(weight for weight, _ in parts)
        return Mixture([_with_mean_shift(part, x, shift) for _, part in parts], [weight / total for weight, _ in parts])
    has_moments = hasattr(model, "marginals") and hasattr(model, "cross_moments")
    return (_ShiftedWithMoments if has_moments else _Shifted)(model, x, shift)
