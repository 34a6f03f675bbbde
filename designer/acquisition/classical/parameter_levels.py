"""Levels of parameters: grids of a space, its corners, and its centre."""

from __future__ import annotations

import math

import numpy as np

from designer.arrays import FloatArray
from designer.errors import NoDesignLeft
from designer.space import CategoricalParameter, DesignSpace, NumericParameter, ParameterBase, ShareParameter
from designer.space.listing import list_designs
from designer.space.moves import Moves, separate_parameters
from designer.space.parameters.fixed import FixedParameter
from designer.space.walking import distinct

MAX_GRID = 4096
"""Combinations of levels, and designs among which an optimal design is chosen."""
_REFERENCE = 2048  # designs that stand for the space
_LEVELS_OF_OTHERS = 8  # of a parameter whose kind has no notion of levels


def levels(parameter: ParameterBase, number: int) -> FloatArray:
    """Return levels of a parameter (``m x width``).

    Of a numeric parameter `number` of them, evenly spaced on its scale, and 0 where that lies apart; all choices; of
    a mixture its pure members, their equal blends in pairs and that of all, as its bounds allow.
    """
    if isinstance(parameter, FixedParameter):
        return parameter.setting
    if isinstance(parameter, NumericParameter):
        spaced = np.geomspace if parameter.scale == "log" else np.linspace
        if parameter.values is not None:
            listed = np.sort(np.asarray(parameter.values, dtype=np.float64))
            found = listed[np.unique(np.rint(np.linspace(0, len(listed) - 1, number)).astype(int))]
        else:
            found = parameter.snap(spaced(parameter.low, parameter.high, number)[:, None])[:, 0]
        return np.unique(np.append(found, 0.0) if parameter.zero_or else found)[:, None]
    if isinstance(parameter, CategoricalParameter):
        return parameter.enumerate()
    if isinstance(parameter, ShareParameter):
        members = np.eye(parameter.width)
        pairs = [members[i] + members[j] for i in range(len(members)) for j in range(i)]
        blends = np.array([*members, *pairs, np.ones(len(members))])
        return distinct(parameter.settle(parameter.units * blends / blends.sum(1, keepdims=True)))
    return distinct(parameter.draw(_LEVELS_OF_OTHERS * number, np.random.default_rng(0)))


def grid(space: DesignSpace, number: int) -> FloatArray | None:
    """Return all combinations of levels that are valid (``n x c``), in a space without equalities.

    None where there are more than `MAX_GRID` before constraints.
    """
    parts = [(space.slices[k], levels(parameter, number)) for k, parameter in separate_parameters(space)]
    if math.prod(len(found) for _, found in parts) > MAX_GRID:
        return None
    places = np.meshgrid(*(np.arange(len(found)) for _, found in parts), indexing="ij")
    designs = np.empty((places[0].size, space.width))
    for (part, found), place in zip(parts, places, strict=True):
        designs[:, part] = found[place.ravel()]
    designs = distinct(space.conditions.filled(designs))
    return designs[space.valid(designs)]


def reference_designs(space: DesignSpace) -> FloatArray:
    """Return designs that stand for the whole space, always the same (``n x c``).

    Raises
    ------
    NoDesignLeft
        If there is none.
    """
    rng = np.random.default_rng(0)
    listed = list_designs(space, MAX_GRID) if space.pool is None else None
    if listed is not None:
        if not len(listed):
            raise NoDesignLeft("the space has no design")
        return listed
    return space.sample(_REFERENCE, rng) if space.pool is None else _rows(space, rng)


def _rows(space: DesignSpace, rng: np.random.Generator) -> FloatArray:
    assert space.pool is not None
    rows = space.pool.coordinates[space.within(space.pool.coordinates)]
    if not len(rows):
        raise NoDesignLeft("no candidate keeps the bounds and the constraints")
    return rows if len(rows) <= MAX_GRID else rows[np.sort(rng.choice(len(rows), MAX_GRID, replace=False))]


def candidates(space: DesignSpace, reference: FloatArray, number: int, rng: np.random.Generator) -> FloatArray:
    """Return designs among which an optimal design is chosen: the reference, and the corners of the space."""
    if space.pool is not None:
        return reference
    found = grid(space, number) if not space.systems else None
    return distinct(np.concatenate([_corners(space, number, rng) if found is None else found, reference]))


def _corners(space: DesignSpace, number: int, rng: np.random.Generator) -> FloatArray:
    """Return random combinations of levels that are valid."""
    designs = np.empty((MAX_GRID, space.width))
    for k, parameter in separate_parameters(space):
        found = levels(parameter, number)
        designs[:, space.slices[k]] = found[rng.integers(0, len(found), MAX_GRID)]
    for system in space.systems:
        designs[:, system.columns] = system.draw(MAX_GRID, rng)
    designs = distinct(space.conditions.filled(designs))
    return designs[space.valid(designs)]


def one_changed(space: DesignSpace, design: FloatArray, number: int) -> FloatArray:
    """Return the valid designs that differ from one (``1 x c``) in one parameter, which is at one of its levels."""
    changed = []
    for k, parameter in separate_parameters(space):
        found = levels(parameter, number)
        rows = np.repeat(design, len(found), axis=0)
        rows[:, space.slices[k]] = found
        changed.append(rows)
    designs = space.conditions.filled(np.concatenate([*changed, design]))
    return designs[space.valid(designs)]


def centres(space: DesignSpace, number: int) -> FloatArray:
    """Return `number` designs in the middle of all ranges (``number x c``), of every combination of choices in turn.

    They may violate constraints: `DesignSpace.valid` says so.
    """
    middle = np.zeros((1, space.width))
    choices: list[tuple[slice, FloatArray]] = []
    for parameter, part in space.parts():
        found = levels(parameter, 3)
        if isinstance(parameter, CategoricalParameter):
            choices.append((part, found))
        elif isinstance(parameter, ShareParameter):
            middle[:, part] = parameter.settle(np.full((1, parameter.width), parameter.units / parameter.width))
        else:
            middle[:, part] = _middle(parameter, found)
    designs = np.repeat(middle, number, axis=0)
    turn = np.arange(number)
    for part, found in choices:
        designs[:, part] = found[turn % len(found)]
        turn = turn // len(found)
    return Moves(space).settle(designs)


def _middle(parameter: ParameterBase, found: FloatArray) -> FloatArray:
    if isinstance(parameter, NumericParameter) and parameter.values is None:
        low, high = parameter.low, parameter.high
        value = math.sqrt(low * high) if parameter.scale == "log" else (low + high) / 2
        return np.array([value])
    middle: FloatArray = found[len(found) // 2]
    return middle
