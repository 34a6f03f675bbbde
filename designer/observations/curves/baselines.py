"""The baseline of a spectrum, by asymmetric least squares.

Reference: P. H. C. Eilers, A perfect smoother, Analytical Chemistry 75 (2003) 3631; P. H. C. Eilers and H. F. M.
Boelens, Baseline correction with asymmetric least squares smoothing (2005).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solveh_banded

from designer.arrays import FloatArray

ASYMMETRY, ITERATIONS = 0.01, 20
SMOOTHNESS = 1e-6
"""Weight of the squared second differences, for an axis of one point; it grows with the fourth power of the points."""


def baseline(y: FloatArray) -> FloatArray:
    """Return the baseline (``g``) of values at equal distances: a smooth curve below its peaks.

    >>> x = np.linspace(0.0, 1.0, 200)
    >>> peak = np.exp(-(((x - 0.5) / 0.02) ** 2))
    >>> bool(np.abs(baseline(3.0 + 2.0 * x + peak) - (3.0 + 2.0 * x)).max() < 0.05)
    True
    """
    n, span = len(y), float(np.ptp(y))
    if n < 5 or span == 0.0:
        return np.full(n, float(y.min()) if n else 0.0)
    scaled = (y - y.min()) / span
    bands = _second_differences(n) * SMOOTHNESS * n**4
    weights = np.ones(n)
    fitted = scaled
    for _ in range(ITERATIONS):
        system = bands.copy()
        system[2] += weights
        fitted = solveh_banded(system, weights * scaled)
        changed = np.where(scaled > fitted, ASYMMETRY, 1.0 - ASYMMETRY)
        if np.array_equal(changed, weights):
            break
        weights = changed
    return np.asarray(y.min() + span * fitted)


def _second_differences(n: int) -> FloatArray:
    """Return the upper bands (``3 x n``) of D^T D, with the second differences D, as `solveh_banded` takes them."""
    middle, first, second = np.full(n, 6.0), np.full(n, -4.0), np.full(n, 1.0)
    middle[[0, -1]], middle[[1, -2]] = 1.0, 5.0
    first[[1, -1]] = -2.0
    first[0] = second[0] = second[1] = 0.0
    return np.array([second, first, middle])
