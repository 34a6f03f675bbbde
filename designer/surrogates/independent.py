"""Models of several targets, one each and independent, as one botorch model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from botorch.acquisition.objective import PosteriorTransform
from botorch.models.model import Model, ModelList
from botorch.posteriors.gpytorch import GPyTorchPosterior
from botorch.posteriors.posterior import Posterior
from gpytorch.distributions import MultitaskMultivariateNormal, MultivariateNormal
from torch import Tensor


class IndependentModels(ModelList):
    """Models of one target each, joined: output j is that of model j.

    Unlike botorch's ``ModelList`` its posterior is one joint normal (block-diagonal), so that every sampler and every
    posterior transform works on it.
    """

    def posterior(  # type: ignore[override]  # this posterior is no list: transforms of normal posteriors fit it
        self,
        X: Tensor,
        output_indices: list[int] | None = None,
        observation_noise: bool | Tensor = False,
        posterior_transform: PosteriorTransform | None = None,
    ) -> Posterior:
        """Return the joint posterior at `X` (``batch_shape x q x d``), ``batch_shape x q x m``.

        ``observation_noise`` is False, True, or a tensor ``... x q x m`` of variances.
        """
        models = cast(Sequence[Model], self.models)
        normals = []
        for j in range(len(models)) if output_indices is None else output_indices:
            noise = observation_noise[..., [j]] if isinstance(observation_noise, Tensor) else observation_noise
            normals.append(_normal(models[j].posterior(X, observation_noise=noise)))
        joint = normals[0]
        if len(normals) > 1:
            joint = MultitaskMultivariateNormal.from_independent_mvns(normals)
        posterior = GPyTorchPosterior(joint)
        return posterior if posterior_transform is None else posterior_transform(posterior)


def _normal(posterior: Posterior) -> MultivariateNormal:
    if not isinstance(posterior, GPyTorchPosterior) or isinstance(posterior.distribution, MultitaskMultivariateNormal):
        raise TypeError(f"independent models have one normal output each, not {type(posterior).__name__}")
    return posterior.distribution
