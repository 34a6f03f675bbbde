"""Several models in one: weights by what was held out, quantiles of their mixture.

Reference: Y. Yao, A. Vehtari, D. Simpson, A. Gelman, Using stacking to average Bayesian predictive distributions,
Bayesian Analysis 13 (2018).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

from designer.prediction.components import Belief
from designer.prediction.process import Floats

_ROUNDS = 200
_STEPS = 26
_NORMAL = 60.0


def stacked(log_densities: Floats, prior: Floats) -> Floats:
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
    weights = prior / prior.sum()
    if not len(log_densities):
        return np.asarray(weights)
    density = np.exp(log_densities - log_densities.max(axis=1, keepdims=True))
    for _ in range(_ROUNDS):
        shares = density * weights
        shares /= shares.sum(axis=1, keepdims=True)
        weights = (shares.sum(axis=0) + prior) / (len(density) + prior.sum())
    return np.asarray(weights)


def quantiles(beliefs: Sequence[Belief], weights: Sequence[float], levels: Sequence[float]) -> list[Floats]:
    """Return quantiles (``n`` each) of the mixture, in the quantity's own unit."""
    each = [[belief.warp.inverse(_quantile(belief, level)) for belief in beliefs] for level in levels]
    if len(beliefs) == 1:
        return [values[0] for values in each]
    return [_between(beliefs, weights, level, values) for level, values in zip(levels, each, strict=True)]


def _quantile(belief: Belief, level: float) -> Floats:
    return np.asarray(belief.location + belief.scale * stdtrit(belief.dof, level))


def _between(beliefs: Sequence[Belief], weights: Sequence[float], level: float, values: Sequence[Floats]) -> Floats:
    """Halve the interval between the models' own quantiles, between which that of the mixture lies."""
    low, high = np.minimum.reduce(values), np.maximum.reduce(values)
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        below = sum(w * _distribution(belief, middle) for w, belief in zip(weights, beliefs, strict=True)) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(0.5 * (low + high))


def _distribution(belief: Belief, y: Floats) -> Floats:
    z = (belief.warp(y) - belief.location) / belief.scale
    return np.asarray(ndtr(z) if belief.dof.min() > _NORMAL else stdtr(belief.dof, z))
