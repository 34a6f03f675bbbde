"""What speaks for a lower level: that its results predict each other, and that they predict those of the top level.

A level whose results follow from the designs' features can guide the choice of other designs before anything is
measured at the top level. Whether it says something about the top level is seen from the results there, by two tests of
which the less favourable one counts: the evidence of the process of all levels, and the correlation of the designs that
were measured at both levels. The first knows the designs but has more hyperparameters than a few results determine; the
second has none.

Reference: A. Ly, J. Verhagen, E.-J. Wagenmakers, Harold Jeffreys's default Bayes factor hypothesis tests (J. Math.
Psychol. 2016), section 5, for the correlation.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import integrate
from torch import Tensor

from designer.arrays import FloatArray
from designer.space.fidelity.fidelity_levels import MIN_PREDICTED, MIN_RESULTS
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.held_out import r_squared

MIN_SELF_PREDICTION = 0.4
"""Leave-one-out R^2 from which they do. Of 16 shuffled results 8 % reach it, of results as they are 49 %
(`python -m benchmarks.studies.fidelity_rules --self-prediction`)."""

_PERFECT = 0.9999  # the largest correlation of the integral


def predicts_itself(process: GaussianProcess) -> bool:
    """Whether the results of a level, of which this is the process, predict each other."""
    z = process.values.numpy()
    return len(z) >= MIN_PREDICTED and r_squared(z, process.held_out().means) >= MIN_SELF_PREDICTION


def pairs_of(X: Tensor, y: FloatArray, lower_X: Tensor, lower_y: FloatArray) -> FloatArray:
    """Return the values (``n x 2``) of the designs that were measured at the top level and at a lower one.

    Parameters
    ----------
    X, y
        Features and values at the top level; a design that was measured more than once counts by its mean.
    lower_X, lower_y
        The same at the lower level.
    """
    top, lower = _means(X, y), _means(lower_X, lower_y)
    pairs = [(top[design], lower[design]) for design in sorted(set(top) & set(lower))]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _means(X: Tensor, y: FloatArray) -> dict[bytes, float]:
    found: dict[bytes, list[float]] = {}
    for row, value in zip(X.numpy(), y.tolist(), strict=True):
        found.setdefault(row.tobytes(), []).append(value)
    return {design: float(np.mean(values)) for design, values in found.items()}


def log_odds_of_correlation(pairs: FloatArray) -> float | None:
    """Return the log Bayes factor of a positive correlation against none; None of too few pairs.

    With a uniform prior of the correlation r from 0 to 1, and the levels and scales of both sides marginalised.

    >>> x = np.arange(5.0)
    >>> round(log_odds_of_correlation(np.stack([x, 3.0 * x + 1.0], axis=1)), 1)
    6.0
    >>> round(log_odds_of_correlation(np.stack([x, -x], axis=1)), 1)
    -1.4
    >>> log_odds_of_correlation(np.ones((2, 2)))
    """
    if len(pairs) < MIN_RESULTS or (np.ptp(pairs, axis=0) == 0).any():
        return None
    n, r = len(pairs), float(np.clip(np.corrcoef(pairs[:, 0], pairs[:, 1])[0, 1], -_PERFECT, _PERFECT))

    def likelihood(rho: float) -> float:
        return float((1.0 - rho * rho) ** ((n - 1) / 2) / (1.0 - rho * r) ** (n - 1.5))

    value, _ = integrate.quad(likelihood, 0.0, _PERFECT)
    return math.log(value)
