"""Which constraints measured and listed designs meet, equalities as far as rounded amounts do."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.space.base import SpaceLike
from designer.space.moves import Moves
from designer.space.parameters.shares import MAX_SUM_ERROR


def met_constraints(space: SpaceLike, coordinates: FloatArray) -> BoolArray:
    """Return whether each design (``n x c``, canonical) meets each of k constraints (``n x k``).

    Amounts off the settings may miss an equality by 0.5 % of its total, as those of a composition may; amounts that all
    lie on steps or listed values satisfy it exactly.
    """
    met = np.ones((len(coordinates), len(space.constraints)), dtype=np.bool_)
    lab = Moves(space).lab_values(coordinates) if space.constraints else coordinates
    for i, constraint in enumerate(space.bound_constraints):
        met[:, i] = constraint.satisfied(lab) | ~space.conditions.concerned(coordinates, constraint.uses)
        off = np.flatnonzero(~met[:, i])
        if len(off) and constraint.is_equality:
            near = constraint.is_nearly_met(lab[off], MAX_SUM_ERROR)
            met[off, i] = near & ~_on_settings(space, coordinates[off], constraint.uses)
    return met


def _on_settings(space: SpaceLike, coordinates: FloatArray, columns: Collection[int]) -> BoolArray:
    """Whether each row has only listed settings of the parameters of some columns; no number of a range is one."""
    mask = np.ones(len(coordinates), dtype=np.bool_)
    for parameter, part in space.parts():
        if any(column in columns for column in range(part.start, part.stop)):
            mask &= parameter.valid(coordinates[:, part]) if parameter.count is not None else False
    return mask
