"""Models of several targets, one each and independent, as one botorch model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from botorch.acquisition.objective import PosteriorTransform
from botorch.models.model import Model, ModelList
from botorch.posteriors.posterior import Posterior
from torch import Tensor

from designer.surrogates.normal import normal_of, normals_posterior


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
            normals.append(normal_of(models[j].posterior(X, observation_noise=noise)))
        posterior = normals_posterior(normals)
        return posterior if posterior_transform is None else posterior_transform(posterior)


def joined(models: Sequence[Model]) -> Model:
    """Return the only model, or all of them joined."""
    return models[0] if len(models) == 1 else IndependentModels(*models)


def parts(model: Model) -> tuple[Model, ...]:
    """Return what was joined: the models of one target each."""
    return tuple(cast(Sequence[Model], model.models)) if isinstance(model, IndependentModels) else (model,)
