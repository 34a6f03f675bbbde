"""How much wider posterior deviations are than those of the most probable hyperparameters.

Those leave out what is not known about the hyperparameters themselves. Where level and scale of a process are learned
from its values, the exact predictive distribution is Student's t (A. O'Hagan, Curve Fitting and Optimal Design for
Prediction, J. R. Stat. Soc. B 1978, 40, 1); a normal distribution that has the same 90 % interval is wider than the
most probable one by the ratio of their quantiles. Besides, a design is measured because the model was hopeful about
it, so that results fall outside more often than they would at designs drawn blindly: `CHOSEN`. Both were measured one
step ahead in campaigns (docs/decisions/015-honest-intervals.md).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from scipy.stats import norm, t
from torch import Tensor

from designer.surrogates.kernels import Hyperparameters

CHOSEN = 1.25
"""By how much deviations are wider because designs are chosen, whatever the number of results."""

_QUANTILE = 0.95  # the upper end of a 90 % interval


def freedom_of(results: int) -> int:
    """Return the degrees of freedom of so many results, of which level and scale take two; at least 1."""
    return max(results - 2, 1)


@cache
def widening(freedom: int) -> float:
    """Return the factor on deviations at so many degrees of freedom, less than one counting as one.

    >>> [round(widening(freedom), 2) for freedom in (1, 3, 8, 18, 38)]
    [4.8, 1.79, 1.41, 1.32, 1.28]
    """
    return CHOSEN * float(t.ppf(_QUANTILE, max(freedom, 1)) / norm.ppf(_QUANTILE))


def widened(
    hyperparameters: Hyperparameters, known_noise: Tensor | None, freedom: int
) -> tuple[Hyperparameters, Tensor | None]:
    """Return all variances of a process, its noise included, made larger by the square of `widening`.

    Posterior means stay the same but for what the prior of the level, which is not widened, draws them to.
    """
    square = widening(freedom) ** 2
    larger = replace(
        hyperparameters, variances=square * hyperparameters.variances, noise=square * hyperparameters.noise
    )
    return larger, None if known_noise is None else square * known_noise
