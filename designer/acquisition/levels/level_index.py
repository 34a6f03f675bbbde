"""What a measurement at a lower level is worth beside one at the top level.

The value f of a design at the top level has the mean m and the deviation s, and a result at a lower level explains the
share q of its variance. Given that result, f has the deviation s sqrt(1 - q) and a mean that is distributed around m
with the deviation s sqrt(q). Each option has the index of `designer.priors.intermediate.stage_index`: the expected
improvement for the cost of measuring at the top level at once, and the rate at which it just pays to measure at the
lower level first, and at the top level only where the result is good enough.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from designer.arrays import FloatArray
from designer.priors.intermediate.stage_index import observing_index

TYPICAL_GAP = -1.0
"""Of the best value from a design's mean, in deviations, where it is not known."""

_GAPS = (-3.0, 6.0)  # the range in which the draws hold what may become an improvement
_DRAWS = ndtri((np.arange(256) + 0.5) / 256)
_MAX_SHARE = 0.999


def improvement(gap: FloatArray) -> FloatArray:
    """Return the expected improvement, in deviations, of values whose mean lies `gap` deviations above the best one.

    >>> improvement(np.array([-1.0, 0.0, 2.0])).round(3).tolist()
    [0.083, 0.399, 2.008]
    """
    return np.asarray(np.maximum(np.exp(-0.5 * gap**2) / math.sqrt(2.0 * math.pi) + gap * ndtr(gap), 1e-300))


def gap_of(log_gain: float, deviation: float) -> float:
    """Return how many deviations a mean lies above the best value, given the logarithm of the expected improvement.

    >>> round(gap_of(math.log(2.0 * 0.0833154), 2.0), 3)
    -1.0
    """
    if not (math.isfinite(log_gain) and deviation > 0.0):
        return TYPICAL_GAP

    def excess(gap: float) -> float:
        return math.log(float(improvement(np.array(gap)))) - log_gain + math.log(deviation)

    low, high = _GAPS
    if excess(low) >= 0.0:
        return low
    return high if excess(high) <= 0.0 else float(brentq(excess, low, high, xtol=1e-6))


def relative_index(share: float, cost: float, gap: float) -> float:
    """Return the index of measuring at a lower level first, over that of measuring at the top level at once.

    Parameters
    ----------
    share
        Of the variance at the top level that the lower level explains.
    cost
        Of the lower level, over that of the top level.
    gap
        As `gap_of` returns it.

    Examples
    --------
    >>> round(relative_index(0.0, 0.25, -1.0), 3)  # nothing is learned: the gain over both costs
    0.8
    >>> [round(relative_index(0.8, 0.1, gap), 1) for gap in (-2.0, 0.0)]
    [6.2, 2.1]
    """
    share = min(share, _MAX_SHARE)
    left = math.sqrt(1.0 - share)
    gains = left * improvement((gap + math.sqrt(share) * _DRAWS) / left)
    return observing_index(gains / float(gains.mean()), 1.0, cost)
