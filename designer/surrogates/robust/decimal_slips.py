"""Slips of the decimal point or of a prefix: results that fit when multiplied by a power of ten.

A handful of results cannot show that one of them is wrong (`designer.surrogates.robust.outliers`): by Student's t they
may spread as far. But a result that agrees with the prediction of the others once its decimal point is moved is
probably a slip. With p the predictive density of the others (Student's t, n - 2 degrees of freedom), and a prior of one
result in a hundred divided by one of six factors k, the odds that y is a slip of k y are

    1/100 * 1/6 * p(k y) k  to  p(y).

Models are conditioned on such a result unchanged; the user is asked about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.robust.deletion import Deletion
from designer.surrogates.robust.leave_one_out import (
    MAX_REFITTED,
    deviations,
    leave_one_out_prediction,
    process_of,
)
from designer.surrogates.variance_inflation import degrees_of_freedom, inflation_factor

MIN_ODDS = 20.0
"""Odds from which the user is asked."""
SLIP_RATE = 0.01
"""Prior probability that a result is a slip."""
SLIP_FACTORS = (0.1, 0.01, 0.001, 10.0, 100.0, 1000.0)
"""Factors by which a slip divides a result."""
MIN_RESULTS = 5
"""Results, the slip included, from which the user is asked."""

_FAR = 4.0  # deviations from the prediction of the others within which a result is no slip
_NEAR = 2.0  # deviations within which the corrected value lies


@dataclass(frozen=True)
class DecimalSlip:
    """A result that is probably a slip.

    Parameters
    ----------
    row, target
        Its place in the data.
    value, expected
        What was measured, and what the others predict, in the target's unit.
    fits
        The factor that corrects the value: 10 where the value is ten times too small.
    """

    row: int
    target: int
    value: float
    expected: float
    fits: float


def decimal_slip(data: TaskData, target: int, model: GaussianProcess | Deletion | None = None) -> DecimalSlip | None:
    """Return the result of one target that is farthest from its prediction, if it is probably a slip; else None.

    Parameters
    ----------
    model
        The process of the target's results with inflated deviations, where it is known already; or, of more than
        `MAX_REFITTED` results, a process of these and others that are left out.
    """
    rows = data.order(target).tolist()
    if len(rows) < MIN_RESULTS:
        return None
    whole = model or process_of(data, rows, target)
    place = int(np.argmax(whole.deviations if isinstance(whole, Deletion) else deviations(whole)))
    row, others = rows[place], [*rows[:place], *rows[place + 1 :]]
    if isinstance(whole, Deletion):
        means, variances = whole.leave_one_out()
        mean, inflated = float(means[place]), float(variances[place]) ** 0.5
    elif len(rows) > MAX_REFITTED:
        rest = whole.held_out()
        mean, inflated = float(rest.means[place]), float(rest.variances[place]) ** 0.5
    else:
        mean, inflated = leave_one_out_prediction(process_of(data, others, target), data, row, target)
    value, freedom = float(data.Y[row, target]), degrees_of_freedom(len(others))
    deviation = inflated / inflation_factor(freedom)
    if abs(value - mean) < _FAR * deviation:
        return None
    from scipy.stats import t  # slow to import, and seldom needed

    predictive = t(freedom, mean, deviation)
    odds = [
        math.log(SLIP_RATE / len(SLIP_FACTORS) * fits)
        + float(predictive.logpdf(value * fits) - predictive.logpdf(value))
        for fits in SLIP_FACTORS
    ]
    likeliest = int(np.argmax(odds))
    meant = value * SLIP_FACTORS[likeliest]
    if odds[likeliest] < math.log(MIN_ODDS) or abs(meant - mean) > _NEAR * deviation:
        return None
    return DecimalSlip(row, target, value, mean, SLIP_FACTORS[likeliest])
