"""Small changes of designs that leave every parameter at a setting of its own; constraints are for callers to check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from designer.space.parameters.amount_moves import settle, transfer
from designer.space.parameters.compositions import ShareParameter
from designer.space.parameters.lattice import Floats, Mask
from designer.space.parameters.numeric import NumericParameter

if TYPE_CHECKING:
    from designer.space.design_space import DesignSpace, Parameter

_ALSO = 0.2  # chance that a parameter changes along with the one that a move is about
_TWICE = 0.3  # chance that a composition changes by two transfers


@dataclass(frozen=True, eq=False)
class Moves:
    """The moves of one space."""

    space: DesignSpace

    @cached_property
    def _odds(self) -> Floats:
        """How often a move is about each parameter: compositions more often, for they have more to change."""
        odds = np.array([_freedom(parameter) for parameter in self.space.parameters])
        cumulative: Floats = np.cumsum(odds) / max(odds.sum(), 1e-300)
        return cumulative

    @cached_property
    def _free(self) -> NDArray[np.bool_]:
        return np.array([_freedom(parameter) > 0 for parameter in self.space.parameters])

    def settle(self, coordinates: Floats) -> Floats:
        """Return `coordinates` (n x c) with every parameter at its nearest setting, compositions summing exactly."""
        result = np.empty_like(coordinates)
        for parameter, part in self.space.parts():
            given = coordinates[:, part]
            if isinstance(parameter, ShareParameter):
                off = ~parameter.amounts.contains(given)
                result[:, part] = given
                if off.any():
                    result[np.ix_(off, np.arange(part.start, part.stop))] = settle(given[off], parameter.amounts)
            else:
                result[:, part] = parameter.snap(given)
        return result

    def satisfied(self, coordinates: Floats) -> Mask:
        """Whether each settled design (n x c) satisfies every constraint."""
        mask = np.ones(len(coordinates), dtype=np.bool_)
        if self.space.constraints:
            lab = self.lab_values(coordinates)
            for constraint in self.space.bound_constraints:
                mask &= constraint.satisfied(lab)
        return mask

    def lab_values(self, coordinates: Floats) -> Floats:
        """Return settled designs in lab values, as `DesignSpace.lab_values` does for any, but without a second look."""
        lab = coordinates.copy()
        for parameter, part in self.space.parts():
            if isinstance(parameter, ShareParameter):
                lab[:, part] = parameter.lattice.values(coordinates[:, part])
        return lab

    def propose(self, coordinates: Floats, radius: float, rng: np.random.Generator) -> Floats:
        """Return each design (n x c, settled) with one parameter or a few changed."""
        n, count = len(coordinates), len(self.space.parameters)
        changes = rng.random((n, count)) < _ALSO
        changes[np.arange(n), np.minimum(np.searchsorted(self._odds, rng.random(n), side="right"), count - 1)] = True
        result = coordinates.copy()
        for k, (parameter, part) in enumerate(self.space.parts()):
            rows = np.flatnonzero(changes[:, k])
            if len(rows) and self._free[k]:
                result[rows, part] = _moved(parameter, coordinates[rows, part], radius, rng)
        return result


def _freedom(parameter: Parameter) -> float:
    if isinstance(parameter, ShareParameter):
        able = sum(member.can_be_present for member in parameter.amounts.members)
        return float(np.clip((able - 1) / 2, 0, 4))
    return 0.0 if parameter.count is not None and parameter.count < 2 else 1.0


def _moved(parameter: Parameter, coordinates: Floats, radius: float, rng: np.random.Generator) -> Floats:
    if isinstance(parameter, ShareParameter):
        amounts = transfer(coordinates.astype(np.int64), parameter.amounts, radius, rng)
        again = np.flatnonzero(rng.random(len(amounts)) < _TWICE)
        amounts[again] = transfer(amounts[again], parameter.amounts, radius, rng)
        return amounts.astype(np.float64)
    if isinstance(parameter, NumericParameter):
        return _stepped(parameter, coordinates[:, 0], radius, rng)[:, None]
    # A choice or a formula: any other one.
    count = parameter.count
    return (coordinates + rng.integers(1, count, size=coordinates.shape)) % count


def _stepped(parameter: NumericParameter, values: Floats, radius: float, rng: np.random.Generator) -> Floats:
    """Return values moved by a normal step of `radius` ranges, at least to the next setting, turned back at bounds."""
    log = parameter.scale == "log"
    start, end = (np.log(parameter.low), np.log(parameter.high)) if log else (parameter.low, parameter.high)
    shift = rng.standard_normal(len(values)) * (radius * (end - start))
    place = (np.log(values) if log else values) + shift
    place = np.where(place > end, 2 * end - place, np.where(place < start, 2 * start - place, place))
    place = np.clip(place, start, end)
    moved = _snapped(parameter, np.exp(place) if log else place)
    still = np.flatnonzero(moved == values)
    if len(still):
        moved[still] = _next_setting(parameter, values[still], np.where(shift[still] < 0, -1.0, 1.0))
    return moved


def _snapped(parameter: NumericParameter, values: Floats) -> Floats:
    """Return the nearest settings of values within the bounds."""
    if parameter.lattice is not None:
        place = np.rint((values - parameter.low) / float(parameter.lattice.step))
        return parameter.lattice.values(np.clip(place, 0, (parameter.count or 1) - 1))
    return parameter.snap(values[:, None])[:, 0]


def _next_setting(parameter: NumericParameter, values: Floats, direction: Floats) -> Floats:
    """Return the next setting up (direction 1) or down (-1); the other way where there is none."""
    if parameter.values is not None:
        grid = parameter.enumerate()[:, 0]
        place = np.searchsorted(grid, values)
        return grid[_turned(place, direction, len(grid) - 1)]
    if parameter.lattice is not None:
        steps = np.rint(parameter.lattice.indices(values))
        return parameter.lattice.values(_turned(steps, direction, (parameter.count or 1) - 1).astype(np.float64))
    direction = np.where(values >= parameter.high, -1.0, np.where(values <= parameter.low, 1.0, direction))
    if parameter.scale == "log":
        # One in the last digit that suggestions have; a little more, so that rounding does not take it back.
        factor = 1 + direction * 1.6 * 10.0 ** (1 - parameter.significant_digits)
        return parameter.snap((values * factor)[:, None])[:, 0]
    return parameter.snap((values + direction * float(parameter.resolution))[:, None])[:, 0]


def _turned(place: NDArray[np.number], direction: Floats, last: int) -> NDArray[np.intp]:
    there = place + direction
    there = np.where((there < 0) | (there > last), place - direction, there)
    result: NDArray[np.intp] = np.clip(there, 0, last).astype(np.intp)
    return result
