"""The numbers of a task's table as arrays, and the features from which its results are predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from designer.arrays import FloatArray
from designer.tasks.quality.digits import WrittenNumbers


@dataclass(frozen=True, eq=False)
class Column:
    """One column of numbers.

    Parameters
    ----------
    name, unit
        Its header without unit, and the unit of its values.
    kind
        A numeric setting, a member of a composition or mixture, or a result.
    values
        n values in `unit`, NaN where there is none.
    bounds
        The lowest and highest value that the card allows, where it was written independently of the table.
    written
        How the numbers are written; None where nothing is known of it.
    """

    name: str
    unit: str | None
    kind: Literal["setting", "share", "target"]
    values: FloatArray
    bounds: tuple[float, float] | None = None
    written: WrittenNumbers | None = None


@dataclass(frozen=True, eq=False)
class Numbers:
    """A table of numbers.

    Parameters
    ----------
    columns
        Its columns of numbers.
    others
        ``n x d`` features of everything else in a design: choices as 0/1, formulas as descriptors.
    """

    columns: tuple[Column, ...]
    others: FloatArray

    def __len__(self) -> int:
        return len(self.others)

    @property
    def inputs(self) -> FloatArray:
        """The features (``n x d``) of the designs: settings, shares and `others`; an unknown setting is the median."""
        parts = [_filled(column.values)[:, None] for column in self.columns if column.kind != "target"]
        return np.concatenate([*parts, self.others], axis=1) if parts else self.others

    def with_values(self, name: str, values: FloatArray, written: WrittenNumbers | None = None) -> Numbers:
        """Return the table with other values in one column, and how they are written where that is known."""
        columns = tuple(replace(c, values=values, written=written) if c.name == name else c for c in self.columns)
        return replace(self, columns=columns)

    def column(self, name: str) -> Column:
        """Return a column by name."""
        return next(column for column in self.columns if column.name == name)

    def of_kind(self, *kinds: str) -> Sequence[Column]:
        """Return the columns of some kinds."""
        return [column for column in self.columns if column.kind in kinds]


def _filled(values: FloatArray) -> FloatArray:
    known = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, np.median(known) if len(known) else 0.0)
