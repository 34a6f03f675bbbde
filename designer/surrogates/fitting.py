"""Maximum a posteriori hyperparameters of a Gaussian process, by L-BFGS with analytic gradients.

All hyperparameters are optimised as logarithms under independent normal priors on those logarithms. The mode of a
log-normal prior's density over l itself, as BoTorch maximises it, is the same as the mode of a normal prior over log l
whose mean is lower by its variance; so BoTorch's LogNormal(mu, s) is written here as (mu - s^2, s).

A marginalised scale s^2 of the covariance, where one is given, makes the values multivariate Student t.

References: Rasmussen & Williams (2006), 5.4.1; A. O'Hagan, Some Bayesian numerical analysis (1992), for the
marginalised scale; C. Hvarfner, E. O. Hellsten, L. Nardi, Vanilla Bayesian Optimization
Performs Great in High Dimensions (ICML 2024).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import OptimizeResult, minimize

from designer.arrays import FloatArray
from designer.deadline import fit_must_end
from designer.surrogates.kernels import Hyperparameters, Kernel

_LOG_2PI = math.log(2.0 * math.pi)
_JITTERS = (0.0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)
_REACH = 4.0  # prior standard deviations within which hyperparameters are sought
_LARGE = 250  # rows above which one start and fewer steps keep a fit in seconds


class NotPositiveDefinite(ArithmeticError):
    """A covariance that no admissible jitter makes positive definite (the data hold no finite distances)."""


@dataclass(frozen=True, eq=False)
class LogNormalPriors:
    """Means and standard deviations of the logarithms of (lengthscales, variances, noise), and the noise's floor."""

    means: FloatArray
    deviations: FloatArray
    noise_floor: float

    def bounds(self) -> list[tuple[float, float]]:
        """Box in which the optimiser stays."""
        lower = self.means - _REACH * self.deviations
        upper = self.means + _REACH * self.deviations
        lower[-1] = max(lower[-1], math.log(self.noise_floor))
        return [(float(a), float(max(a, b))) for a, b in zip(lower, upper, strict=True)]


@dataclass(frozen=True)
class ScalePrior:
    """The prior of a covariance's scale, as of `nu` values of mean square s0^2: inverse gamma(nu / 2, nu s0^2 / 2)."""

    nu: float
    s0: float


def cholesky(K: FloatArray) -> FloatArray:
    """Return the lower Cholesky factor of `K` (``n x n``), adding growing jitter (relative to the diagonal) if needed.

    Raises
    ------
    NotPositiveDefinite
        If a jitter of 1e-4 of the mean variance is not enough.
    """
    if len(K) == 0:
        return K
    size = float(np.mean(np.diag(K)))
    for jitter in _JITTERS:
        trial = K if jitter == 0.0 else K + np.eye(len(K)) * (jitter * size)
        factor, failed = lapack.dpotrf(trial, lower=1, clean=1)
        if not failed:
            return np.asarray(factor)
    raise NotPositiveDefinite("the covariance of the measurements is not positive definite")


@dataclass(frozen=True, eq=False)
class LogPosterior:
    """Negative log posterior of the logarithms of the hyperparameters, given standardised data, and its gradient.

    Parameters
    ----------
    kernel, X, z
        The kernel, ``n x d`` features and ``n`` standardised values.
    known_noise
        ``n`` noise variances; NaN where the noise is to be learned.
    priors
        Priors of the logarithms.
    scale
        The prior of the scale of the whole covariance, which is marginalised; None where the scale is 1.
    extra
        A covariance (``n x n``) of the values that no hyperparameter changes; None without one.
    """

    kernel: Kernel
    X: FloatArray
    z: FloatArray
    known_noise: FloatArray
    priors: LogNormalPriors
    scale: ScalePrior | None = None
    extra: FloatArray | None = None

    def __call__(self, theta: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = self.likelihood(theta)
        away = (theta - self.priors.means) / self.priors.deviations
        return value + 0.5 * float(away @ away), gradient + away / self.priors.deviations

    def likelihood(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the negative log marginal likelihood (up to a constant, with a scale) and its gradient."""
        hyper = Hyperparameters.from_log(theta, self.kernel.lengthscales)
        K, parts = self.kernel.matrix(self.X, hyper)
        noise = noise_variances(self.known_noise, hyper.noise)
        K = K if self.extra is None else K + self.extra
        K.flat[:: len(K) + 1] += noise
        L = cholesky(K)
        inverse = lapack.dpotri(L, lower=1)[0]
        inverse = _symmetric(inverse)
        alpha = inverse @ self.z
        fit, pull = self._fit(float(self.z @ alpha))
        value = fit + float(np.log(np.diag(L)).sum()) + 0.5 * len(K) * _LOG_2PI
        weight = np.outer(alpha, alpha)  # d(log likelihood)/dK, twice
        weight *= pull
        weight -= inverse
        return value, self._likelihood_gradient(weight, parts, hyper)

    def _fit(self, square: float) -> tuple[float, float]:
        """Return the part of the likelihood that depends on ``z^T K^-1 z``, and twice its slope."""
        if self.scale is None:
            return 0.5 * square, 1.0
        prior, dof = self.scale.nu * self.scale.s0**2, self.scale.nu + len(self.z)
        return 0.5 * dof * math.log1p(square / prior), dof / (prior + square)

    def _likelihood_gradient(
        self, weight: FloatArray, parts: list[tuple[FloatArray, FloatArray, FloatArray]], hyper: Hyperparameters
    ) -> FloatArray:
        lengths = np.zeros(self.kernel.lengthscales)
        variances = np.zeros(self.kernel.variances)
        for term, (Z, value, slope) in zip(self.kernel.terms, parts, strict=True):
            variance = hyper.variances[term.variance]
            pull = weight * slope
            # sum_ij pull_ij (z_ic - z_jc)^2 for every column c, without an n x n x d array.
            columns = 2.0 * (pull.sum(1) @ (Z * Z) - np.einsum("ic,ic->c", Z, pull @ Z))
            lengths += variance * np.bincount(term.groups[term.used], columns, self.kernel.lengthscales)
            variances[term.variance] += 0.5 * variance * float(np.sum(weight * value))
        for linear in self.kernel.linear:
            there = self.X[:, linear.columns]
            variances[linear.variance] += (
                0.5 * hyper.variances[linear.variance] * float(np.sum((weight @ there) * there))
            )
        learned = np.isnan(self.known_noise)
        noise = 0.5 * hyper.noise * float(np.diag(weight)[learned].sum())
        return -np.concatenate([lengths, variances, [noise]])


def _symmetric(lower: FloatArray) -> FloatArray:
    """Return the symmetric matrix of a lower triangle (``n x n``, zeros above it)."""
    whole: FloatArray = lower + lower.T
    whole.flat[:: len(whole) + 1] = np.diag(lower)
    return whole


def noise_variances(known: FloatArray, learned: float) -> FloatArray:
    """Noise variance of every measurement: the given one, or the learned one where none is given."""
    return np.where(np.isnan(known), learned, known)


def maximum_posterior(problem: LogPosterior, starts: FloatArray) -> Hyperparameters:
    """Return the best hyperparameters that L-BFGS finds from `starts` (``s x p``, logarithms); deterministic.

    Above 250 measurements only the first start is followed, for at most 60 steps: the posterior of the
    hyperparameters is then sharp, and a step costs O(n^3). Once the limit of `designer.deadline.ends_fits` has passed,
    the search ends with the best iterate so far: after one step at least, so that the model is always a fitted one.
    """
    large = len(problem.z) > _LARGE
    bounds = problem.priors.bounds()
    lower, upper = np.array(bounds).T
    best_value, best = math.inf, np.clip(problem.priors.means, lower, upper)
    for start in starts[:1] if large else starts:
        if math.isfinite(best_value) and fit_must_end():
            break
        result = minimize(
            problem,
            np.clip(start, lower, upper),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 60 if large else 100, "ftol": 1e-9, "gtol": 1e-5},
            callback=_end_in_time,
        )
        if math.isfinite(result.fun) and result.fun < best_value - 1e-9:
            best_value, best = float(result.fun), np.asarray(result.x)
    return Hyperparameters.from_log(best, problem.kernel.lengthscales)


def _end_in_time(intermediate_result: OptimizeResult) -> None:
    """End L-BFGS with its present iterate, once the time is over."""
    if fit_must_end():
        raise StopIteration


def shared_maximum_posterior(problems: Sequence[LogPosterior], priors: LogNormalPriors) -> FloatArray:
    """Return the most probable hyperparameters (``p``, logarithms) that several data sets share; deterministic."""

    def objective(theta: FloatArray) -> tuple[float, FloatArray]:
        away = (theta - priors.means) / priors.deviations
        value, gradient = 0.5 * float(away @ away), away / priors.deviations
        for problem in problems:
            likelihood, slope = problem.likelihood(theta)
            value, gradient = value + likelihood, gradient + slope
        return value, gradient

    found = minimize(
        objective, priors.means, jac=True, method="L-BFGS-B", bounds=priors.bounds(), options={"maxiter": 60}
    )
    return np.asarray(found.x, dtype=np.float64)
