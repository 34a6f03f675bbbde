"""Results that are known only as a limit (``<0.01``, ``>1e6``) as terms of the likelihood of a Gaussian process.

A result below a limit c has the likelihood ``P(y < c | f) = Phi((c - f) / sigma)`` with the learned noise sigma, as in
the Tobit model (J. Tobin 1958). Expectation propagation replaces each such term by a normal one, a *site*. So every
Gaussian process, also one around past tasks, is conditioned on it as on a measurement with its own noise variance: the
data of a task get the site's mean as the value and the site's variance as the known noise. With the prediction N(m, v)
of the process from all other results, ``s^2 = v + sigma^2``, ``z = (c - m) / s`` and ``r = phi(z) / Phi(z)``, the site
that gives the moments of the exact product is

    variance = s^2 / (r (z + r)) - v,        mean = m - s / (z + r),

and the mirror image of it above a limit. A limit that says nothing new has a large variance; one that contradicts the
other results moves the posterior towards it. Sites and hyperparameters are found alternately.

Limits of the treatment: sites are those of the Gaussian process without past tasks; hyperparameters are fitted to the
sites as to measurements, not to the exact marginal likelihood; and limits are not searched for outliers.

References: T. Minka, Expectation propagation for approximate Bayesian inference (UAI 2001); C. E. Rasmussen, C. K. I.
Williams, Gaussian Processes for Machine Learning (2006), 3.6; P. Groot, P. Lucas, Gaussian process regression with
censored data using expectation propagation (PGM 2012).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from scipy.special import log_ndtr

from designer.arrays import FloatArray
from designer.surrogates.batch_effect import batch_covariance
from designer.surrogates.data import TaskData
from designer.surrogates.fitting import cholesky, noise_variances
from designer.surrogates.gaussian_process import fit_gaussian_process, standard_noise
from designer.surrogates.kernel_structure import GaussianProcessSettings
from designer.surrogates.outputs import winsorised

_ROUNDS = 3
"""How often hyperparameters are fitted and sites are found after it."""
_SWEEPS, _DAMPING, _TOLERANCE = 50, 0.7, 1e-5
_MAX_VARIANCE = 1e6
"""Of a site, in variances of the standardised values: a limit that says nothing."""
_MIN_VARIANCE = 1e-9
_LOG_ROOT_TWO_PI = float(np.log(np.sqrt(2 * np.pi)))


def with_sites(data: TaskData) -> TaskData:
    """Return the data with a site in place of each limit: its mean in ``Y``, its variance in ``Yvar``.

    ``censored`` still tells where. A pure function of the data, in any order of the rows.
    """
    if data.censored is None or not bool((data.censored != 0).any()):
        return data
    Y = data.Y.clone()
    variances = torch.full_like(Y, torch.nan) if data.Yvar is None else data.Yvar.clone()
    for j in range(data.targets):
        order = data.order(j)
        sides = data.censored[order, j].numpy()
        if (sides != 0).any():
            mean, variance = _sites(data.target(j), sides)
            rows = order[torch.from_numpy(sides != 0)]
            Y[rows, j], variances[rows, j] = torch.from_numpy(mean), torch.from_numpy(variance)
    return replace(data, Y=Y, Yvar=variances)


def with_expected_values(data: TaskData) -> TaskData:
    """Return the data with the posterior mean in place of each limit, for models that take values without a variance.

    The mean is that of the Gaussian process without past tasks, given the measurements and the sites of the limits. A
    pure function of the data, in any order of the rows.
    """
    found = with_sites(data)
    if found is data:
        return data
    assert data.censored is not None
    Y = data.Y.clone()
    for j in range(data.targets):
        limited = data.censored[:, j] != 0
        if bool(limited.any()):
            process = fit_gaussian_process(replace(found, censored=None).target(j))
            with torch.no_grad():
                Y[limited, j] = process.marginals(data.X[limited])[0]
    return replace(data, Y=Y, censored=None)


def _sites(one: TaskData, sides: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of the sites (``k`` each, target's unit) of the limits in the data of one target."""
    limited = sides != 0
    limits, sign = one.Y[limited, 0].numpy().copy(), sides[limited]
    values, variances = one.Y.clone(), torch.full_like(one.Y, torch.nan) if one.Yvar is None else one.Yvar.clone()
    sites: tuple[FloatArray, FloatArray] | None = None
    for _ in range(_ROUNDS):
        pseudo = replace(one, Y=values, Yvar=variances, censored=None)
        process = fit_gaussian_process(pseudo)
        output, hyper, kernel = process.output, process.hyperparameters, process.kernel
        K, _ = kernel.matrix((one.X - kernel.origin(one.X)).numpy(), hyper)
        if one.batches is not None and process.batch_variance:
            K = K + batch_covariance(one.batches.numpy(), process.batch_variance)
        z = output.standardise(winsorised(values[:, 0].numpy()))
        noise = noise_variances(standard_noise(pseudo, output, GaussianProcessSettings.noise_floor), hyper.noise)
        if sites is None:  # the first hyperparameters are those of the limits as values; their sites begin flat
            noise[limited] = _MAX_VARIANCE
        bounds = output.standardise(limits)
        mean, variance = _propagated(K, z, noise, limited, bounds, sign, max(hyper.noise, _MIN_VARIANCE))
        sites = output.centre + output.scale * mean, output.scale**2 * variance
        values[limited, 0], variances[limited, 0] = (torch.from_numpy(part) for part in sites)
    assert sites is not None
    return sites


def _propagated(
    K: FloatArray,
    z: FloatArray,
    noise: FloatArray,
    limited: FloatArray,
    bounds: FloatArray,
    sign: FloatArray,
    sigma2: float,
) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of the sites at the fixed point of expectation propagation.

    Parameters
    ----------
    K
        ``n x n`` prior covariance, of standardised values.
    z, noise
        ``n`` values and noise variances; those of limits are where the sites begin.
    limited, bounds, sign
        Which of the ``n`` are limits, and their ``k`` limits and sides: -1 below, 1 above.
    sigma2
        The noise variance of a measurement.
    """
    z, noise = z.copy(), noise.copy()
    precision = 1.0 / noise[limited]
    shift = precision * z[limited]
    for _ in range(_SWEEPS):
        A = K.copy()
        A.flat[:: len(A) + 1] += noise
        inverse = np.linalg.inv(cholesky(A))
        inverse = inverse.T @ inverse
        diagonal = inverse.diagonal()[limited]
        m = z[limited] - (inverse @ z)[limited] / diagonal
        v = np.maximum(1.0 / diagonal - noise[limited], _MIN_VARIANCE)
        mean, variance = site(m, v, bounds, sign, sigma2)
        new = 1.0 / variance
        change = float(np.max(np.abs(new - precision) / np.maximum(new, precision)))
        precision = (1.0 - _DAMPING) * precision + _DAMPING * new
        shift = (1.0 - _DAMPING) * shift + _DAMPING * new * mean
        noise[limited], z[limited] = 1.0 / precision, shift / precision
        if change < _TOLERANCE:
            break
    return z[limited], noise[limited]


def site(
    m: FloatArray, v: FloatArray, bounds: FloatArray, sign: FloatArray, sigma2: float
) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance (``k`` each) of the sites of limits where the other results predict N(m, v).

    >>> mean, variance = site(np.zeros(1), np.ones(1), np.array([0.0]), np.array([-1.0]), 1e-12)
    >>> round(float(mean[0]), 3), round(float(variance[0]), 3)  # their product: half a normal distribution
    (-1.253, 0.571)
    """
    s = np.sqrt(v + sigma2)
    z = -sign * (bounds - m) / s
    r = np.exp(-(z**2) / 2.0 - _LOG_ROOT_TWO_PI - log_ndtr(z))
    slope = np.maximum(z + r, 1e-12)  # above 0; of limits far beyond the prediction rounding makes it 0
    curvature = np.maximum(r * slope, s**2 / (_MAX_VARIANCE + v))
    variance = np.clip(s**2 / np.minimum(curvature, 1.0) - v, _MIN_VARIANCE, _MAX_VARIANCE)
    return m + sign * s / slope, variance
