"""The levels of the designs of a space with a fidelity; every function leaves designs of another space as they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from designer.arrays import FloatArray, IndexArray
from designer.errors import Fault
from designer.space.base import SpaceLike
from designer.space.constraints.constraint import BoundConstraint
from designer.space.fidelity.fidelity_parameter import FidelityParameter

MIN_RESULTS = 3
"""Different results at a lower level from which it is used."""

MIN_PREDICTED = 16
"""Results of a level from which it is seen whether they predict each other."""

DECISIVE_LOG_ODDS = math.log(3.0)
"""Log evidence for or against lower levels that decides whether they are used."""


def fidelity_of(space: SpaceLike) -> FidelityParameter | None:
    """Return the levels at which designs can be measured; None where there is one only."""
    return next((each for each in space.parameters if isinstance(each, FidelityParameter)), None)


def _column(space: SpaceLike) -> int | None:
    """Return the coordinate that holds the level."""
    return next((part.start for each, part in space.parts() if isinstance(each, FidelityParameter)), None)


def levels_of(space: SpaceLike, coordinates: FloatArray) -> IndexArray:
    """Return the level of each design (``n``): 0 is the top one, 1 the one below it."""
    column = _column(space)
    if column is None:
        return np.zeros(len(coordinates), dtype=np.intp)
    return np.asarray(coordinates[:, column], dtype=np.intp)


def at_level(space: SpaceLike, coordinates: FloatArray, level: int = 0) -> FloatArray:
    """Return designs (``n x c``) at a level, the top one unless given."""
    column = _column(space)
    if column is None:
        return coordinates
    result: FloatArray = np.array(coordinates, dtype=np.float64)
    result[:, column] = level
    return result


def fidelity_faults(space: SpaceLike, constraints: Sequence[BoundConstraint]) -> Iterator[Fault]:
    """Yield the constraints and conditions on the level, which a result has and a design has not."""
    column = _column(space)
    if column is None:
        return
    what = f"{space.columns[column]!r} is a fidelity, which a result has and a design has not"
    for i, each in enumerate(constraints):
        if column in each.uses:
            yield Fault(what, "leave the constraint out; 'cost' may use it", path=("constraints", i))
    for condition in space.conditions.conditionals:
        if column in condition.condition.uses:
            yield Fault(what, "leave the condition out", path=("space", condition.position, "when"))
