"""Acquisition functions for goals that are no best value: to know a surface, or the boundary where it crosses a level.

Both choose the design whose result reduces the weighted posterior variance over the space most. With the posterior
covariance k of one target, given the measured and the pending designs, and the noise variance s^2 of a measurement,
measuring x reduces the variance at u by ``k(x, u)^2 / (k(x, x) + s^2)``, whatever the result. So

    a(x) = sum_u w(u) k(x, u)^2 / (k(x, x) + s^2)

is exact, and a batch that is chosen one design after another, those before it pending, has the sum of its designs'
values. ``goal: map`` has equal weights (the integrated posterior variance of D. Cohn, Z. Ghahramani and M. Jordan,
"Active learning with statistical models", JAIR 1996; botorch's `qNegIntegratedPosteriorVariance`). ``goal: boundary``
weighs every u with the density of its prediction at the level, so that variance counts where it can hide the boundary
(the targeted mean squared error of V. Picheny et al., "Adaptive designs of experiments for accurate approximation of a
target region", Journal of Mechanical Design 2010). A region where experiments fail or outcome constraints are not kept
counts as much as it is probable that they succeed and that they are kept.

docs/decisions/030-maps-and-boundaries.md compares the criterion for boundaries with others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from botorch.models.model import Model
from torch import Tensor

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.functions import Acquisition
from designer.acquisition.moments import moments, single_output

SCREENED = 64
"""Designs of the region that the screen of long lists uses."""

_JITTER = 1e-9  # of the largest variance
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Surface:
    """The posterior of one target over a region, given the pending designs.

    Parameters
    ----------
    region
        ``r x d`` features.
    mean, variance
        ``r``; pending designs reduce variances and leave means as they are.
    noise
        The noise variance of a measurement.
    pending, root
        ``p x d`` features, and the Cholesky factor (``p x p``) of the covariance of their measurements.
    explained
        ``p x r``: the part of the region's covariance that the pending designs explain, solved by `root`.
    """

    model: Model
    region: Tensor
    mean: Tensor
    variance: Tensor
    noise: float
    pending: Tensor
    root: Tensor
    explained: Tensor

    @classmethod
    def of(cls, model: Model, region: Tensor, pending: Tensor) -> Surface:
        """Return the posterior of a model of one target over a region (``r x d``)."""
        with torch.no_grad():
            noise = noise_variance(model, region)
            there = moments(model, region, pending)
            own = moments(model, pending, pending).cross if len(pending) else pending.new_zeros(0, 0)
            ridge = noise + _JITTER * float(there.variance.max()) + _TINY
            root = torch.linalg.cholesky(0.5 * (own + own.T) + ridge * torch.eye(len(own), dtype=own.dtype))
            explained = torch.linalg.solve_triangular(root, there.cross.T, upper=False)
            variance = (there.variance - explained.square().sum(0)).clamp_min(0.0)
        return cls(model, region, there.mean, variance, noise, pending, root, explained)

    def reductions(self, X: Tensor, rows: slice = slice(None)) -> Tensor:
        """Return by how much a measurement at each of `X` (``n x d``) reduces the region's variances (``n x r``)."""
        count = len(self.region[rows])
        at = moments(self.model, X, torch.cat([self.region[rows], self.pending]))
        own = torch.linalg.solve_triangular(self.root, at.cross[:, count:].T, upper=False)
        covariance = at.cross[:, :count] - own.T @ self.explained[:, rows]
        variance = (at.variance - own.square().sum(0)).clamp_min(0.0)
        floor = _JITTER * float(self.variance.max()) + _TINY
        return cast(Tensor, covariance.square() / (variance + self.noise + floor)[:, None])


def noise_variance(model: Model, X: Tensor) -> float:
    """Return the noise variance of a measurement under a model of one target: that at the first of `X` (``n x d``)."""
    one = X[:1, None, :]
    with torch.no_grad():
        noisy, clean = (cast(Any, model.posterior(one, observation_noise=noise)).variance for noise in (True, False))
    return max(float(noisy) - float(clean), 0.0)


class VarianceReduction(Acquisition):
    """Log of the share of the weighted variance over the space that a measurement of a design takes away.

    Of several mapped targets the mean of their shares. Times the probabilities that the design can be used. Weights and
    shares are those before the pending designs, so that the shares of a batch add up.
    """

    effort = 32_768

    def __init__(self, context: AcquisitionContext) -> None:
        super().__init__(context)
        assert context.region is not None
        region = context.region
        columns = context.objective.goal_columns
        models = [single_output(context.model, column) for column in columns]
        now = [Surface.of(model, region, region[:0]) for model in models]
        pending = context.pending_anywhere
        self.surfaces = [Surface.of(model, region, pending) for model in models] if len(pending) else now
        with torch.no_grad():
            usable = (context.log_feasible(region) + context.log_gates(region)).exp()
        self.weights = [usable * self.weight(surface) for surface in now]
        self._whole = [
            float((weight * surface.variance).sum()) for weight, surface in zip(self.weights, now, strict=True)
        ]

    def weight(self, surface: Surface) -> Tensor:
        """Return the weight (``r``) of the variance at each design of the region, given the measured designs."""
        return torch.ones_like(surface.variance)

    def values(self, X: Tensor) -> Tensor:
        """Return the log share of the weighted variance (``n``) that features (``n x d``) take away."""
        return self._over(X, slice(None))

    def screen(self, X: Tensor) -> Tensor:
        """Return the same over a part of the region (``n``), for long lists."""
        return self._over(X, slice(None, None, max(1, len(self.surfaces[0].region) // SCREENED)))

    def _over(self, X: Tensor, rows: slice) -> Tensor:
        total = X.new_zeros(len(X))
        for surface, weight, whole in zip(self.surfaces, self.weights, self._whole, strict=True):
            total = total + (surface.reductions(X, rows) @ weight[rows]) / (whole + _TINY)
        log = (total / len(self.surfaces)).clamp_min(_TINY).log()
        return log + self.context.log_feasible(X) + self.context.log_gates(X)


class BoundaryVariance(VarianceReduction):
    """`VarianceReduction` with the density of each prediction at the level as its weight."""

    def weight(self, surface: Surface) -> Tensor:
        """Return the density (``r``) of the prediction at the level."""
        level = self.context.objective.goals[0].value
        assert level is not None
        scale = float(surface.variance.max().sqrt()) + _TINY
        deviation = surface.variance.sqrt().clamp_min(1e-6 * scale)
        density = -0.5 * ((surface.mean - level) / deviation) ** 2 - (deviation / scale).log()
        # Far from the level everywhere, all densities underflow: they are compared with the largest one.
        return (density - density.max()).exp()
