"""Inflation of posterior deviations: for hyperparameters that are uncertain, and for designs that were selected.

Deviations under the most probable hyperparameters ignore the uncertainty of the hyperparameters. Where level and scale
of a process are estimated from its values, the exact predictive distribution is Student's t (A. O'Hagan, Curve Fitting
and Optimal Design for Prediction, J. R. Stat. Soc. B 1978, 40, 1); a normal distribution with the same 90 % interval is
wider by the ratio of the quantiles. A campaign also measures designs because the model predicts good values there, so
results fall outside the intervals more often than at random designs: `SELECTION_FACTOR`. Both were measured one step
ahead in campaigns (docs/decisions/015-calibrated-intervals.md).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from scipy.special import ndtri, stdtrit
from torch import Tensor

from designer.surrogates.kernels import Hyperparameters

SELECTION_FACTOR = 1.25
"""Factor on deviations because designs are selected, for any number of results."""

_QUANTILE = 0.95  # the upper end of a 90 % interval


def degrees_of_freedom(results: int) -> int:
    """Return the degrees of freedom of a number of results: level and scale take two; at least 1."""
    return max(results - 2, 1)


@cache
def inflation_factor(freedom: int) -> float:
    """Return the factor on deviations at a number of degrees of freedom (at least 1).

    >>> [round(inflation_factor(freedom), 2) for freedom in (1, 3, 8, 18, 38)]
    [4.8, 1.79, 1.41, 1.32, 1.28]
    """
    return SELECTION_FACTOR * float(stdtrit(max(freedom, 1), _QUANTILE) / ndtri(_QUANTILE))


def inflated(hyperparameters: Hyperparameters, known_noise: Tensor, freedom: int) -> tuple[Hyperparameters, Tensor]:
    """Return the variances of a process, its noise included, times the square of `inflation_factor`.

    Posterior means change only through the prior of the level, which is not inflated.
    """
    square = inflation_factor(freedom) ** 2
    larger = replace(
        hyperparameters, variances=square * hyperparameters.variances, noise=square * hyperparameters.noise
    )
    return larger, square * known_noise
