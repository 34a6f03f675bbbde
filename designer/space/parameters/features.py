"""Columns of features: what a parameter gives to models, and from where it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from designer.arrays import FloatArray

Role = Literal["numeric", "fraction", "category", "descriptor"]


@dataclass(frozen=True)
class Axis:
    """From a number in lab units to a feature: 0 at `low`, 1 at `high`, on a linear or logarithmic scale."""

    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    unit: str | None = None


@dataclass(frozen=True)
class FeatureColumn:
    """One column of the features: what it is of, so that equal columns of different spaces are found.

    Parameters
    ----------
    name
        For people.
    parameter, kind
        The parameter that it comes from, and that parameter's kind as campaign files write it.
    role
        What sort of number it is.
    label
        The element, component, choice or descriptor that it belongs to; empty for a number.
    axis
        Of a number, or a descriptor of a choice: how it is scaled.
    """

    name: str
    parameter: str
    role: Role
    kind: str = ""
    label: str = ""
    axis: Axis | None = None


@dataclass(frozen=True)
class FeatureBlock:
    """The features of one parameter: their d columns, and the function from ``n x width`` coordinates to ``n x d``."""

    columns: tuple[FeatureColumn, ...]
    encode: Callable[[FloatArray], FloatArray]


ABSENT = "does not exist"
"""The label of the column that is 1 where a conditional parameter does not exist."""


def conditional_features(block: FeatureBlock, parameter: str, kind: str) -> FeatureBlock:
    """Return the features of a parameter with one more column, 0 where it exists."""
    absent = FeatureColumn(f"{parameter} {ABSENT}", parameter, "category", kind, ABSENT)

    def encode(coordinates: FloatArray) -> FloatArray:
        own = block.encode(coordinates)
        return np.column_stack([own, np.zeros(len(own))])

    return FeatureBlock((*block.columns, absent), encode)


def absent_features(block: FeatureBlock) -> FloatArray:
    """Return the features of a conditional parameter where it does not exist: the middle of scales, and the last 1."""
    middle = [0.5 if column.role in ("numeric", "descriptor") else 0.0 for column in block.columns[:-1]]
    return np.array([*middle, 1.0])


def labelled_columns(
    parameter: str, kind: str, role: Role, form: str, labels: Sequence[str]
) -> tuple[FeatureColumn, ...]:
    """Return one column for each label; `form` makes its name from the parameter's name and the label.

    >>> [column.name for column in labelled_columns("gas", "categorical", "category", "{} = {}", ["N2", "Ar"])]
    ['gas = N2', 'gas = Ar']
    """
    return tuple(FeatureColumn(form.format(parameter, label), parameter, role, kind, label) for label in labels)


def scaled_columns(raw: FloatArray) -> tuple[FloatArray, list[int]]:
    """Return the columns of `raw` that vary, each scaled to span 0 to 1 over its rows, and which these are."""
    low, span = raw.min(axis=0), np.ptp(raw, axis=0)
    varying = np.flatnonzero(span > 0)
    return (raw[:, varying] - low[varying]) / span[varying], varying.tolist()


def described_words(
    parameter: str, kind: str, names: Sequence[str], raw: FloatArray
) -> tuple[tuple[FeatureColumn, ...], FloatArray]:
    """Return the columns of the descriptors of words that vary, and their values (``n x d``) scaled to span 0 to 1.

    Parameters
    ----------
    names
        Of the descriptors.
    raw
        The descriptors of each word (``n x len(names)``).
    """
    scaled, varying = scaled_columns(raw)
    low, high = raw.min(axis=0), raw.max(axis=0)
    columns = labelled_columns(parameter, kind, "descriptor", "{}: {}", [names[i] for i in varying])
    placed = (
        replace(column, axis=Axis(float(low[i]), float(high[i]))) for i, column in zip(varying, columns, strict=True)
    )
    return tuple(placed), scaled
