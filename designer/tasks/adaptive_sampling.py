"""Recognition of past tasks that were measured by an optimiser's, or a person's, search for the best design.

A search measures the more designs the better they are: designs near good ones have close neighbours. In a table of
designs that were planned beforehand the distance to the neighbours does not depend on the values, but for the edges of
the space, where neighbours are on one side only. The measure is the rank correlation of the utility of a design with
its nearness to its nearest neighbours, partial to its distance from the middle of the space.

Such a table says where good designs are, and little about the rest of the space: the prior that is learned from it is
used with more reserve (`designer.priors.auto`).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.distance import cdist

from designer.arrays import FloatArray

NEIGHBOURS = 3
MIN_CORRELATION = 0.4
"""Correlation of utility and density from which a table counts as measured by a search: half of the tables that an
optimiser leaves after 20 to 60 experiments have more than 0.6, random and gridded ones about 0."""

_SIGNIFICANT = 2.33  # standard errors of a rank correlation: 1 % by chance
_MAX_DESIGNS = 300


def density_correlation(features: FloatArray, utility: FloatArray) -> float:
    """Return the rank correlation of the utility (``n``) of designs (``n x d``) with the density of designs there.

    The density is that of the `NEIGHBOURS` nearest designs, by the distance in standardised features; the correlation
    is partial to the distance from the middle of the designs' range.

    >>> grid = np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0)), -1).reshape(-1, 2)
    >>> abs(density_correlation(grid, -np.abs(grid - 2.0).sum(1))) < 0.3
    True
    """
    from scipy.stats import rankdata  # slow to import

    if len(utility) <= NEIGHBOURS:
        return 0.0
    if len(utility) > _MAX_DESIGNS:
        rows = np.random.default_rng(0).permutation(len(utility))[:_MAX_DESIGNS]
        features, utility = features[rows], utility[rows]
    varying = features[:, np.ptp(features, axis=0) > 0]
    if not varying.shape[1]:
        return 0.0
    scaled = (varying - varying.mean(0)) / varying.std(0)
    distances = cdist(scaled, scaled)
    np.fill_diagonal(distances, np.inf)
    nearest = np.partition(distances, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS].mean(1)
    middle = 0.5 * (scaled.min(0) + scaled.max(0))
    centrality = -np.linalg.norm(scaled - middle, axis=1)
    ranks = [
        rankdata(np.round(values, 9)) for values in (utility / (np.abs(utility).max() or 1.0), -nearest, centrality)
    ]
    density, central, between = (_correlation(ranks[i], ranks[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    return _partial(density, central, between)


def _correlation(a: FloatArray, b: FloatArray) -> float:
    """Return Pearson's correlation; 0 where one does not vary."""
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) > 0 and np.ptp(b) > 0 else 0.0


def _partial(ab: float, ac: float, bc: float) -> float:
    """Return the correlation of a and b where c is held fixed, from their correlations."""
    return float((ab - ac * bc) / max(math.sqrt((1 - ac**2) * (1 - bc**2)), 1e-9))


def is_adaptive(features: FloatArray, utility: FloatArray) -> bool:
    """Return whether a table (``n x d`` features, ``n`` utilities) was measured by a search for its best design."""
    found = density_correlation(features, utility)
    return found >= MIN_CORRELATION and found * math.sqrt(len(utility) - 1) >= _SIGNIFICANT
