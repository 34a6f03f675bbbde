"""Pools: spaces in which only listed designs can be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from designer.arrays import BoolArray, FloatArray, IndexArray, IntArray
from designer.errors import Fault, InvalidData
from designer.space.base import SpaceLike
from designer.space.table_reader import read_table

if TYPE_CHECKING:
    import pandas as pd

S = TypeVar("S", bound=SpaceLike)
Codes = NDArray[np.uint64]
SEPARATOR = ", "
"""Between the names of one design that is listed several times."""

_DROPPED = 12  # of 52 binary digits: what is left tells 12 decimal digits apart


def _words(coordinates: FloatArray) -> IntArray:
    """Return whole numbers that are equal where coordinates agree to 12 digits."""
    bits = np.ascontiguousarray(np.asarray(coordinates, dtype=np.float64) + 0.0).view(np.int64)
    return (bits + (1 << (_DROPPED - 1))) >> _DROPPED


def row_codes(coordinates: FloatArray) -> Codes:
    """Return one 64-bit code a row: equal for equal designs, different ones for all but one pair in 10^19."""
    return _mixed(_words(coordinates))


def _mixed(words: IntArray) -> Codes:
    """Mix the columns of each row into one word (the finaliser of S. Vigna's splitmix64 after each)."""
    code = np.full(len(words), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in words.T:
        code = code ^ column.astype(np.uint64)
        code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        code = (code ^ (code >> np.uint64(31))) + np.uint64(0x9E3779B97F4A7C15)
    return code


@dataclass(frozen=True, eq=False)
class Pool:
    """The only designs that can be made.

    Parameters
    ----------
    coordinates
        ``rows x c`` coordinates in the space's own order; a repeated design is listed once, at its first row.
    file
        Where they come from, for messages.
    numbers
        The number of each row there, as a spreadsheet counts; by default the first is row 2.
    labels
        What the lab calls each row, or None where it has no names; afterwards what it calls each distinct design.

    Raises
    ------
    InvalidData
        If there is no design in it, or a coordinate is not finite.

    Examples
    --------
    >>> pool = Pool(np.array([[1.0, 0.0], [2.0, 1.0], [1.0, 0.0]]))
    >>> len(pool), [str(notice) for notice in pool.notices]
    (2, ['row 4: the same design as row 2; it is listed once'])
    >>> pool.contains(np.array([[2.0, 1.0], [2.0, 0.0]]))
    array([ True, False])
    """

    coordinates: FloatArray
    file: str | None = None
    numbers: tuple[int, ...] | None = field(default=None, repr=False)
    labels: tuple[str, ...] | None = field(default=None, repr=False)
    notices: tuple[Fault, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        given = np.array(self.coordinates, dtype=np.float64, ndmin=2)
        if not given.size:
            raise InvalidData(Fault("the pool has no design", "list at least one", file=self.file))
        odd = np.flatnonzero(~np.isfinite(given).all(axis=1))
        if len(odd):
            what = "the design has a value that is not a finite number"
            raise InvalidData([Fault(what, "fill it in", file=self.file, row=self._number(int(row))) for row in odd])
        _, first, which = np.unique(row_codes(given), return_index=True, return_inverse=True)
        original = first[which]
        again = np.flatnonzero(original != np.arange(len(given)))
        distinct = given[np.sort(first)]
        distinct.flags.writeable = False
        object.__setattr__(self, "coordinates", distinct)
        if self.labels is not None:
            object.__setattr__(self, "labels", _joined(self.labels, original.tolist()))
        object.__setattr__(self, "notices", tuple(self._twice(int(row), int(original[row])) for row in again))

    def _twice(self, row: int, first: int) -> Fault:
        what = f"the same design as row {self._number(first)}"
        return Fault(what, "it is listed once", file=self.file, row=self._number(row))

    def _number(self, row: int) -> int:
        return row + 2 if self.numbers is None else self.numbers[row]

    def __len__(self) -> int:
        return len(self.coordinates)

    @cached_property
    def _sorted(self) -> tuple[Codes, IndexArray]:
        codes = row_codes(self.coordinates)
        order = np.argsort(codes)
        return codes[order], order

    def rows(self, coordinates: FloatArray) -> IndexArray:
        """Return the row of the pool of each of ``n x c`` designs, -1 for one that is not listed."""
        codes, order = self._sorted
        wanted = row_codes(coordinates)
        place = order[np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)]
        same = (_words(self.coordinates[place]) == _words(coordinates)).all(axis=1)
        return np.where(same, place, -1)

    def labels_of(self, coordinates: FloatArray) -> list[str | None]:
        """Return what the lab calls each of ``n x c`` designs; None for one that is not listed or has no name."""
        if self.labels is None:
            return [None] * len(coordinates)
        labels = self.labels
        return [(labels[row] or None) if row >= 0 else None for row in self.rows(coordinates).tolist()]

    def contains(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row of ``n x c`` coordinates is a design of the pool."""
        mask: BoolArray = self.rows(coordinates) >= 0
        return mask


@dataclass(frozen=True, eq=False)
class CandidatesInContexts:
    """Candidates that can be made in every context: their table has no columns of the context parameters.

    Parameters
    ----------
    candidates
        The designs without their contexts (``rows x k`` coordinates).
    chosen
        ``k`` columns of the space's coordinates that the candidates have.
    contexts
        ``q x c`` contexts, in the other columns. As a list of designs, each candidate is in one of them; every
        candidate in any context is contained.
    """

    candidates: Pool
    chosen: tuple[int, ...]
    contexts: FloatArray

    @cached_property
    def coordinates(self) -> FloatArray:
        """The candidates (``rows x c``), each in one of the contexts, in turn."""
        listed: FloatArray = self.contexts[np.arange(len(self.candidates)) % len(self.contexts)]
        listed[:, list(self.chosen)] = self.candidates.coordinates
        listed.flags.writeable = False
        return listed

    @property
    def labels(self) -> tuple[str, ...] | None:
        """What the lab calls each candidate; None where they have no names."""
        return self.candidates.labels

    def contains(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row of ``n x c`` coordinates is a candidate, in whatever context."""
        return self.candidates.contains(coordinates[:, list(self.chosen)])

    def labels_of(self, coordinates: FloatArray) -> list[str | None]:
        """Return what the lab calls the candidate of each of ``n x c`` designs; None where it has no name."""
        return self.candidates.labels_of(coordinates[:, list(self.chosen)])

    def in_context(self, context: FloatArray) -> CandidatesInContexts:
        """Return the candidates in one context (``c`` coordinates)."""
        return CandidatesInContexts(self.candidates, self.chosen, np.asarray(context, dtype=np.float64)[None])


def _joined(labels: Sequence[str], first_rows: Sequence[int]) -> tuple[str, ...]:
    """Return the labels of distinct designs, in the order of their first rows: those of equal rows together.

    >>> _joined(["A1", "A2", "A7"], [0, 1, 0])
    ('A1, A7', 'A2')
    """
    found: dict[int, dict[str, None]] = {}
    for label, first in zip(labels, first_rows, strict=True):
        found.setdefault(first, {}).update({label: None} if label else {})
    return tuple(SEPARATOR.join(found[first]) for first in sorted(found))


def pooled(space: S, frame: pd.DataFrame, *, file: str | None = None, extra_columns: Sequence[str] = ()) -> S:
    """Return the space in which only the designs of a lab table can be made.

    Parameters
    ----------
    space
        The parameters and constraints; a formula parameter takes in the formulas of the table.
    frame
        One row a design, in lab units or with units in headers or cells.
    file
        The file to name in faults.
    extra_columns
        Columns that the table may have beside the designs (targets, notes); they are not read.

    Raises
    ------
    InvalidData
        With every fault of the table. A listed design can be made, so values between the steps are no faults; rows
        that leave the bounds or break a constraint stay in the pool and are not suggested: bounds and
        constraints may change in the course of a campaign.

    Examples
    --------
    >>> import pandas as pd
    >>> from designer.space.design_space import DesignSpace
    >>> space = DesignSpace(parameters=[{"name": "T", "kind": "numeric", "unit": "degC", "bounds": [20, 90]}])
    >>> small = pooled(space, pd.DataFrame({"T": [25, 60], "yield": [0.1, 0.4]}), extra_columns=["yield"])
    >>> small.valid(np.array([[60.0], [61.0]]))
    array([ True, False])
    """
    table = read_table(space, frame, file=file, extra_columns=extra_columns, flags=False)
    return table.space.with_pool(Pool(table.coordinates, file, table.rows))
