"""The kernel of one quantity over predictions of past tasks and the design's own features.

On the models' scale (`warps`), with M the predictions of ``s`` sources (normal scores) and phi the ``p`` own features,

    k(x, x') = c + a M M' / s + b m52(|M - M'| / sqrt(s) / l_b) + d m52(|phi - phi'| / sqrt(p) / l_d) + e [x = x'],

a regression on the sources (their weights marginalised, of either sign), a smooth function of them, a smooth function
of the design alone, and noise. Priors of l_b, l_d, a, b, d and e come from past tasks
(`designer.priors.stacking.prior_scales`).

Reference: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), 2.7 (explicit basis
functions).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.surrogates.fitting import LogNormalPriors, LogPosterior, ScalePrior, shared_maximum_posterior
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.kernels import Hyperparameters, Kernel, LinearTerm, Term
from designer.surrogates.student_t_process import StudentTProcess

NAMES = ("source lengthscale", "own lengthscale", "linear", "smooth", "own", "noise")
"""The hyperparameters, in the order of all vectors; computations use their logarithms."""

OFFSET = 25.0
"""Prior variance of the constant, in units of the overall scale."""

MIN_NOISE = 1e-8
_LENGTHSCALES, _VARIANCES = 2, 3


@dataclass(frozen=True, eq=False)
class Inputs:
    """Designs as the kernel takes them.

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

    @property
    def features(self) -> Tensor:
        """Both (``n x (s + p)``), each divided by the root of their number."""
        return torch.cat([each / math.sqrt(max(each.shape[-1], 1)) for each in (self.M, self.own)], dim=-1)

    def kernel(self, offset: float) -> Kernel:
        """Return the kernel of their features, with the prior variance `offset` of the constant."""
        s, p = self.M.shape[-1], self.own.shape[-1]
        smooth = Term(np.repeat([0, -1], [s, p]), 1)
        own = Term(np.repeat([-1, 1], [s, p]), 2)
        return Kernel(np.ones(s + p), (smooth, own), _LENGTHSCALES, _VARIANCES, offset, (LinearTerm(np.arange(s), 0),))


@dataclass(frozen=True, eq=False)
class ThetaPrior(LogNormalPriors):
    """The priors of the hyperparameters (6 means and deviations of logarithms).

    `spread` is how far values of different designs lie from their mean, in units of the overall scale.
    """

    noise_floor: float = MIN_NOISE
    spread: float = 1.0


def problem_of(inputs: Inputs, u: Tensor, prior: ThetaPrior, scale: ScalePrior, offset: float = OFFSET) -> LogPosterior:
    """Return the posterior of the hyperparameters given values (``n``, less their mean)."""
    unknown = np.full(len(u), np.nan)
    return LogPosterior(inputs.kernel(offset), inputs.features.numpy(), u.numpy(), unknown, prior, scale)


def fit_theta(inputs: Inputs, u: Tensor, prior: ThetaPrior, scale: ScalePrior, offset: float = OFFSET) -> FloatArray:
    """Return the most probable hyperparameters (logarithms) given values (``n``, less their mean)."""
    return shared_maximum_posterior([problem_of(inputs, u, prior, scale, offset)], prior)


def student_t_process(
    inputs: Inputs, u: Tensor, theta: FloatArray, scale: ScalePrior, offset: float = OFFSET
) -> StudentTProcess:
    """Return the process of values (``n``, less their mean), given the logarithms of its hyperparameters."""
    hyper = Hyperparameters.from_log(theta, _LENGTHSCALES)
    return StudentTProcess(GaussianProcess(inputs.features, u, inputs.kernel(offset), hyper), scale)


def conditioned_like(process: StudentTProcess, inputs: Inputs, u: Tensor) -> StudentTProcess:
    """Return a process of other values with the same hyperparameters and prior of the scale."""
    like = process.process
    return replace(process, process=GaussianProcess(inputs.features, u, like.kernel, like.hyperparameters))


def spread(inputs: Inputs, theta: FloatArray) -> float:
    """Return the expected deviation of values from their mean over designs, in units of the overall scale."""
    hyper = Hyperparameters.from_log(theta, _LENGTHSCALES)
    covariance, _ = inputs.kernel(0.0).matrix(inputs.features.numpy(), hyper)
    return math.sqrt(float(covariance.diagonal().mean() - covariance.mean()) + hyper.noise)
