"""Functional principal components of curves on one axis.

Reference: J. O. Ramsay and B. W. Silverman, Functional Data Analysis, 2nd edition (2005), chapter 8.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray
from designer.observations.curves.curve_features import MAX_FEATURES

CURVES_FOR_ONE = 3
"""Curves for each component: fewer do not determine one."""
EXPLAINED = 0.95
"""Share of the variance from which no further component is used."""


def component_scores(x: FloatArray, Y: FloatArray) -> FloatArray:
    """Return the scores (``p x k``) of curves on their first principal components, ``k`` at most `MAX_FEATURES`.

    Components are orthogonal in the integral over the axis; the sign of each is such that the entry of its loading with
    the largest absolute value is positive. At least one is used, and no more than explain 95 % of the variance.

    Parameters
    ----------
    x
        ``g`` positions, rising.
    Y
        ``p x g``.

    Examples
    --------
    >>> x = np.linspace(0.0, 1.0, 5)
    >>> component_scores(x, np.array([[0.0], [1.0], [2.0]]) * np.ones(5)).round(6).T.tolist()
    [[-1.0, 0.0, 1.0]]
    """
    weights = np.sqrt(_weights(x))
    centred = (Y - Y.mean(axis=0)) * weights
    largest = np.abs(centred).max()
    if largest == 0.0:
        return np.zeros((len(Y), 1))
    U, s, V = np.linalg.svd(centred / largest, full_matrices=False)
    share = np.cumsum(s**2) / np.sum(s**2)
    enough = int(np.searchsorted(share, EXPLAINED)) + 1
    k = max(1, min(MAX_FEATURES, enough, len(Y) // CURVES_FOR_ONE))
    scores = U[:, :k] * s[:k] * largest
    loadings = V[:k] / weights
    signs = np.sign(loadings[np.arange(k), np.abs(loadings).argmax(axis=1)])
    return np.asarray(scores * signs)


def _weights(x: FloatArray) -> FloatArray:
    """Return the share of the axis (``g``, sum 1) that each position stands for."""
    steps = np.diff(x)
    widths = np.concatenate([steps[:1], steps]) + np.concatenate([steps, steps[-1:]])
    return np.asarray(widths / widths.sum())
