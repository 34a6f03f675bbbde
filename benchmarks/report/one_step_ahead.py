"""One-step-ahead predictions: a method's prediction of each experiment before its value was known.

They are scored at the designs that the method chose, as in use, so overconfident choices lower the score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.suite.campaigns import Row

AFTER = (3, 5, 10, 20)
COVERAGE = 0.9
_WIDTH = 1.6448536269514722  # the normal quantile at 95 %


@dataclass(frozen=True)
class OneStepAhead:
    """How well the experiments after 3, 5, 10 and 20 measurements were predicted; NaN where nothing was predicted.

    Parameters
    ----------
    nlpd
        Negative log predictive density of the value, in units of the standard deviation of the pool's values.
    covered
        1 where the value lay in the central 90 % interval, else 0.
    """

    nlpd: tuple[float, ...]
    covered: tuple[float, ...]


def one_step_ahead(row: Row, pool: np.ndarray) -> OneStepAhead:
    """Return how well a campaign's experiments were predicted; `pool` holds the values of its pool."""
    scale = float(np.std(pool)) or 1.0
    given = {row.initial + i: prediction for i, prediction in enumerate(row.predictions)}
    judged = [_judged(given.get(n), row.y[n] if n < len(row.y) else math.nan, scale) for n in AFTER]
    return OneStepAhead(tuple(nlpd for nlpd, _ in judged), tuple(covered for _, covered in judged))


def _judged(prediction: list[float] | None, y: float, scale: float) -> tuple[float, float]:
    """Return the negative log density of `y` and whether it is covered.

    >>> [round(value, 4) for value in _judged([1.0, 2.0], 1.0, 2.0)]
    [0.9189, 1.0]
    """
    if prediction is None or math.isnan(y):
        return math.nan, math.nan
    mean, deviation = prediction
    z = (y - mean) / deviation
    return 0.5 * (math.log(2 * math.pi) + z * z) + math.log(deviation / scale), float(abs(z) <= _WIDTH)
