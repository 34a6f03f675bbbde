"""Several models in one: weights by what was held out, quantiles of their mixture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

from designer.arrays import FloatArray, IndexArray
from designer.priors.stacking.components import Belief, log_t
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
        ``c`` pseudo-counts: what the weights are in proportion to before anything is measured.

    Examples
    --------
    >>> stacked(np.zeros((0, 2)), np.array([3.0, 1.0])).tolist()
    [0.75, 0.25]
    >>> stacked(np.log([[0.9, 0.1]] * 50), np.array([1.0, 1.0])).round(2).tolist()
    [0.98, 0.02]
    """
    return stacking_weights(log_densities.T, floor=0.0, counts=prior)


def quantiles(beliefs: Sequence[Belief], weights: Sequence[float], levels: Sequence[float]) -> list[FloatArray]:
    """Return quantiles (``n`` each) of the mixture, in the quantity's own unit."""
    each = [[belief.warp.inverse(_quantile(belief, level)) for belief in beliefs] for level in levels]
    if len(beliefs) == 1:
        return [values[0] for values in each]
    return [_between(beliefs, weights, level, values) for level, values in zip(levels, each, strict=True)]


def _quantile(belief: Belief, level: float) -> FloatArray:
    return np.asarray(belief.location + belief.scale * stdtrit(belief.dof, level))


def _between(
    beliefs: Sequence[Belief], weights: Sequence[float], level: float, values: Sequence[FloatArray]
) -> FloatArray:
    """Find where the mixture has `level` below: Newton's steps, halving where they leave the bracket.

    The models' own quantiles are the first bracket: that of the mixture lies between them.
    """
    low, high = np.minimum.reduce(values), np.maximum.reduce(values)
    at = np.clip(np.average(np.stack(values), axis=0, weights=weights), low, high)
    open_ = np.arange(len(at))  # those that are not found yet
    for step in range(_STEPS):
        y, bottom, top = at[open_], low[open_], high[open_]
        below, density = _distribution([_at(belief, open_) for belief in beliefs], weights, y)
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


def _at(belief: Belief, rows: IndexArray) -> Belief:
    return Belief(belief.location[rows], belief.scale[rows], belief.dof[rows], belief.warp)


def _distribution(beliefs: Sequence[Belief], weights: Sequence[float], y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the share of the mixture below values, and its density there."""
    below, density = np.zeros_like(y), np.zeros_like(y)
    for weight, belief in zip(weights, beliefs, strict=True):
        z = (belief.warp(y) - belief.location) / belief.scale
        below += weight * (ndtr(z) if belief.dof.min() > _NORMAL else stdtr(belief.dof, z))
        density += weight * np.exp(log_t(z, belief.dof) - np.log(belief.scale) + belief.warp.log_slope(y))
    return below, density
