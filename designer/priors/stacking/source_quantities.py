"""What a past task teaches about properties: one of its quantities, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.sources import Source
from designer.priors.stacking.warps import NormalScores
from designer.surrogates.data import Quantity
from designer.units import convert_many


@dataclass(frozen=True, eq=False)
class SourceQuantity:
    """One quantity that one past task measured: what is kept of it beside its networks.

    Parameters
    ----------
    name, group
        The task's name after its family's, and the group of near copies it belongs to.
    quantity
        What was measured.
    scores
        From its values to normal scores.
    rows
        How many designs it had.
    skill
        The share of variance of unseen designs that its networks explain.
    X, y
        Some of its designs (``k x d`` common features) and their values.
    """

    name: str
    group: str | None
    quantity: Quantity
    scores: NormalScores
    rows: int
    skill: float
    X: Tensor
    y: Tensor

    @property
    def label(self) -> str:
        """Its name, with the quantity: what tells it from any other."""
        return f"{self.name}: {self.quantity.name}"

    def kin(self, other: SourceQuantity) -> bool:
        """Whether it is a near copy of another, or of the same quantity."""
        grouped = self.group is not None and self.group == other.group
        return grouped or self.as_source().measures(other.quantity)

    def as_source(self) -> Source:
        """Return what is kept of it as a source."""
        present = torch.ones(self.X.shape[1], dtype=torch.bool)
        return Source(self.name, self.quantity, self.X, self.y, present)

    def in_unit(self, values: FloatArray, unit: str | None) -> FloatArray:
        """Return values of its quantity in another unit."""
        return np.asarray(convert_many(values, self.quantity.unit, unit), dtype=np.float64)
