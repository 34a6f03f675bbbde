"""Base of botorch models of one target whose posterior is a joint normal."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

import torch
from botorch.acquisition.objective import PosteriorTransform
from botorch.models.model import Model
from botorch.posteriors.posterior import Posterior
from torch import Tensor

from designer.surrogates.normal import normal_posterior


class SingleOutput(Model):
    """A model with one output and no batch of models; its subclasses define `joint_moments`."""

    @property
    def num_outputs(self) -> int:
        """The number of outputs: 1."""
        return 1

    @property
    def batch_shape(self) -> torch.Size:
        """The shape of the batch of models: empty."""
        return torch.Size()

    @abstractmethod
    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means (``batch_shape x q``) and covariances (``batch_shape x q x q``) at ``batch_shape x q x d``.

        In the target's unit (squared), differentiable with respect to X. With ``observation_noise=True`` the learned
        noise is added; a tensor (``... x q x 1``, unit squared) is added as given.
        """

    def posterior(
        self,
        X: Tensor,
        output_indices: list[int] | None = None,
        observation_noise: bool | Tensor = False,
        posterior_transform: PosteriorTransform | None = None,
    ) -> Posterior:
        """Return the joint normal posterior of `joint_moments`, transformed if a transform is given."""
        posterior = normal_posterior(*self.joint_moments(X, observation_noise))
        return posterior if posterior_transform is None else posterior_transform(posterior)

    def subset_output(self, idcs: Sequence[int]) -> Self:
        """Return the model itself, for its only output.

        Raises
        ------
        ValueError
            If another output is asked for.
        """
        if list(idcs) not in ([0], [-1]):
            raise ValueError(f"the model has one output, and {idcs} were asked for")
        return self
