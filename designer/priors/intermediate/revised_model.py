"""A model of one target whose posterior at some designs is replaced by what observations of these designs say.

With the model's joint normal N(m, S) of the values f at k designs, and what observations say of them, N(n, V), the
posterior elsewhere follows by the rule of total probability (R. C. Jeffrey, The Logic of Decision (1965), chapter 11):
the conditional distribution given f stays, the distribution of f is the new one,

    E[f(x)] = m(x) + c S^-1 (n - m),        var f(x) = s^2(x) - c S^-1 (S - V) S^-1 c^T,

with the covariances c of f(x) and f. At the k designs it is N(n, V) exactly.

Each of these designs has a deviation of its own besides, with the variance that its observations leave, in S and in its
own c. Without it the model would pass through the predictions of designs that are near each other, which differ by
their errors, and predict nonsense beyond them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.surrogates.normal import normal_of
from designer.surrogates.single_output import SingleOutput

_JITTER = 1e-8  # of the mean variance at the designs
_SAME = 1e-9  # by which the features of one design differ at most


def single_moments(model: Any, X: Tensor) -> tuple[Tensor, Tensor]:
    """Return means and variances (``...``) of designs (``... x d``), with gradients where they are needed."""
    if not (X.requires_grad and torch.is_grad_enabled()):
        mean, variance = model.marginals(X)
        return mean, variance
    mean, covariance = model.joint_moments(X[..., None, :])
    return mean[..., 0], covariance[..., 0, 0]


class UpdatableModel(SingleOutput):
    """A model that takes measurements by an update of its moments; its subclasses have a ``noise_variance``."""

    def condition_on_observations(self, X: Tensor, Y: Tensor | None = None, **kwargs: Any) -> UpdatedModel:
        """Return the model with ``p`` more measurements at `X` (``p x d``); without `Y` at its own means.

        Parameters
        ----------
        noise
            (keyword) ``p x 1`` noise variances, NaN where the learned noise holds.
        """
        return UpdatedModel.measured(self, X, Y, kwargs.get("noise"))


class UpdatedModel(UpdatableModel):
    """A model whose moments are updated linearly in their covariances with some designs.

    Parameters
    ----------
    model
        Any of the package's models of one target: it has ``cross_moments``.
    designs
        ``k x d`` features.
    own
        ``k`` variances of the designs' own deviations.
    shift, gain
        ``k`` and ``k x k``: what is multiplied with the covariances for the change of the mean and of the covariance.
    """

    _model: Any

    def __init__(self, model: Model, designs: Tensor, own: Tensor, shift: Tensor, gain: Tensor) -> None:
        super().__init__()
        self._model, self._designs, self._variances, self._shift, self._gain = model, designs, own, shift, gain

    @classmethod
    def measured(cls, model: Any, designs: Tensor, Y: Tensor | None, noise: Tensor | None) -> UpdatedModel:
        """Return a model conditioned on measurements at designs (``k x d``).

        Parameters
        ----------
        Y
            ``k x 1``; None: at the model's own means.
        noise
            ``k x 1`` variances, NaN where the learned noise holds; None: everywhere.
        """
        designs = designs.detach().to(torch.float64)
        values = model.marginals(designs)[0] if Y is None else Y.detach().to(torch.float64)[:, 0]
        variances = _noise_of(model.noise_variance, values, noise)
        with torch.no_grad():
            normal = normal_of(model.posterior(designs))
            S = normal.covariance_matrix
            S = S + torch.diag(variances + _JITTER * S.diagonal().mean())
            gain = torch.cholesky_inverse(torch.linalg.cholesky(S))
            return UpdatedModel(model, designs, torch.zeros_like(variances), gain @ (values - normal.mean), gain)

    @property
    def noise_variance(self) -> float:
        """The learned noise variance, in the target's unit squared."""
        return float(self._model.noise_variance)

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`)."""
        q = X.shape[-2]
        designs = self._designs.expand(*X.shape[:-2], *self._designs.shape)
        whole = normal_of(self._model.posterior(torch.cat([X, designs], dim=-2)))
        noisy = normal_of(self._model.posterior(X, observation_noise=observation_noise))
        own = self._own(X)
        cross = whole.covariance_matrix[..., :q, q:] + own
        prior = noisy.covariance_matrix + own @ self._same(X).mT
        return noisy.mean + cross @ self._shift, prior - cross @ self._gain @ cross.mT

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``...`` each) of `X` (``... x d``), without gradients."""
        with torch.no_grad():
            flat = X.reshape(-1, X.shape[-1])
            mean, variance, cross = self._model.cross_moments(flat, self._designs)
            own = self._own(flat)
            cross = cross + own
            variance = variance + own.sum(-1) - ((cross @ self._gain) * cross).sum(-1)
            mean = mean + cross @ self._shift
        return mean.reshape(X.shape[:-1]), variance.clamp_min(0.0).reshape(X.shape[:-1])

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means, variances (``n`` each) and covariances (``n x b``) of `X` (``n x d``) with `Z` (``b x d``)."""
        with torch.no_grad():
            mean, variance, covariance = self._model.cross_moments(X, torch.cat([Z, self._designs]))
            own = self._own(X)
            between, cross = covariance[:, : len(Z)] + own @ self._same(Z).mT, covariance[:, len(Z) :] + own
            there = self._model.cross_moments(Z, self._designs)[2] + self._own(Z)
            moved = cross @ self._gain
            variance = (variance + own.sum(-1) - (moved * cross).sum(-1)).clamp_min(0.0)
        return mean + cross @ self._shift, variance, between - moved @ there.mT

    def _same(self, X: Tensor) -> Tensor:
        """Return which of `X` (``... x q x d``) are which of the designs: 1 or 0 (``... x q x k``)."""
        return same_designs(X, self._designs).to(self._variances.dtype)

    def _own(self, X: Tensor) -> Tensor:
        """Return the covariance (``... x q x k``) of designs with the designs' own deviations."""
        return self._same(X) * self._variances


def same_designs(X: Tensor, Z: Tensor) -> Tensor:
    """Return which of `X` (``... x n x d``) are the same designs as which of `Z` (``... x b x d``): ``... x n x b``.

    They are compared by a projection first, so that the features of all pairs are needed only where some are the same.
    """
    with torch.no_grad():
        direction = torch.as_tensor(np.random.default_rng(0).normal(size=X.shape[-1]))
        away = (X @ direction).unsqueeze(-1) - (Z @ direction).unsqueeze(-2)
        near = away.abs() <= _SAME * float(direction.abs().sum())
        if not near.any():
            return near
        return near & ((X.unsqueeze(-2) - Z.unsqueeze(-3)).abs().amax(dim=-1) <= _SAME)


def _noise_of(learned: float, values: Tensor, given: Tensor | None) -> Tensor:
    """Return the noise variances (``p``) of values: those `given` (``p x 1``), and the `learned` one where NaN."""
    if given is None:
        return torch.full_like(values, learned)
    known = given[:, 0].to(torch.float64)
    return torch.where(known.isnan(), torch.full_like(known, learned), known)


class RevisedModel(UpdatedModel):
    """A model with another distribution of its values at some designs.

    Parameters
    ----------
    model
        Any of the package's models of one target: it has ``cross_moments``.
    designs
        ``k x d`` features, distinct.
    means, variances
        ``k`` each: the new moments there. Correlations are those of `model`.
    """

    def __init__(self, model: Model, designs: Tensor, means: Tensor, variances: Tensor) -> None:
        with torch.no_grad():
            normal = normal_of(model.posterior(designs))
            S = normal.covariance_matrix
            S = S + torch.diag(variances + _JITTER * S.diagonal().mean())
            inverse = torch.linalg.inv(S)
            inverse = 0.5 * (inverse + inverse.mT)
            scale = (variances / S.diagonal()).sqrt()
            V = scale[:, None] * S * scale
            gain = inverse @ (S - V) @ inverse
            super().__init__(model, designs, variances, inverse @ (means - normal.mean), gain)
        self._means = means

    def condition_on_observations(self, X: Tensor, Y: Tensor | None = None, **kwargs: Any) -> RevisedModel:
        """Return the model with ``p`` more measurements at `X` (``p x d``); without `Y` at its own means."""
        values = self.marginals(X)[0][:, None] if Y is None else Y
        model = self._model.condition_on_observations(X, values, **kwargs)
        return RevisedModel(model, self._designs, self._means, self._variances)
