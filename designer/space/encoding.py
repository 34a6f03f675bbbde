"""Features: designs as the numbers that models see.

The features of a space depend on the space alone, never on what was measured:

* a numeric parameter gives one column, 0 at its lowest and 1 at its highest setting, on its own scale; values outside
  go on beyond (on a log scale no further than two ranges down, also for zero and negative values);
* a composition or mixture gives each member's share of the total; amounts by weight become atomic fractions;
* a formula gives the atomic fraction of each element of the vocabulary;
* a categorical parameter gives one 0/1 column a choice;
* a conditional parameter gives one more column, 1 where it does not exist; its other columns are then constant, so that
  two designs without it differ by nothing of it, and designs with and without it by no extreme setting;
* on demand, *descriptors*: of the elements (`designer.chemistry.descriptors`, each property scaled so that the
  elements of the space span 0 to 1) and of the choices (the user's numbers, scaled so that the choices span 0 to 1).
  What is the same for every element or choice of the space tells designs apart by nothing and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import FloatArray
from designer.space.base import SpaceLike
from designer.space.parameters.features import (
    Axis,
    FeatureBlock,
    FeatureColumn,
    Role,
    absent_features,
    conditional_features,
)

__all__ = ["Axis", "Encoder", "FeatureColumn", "Role"]


@dataclass(frozen=True)
class Encoder:
    """From coordinates to features.

    Parameters
    ----------
    space
        The space of the designs.
    descriptors
        Whether descriptors of elements and choices are added to the designs' own coordinates.

    Examples
    --------
    >>> from designer.space.design_space import DesignSpace
    >>> space = DesignSpace(
    ...     parameters=[
    ...         {"name": "time", "kind": "numeric", "bounds": [1, 100], "scale": "log"},
    ...         {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    ...     ]
    ... )
    >>> encoder = Encoder(space)
    >>> [column.name for column in encoder.columns]
    ['time', 'gas = N2', 'gas = Ar']
    >>> encoder.encode([[10.0, 1.0]])
    array([[0.5, 0. , 1. ]])
    """

    space: SpaceLike
    descriptors: bool = True

    @cached_property
    def _blocks(self) -> tuple[FeatureBlock, ...]:
        return tuple(
            parameter.features(descriptors=self.descriptors)
            if parameter.when is None
            else conditional_features(parameter.features(descriptors=self.descriptors), parameter.name, parameter.kind)
            for parameter in self.space.parameters
        )

    @cached_property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """The d columns, in the order of the parameters."""
        return tuple(column for block in self._blocks for column in block.columns)

    @property
    def dimension(self) -> int:
        """The number d of columns."""
        return len(self.columns)

    def encode(self, coordinates: FloatArray) -> FloatArray:
        """Return the features ``n x d`` of ``n x c`` coordinates, on or off the grid, within bounds or not.

        Raises
        ------
        ValueError
            If there are not c columns.
        InvalidData
            If a composition has nothing in it, so that it has no atomic fractions.
        """
        coordinates = np.asarray(coordinates, dtype=np.float64)
        if coordinates.ndim != 2 or coordinates.shape[1] != self.space.width:
            raise ValueError(f"coordinates have shape {coordinates.shape}, not (n, {self.space.width})")
        result = np.empty((len(coordinates), self.dimension))
        coordinates = self.space.conditions.filled(coordinates)
        exists = self.space.conditions.exists(coordinates)
        start = 0
        for k, (block, part) in enumerate(zip(self._blocks, self.space.slices, strict=True)):
            end = start + len(block.columns)
            result[:, start:end] = block.encode(coordinates[:, part])
            if self.space.parameters[k].when is not None:
                result[~exists[:, k], start:end] = absent_features(block)
            start = end
        return result
