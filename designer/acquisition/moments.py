"""Means, variances and covariances of one target, from any botorch model whose posterior is Gaussian."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

import torch
from botorch.models.model import Model, ModelList
from botorch.posteriors.gpytorch import GPyTorchPosterior
from torch import Tensor

from designer.surrogates.model_mixture import MarginalModel, Mixture
from designer.surrogates.single_output import SingleOutput

_CHUNK = 2048
_MAX_PAIRED = 256
"""Designs of a baseline up to which a joint posterior is computed for each design with the baseline."""
_JOINT = 512


@runtime_checkable
class CrossModel(Protocol):
    """A model that gives covariances with a few fixed designs without a joint posterior over all of them."""

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means (``n``) and variances (``n``) at `X` (``n x d``), covariances (``n x b``) with `Z`."""


@dataclass(frozen=True)
class Moments:
    """Posterior means (``n``) and variances (``n``) at designs, and covariances (``n x b``) with a baseline."""

    mean: Tensor
    variance: Tensor
    cross: Tensor


def single_output(model: Model, column: int) -> Model:
    """Return the model of one target alone."""
    if isinstance(model, ModelList):
        position = column
        for part in cast(Iterable[Model], model.models):
            if position < part.num_outputs:
                return single_output(part, position)
            position -= part.num_outputs
    return model if model.num_outputs == 1 else model.subset_output([column])


def joint(model: Model, X: Tensor) -> tuple[Tensor, Tensor]:
    """Return the joint mean (``... x q``) and covariance (``... x q x q``) of a model of one target at `X`.

    Raises
    ------
    TypeError
        If the posterior is not Gaussian.
    """
    if isinstance(model, SingleOutput):  # the same without a posterior, whose shapes load a library of algebra
        return model.joint_moments(X)
    posterior = model.posterior(X)
    if not isinstance(posterior, GPyTorchPosterior):
        raise TypeError(f"{type(posterior).__name__} is not Gaussian: it gives no covariance matrix")
    return posterior.mean[..., 0], posterior.distribution.covariance_matrix


def moments(model: Model, X: Tensor, Z: Tensor) -> Moments:
    """Return the moments of a model of one target at `X` (``n x d``) with the baseline `Z` (``b x d``).

    Differentiable with respect to `X`; without gradients it works in chunks of bounded memory.
    """
    if torch.is_grad_enabled() and X.requires_grad:
        return _moments(model, X, Z)
    with torch.no_grad():
        if not len(Z) and isinstance(model, MarginalModel):
            return Moments(*model.marginals(X), X.new_zeros(len(X), 0))
        if isinstance(model, CrossModel):
            return Moments(*model.cross_moments(X, Z))
        if isinstance(model, Mixture):
            return _matched(
                [(weight, moments(part, X, Z), moments(part, Z, Z[:0])) for weight, part in components(model)]
            )
        if len(Z) > _MAX_PAIRED:
            parts = [_joint_moments(model, chunk, Z) for chunk in torch.split(X, _JOINT)]
        else:
            parts = [_moments(model, chunk, Z) for chunk in torch.split(X, _CHUNK)]
    return Moments(*(torch.cat([getattr(part, name) for part in parts]) for name in ("mean", "variance", "cross")))


def _matched(parts: list[tuple[float, Moments, Moments]]) -> Moments:
    """Return the moments of a mixture from the weights and moments of its components at X and at Z."""
    mean = sum_of([weight * at.mean for weight, at, _ in parts])
    there = sum_of([weight * base.mean for weight, _, base in parts])
    variance = sum_of([weight * (at.variance + (at.mean - mean) ** 2) for weight, at, _ in parts])
    cross = [w * (at.cross + torch.outer(at.mean - mean, base.mean - there)) for w, at, base in parts]
    return Moments(mean, variance, sum_of(cross))


def sum_of(tensors: list[Tensor]) -> Tensor:
    """Return the sum of tensors of one shape."""
    return torch.stack(tensors).sum(0)


def _moments(model: Model, X: Tensor, Z: Tensor) -> Moments:
    if not len(Z):
        mean, covariance = joint(model, X[:, None, :])
        return Moments(mean[:, 0], covariance[:, 0, 0], X.new_zeros(len(X), 0))
    pairs = torch.cat([X[:, None, :], Z.expand(len(X), *Z.shape)], dim=1)
    mean, covariance = joint(model, pairs)
    return Moments(mean[:, 0], covariance[:, 0, 0], covariance[:, 0, 1:])


def _joint_moments(model: Model, X: Tensor, Z: Tensor) -> Moments:
    """Return the moments from one joint posterior of all designs: cheaper than `_moments` with a large baseline."""
    mean, covariance = joint(model, torch.cat([X, Z]))
    n = len(X)
    return Moments(mean[:n], covariance.diagonal()[:n], covariance[:n, n:])


def components(model: Model) -> list[tuple[float, Model]]:
    """Return the weighted Gaussian components of a model of one target: itself, or those of a mixture and its
    mixtures."""
    if not isinstance(model, Mixture):
        return [(1.0, model)]
    return [
        (weight * inner, part)
        for weight, component in model.components
        if weight > 0
        for inner, part in components(component)
    ]
