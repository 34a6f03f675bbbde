"""The evidence that a target is related to observations, from a few results.

Of each column z of the observations the linear regression of y on z is compared with y alone. With Zellner's prior of
the slope, whose variance is g times that of its estimate, and the correlation r of y and z,

    2 log B = (n - 2) log(1 + g) - (n - 1) log(1 + g (1 - r^2)),        g = n^2,

and the Bayes factor of several columns is the mean of theirs: one of them may be related, whichever.

The design is left out. What z says beyond the design is in the predictions and in the value of observing it: an
observation that the design tells already has nothing to reveal.

References: F. Liang et al., Mixtures of g priors for Bayesian variable selection, Journal of the American Statistical
Association 103 (2008), equation 6; C. Fernandez, E. Ley, M. F. J. Steel, Benchmark priors for Bayesian model averaging,
Journal of Econometrics 100 (2001), for g.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray
from designer.surrogates.outputs import winsorised

_LARGEST = 1.0 - 1e-9  # of a squared correlation


def log_bayes_factor(y: FloatArray, Z: FloatArray) -> float:
    """Return the logarithm of how much more probable results are where they are related to observations.

    Parameters
    ----------
    y
        ``n`` results, at least 3; gross values are winsorised.
    Z
        ``n x k`` observations.

    Examples
    --------
    >>> y = np.arange(6.0)
    >>> round(log_bayes_factor(y, y[:, None]), 1), round(log_bayes_factor(y, (y[:, None] - 2.5) ** 2), 1)
    (7.2, -1.8)
    """
    n, g = len(y), float(len(y)) ** 2
    unexplained = 1.0 - np.minimum(_squared_correlations(winsorised(y), Z), _LARGEST)
    logs = 0.5 * ((n - 2) * np.log1p(g) - (n - 1) * np.log1p(g * unexplained))
    return float(np.logaddexp.reduce(logs) - np.log(len(logs)))


def _squared_correlations(y: FloatArray, Z: FloatArray) -> FloatArray:
    """Return the squared correlation (``k``) of `y` with each column; 0 where one of them is constant."""
    y, Z = y - y.mean(), Z - Z.mean(axis=0)
    size = (y @ y) * np.square(Z).sum(axis=0)
    return np.asarray(np.divide(np.square(y @ Z), size, out=np.zeros(Z.shape[1]), where=size > 0.0))
