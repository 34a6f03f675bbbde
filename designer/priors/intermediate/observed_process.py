"""The posterior of a target whose observations are known at some designs, and predicted at all others.

With a regression R of the target on the design x and its observations z, and a Gaussian process of each of the k
columns of z over the designs,

    f(x) = R(x, z(x)),        z_i(x) ~ N(m_i(x), s_i^2(x)),

where z is what was observed at an observed design, noise of the observation included, and elsewhere the prediction of
the processes. Its moments are those of the three-point Gauss-Hermite rule of each column, with R at m and at
m + h s_i e_i and m - h s_i e_i, h^2 = 3 ("up" and "down"),

    E f(x) = R(m) + sum_i c_i,                                c_i = [R(up) + R(down) - 2 R(m)] / 2 h^2,
    cov(f(x), f(x')) = cov_R(m, m') + sum_i J_i cov(z_i(x), z_i(x')) J_i',    J_i = [R(up) - R(down)] / 2 h s_i,

and at a design itself the variance that has no covariance with other designs: the noise of z, 2 c_i^2, and what
var R changes along each column. So a result tells of other designs by what their observations are expected to be, and
the deviations of these are counted.

Reference: S. Julier, J. Uhlmann, Unscented filtering and nonlinear estimation, Proceedings of the IEEE 92 (2004), for
moments from such points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from designer.priors.intermediate.revised_model import UpdatableModel, same_designs, single_moments

_FAR = math.sqrt(3.0)  # deviations from the mean of the outer points
_MIN_VARIANCE = 1e-18  # variance of an observation, so that slopes are defined where it is known
_CHUNK = 1024  # designs whose moments are computed together


class Process(Protocol):
    """A Gaussian process of one column of the observations."""

    @property
    def noise_variance(self) -> float:
        """The variance of its noise."""
        ...

    def joint_moments(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means (``... x q``) and covariances (``... x q x q``) without noise at ``... x q x d``."""
        ...

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (``n``) at `X` (``n x d``) and covariances (``n x b``) with `Z` (``b x d``)."""
        ...


class Regression(Protocol):
    """The joint prediction of a target from features and observations, side by side."""

    @property
    def noise_variance(self) -> float:
        """The learned variance of the target's noise."""
        ...

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means (``... x q``) and covariances (``... x q x q``) at ``... x q x (d + k)``."""
        ...

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``...`` each) of `X` (``... x (d + k)``)."""
        ...

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means, variances (``n``) and covariances (``n x b``) of ``n x (d + k)`` with ``b x (d + k)``."""
        ...


@dataclass(frozen=True, eq=False)
class _At:
    """Observations at designs, all ``... x q`` but for `inputs`.

    Parameters
    ----------
    inputs
        ``... x q x (d + k)`` features and means of the observations.
    slopes
        ``k`` derivatives of the target with respect to each column; 0 where they were observed.
    bend, widening
        What the curvature adds to the mean, and what the observations change of the variance, beside the slopes.
    """

    inputs: Tensor
    slopes: tuple[Tensor, ...]
    bend: Tensor
    widening: Tensor


class ObservedProcess(UpdatableModel):
    """The posterior of a target by its regression on design and observations.

    The observations of further measurements stay unknown.

    Parameters
    ----------
    regression
        Over ``d + k`` features.
    processes
        Of the ``k`` columns of the observations, over ``d`` features.
    designs, Z
        ``p x d`` features of the observed designs, distinct, and their ``p x k`` observations.
    """

    def __init__(self, regression: Regression, processes: Sequence[Process], designs: Tensor, Z: Tensor) -> None:
        super().__init__()
        self._regression, self._processes, self._designs, self._Z = regression, tuple(processes), designs, Z

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`)."""
        X = X.to(torch.float64)
        found = [process.joint_moments(X) for process in self._processes]
        at = self._at(X, [mean for mean, _ in found], [c.diagonal(dim1=-2, dim2=-1) for _, c in found])
        mean, covariance = self._regression.joint_moments(at.inputs, observation_noise)
        for (_, between), slope in zip(found, at.slopes, strict=True):
            covariance = covariance + slope[..., :, None] * between * slope[..., None, :]
        own, same = self._own(at), same_designs(X, X).to(X.dtype)
        return mean + at.bend, covariance + 0.5 * (own[..., :, None] + own[..., None, :]) * same

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``...`` each) of `X` (``... x d``), without gradients."""
        with torch.no_grad():
            flat = X.reshape(-1, X.shape[-1]).to(torch.float64)
            parts = [self._marginals(chunk) for chunk in torch.split(flat, _CHUNK)]
            mean, variance = (torch.cat(part).reshape(X.shape[:-1]) for part in zip(*parts, strict=True))
        return mean, variance

    def _marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        at, variances = self._of_each(X)
        mean, variance = self._regression.marginals(at.inputs)
        for slope, total in zip(at.slopes, variances, strict=True):
            variance = variance + slope.square() * total
        return mean + at.bend, variance + at.widening

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means, variances (``n`` each) and covariances (``n x b``) of `X` (``n x d``) with `Z` (``b x d``)."""
        with torch.no_grad():
            there = self._of_each(Z.to(torch.float64))[0]
            parts = [self._cross_moments(chunk, Z, there) for chunk in torch.split(X.to(torch.float64), _CHUNK)]
            mean, variance, covariance = (torch.cat(part) for part in zip(*parts, strict=True))
        return mean, variance, covariance

    def _cross_moments(self, X: Tensor, Z: Tensor, there: _At) -> tuple[Tensor, Tensor, Tensor]:
        at, variances = self._of_each(X)
        mean, variance, covariance = self._regression.cross_moments(at.inputs, there.inputs)
        for i, process in enumerate(self._processes):
            between = process.cross_moments(X, Z)[2]
            variance = variance + at.slopes[i].square() * variances[i]
            covariance = covariance + at.slopes[i][:, None] * between * there.slopes[i]
        covariance = covariance + self._own(there) * same_designs(X, Z).to(X.dtype)
        return mean + at.bend, variance + at.widening, covariance

    @property
    def noise_variance(self) -> float:
        """The learned noise variance of the target, in its unit squared."""
        return self._regression.noise_variance

    def _of_each(self, X: Tensor) -> tuple[_At, list[Tensor]]:
        """Return the observations at designs (``n x d``), and their variances (``k`` of ``n``), noise included."""
        found = [process.cross_moments(X, X[:0]) for process in self._processes]
        at = self._at(X, [mean for mean, _, _ in found], [variance for _, variance, _ in found])
        return at, [each[1] + process.noise_variance for each, process in zip(found, self._processes, strict=True)]

    def _at(self, X: Tensor, means: Sequence[Tensor], variances: Sequence[Tensor]) -> _At:
        """Return the observations at designs (``... x q x d``).

        Parameters
        ----------
        means, variances
            ``k`` of ``... x q``, of the predicted observations without noise.
        """
        known, is_known = self._observed(X)
        missing = ~is_known
        centres, deviations = [], []
        for i, process in enumerate(self._processes):
            centres.append(torch.where(missing, means[i], known[..., i]))
            total = (variances[i] + process.noise_variance).clamp_min(_MIN_VARIANCE)
            deviations.append(torch.where(missing, total, torch.full_like(total, _MIN_VARIANCE)).sqrt())
        Z = torch.stack(centres, dim=-1)
        inputs = torch.cat([X, Z], dim=-1)
        mean, variance = single_moments(self._regression, inputs)
        predicted = missing.to(X.dtype)
        slopes, bend, widening = [], torch.zeros_like(mean), torch.zeros_like(mean)
        for i, deviation in enumerate(deviations):
            step = torch.zeros_like(inputs)
            step[..., X.shape[-1] + i] = _FAR * deviation
            up, above = single_moments(self._regression, inputs + step)
            down, below = single_moments(self._regression, inputs - step)
            slopes.append(predicted * (up - down) / (2.0 * _FAR * deviation))
            curved = predicted * (up + down - 2.0 * mean) / (2.0 * _FAR**2)
            bend = bend + curved
            widening = widening + predicted * (above + below - 2.0 * variance) / (2.0 * _FAR**2) + 2.0 * curved.square()
        return _At(inputs, tuple(slopes), bend, widening.clamp_min(0.0))

    def _own(self, at: _At) -> Tensor:
        """Return the variances (``... x q``) that designs have of their own: of what no process explains."""
        noises = [p.noise_variance * slope.square() for p, slope in zip(self._processes, at.slopes, strict=True)]
        return torch.stack([at.widening, *noises]).sum(0)

    def _observed(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return the observations of designs (``... x q x k``), 0 where there are none, and where there are some."""
        with torch.no_grad():
            same = same_designs(X, self._designs)
            return same.to(X.dtype) @ self._Z, same.any(dim=-1)
