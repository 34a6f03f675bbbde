"""Small changes of designs that leave every parameter at a setting of its own; constraints are for callers to check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import BoolArray, FloatArray, IndexArray
from designer.space.base import SpaceLike
from designer.space.constraints.constraint import BoundConstraint
from designer.space.equalities.build import enforced_constraints
from designer.space.equalities.system import EqualitySystem
from designer.space.parameters.base import ParameterBase

_ALSO = 0.2  # chance that a parameter changes along with the one that a move is about


@dataclass(frozen=True, eq=False)
class Moves:
    """The moves of one space."""

    space: SpaceLike

    @cached_property
    def _parts(self) -> list[tuple[ParameterBase | EqualitySystem, IndexArray]]:
        """What is changed together, a parameter or a system of several, and its coordinates."""
        slices = self.space.slices
        parts: list[tuple[ParameterBase | EqualitySystem, IndexArray]] = [
            (parameter, np.arange(slices[k].start, slices[k].stop)) for k, parameter in separate_parameters(self.space)
        ]
        return parts + [(system, np.array(system.columns)) for system in self.space.systems]

    @cached_property
    def _odds(self) -> FloatArray:
        """How often a move is about each part: compositions more often, for they have more to change."""
        odds = np.array([part.mobility for part, _ in self._parts])
        cumulative: FloatArray = np.cumsum(odds) / max(odds.sum(), 1e-300)
        return cumulative

    @cached_property
    def _free(self) -> BoolArray:
        return np.array([part.mobility > 0 for part, _ in self._parts])

    def settle(self, coordinates: FloatArray) -> FloatArray:
        """Return `coordinates` (n x c) with every parameter at its nearest setting, compositions summing exactly."""
        result = np.empty_like(coordinates)
        for parameter, part in self.space.parts():
            result[:, part] = parameter.settle(coordinates[:, part])
        for system in self.space.systems:
            result[:, system.columns] = system.settle(coordinates[:, system.columns])
        return self.space.conditions.filled(result)

    def satisfied(self, coordinates: FloatArray) -> BoolArray:
        """Whether each settled design (n x c) satisfies every constraint."""
        mask = np.ones(len(coordinates), dtype=np.bool_)
        if self.checked:
            lab = self.lab_values(coordinates)
            for constraint in self.checked:
                mask &= constraint.satisfied(lab) | ~self.space.conditions.concerned(coordinates, constraint.uses)
        return mask

    @cached_property
    def checked(self) -> tuple[BoundConstraint, ...]:
        """The constraints that settled designs may violate: all but the equalities that systems satisfy."""
        enforced = enforced_constraints(self.space)
        return tuple(each for i, each in enumerate(self.space.bound_constraints) if i not in enforced)

    def lab_values(self, coordinates: FloatArray) -> FloatArray:
        """Return settled designs in lab values, as `SpaceLike.lab_values` does for any, but without a second look."""
        lab = coordinates.copy()
        for parameter, part in self.space.parts():
            lab[:, part] = parameter.lab_numbers(coordinates[:, part])
        return lab

    def propose(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return each design (n x c, settled) with one parameter or a few changed."""
        n, count = len(coordinates), len(self._parts)
        changes = rng.random((n, count)) < _ALSO
        changes[np.arange(n), np.minimum(np.searchsorted(self._odds, rng.random(n), side="right"), count - 1)] = True
        result = coordinates.copy()
        for k, (part, columns) in enumerate(self._parts):
            rows = np.flatnonzero(changes[:, k])
            if len(rows) and self._free[k]:
                places = rows[:, None], columns
                result[places] = part.move(coordinates[places], radius, rng)
        return self.space.conditions.renewed(coordinates, result, lambda parameter, number: parameter.draw(number, rng))


def separate_parameters(space: SpaceLike) -> Iterator[tuple[int, ParameterBase]]:
    """Go through the parameters that no equality joins to others, with their positions in the space."""
    joined = {column for system in space.systems for column in system.columns}
    for k, (parameter, part) in enumerate(space.parts()):
        if part.start not in joined:
            yield k, parameter


def draw(space: SpaceLike, n: int, rng: np.random.Generator) -> FloatArray:
    """Return n random designs (n x c), each parameter at a setting of its own; other constraints are not looked at."""
    result = np.empty((n, space.width))
    for k, parameter in separate_parameters(space):
        result[:, space.slices[k]] = parameter.draw(n, rng)
    for system in space.systems:
        result[:, system.columns] = system.draw(n, rng)
    return space.conditions.filled(result)
