"""What the next measurement of a design is worth beside its cost, where a cheap observation may come first.

Each option has an index: the largest rate of gain per cost at which taking it still pays, as of Gittins for sequential
choices and of Weitzman for boxes that are opened in turn. With the expected improvement E of measuring the target at
cost c the index is E / c. An observation at cost c_s splits the improvement into what it may become, E(z), and the
target is then measured only where that still pays: the index of observing first is the rate r with

    E_z[(E(z) - r c)^+] = r c_s.

An uninformative observation leaves E(z) = E, and its index E / (c + c_s) is below that of measuring at once. The
observation of a design is drawn from its prediction p(z | x), so that E(z) follows p(y | x, z) p(z | x).

References: M. L. Weitzman, Optimal search for the best alternative, Econometrica 47 (1979); Q. Xie et al., Cost-aware
Bayesian optimization via the Pandora's box Gittins index (NeurIPS 2024).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from designer.arrays import FloatArray

_MIN_GAIN = float(np.finfo(np.float64).tiny)  # smaller ones have too few digits to be compared


def measuring_index(gain: float, cost: float) -> float:
    """Return the index of measuring the target.

    >>> measuring_index(3.0, 2.0)
    1.5
    """
    return gain / cost


def observing_index(gains: FloatArray, cost: float, stage_cost: float) -> float:
    """Return the index of an observation before the target.

    Parameters
    ----------
    gains
        The expected improvement of the target after each of some draws of the observation, equally probable.
    cost, stage_cost
        Of the target and of the observation.

    Examples
    --------
    >>> round(observing_index(np.ones(8), 1.0, 0.25), 6)  # nothing is learned: the gain over both costs
    0.8
    >>> round(observing_index(np.array([2.0, 0.0]), 1.0, 0.25), 6)  # half of the designs are not measured
    1.333333
    """
    mean = float(gains.mean())
    if mean < _MIN_GAIN:
        return 0.0
    shares, ratio = gains / mean, cost / stage_cost

    def excess(share: float) -> float:
        return float(np.maximum(shares - share * ratio, 0.0).mean()) - share

    # In shares of the highest rate that is possible, so that gains of any size are searched alike.
    return float(brentq(excess, 0.0, 1.0 + 1e-9, xtol=1e-12, rtol=1e-9)) * mean / stage_cost
