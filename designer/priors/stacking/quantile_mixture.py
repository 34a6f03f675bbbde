"""Mixtures of models: weights by held-out predictions, and quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

from designer.arrays import FloatArray, IndexArray
from designer.priors.stacking.components import StudentT, log_t
from designer.surrogates.model_mixture import stacking_weights

_STEPS = 200
_NEAR = 3e-4
_FLAT = 1e-250
_NORMAL = 60.0


def stacked(log_densities: FloatArray, prior: FloatArray) -> FloatArray:
    """Return weights (``c``, of sum 1) under which held-out values are most probable, given pseudo-counts.

    Parameters
    ----------
    log_densities
        ``n x c``: of each held-out value by each model.
    prior
        ``c`` pseudo-counts: the weights without measurements are in proportion to them.

    Examples
    --------
    >>> stacked(np.zeros((0, 2)), np.array([3.0, 1.0])).tolist()
    [0.75, 0.25]
    >>> stacked(np.log([[0.9, 0.1]] * 50), np.array([1.0, 1.0])).round(2).tolist()
    [0.98, 0.02]
    """
    return stacking_weights(log_densities.T, floor=0.0, counts=prior)


def quantiles(predictions: Sequence[StudentT], weights: Sequence[float], levels: Sequence[float]) -> list[FloatArray]:
    """Return quantiles (``n`` each) of the mixture, in the quantity's own unit."""
    each = [[prediction.warp.inverse(_quantile(prediction, level)) for prediction in predictions] for level in levels]
    if len(predictions) == 1:
        return [values[0] for values in each]
    return [_between(predictions, weights, level, values) for level, values in zip(levels, each, strict=True)]


def _quantile(prediction: StudentT, level: float) -> FloatArray:
    return np.asarray(prediction.location + prediction.scale * stdtrit(prediction.dof, level))


def _between(
    predictions: Sequence[StudentT], weights: Sequence[float], level: float, values: Sequence[FloatArray]
) -> FloatArray:
    """Return the quantiles of the mixture by Newton's steps, and bisection where these leave the bracket.

    The models' own quantiles are the first bracket: the mixture's quantile lies between them.
    """
    low, high = np.minimum.reduce(values), np.maximum.reduce(values)
    at = np.clip(np.average(np.stack(values), axis=0, weights=weights), low, high)
    open_ = np.arange(len(at))  # those that are not found yet
    for step in range(_STEPS):
        y, bottom, top = at[open_], low[open_], high[open_]
        below, density = _distribution([_at(prediction, open_) for prediction in predictions], weights, y)
        less = below < level
        bottom, top = np.where(less, y, bottom), np.where(less, top, y)
        newton = y - (below - level) / np.maximum(density, _FLAT)
        fine = (newton > bottom) & (newton < top) & (step % 3 < 2)
        near = np.abs(below - level) <= _NEAR
        at[open_] = np.where(near, y, np.where(fine, newton, 0.5 * (bottom + top)))
        low[open_], high[open_] = bottom, top
        open_ = open_[~near]
        if not len(open_):
            break
    return np.asarray(at)


def _at(prediction: StudentT, rows: IndexArray) -> StudentT:
    return StudentT(prediction.location[rows], prediction.scale[rows], prediction.dof[rows], prediction.warp)


def _distribution(
    predictions: Sequence[StudentT], weights: Sequence[float], y: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the share of the mixture below values, and its density there."""
    below, density = np.zeros_like(y), np.zeros_like(y)
    for weight, prediction in zip(weights, predictions, strict=True):
        z = (prediction.warp(y) - prediction.location) / prediction.scale
        below += weight * (ndtr(z) if prediction.dof.min() > _NORMAL else stdtr(prediction.dof, z))
        density += weight * np.exp(log_t(z, prediction.dof) - np.log(prediction.scale) + prediction.warp.log_slope(y))
    return below, density
