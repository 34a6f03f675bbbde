"""The rows of a table that an optimiser's campaign would have measured: few, and clustered around the best ones.

Laboratories keep such tables: what they measured while they searched for the best design. They say little about the
rest of the space, and their values are higher than those of designs at random.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist
from scipy.stats import norm

from benchmarks.suite.pools import Candidates
from benchmarks.suite.sources import with_rows
from designer.arrays import FloatArray, IndexArray
from designer.space import DesignSpace
from designer.tasks import Task

FIRST = 5
"""Experiments at random with which a campaign begins."""

MIN_EXPERIMENTS, MAX_EXPERIMENTS = 20, 60
_NOISE = 1e-2  # variance, of standardised values


def past_campaign(task: Task, candidates: Candidates, rng: np.random.Generator) -> Task:
    """Return the rows of a source that a campaign of 20 to 60 experiments on it measures, in the order of its choices.

    At most half of the rows, but at least 20; all of them, where there are no more. The campaign pursues the goal of
    `candidates` by the expected improvement of a Gaussian process with a fixed kernel.
    """
    experiments = int(rng.integers(MIN_EXPERIMENTS, MAX_EXPERIMENTS + 1))
    experiments = min(experiments, max(MIN_EXPERIMENTS, len(task) // 2))
    if len(task) <= experiments:
        return task
    # A space of its own: what it caches for encoding cannot be sent to the processes that run the campaigns.
    space = DesignSpace(parameters=task.space.parameters, constraints=task.space.constraints)
    features = space.encoder.encode(space.coordinates(task.designs))
    utility = candidates.utility(task.Y[:, 0])
    return with_rows(task, campaign(features, utility, experiments, rng))


def campaign(features: FloatArray, utility: FloatArray, experiments: int, rng: np.random.Generator) -> IndexArray:
    """Return the rows (``experiments``) of a table (``n x d``, values ``n``) in the order in which they are measured.

    Gaussian process with a squared exponential kernel, whose lengthscale is the median distance of the rows.
    """
    distances = cdist(features, features)
    between = distances[distances > 0]
    lengthscale = float(np.median(between)) if len(between) else 1.0
    kernel = np.exp(-0.5 * np.square(distances / lengthscale))
    measured = [int(row) for row in rng.choice(len(utility), FIRST, replace=False)]
    while len(measured) < experiments:
        left = np.setdiff1d(np.arange(len(utility)), measured)
        measured.append(int(left[np.argmax(_improvement(kernel, utility, np.array(measured), left))]))
    return np.array(measured)


def _improvement(kernel: FloatArray, utility: FloatArray, measured: IndexArray, left: IndexArray) -> FloatArray:
    """Return the expected improvement of the rows `left`, in standardised values."""
    y = utility[measured]
    spread = float(y.std()) or 1.0
    z = (y - y.mean()) / spread
    factor = cho_factor(kernel[np.ix_(measured, measured)] + _NOISE * np.eye(len(measured)), lower=True)
    cross = kernel[np.ix_(measured, left)]
    mean = cross.T @ cho_solve(factor, z)
    variance = np.maximum(1.0 - np.sum(cross * cho_solve(factor, cross), axis=0), 1e-12)
    deviation = np.sqrt(variance)
    gain = (mean - z.max()) / deviation
    return np.asarray(deviation * (gain * norm.cdf(gain) + norm.pdf(gain)))
