"""Small changes of designs that leave every parameter at a setting of its own; constraints are for callers to check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.space.base import SpaceLike

_ALSO = 0.2  # chance that a parameter changes along with the one that a move is about


@dataclass(frozen=True, eq=False)
class Moves:
    """The moves of one space."""

    space: SpaceLike

    @cached_property
    def _odds(self) -> FloatArray:
        """How often a move is about each parameter: compositions more often, for they have more to change."""
        odds = np.array([parameter.mobility for parameter in self.space.parameters])
        cumulative: FloatArray = np.cumsum(odds) / max(odds.sum(), 1e-300)
        return cumulative

    @cached_property
    def _free(self) -> BoolArray:
        return np.array([parameter.mobility > 0 for parameter in self.space.parameters])

    def settle(self, coordinates: FloatArray) -> FloatArray:
        """Return `coordinates` (n x c) with every parameter at its nearest setting, compositions summing exactly."""
        result = np.empty_like(coordinates)
        for parameter, part in self.space.parts():
            result[:, part] = parameter.settle(coordinates[:, part])
        return result

    def satisfied(self, coordinates: FloatArray) -> BoolArray:
        """Whether each settled design (n x c) satisfies every constraint."""
        mask = np.ones(len(coordinates), dtype=np.bool_)
        if self.space.constraints:
            lab = self.lab_values(coordinates)
            for constraint in self.space.bound_constraints:
                mask &= constraint.satisfied(lab)
        return mask

    def lab_values(self, coordinates: FloatArray) -> FloatArray:
        """Return settled designs in lab values, as `SpaceLike.lab_values` does for any, but without a second look."""
        lab = coordinates.copy()
        for parameter, part in self.space.parts():
            lab[:, part] = parameter.lab_numbers(coordinates[:, part])
        return lab

    def propose(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return each design (n x c, settled) with one parameter or a few changed."""
        n, count = len(coordinates), len(self.space.parameters)
        changes = rng.random((n, count)) < _ALSO
        changes[np.arange(n), np.minimum(np.searchsorted(self._odds, rng.random(n), side="right"), count - 1)] = True
        result = coordinates.copy()
        for k, (parameter, part) in enumerate(self.space.parts()):
            rows = np.flatnonzero(changes[:, k])
            if len(rows) and self._free[k]:
                result[rows, part] = parameter.move(coordinates[rows, part], radius, rng)
        return result
