"""A random effect that the results of one batch share (split-plot noise), in a Gaussian process of one target.

``y = f(x) + b + e``: results of one batch have the same b, drawn from N(0, s^2) for each batch. The covariance of two
results of one batch is larger by s^2; f is predicted without it, and a measurement in a new batch with it.

The standard deviation s is one of a few, in units of the standardised results, under an exponential prior that shrinks
it towards 0. For each the most probable hyperparameters are sought anew. The effect is used only if the Bayes factor of
a process with it, averaged over the prior of s, is at least `MIN_BAYES_FACTOR`; the s of maximum posterior is then
taken. A setting that a batch shares is constant in a batch as well. So that its effect is not taken for one of the
batch, both processes have a main effect of every parameter (docs/decisions/035-batch-effect.md).

References: B. Jones, C. J. Nachtsheim, Split-plot designs: what, why, and how (J. Qual. Technol. 2009); C. E.
Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), 5.4.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from designer.arrays import FloatArray, IntArray
from designer.surrogates.fitting import LogPosterior, maximum_posterior
from designer.surrogates.kernels import Hyperparameters

MIN_BAYES_FACTOR = 3.0
"""Of a process with the effect against one without it, from which the effect is used."""

MIN_REPEATED = 3
"""Batches (of two results or more) with the shared setting of an earlier one, from which an effect is sought: they are
the degrees of freedom between batches of one setting. A setting of its own for every batch cannot be separated from the
effect."""

NO_BATCH = -1
"""The batch of a result that was not suggested: it shares no effect."""

_DEVIATIONS = np.array([0.05, 0.1, 0.2, 0.35, 0.6, 1.0])
_PRIOR_MEAN = 0.35  # of the standard deviation


def batch_covariance(batches: IntArray, variance: float) -> FloatArray:
    """Return the covariance (``n x n``) by the effect: `variance` between results of one batch, 0 elsewhere.

    >>> batch_covariance(np.array([0, 0, 1, -1]), 2.0).tolist()
    [[2.0, 2.0, 0.0, 0.0], [2.0, 2.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    same = (batches[:, None] == batches[None, :]) & (batches != NO_BATCH)[:, None]
    covariance: FloatArray = variance * same.astype(np.float64)
    return covariance


def repeated_batches(X: FloatArray, batches: IntArray) -> int:
    """Return how many batches of two results or more have the shared setting of an earlier one.

    The shared setting is that of all features (columns of the ``n x d`` in `X`) that are constant in each batch.

    >>> X = np.array([[0.0, 0.1], [0.0, 0.2], [1.0, 0.3], [1.0, 0.4], [0.0, 0.5], [0.0, 0.6]])
    >>> repeated_batches(X, np.array([0, 0, 1, 1, 2, 2]))
    1
    """
    numbers, counts = np.unique(batches[batches != NO_BATCH], return_counts=True)
    rows = [X[batches == number] for number in numbers[counts > 1]]
    if not rows:
        return 0
    shared = np.all([(each == each[0]).all(axis=0) for each in rows], axis=0)
    return len(rows) - len({each[0, shared].tobytes() for each in rows})


@dataclass(frozen=True)
class BatchEffect:
    """A random effect: its variance, standardised, and the hyperparameters beside it, with their log likelihood."""

    variance: float
    hyperparameters: Hyperparameters
    log_likelihood: float


def batch_effect(problem: LogPosterior, batches: IntArray, starts: FloatArray) -> BatchEffect | None:
    """Return the random effect that the results of one batch share; None where it is not used.

    Parameters
    ----------
    problem
        The posterior of the hyperparameters without the effect. Its kernel should have main effects: a setting that a
        batch shares is constant in the batch as the effect is, and a kernel without them explains the one by the other.
    batches
        ``n`` numbers of batches, `NO_BATCH` for none.
    starts
        ``s x p``: where the search for hyperparameters begins.
    """
    if repeated_batches(problem.X, batches) < MIN_REPEATED:
        return None
    start = maximum_posterior(problem, starts).to_log()
    without = problem(start)[0]
    found = []
    for deviation in _DEVIATIONS:
        mixed = replace(problem, extra=batch_covariance(batches, float(deviation) ** 2))
        best = maximum_posterior(mixed, start[None])
        found.append((without - mixed(best.to_log())[0], best, -mixed.likelihood(best.to_log())[0]))
    gains = np.array([gain for gain, _, _ in found])
    log_prior = -_DEVIATIONS / _PRIOR_MEAN + np.log(np.gradient(_DEVIATIONS))
    log_prior -= logsumexp(log_prior)
    if float(logsumexp(log_prior + gains)) < np.log(MIN_BAYES_FACTOR):
        return None
    chosen = int(np.argmax(gains - _DEVIATIONS / _PRIOR_MEAN))
    return BatchEffect(float(_DEVIATIONS[chosen]) ** 2, *found[chosen][1:])
