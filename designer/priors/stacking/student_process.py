"""A Gaussian process of one quantity over predictions of past tasks and own features, with a marginalised scale.

On the models' scale (`warps`), with M the predictions of ``s`` sources (normal scores) and phi the own features,

    u(x) ~ GP(mean(x), s^2 k),    s^2 ~ inverse gamma(nu / 2, nu s0^2 / 2),
    k(x, x') = c + a M M' / s + b m52(|M - M'| / sqrt(s) / l_b) + d m52(|phi - phi'| / sqrt(p) / l_d) + e [x = x'],

a regression on the sources (their weights marginalised, of either sign), a smooth function of them, a smooth function
of the design alone, and noise. The overall scale is marginalised, so the prediction is a Student t with ``nu + n``
degrees of freedom: wide after two measurements. a to e and the lengthscales have priors from past tasks
(`designer.priors.stacking.prior_scales`) and are adapted by maximum a posteriori.

This is not `designer.surrogates.gaussian_process.GaussianProcess`: that one conditions on a scale and is made for joint
posteriors of few designs; this one marginalises scale and constant, and predicts 100,000 designs in single precision.

References: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), 2.7 (explicit basis
functions) and 5.4.2 (leave-one-out in closed form); A. O'Hagan, Some Bayesian numerical analysis (1992), for the
marginalised scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from designer.arrays import FloatArray
from designer.surrogates.kernels import matern_of_root, squared_distances

NAMES = ("linear", "smooth", "own", "noise", "smooth lengthscale", "own lengthscale")
"""The hyperparameters; all computations use their logarithms."""

OFFSET = 25.0
_JITTER = 1e-8
_SQRT5 = math.sqrt(5.0)
_ROWS = 256  # designs at once: their covariances stay in the cache


@dataclass(frozen=True, eq=False)
class Inputs:
    """Designs as the process takes them.

    Parameters
    ----------
    M
        ``n x s`` predictions of the sources, normal scores.
    own
        ``n x p`` own features, standardised.
    """

    M: Tensor
    own: Tensor

    def __len__(self) -> int:
        return len(self.M)

    def at(self, rows: Tensor | slice) -> Inputs:
        """Return some of the designs."""
        return Inputs(self.M[rows], self.own[rows])

    def to(self, precision: torch.dtype) -> Inputs:
        """Return them in another precision."""
        return Inputs(self.M.to(precision), self.own.to(precision))


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of the covariance (``n x m``) that do not depend on the hyperparameters."""

    linear: Tensor
    smooth: Tensor
    own: Tensor

    @classmethod
    def of(cls, left: Inputs, right: Inputs) -> Parts:
        """Compare designs with designs."""
        s, p = max(left.M.shape[-1], 1), max(left.own.shape[-1], 1)
        return cls(
            left.M @ right.M.T / s,
            _distance(left.M, right.M) / math.sqrt(s),
            _distance(left.own, right.own) / math.sqrt(p),
        )

    def covariance(self, theta: Tensor, offset: float = OFFSET) -> Tensor:
        """Return the covariance without noise, given the logarithms of the hyperparameters."""
        linear, smooth, own, _, first, second = theta.exp()
        smoothly = smooth * _matern(self.smooth / first) + own * _matern(self.own / second)
        total: Tensor = offset + linear * self.linear + smoothly
        return total


def _with_noise(covariance: Tensor, theta: Tensor) -> Tensor:
    return covariance + torch.diag((theta[3].exp() + _JITTER).expand(len(covariance)))


def _distance(left: Tensor, right: Tensor) -> Tensor:
    return squared_distances(left, right).clamp_min(0.0).add(1e-12).sqrt()


def _matern(r: Tensor) -> Tensor:
    return matern_of_root(_SQRT5 * r, square=torch.square)


@dataclass(frozen=True)
class ScalePrior:
    """The prior of the overall scale: ``nu`` pseudo-measurements of mean square s0^2."""

    nu: float
    s0: float


def log_evidence(parts: Parts, u: Tensor, theta: Tensor, scale: ScalePrior, offset: float = OFFSET) -> Tensor:
    """Return the log density of values (``n``, less their mean), up to a constant that does not depend on theta."""
    n = len(u)
    factor = torch.linalg.cholesky(_with_noise(parts.covariance(theta, offset), theta))
    white = torch.linalg.solve_triangular(factor, u[:, None], upper=False)[:, 0]
    quadratic = white.square().sum() / (scale.nu * scale.s0**2)
    evidence: Tensor = -factor.diagonal().log().sum() - 0.5 * (scale.nu + n) * torch.log1p(quadratic)
    return evidence


@dataclass(frozen=True, eq=False)
class ThetaPrior:
    """Normal priors on the logarithms of the hyperparameters (6 means, 6 deviations).

    `spread` is how far values of different designs lie from their mean, in units of the overall scale.
    """

    means: FloatArray
    deviations: FloatArray
    spread: float = 1.0


def fit_theta(
    problems: Sequence[tuple[Parts, Tensor, ScalePrior, float]], prior: ThetaPrior, steps: int = 60
) -> FloatArray:
    """Return the most probable hyperparameters (logarithms), shared by `problems` (parts, values, scale, offset)."""

    def objective(theta: FloatArray) -> tuple[float, FloatArray]:
        t = torch.tensor(theta, requires_grad=True)
        away = (t - torch.from_numpy(prior.means)) / torch.from_numpy(prior.deviations)
        loss = 0.5 * away.square().sum()
        for parts, u, scale, offset in problems:
            loss = loss - log_evidence(parts, u, t, scale, offset)
        (gradient,) = torch.autograd.grad(loss, t)
        return float(loss.detach()), gradient.numpy()

    bounds = [(m - 4.0 * d, m + 4.0 * d) for m, d in zip(prior.means, prior.deviations, strict=True)]
    with torch.enable_grad():
        found = minimize(objective, prior.means, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps})
    return np.asarray(found.x, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Process:
    """The posterior: of the values less their mean, on the models' scale.

    Parameters
    ----------
    inputs, u
        ``n`` designs and values.
    theta
        Logarithms of the hyperparameters.
    scale
        The prior of the overall scale.
    offset
        Variance of the constant, in units of the overall scale.
    """

    inputs: Inputs
    u: Tensor
    theta: FloatArray
    scale: ScalePrior
    offset: float = OFFSET

    @cached_property
    def _theta(self) -> Tensor:
        return torch.from_numpy(self.theta)

    @cached_property
    def _factor(self) -> Tensor:
        """Of the covariance without the constant, which would make it all but singular."""
        covariance = Parts.of(self.inputs, self.inputs).covariance(self._theta, 0.0)
        factor: Tensor = torch.linalg.cholesky(_with_noise(covariance, self._theta))
        return factor

    @cached_property
    def _ones(self) -> Tensor:
        """The inverse of that covariance by a vector of ones."""
        return torch.cholesky_solve(self.u.new_ones(len(self.u), 1), self._factor)[:, 0]

    @property
    def _constant(self) -> float:
        """The variance of the constant after the measurements, in units of the overall scale."""
        return self.offset / (1.0 + self.offset * float(self._ones.sum()))

    @cached_property
    def _alpha(self) -> Tensor:
        alpha = torch.cholesky_solve(self.u[:, None], self._factor)[:, 0]
        return alpha - self._constant * float(self._ones @ self.u) * self._ones

    @cached_property
    def _squares(self) -> float:
        return self.scale.nu * self.scale.s0**2 + float(self.u @ self._alpha)

    @property
    def dof(self) -> float:
        """Degrees of freedom."""
        return self.scale.nu + len(self.u)

    def predict(self, inputs: Inputs, precision: torch.dtype = torch.float64) -> tuple[FloatArray, FloatArray]:
        """Return location and scale (``n`` each) of a measurement at designs: Student t with `dof`.

        In single `precision` twice as fast, and off by some 1e-5 of the spread of the values.
        """
        theta = self._theta.to(precision)
        linear, smooth, own, noise = theta[:4].exp()
        known, factor = self.inputs.to(precision), self._factor.T.to(precision)
        sides = torch.stack([self._alpha, self._ones], dim=1).to(precision)
        base, constant, size = self.offset * float(self._alpha.sum()), self._constant, self._squares / self.dof
        means, scales = [], []
        for start in range(0, len(inputs), _ROWS):
            part = inputs.at(slice(start, start + _ROWS)).to(precision)
            cross = Parts.of(part, known).covariance(theta, 0.0)
            white = torch.linalg.solve_triangular(factor, cross, upper=True, left=False)
            mean, covered = (cross @ sides).T
            alone = linear * part.M.square().mean(-1).nan_to_num() + smooth + own
            latent = alone - white.square().sum(1) + constant * (1.0 - covered).square()
            means.append(base + mean)
            scales.append((size * (latent.clamp_min(0.0) + noise + _JITTER)).sqrt())
        location, scale = (torch.cat(each).to(torch.float64).numpy() for each in (means, scales))
        return location, scale

    def held_out(self) -> tuple[FloatArray, FloatArray]:
        """Return location and scale (``n`` each) of the leave-one-out prediction of every value, in closed form."""
        return self._held_out

    @cached_property
    def _held_out(self) -> tuple[FloatArray, FloatArray]:
        inverse = torch.cholesky_inverse(self._factor)
        diagonal = inverse.diagonal() - self._constant * self._ones.square()
        errors = self._alpha / diagonal
        rest = (self._squares - errors * self._alpha).clamp_min(1e-12) / (self.dof - 1.0)
        return (self.u - errors).numpy(), (rest / diagonal).sqrt().numpy()

    def weights(self) -> FloatArray:
        """Return the expected coefficient (``s``) of each source in the linear part."""
        s = max(self.inputs.M.shape[-1], 1)
        return (math.exp(self.theta[0]) / s * (self.inputs.M.T @ self._alpha)).numpy()
