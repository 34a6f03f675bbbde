"""Weights of past tasks by three measures of their similarity to a new one.

    w_s ~ exp(b_0 c_s + h(k) (b_1 r_s + b_2 q_s)),      h(k) = k / (k + 5),      sum_s w_s = 1,

for k measured designs of the new task, where

* c_s is how well source s agrees with the other sources (known before anything is measured);
* r_s is the rank correlation of the predictions of s at the measured designs with the measured values;
* q_s is the product of the two tasks' learned signatures (`designer.priors.metric.signature`).

The three b >= 0 minimise the error of the weighted sources on left-out tasks.

References: M. Feurer et al., Practical Transfer Learning for Bayesian Optimization, arXiv:1802.02219 (2018) (ranking
weights); O. Vinyals et al., Matching Networks (NeurIPS 2016) (attention, here over tasks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from designer.arrays import FloatArray
from designer.priors.agreement import rank_correlation

_HALF = 5.0
_USUAL = (1.0, 3.0, 1.0)
_HOLD = 0.02  # weight of the penalty that shrinks to the usual strengths, in squared errors of standardised values
_MAX_STRENGTH = 12.0


@dataclass(frozen=True)
class TaskSimilarity:
    """Three measures of the similarity of each source (``S`` each) from `k` measured designs."""

    k: int
    centrality: FloatArray
    ranks: FloatArray
    signatures: FloatArray

    @property
    def matrix(self) -> FloatArray:
        """The three measures (``3 x S``), those of the measured designs damped while they are few."""
        damping = self.k / (self.k + _HALF)
        return np.stack([self.centrality, damping * self.ranks, damping * self.signatures])


@dataclass(frozen=True)
class Weighting:
    """The strengths b of the three measures."""

    strengths: tuple[float, float, float] = _USUAL

    def weights(self, similarity: TaskSimilarity) -> FloatArray:
        """Return the weights (``S``), of sum 1."""
        return _softmax(np.array(self.strengths) @ similarity.matrix)


@dataclass(frozen=True, eq=False)
class Trial:
    """A left-out task: similarity of its sources, their predictions (``q x S``) of further designs, and the values."""

    similarity: TaskSimilarity
    expected: FloatArray
    z: FloatArray


def learn_weighting(trials: Sequence[Trial]) -> Weighting:
    """Return the strengths that predict left-out tasks best; the usual ones where there are none."""
    usable = [trial for trial in trials if trial.expected.shape[1] > 1 and len(trial.z)]
    if not usable:
        return Weighting()

    def objective(strengths: FloatArray) -> tuple[float, FloatArray]:
        away = strengths - np.array(_USUAL)
        total, gradient = _HOLD * float(away @ away), 2.0 * _HOLD * away
        for trial in usable:
            matrix = trial.similarity.matrix
            w = _softmax(strengths @ matrix)
            error = trial.expected @ w - trial.z
            # d(mean squared error)/dw, then through the softmax
            slope = 2.0 * trial.expected.T @ error / len(error)
            total += float(error @ error) / len(error) / len(usable)
            gradient = gradient + matrix @ (w * (slope - float(w @ slope))) / len(usable)
        return total, gradient

    found = minimize(
        objective,
        np.array(_USUAL),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, _MAX_STRENGTH)] * 3,
        options={"maxiter": 40},
    ).x
    return Weighting((float(found[0]), float(found[1]), float(found[2])))


def centrality(agreed: FloatArray) -> FloatArray:
    """Return how well each source agrees with the others (``S``): the mean of the correlations; 0 for one alone."""
    if len(agreed) < 2:
        return np.zeros(len(agreed))
    return np.asarray((agreed.sum(axis=1) - np.diag(agreed)) / (len(agreed) - 1))


def rank_agreement(expected: FloatArray, y: FloatArray) -> FloatArray:
    """Return the rank correlation of the predictions of each source (``k x S``) with the values (``k``)."""
    return np.array([rank_correlation(expected[:, s], y) for s in range(expected.shape[1])])


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())
