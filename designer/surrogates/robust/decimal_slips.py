"""Results of which ten, a hundred or a thousand times as much would fit: slips of the decimal point or of a prefix.

A handful of results cannot show that one of them is wrong (`designer.surrogates.robust.outliers`): by Student's t they
may spread as far. But that it becomes what the others let be expected when its decimal point is moved, is no accident.
With p the predictive density of the others (Student's t, n - 2 degrees of freedom), and one result in a hundred a slip
that divided it by one of six factors k, the odds that y is a slip of k y are

    1/100 * 1/6 * p(k y) k  to  p(y).

Such a result is believed as it stands, but a person is asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.robust.leave_one_out import deviations, leave_one_out_prediction, process_of
from designer.surrogates.variance_inflation import freedom_of, widening

ASKED = 20.0
"""Odds from which a person is asked."""
SLIPS = 0.01
"""The share of results that are slips, beforehand."""
FITS = (0.1, 0.01, 0.001, 10.0, 100.0, 1000.0)
"""How many times what is written would fit: a slip divides a result by one of these."""
FEWEST = 5
"""Results, itself included, from which one is asked about."""

_FAR = 4.0  # deviations from what the others let be expected within which nothing is asked
_NEAR = 2.0  # deviations within which what is meant lies


@dataclass(frozen=True)
class DecimalSlip:
    """A result that may be a slip.

    Parameters
    ----------
    row, target
        Its place in the data.
    value, expected
        What was measured, and what the others let be expected, in the target's unit.
    fits
        How many times the value would fit: 10 where the value is ten times too small.
    """

    row: int
    target: int
    value: float
    expected: float
    fits: float


def decimal_slip(data: TaskData, target: int, model: GaussianProcess | None = None) -> DecimalSlip | None:
    """Return the result of one target that the others foretell least, if it is likely to be a slip.

    Parameters
    ----------
    model
        The widened process of the target's results, where it is known already.
    """
    rows = data.order(target).tolist()
    if len(rows) < FEWEST:
        return None
    row = rows[int(np.argmax(deviations(model or process_of(data, rows, target))))]
    others = [other for other in rows if other != row]
    mean, widened = leave_one_out_prediction(process_of(data, others, target), data, row, target)
    value, freedom = float(data.Y[row, target]), freedom_of(len(others))
    deviation = widened / widening(freedom)
    if abs(value - mean) < _FAR * deviation:
        return None
    believed = t(freedom, mean, deviation)
    odds = [
        math.log(SLIPS / len(FITS) * fits) + float(believed.logpdf(value * fits) - believed.logpdf(value))
        for fits in FITS
    ]
    likeliest = int(np.argmax(odds))
    meant = value * FITS[likeliest]
    if odds[likeliest] < math.log(ASKED) or abs(meant - mean) > _NEAR * deviation:
        return None
    return DecimalSlip(row, target, value, mean, FITS[likeliest])
