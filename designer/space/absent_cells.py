"""Cells of parameters that do not exist in a design: None in lab units, empty in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.space.conditions import placeholder
from designer.space.parameters.base import LabColumn, ParameterBase


def is_absent(cell: Any) -> bool:
    """Whether a cell holds nothing: None, NaN or blank text.

    >>> [is_absent(cell) for cell in (None, float("nan"), "  ", 0.0, "N2")]
    [True, True, True, False, False]
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return True
    return isinstance(cell, float | np.floating) and bool(np.isnan(cell))


def absent_rows(columns: Sequence[LabColumn]) -> BoolArray:
    """Return in which rows every one of some columns is empty."""
    empty = [np.array([is_absent(cell) for cell in column], dtype=np.bool_) for column in columns]
    mask: BoolArray = np.logical_and.reduce(empty)
    return mask


def from_lab(parameter: ParameterBase, columns: Sequence[LabColumn]) -> FloatArray:
    """Return the coordinates of lab columns; of a conditional parameter the placeholder where its cells are empty."""
    if parameter.when is None:
        return parameter.from_lab(columns)
    absent = absent_rows(columns)
    result = np.repeat(placeholder(parameter), len(absent), axis=0)
    there = np.flatnonzero(~absent)
    if len(there):
        result[there] = parameter.from_lab([np.asarray(column)[there] for column in columns])
    return result


def without_absent(columns: Sequence[LabColumn], exists: BoolArray) -> list[LabColumn]:
    """Return lab columns with NaN, or None in words, in the rows where the parameter does not exist."""
    if exists.all():
        return list(columns)
    return [_emptied(np.asarray(column), ~exists) for column in columns]


def _emptied(column: LabColumn, rows: BoolArray) -> LabColumn:
    result = column.copy()
    result[rows] = np.nan if column.dtype.kind == "f" else None
    return result
