"""Priors of the hyperparameters of a new task, learned from past tasks.

Small sets of values of every source are taken as the measurements of a new task, with the predictions of the sources of
other quantities, from networks that have not seen these designs. The hyperparameters that maximise the likelihood of
all sets are the prior means for a new task (type-II maximum likelihood over tasks).

Reference: Z. Wang et al., Pre-trained Gaussian Processes for Bayesian Optimization, J. Mach. Learn. Res. 25 (2024).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from designer.priors.stacking.source_kernel import Inputs, ThetaPrior, problem_of, spread
from designer.surrogates.fitting import LogPosterior, ScalePrior, shared_maximum_posterior

SETS = (12, 48)
"""Sizes of the sets of values of each source, one set after the other."""

FLAT = ThetaPrior(np.log([1.0, 1.0, 0.5, 0.2, 0.3, 0.2]), np.array([0.7, 0.7, 1.5, 1.5, 1.5, 1.5]))
"""Without past tasks, for standardised values."""

LOOSE = np.array([0.4, 0.4, 0.8, 0.8, 0.8, 0.8])
"""Prior deviations of the logarithms of the hyperparameters of a new task."""

_MIN_VALUES = 8
_STANDARD = ScalePrior(4.0, 1.0)


def learn_scales(inputs: Sequence[Inputs], z: Sequence[Tensor]) -> ThetaPrior:
    """Return the prior of the hyperparameters of a new task.

    Parameters
    ----------
    inputs, z
        For each source some of its designs as the others encode them, and their normal scores; in an order that depends
        on neither.
    """
    sets: list[Inputs] = []
    problems: list[LogPosterior] = []
    for known, values in zip(inputs, z, strict=True):
        start = 0
        for size in SETS:
            rows = slice(start, start + size)
            start += size
            u = values[rows]
            if len(u) < _MIN_VALUES or float(u.std()) < 1e-6:
                continue
            u = (u - u.mean()) / u.std()
            sets.append(known.at(rows))
            problems.append(problem_of(sets[-1], u, FLAT, _STANDARD))
    if not problems:
        return ThetaPrior(FLAT.means, np.maximum(FLAT.deviations * 0.7, LOOSE))
    means = shared_maximum_posterior(problems, FLAT)
    return ThetaPrior(means, LOOSE, spread=float(np.mean([spread(each, means) for each in sets])))


def log_scale(values: Sequence[np.ndarray]) -> ScalePrior:
    """Return the prior of the spread of the logarithm of a positive quantity, for fewer than two measurements.

    >>> log_scale([np.array([1.0, np.e**2]), np.array([-1.0, 1.0])])
    ScalePrior(nu=3.0, s0=1.0)
    """
    spreads = [float(np.log(y).std()) for y in values if len(y) > 1 and float(y.min()) > 0]
    return ScalePrior(3.0, float(np.median(spreads)) if spreads else 1.0)
