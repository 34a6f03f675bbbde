"""Base of botorch models of one target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from botorch.models.model import Model


class SingleOutput(Model):
    """A model with one output and no batch of models."""

    @property
    def num_outputs(self) -> int:
        return 1

    @property
    def batch_shape(self) -> torch.Size:
        return torch.Size()

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
