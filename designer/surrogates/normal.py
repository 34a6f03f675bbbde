"""Joint normal posteriors that hold in any unit.

gpytorch raises every variance to at least 1e-10 when it is read, which is a spread of 1e-5 in the target's own unit:
more than all there is to know of a thermal expansion in 1/K. These distributions leave variances as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from botorch.posteriors.gpytorch import GPyTorchPosterior
from botorch.posteriors.posterior import Posterior
from gpytorch.distributions import MultitaskMultivariateNormal, MultivariateNormal
from linear_operator import to_linear_operator
from torch import Tensor


class JointNormal(MultivariateNormal):  # type: ignore[misc]  # gpytorch is untyped
    """A joint normal of one output; its variance is the diagonal of its covariance, without a floor."""

    @property
    def variance(self) -> Tensor:
        """The marginal variances (``batch_shape x q``)."""
        diagonal: Tensor = self.lazy_covariance_matrix.diagonal(dim1=-1, dim2=-2)
        return diagonal.expand(self.batch_shape + self.event_shape)


class JointNormals(MultitaskMultivariateNormal):  # type: ignore[misc]  # gpytorch is untyped
    """Independent joint normals of several outputs, without a floor of the variance either."""

    @property
    def variance(self) -> Tensor:
        """The marginal variances (``batch_shape x q x m``)."""
        diagonal: Tensor = self.lazy_covariance_matrix.diagonal(dim1=-1, dim2=-2)
        points, outputs = self.event_shape
        if self._interleaved:
            return diagonal.reshape(*diagonal.shape[:-1], points, outputs)
        return diagonal.reshape(*diagonal.shape[:-1], outputs, points).transpose(-1, -2)


def normal_posterior(mean: Tensor, covariance: Tensor) -> GPyTorchPosterior:
    """Return the posterior with means ``batch_shape x q`` and covariances ``batch_shape x q x q``."""
    return GPyTorchPosterior(JointNormal(mean, to_linear_operator(covariance)))


def normals_posterior(normals: Sequence[MultivariateNormal]) -> GPyTorchPosterior:
    """Return the joint posterior of independent outputs, one normal each."""
    if len(normals) == 1:
        return GPyTorchPosterior(normals[0])
    joint = MultitaskMultivariateNormal.from_independent_mvns(list(normals))
    kept = JointNormals(joint.mean, joint.lazy_covariance_matrix, interleaved=joint._interleaved)
    return GPyTorchPosterior(kept)


def normal_of(posterior: Posterior) -> MultivariateNormal:
    """Return the joint normal of a posterior of one output.

    Raises
    ------
    TypeError
        If the posterior is not normal, or has several outputs.
    """
    if not isinstance(posterior, GPyTorchPosterior) or isinstance(posterior.distribution, MultitaskMultivariateNormal):
        raise TypeError(f"one normal output is needed, not {type(posterior).__name__}")
    return posterior.distribution


def with_noise(covariance: Tensor, noise: Tensor) -> Tensor:
    """Add given noise variances (``... x q x 1``) to covariances (``batch_shape x q x q``)."""
    return covariance + torch.diag_embed(noise.expand(*covariance.shape[:-1], 1)[..., 0])
