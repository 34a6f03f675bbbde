"""Calibration of a trained deep kernel on past tasks that its networks did not see.

Each past task t is predicted as a new task, with the networks of the member e that was trained without it:

    z_t = a m_e(x) + c + w m_e(x) + g(x) + h(phi_e(x)) + noise,
    w ~ N(0, v_a),  g ~ GP(0, baseline kernel over the task's own features),  h ~ GP(0, v_h M(|phi - phi'| / l_h)).

The slope a and its variance come from regressions of z_t on m_e; the scales of g (variance, lengthscales), of h and of
the noise maximise the likelihood of all left-out tasks (type-II maximum likelihood over tasks), under wide priors that
matter where tasks are few. They become the means of the priors for a new task.

References: Z. Wang et al., Pre-trained Gaussian Processes for Bayesian Optimization, JMLR 25 (2024); Rasmussen &
Williams (2006), 5.4.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.informed import KernelTerm, extended
from designer.space.encoding import FeatureColumn
from designer.surrogates.fitting import LogPosterior
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel

_BASELINE = GaussianProcessSettings()
_ROWS = 40
_TASKS = 24
_PSEUDO_TASKS = 1.0  # tasks of slope 0, and of the usual spread, with which slopes are averaged
_SLOPE_VARIANCE = (0.25, 0.02)  # the usual one, and the least
_SPREAD = 0.7  # deviation of the logarithms of variances between tasks


@dataclass(frozen=True)
class CalibratedHyperpriors:
    """Hyperparameters for a new task, learned from past tasks, for standardised values; logarithms but for the slope.

    Parameters
    ----------
    slope
        The coefficient a of the networks' mean.
    slope_variance
        log v_a.
    own, lengthscale
        log variance of the process over the design's own features, and by how much the logarithms of its lengthscales
        exceed those of the baseline model.
    learned, reach
        log v_h and log l_h of the process over the embedding.
    noise
        log noise variance.
    around
        The variance of values around the networks' mean within a task (no logarithm).
    """

    slope: float = 0.5
    slope_variance: float = math.log(_SLOPE_VARIANCE[0])
    own: float = -0.7
    lengthscale: float = 0.0
    learned: float = -1.0
    reach: float = 0.0
    noise: float = -4.0
    around: float = 0.6

    def as_dict(self) -> dict[str, float]:
        """Return plain data, for JSON."""
        return asdict(self)

    def settings(self) -> GaussianProcessSettings:
        """Return the settings of the process over the design's own features."""
        location, deviation = _BASELINE.lengthscale
        return GaussianProcessSettings(
            lengthscale=(location + self.lengthscale, deviation),
            variance=(self.own, _SPREAD),
            noise=(self.noise, _SPREAD),
        )

    def terms(self, means: Sequence[int], embedding: Sequence[int]) -> tuple[KernelTerm, ...]:
        """Return the terms over the further features: the columns of the mean, and those of the embedding."""
        return (
            KernelTerm("linear", tuple(means), (self.slope_variance, 0.5)),
            KernelTerm("matern", tuple(embedding), (self.learned, _SPREAD), (self.reach, 0.4)),
        )


_SHARED = ("own", "lengthscale", "learned", "reach", "noise")
_WIDTHS = (1.0, 0.4, 1.0, 0.7, 1.0)  # deviations of the wide priors around the defaults
_BOUNDS = ((-6.0, 1.0), (-0.5, 0.5), (-7.0, 1.0), (-2.0, 2.5), (-8.0, 0.5))


@dataclass(frozen=True, eq=False)
class Episode:
    """A past task with the predictions of the member that did not see it.

    Parameters
    ----------
    X, columns
        ``n x t`` features that change in the task, and their columns.
    mean, phi
        ``n`` and ``n x p``: mean and embedding of the networks.
    z
        ``n`` standardised values.
    weight
        Its weight: near copies of one task have a weight of 1 together.
    """

    X: Tensor
    columns: tuple[FeatureColumn, ...]
    mean: Tensor
    phi: Tensor
    z: Tensor
    weight: float = 1.0

    def around(self, slope: float) -> float:
        """The variance of the values around `slope` times the mean."""
        return float((self.z - slope * self.mean).var(correction=0))

    @property
    def slope(self) -> float:
        """The coefficient of a regression of the values on the mean; 0 where the mean is constant."""
        centred = self.mean - self.mean.mean()
        size = float(centred @ centred)
        return float(centred @ self.z) / size if size > 1e-9 else 0.0


def learn_hyperpriors(episodes: Sequence[Episode]) -> CalibratedHyperpriors:
    """Return the hyperparameters learned from left-out tasks; the defaults where there is none."""
    if not episodes:
        return CalibratedHyperpriors()
    slopes = np.array([episode.slope for episode in episodes])
    weights = np.array([episode.weight for episode in episodes])
    count = float(weights.sum()) + _PSEUDO_TASKS
    slope = float(weights @ slopes) / count
    variance = (float(weights @ (slopes - slope) ** 2) + _PSEUDO_TASKS * _SLOPE_VARIANCE[0]) / count
    around = float(weights @ [episode.around(slope) for episode in episodes]) / float(weights.sum())
    start = CalibratedHyperpriors(
        slope=slope, slope_variance=math.log(max(variance, _SLOPE_VARIANCE[1])), around=around
    )
    chosen = episodes[:: max(1, -(-len(episodes) // _TASKS))]
    share = float(weights.sum()) / sum(episode.weight for episode in chosen)
    problems = [(*_problem(start, episode), share * episode.weight) for episode in chosen]
    origin = np.array([getattr(start, name) for name in _SHARED])

    def objective(values: FloatArray) -> tuple[float, FloatArray]:
        away = (values - origin) / np.array(_WIDTHS)
        total, gradient = 0.5 * float(away @ away), away / np.array(_WIDTHS)
        for problem, places, weight in problems:
            theta = problem.priors.means.copy()
            for shift, place in zip(values - origin, places, strict=True):
                theta[place] += shift
            likelihood, slopes_there = problem.likelihood(theta)
            total += weight * likelihood
            gradient = gradient + [weight * float(slopes_there[place].sum()) for place in places]
        return total, gradient

    found = minimize(
        objective, origin, jac=True, method="L-BFGS-B", bounds=_BOUNDS, options={"maxiter": 30, "ftol": 1e-6}
    ).x
    learned = dict(zip(_SHARED, map(float, found), strict=True))
    return replace(start, **learned)


def _problem(hyperpriors: CalibratedHyperpriors, episode: Episode) -> tuple[LogPosterior, tuple[Any, ...]]:
    """Return the posterior of one task's hyperparameters, and the index of each shared scale among them."""
    rows = slice(0, _ROWS)
    width = 1 + episode.phi.shape[-1]
    settings = hyperpriors.settings()
    terms = hyperpriors.terms((0,), range(1, width))
    kernel, priors = extended(build_kernel(episode.columns, settings), settings, terms, width)
    X = torch.cat([episode.X[rows], episode.mean[rows, None], episode.phi[rows]], dim=-1).numpy()
    z = (episode.z - hyperpriors.slope * episode.mean)[rows].numpy()
    lengths, variances = kernel.lengthscales, kernel.variances
    places = (
        np.arange(lengths, lengths + variances - 2),
        np.arange(lengths - 1),
        np.array([lengths + variances - 1]),
        np.array([lengths - 1]),
        np.array([lengths + variances]),
    )
    return LogPosterior(kernel, X, z, np.full(len(z), np.nan), priors), places
