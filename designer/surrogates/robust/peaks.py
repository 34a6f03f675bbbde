"""A model of one target with narrow peaks added: what it predicts if some outliers are real.

If an outlier y_i at design x_i is no slip, the response has structure there that is narrower than the model's
lengthscales. That structure is a second Gaussian process, independent of the model's own,

    f(x) = g(x) + b(x),    b ~ GP(0, s^2 M(r / q)),    b(x_i) = y_i - E[g(x_i)],

with the model's own scaled distance r, lengthscales shortened to the fraction q = `NARROW`, the Matern-5/2 correlation
M, and s^2 the mean square of the residuals. Far from the outliers the model is unchanged, so one wrong value does no
harm there; near them mean and deviation are large, so a search looks around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.kernels import matern, squared_distances
from designer.surrogates.normal import normal_of
from designer.surrogates.single_output import SingleOutput

NARROW = 0.25
"""Lengthscales of a peak as a fraction of the model's."""

_JITTER = 1e-6


class WithPeaks(SingleOutput):
    """A model of one target plus a narrow process through the residuals of some outliers.

    Parameters
    ----------
    model
        Any of the package's models of one target: it has ``marginals`` and ``cross_moments``.
    designs
        ``k x d`` features of the outliers.
    residuals
        ``k`` differences of measured value and posterior mean, in the target's unit.
    scale
        ``d`` factors by which features are multiplied before distances are taken.
    """

    _model: Any

    def __init__(self, model: Model, designs: Tensor, residuals: Tensor, scale: Tensor) -> None:
        super().__init__()
        self._model, self._designs, self._residuals, self._scale = model, designs, residuals, scale
        self._variance = residuals.square().mean()
        inner = self._correlation(designs, designs)
        self._factor = torch.linalg.cholesky(inner + _JITTER * torch.eye(len(designs), dtype=inner.dtype))
        self._alpha = torch.cholesky_solve(residuals[:, None], self._factor)[:, 0]

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`)."""
        normal = normal_of(self._model.posterior(X, observation_noise=observation_noise))
        mean, covariance = self._peaks(X, X)
        return normal.mean + mean, normal.covariance_matrix + covariance

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``...`` each) of `X` (``... x d``)."""
        mean, variance = self._model.marginals(X)
        added, spread = self._peaks(X[..., None, :], X[..., None, :])
        return mean + added[..., 0], variance + spread[..., 0, 0]

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means, variances (``n`` each) and covariances (``n x b``) of `X` (``n x d``) with `Z` (``b x d``)."""
        mean, variance, cross = self._model.cross_moments(X, Z)
        added, spread = self._peaks(X[:, None, :], X[:, None, :])
        _, shared = self._peaks(X, Z)
        return mean + added[:, 0], variance + spread[:, 0, 0], cross + shared

    def condition_on_observations(self, X: Tensor, Y: Tensor | None = None, **kwargs: Any) -> WithPeaks:
        """Return the model with ``p`` more measurements at `X` (``p x d``); without `Y` at its own means."""
        X = X.detach().to(torch.float64)
        peaks = self._peaks(X, X)[0]
        rest = None if Y is None else Y - peaks[:, None]
        model = self._model.condition_on_observations(X, rest, **kwargs)
        designs, residuals = torch.cat([self._designs, X]), torch.cat([self._residuals, peaks])
        found = WithPeaks(model, designs, residuals, self._scale)
        found._variance = self._variance
        return found

    def _peaks(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor]:
        """Return the peaks' posterior mean (``... x n``) at `X` and covariances (``... x n x b``) with `Z`."""
        here, there = self._correlation(X, self._designs), self._correlation(Z, self._designs)
        known = here @ torch.cholesky_solve(there.mT, self._factor.expand(*there.shape[:-2], *self._factor.shape))
        covariance = self._variance * (self._correlation(X, Z) - known)
        return here @ self._alpha, covariance

    def _correlation(self, A: Tensor, B: Tensor) -> Tensor:
        return matern(squared_distances(A * self._scale, B * self._scale))


def with_peaks(model: Model, designs: Tensor, values: Tensor, process: GaussianProcess) -> WithPeaks:
    """Return `model` with peaks through measured `values` (``k``) at `designs` (``k x d``).

    `process` is the Gaussian process of the target's own results, whose lengthscales set the peaks' widths.
    """
    with torch.no_grad():
        means = cast(Any, model).marginals(designs)[0]
    return WithPeaks(model, designs, values - means, peak_scale(process, designs.shape[-1]))


def peak_scale(process: GaussianProcess, width: int) -> Tensor:
    """Return the factors (``d``) that turn features into the scaled coordinates of a peak."""
    kernel, lengthscales = process.kernel, process.hyperparameters.lengthscales
    inverse = np.zeros(width)
    for term in kernel.terms:
        used = term.used
        inverse[used] = np.maximum(inverse[used], 1.0 / lengthscales[term.groups[used]])
    return torch.as_tensor(np.sqrt(kernel.weights) * inverse / NARROW)


def best_of_all(values: Sequence[float], row: int, excluded: Sequence[int]) -> bool:
    """Whether the utility of one row is above those of all other rows but the excluded ones; NaN counts as none.

    >>> best_of_all([1.0, 9.0, 2.0], 1, excluded=[1])
    True
    """
    others = [value for i, value in enumerate(values) if i not in excluded and i != row and value == value]
    return bool(others) and values[row] > max(others)
