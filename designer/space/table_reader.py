"""The one strict reader of lab tables of designs.

Everything that is wrong with a table is reported at once, each fault with its row (as a spreadsheet counts: the header
is row 1) and column. A value out of bounds is no fault: it is read as it is and flagged, for results that were
not suggested may be anything physical.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd

from designer.arrays import BoolArray, FloatArray, IndexArray, as_float
from designer.errors import MAX_ALIKE, Fault, InvalidData, InvalidUnit, did_you_mean
from designer.space.absent_cells import is_absent
from designer.space.base import SpaceLike
from designer.space.parameters.base import Converter, LabColumn, ParameterBase
from designer.space.parameters.fields import MAX_NUMBER
from designer.space.parameters.shares import MAX_SUM_ERROR
from designer.units import convert_many, split_header, split_quantity
from designer.units.header_endings import header_remedy

S = TypeVar("S", bound=SpaceLike)


@dataclass(frozen=True, eq=False)
class ReadResult(Generic[S]):
    """The designs of a lab table.

    Parameters
    ----------
    space
        The space, with the table's formulas in its vocabulary where it has a formula parameter.
    coordinates
        ``n x c``, one row a row of the table.
    flags
        For each row, in words, how it leaves the space; empty where it does not.
    rows
        For each row, its number in the table as a spreadsheet counts.
    headers
        For each extra column that the table has, its header.
    """

    space: S
    coordinates: FloatArray
    flags: tuple[tuple[str, ...], ...]
    rows: tuple[int, ...]
    headers: dict[str, str]


def read_table(
    space: S,
    frame: pd.DataFrame,
    *,
    file: str | None = None,
    extra_columns: Sequence[str] = (),
    flags: bool = True,
    sum_tolerance: float = MAX_SUM_ERROR,
    assumed: Collection[tuple[int, str]] = (),
) -> ReadResult[S]:
    """Read a lab table of designs.

    Units in headers (``temperature [K]``) and cells (``350 K``) are converted. Amounts that all lie on the steps of
    their composition must sum exactly to the total; measured amounts between the steps may miss it by 0.5 % of the
    total and are then read as given.

    Parameters
    ----------
    frame
        Numbers or text; an index called ``row`` gives the rows' numbers, else the first one is row 2.
    file
        The file to name in faults.
    extra_columns
        Columns that the table may have beside the designs; they are not read.
    flags
        Whether to return for each row how it leaves the space; not needed for large pools.
    sum_tolerance
        The share of the total by which measured amounts may miss it.
    assumed
        Cells filled in from elsewhere, by row number and lab column: left out where their parameter does not exist.

    Raises
    ------
    InvalidData
        With every fault of the table.
    """
    reader = _Reader(space, frame, extra_columns, sum_tolerance)
    reader.assumed = frozenset(assumed)
    known = reader.learn_words(space)
    coordinates = reader.read(known)
    if reader.faults:
        order = sorted(reader.faults, key=lambda fault: fault.row or 0)
        raise InvalidData([fault.at(file=file) for fault in order])
    notes: tuple[tuple[str, ...], ...] = ((),) * len(coordinates)
    if flags:
        unusual = ~known.valid(coordinates)
        pairs = zip(coordinates, unusual, strict=True)
        notes = tuple(tuple(known.violations(row)) if odd else () for row, odd in pairs)
    return ReadResult(known, coordinates, notes, tuple(reader.rows), reader.extra)


class _Reader:
    """One reading of one table; it gathers faults as it goes. It is the `DesignTable` that parameters read."""

    def __init__(
        self, space: SpaceLike, frame: pd.DataFrame, extra_columns: Sequence[str], sum_tolerance: float
    ) -> None:
        self.columns = space.columns
        self.optional = {
            column
            for each in space.parameters
            if each.when is not None or each.kind == "fidelity"
            for column in each.lab_columns
        }
        self.sum_tolerance = sum_tolerance
        self.frame = frame
        self.faults: list[Fault] = []
        self.assumed: frozenset[tuple[int, str]] = frozenset()
        numbered = frame.index.name == "row"
        self.rows: list[int] = [int(i) for i in frame.index] if numbered else list(range(2, len(frame) + 2))
        self.extra: dict[str, str] = {}
        self.places: dict[str, tuple[int, str | None]] = {}
        self._match_headers(dict(headers_of(space)), extra_columns)

    def learn_words(self, space: S) -> S:
        """Return the space with the new words of the table; itself where there are faults."""
        for parameter in space.parameters:
            words = parameter.new_words(self)
            if words and not self.faults:
                space = space.with_words({parameter.name: words})
        return space

    def read(self, space: SpaceLike) -> FloatArray:
        """Return the coordinates (``n x c``) of the rows; none where there are faults."""
        coordinates = np.zeros((len(self), space.width))
        conditional = {each.position: each for each in space.conditions.conditionals}
        for k, (parameter, part) in enumerate(space.parts()):
            if k not in conditional:
                coordinates[:, part] = parameter.read(self)
        unsure: dict[int, set[int | None]] = {}  # rows in which it is not known whether a parameter exists
        for k, each in conditional.items():
            exists = space.conditions.exists(coordinates)[:, k]
            unsure[k] = set()
            for j, (parameter, part) in enumerate(space.parts()):
                if any(part.start <= column < part.stop for column in each.condition.uses):
                    headers = {self._header(column) for column in parameter.lab_columns}
                    unsure[k] |= {fault.row for fault in self.faults if fault.column in headers}
                    unsure[k] |= unsure.get(j, set())
            sure = np.array([row not in unsure[k] for row in self.rows], dtype=np.bool_)
            own = space.parameters[k]
            coordinates[:, each.part] = self._read_conditional(own, exists & sure, ~exists & sure, each.placeholder)
        if self.faults:
            return np.empty((0, space.width))
        return space.canonical(coordinates)

    def _read_conditional(
        self, parameter: ParameterBase, exists: BoolArray, absent: BoolArray, placeholder: FloatArray
    ) -> FloatArray:
        """Return the coordinates of a conditional parameter, whose cells are empty where it does not exist."""
        there = np.flatnonzero(exists)
        result = np.repeat(placeholder, len(self), axis=0)
        missing = [column for column in parameter.lab_columns if not self.has(column)]
        for column in missing if len(there) else ():
            self._fault("the column is missing", "add it", column, row=1)
        for column in parameter.lab_columns:
            cells = self._cells(column) if self.has(column) else ()
            for i in np.flatnonzero(absent) if len(cells) else ():
                if not is_absent(cells[i]) and (self.rows[i], column) not in self.assumed:
                    what = f"{parameter.name} exists only where {parameter.when}"
                    self._fault(what, "leave the cell empty", column, self.rows[i])
        if len(there) and not missing:
            some = copy(self)  # of these rows only; faults are gathered in the same list
            some.frame, some.rows = self.frame.iloc[there], [self.rows[i] for i in there]
            result[there] = parameter.read(some)
        return result

    def __len__(self) -> int:
        return len(self.frame)

    # Headers

    def _match_headers(self, known: dict[str, str], extra_columns: Sequence[str]) -> None:
        """Find the place of each lab column, and the unit that its header gives."""
        names, extra_columns = {*known, *extra_columns}, tuple(extra_columns)
        headers: dict[str, str] = {}
        unknown = 0
        for i, header in enumerate(self.frame.columns):
            name, unit = _split(str(header), names)
            column = known.get(name)
            key = column or name
            if column is None and name not in names:
                unknown += 1
                remedy = self._header_remedy(name, known, extra_columns) if unknown <= MAX_ALIKE else ""
                self._fault("the column is unknown", remedy, str(header), row=1)
            elif key in headers:
                what = "the header occurs twice" if headers[key] == str(header) else f"the same as {headers[key]!r}"
                self._fault(what, "give each column once", str(header), row=1)
            elif column is not None:
                self.places[column] = (i, unit)
            else:
                self.extra[name] = str(header)
            headers.setdefault(key, str(header))
        for column in self.columns:
            if column not in self.places and column not in self.optional:
                self._fault("the column is missing", "add it", column, row=1)

    def _header_remedy(self, name: str, known: dict[str, str], extra_columns: Sequence[str]) -> str:
        if remedy := header_remedy(name, [*known.values(), *extra_columns]):
            return remedy
        for spelling, column in known.items():
            if spelling.rpartition(".")[2] == name:
                return f"did you mean {column!r}?"
        return did_you_mean(name, [*dict.fromkeys(known.values()), *extra_columns])

    def _fault(self, what: str, remedy: str, column: str, row: int | None = None) -> None:
        """Add a fault in a lab column, which is named by its header in the table."""
        self.faults.append(Fault(what, remedy, row=row, column=self._header(column)))

    def fault(self, what: str, remedy: str, column: str, row: int | None = None) -> None:
        """Add a fault in a lab column, in the row of this index or in the header."""
        self._fault(what, remedy, column, 1 if row is None else self.rows[row])

    def _header(self, column: str) -> str:
        return str(self.frame.columns[self.places[column][0]]) if column in self.places else column

    # Columns

    def has(self, column: str) -> bool:
        """Whether the table has this lab column."""
        return column in self.places

    def _cells(self, column: str) -> LabColumn:
        return self.frame.iloc[:, self.places[column][0]].to_numpy()

    def numbers(self, column: str, unit: str | None, convert: Converter | None = None) -> FloatArray:
        """Return a column of finite numbers in `unit`, NaN where there is a fault."""
        header_unit = self.places[column][1] or unit
        convert = convert or convert_many
        cells = self._cells(column)
        values = _plain_numbers(cells)
        if values is None:
            values = self._odd_numbers(cells, column, header_unit, convert)
        bad = np.abs(values) > MAX_NUMBER
        for i in np.flatnonzero(bad):
            what = "the value is infinite" if np.isinf(values[i]) else f"the value is beyond {MAX_NUMBER:g}"
            self._fault(what, "give a finite number", column, self.rows[i])
        try:
            return np.where(bad, np.nan, convert(values, header_unit, unit))
        except InvalidUnit as error:
            self._fault(error.faults[0].what, error.faults[0].remedy, column, row=1)
            return np.full(len(cells), np.nan)

    def _odd_numbers(self, cells: LabColumn, column: str, unit: str | None, convert: Converter) -> FloatArray:
        """Return the numbers of a column in which some cells are no plain numbers, cell by cell."""
        values = np.full(len(cells), np.nan)
        for i, cell in enumerate(cells):
            try:
                number, own = _quantity(cell, unit)
                values[i] = number if own is None else float(convert(np.array([number]), own, unit)[0])
            except InvalidUnit as error:
                self._fault(error.faults[0].what, error.faults[0].remedy, column, self.rows[i])
        return values

    def words(self, column: str) -> tuple[IndexArray, list[str]]:
        """Return for each row the index of its word, and the distinct words."""
        cells = self._cells(column)
        if not _all_text(cells):
            cells = np.array([as_word(cell) for cell in cells], dtype=object)
        codes, distinct = pd.factorize(cells)
        return codes, [as_word(cell) for cell in distinct]


def headers_of(space: SpaceLike) -> Iterable[tuple[str, str]]:
    """Go through the headers that are understood and the lab columns that they mean; lab columns go last and win."""
    for parameter in space.parameters:
        yield from parameter.headers()
    for column in space.columns:
        yield column, column


def _split(header: str, known: set[str]) -> tuple[str, str | None]:
    header = header.strip()
    return (header, None) if header in known else split_header(header)


def _plain_numbers(cells: LabColumn) -> FloatArray | None:
    """Return a column of plain numbers, or None where some cell needs a closer look."""
    if cells.dtype.kind in "iuf":
        values = cells.astype(np.float64)
    elif _all_text(cells):
        codes, distinct = pd.factorize(cells)
        numbers = _plain_texts(distinct)
        if numbers is None:
            return None
        values = numbers[codes] if len(codes) else np.zeros(0)
    else:
        if any(
            isinstance(cell, (bool, np.bool_, complex)) or (isinstance(cell, str) and "_" in cell) for cell in cells
        ):
            return None
        try:
            values = np.array([float(cell) for cell in cells], dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            return None
    return None if np.isnan(values).any() else values


def _plain_texts(texts: Iterable[str]) -> FloatArray | None:
    try:
        # Python would read 1_000 as a number; a lab would not.
        return np.array([float("no" if "_" in text else text) for text in texts], dtype=np.float64)
    except ValueError:
        return None


def _all_text(cells: LabColumn) -> bool:
    """Whether every cell is text, so that equal cells can be read once."""
    return cells.dtype == object and pd.api.types.infer_dtype(cells, skipna=False) == "string"


def _quantity(cell: Any, unit: str | None) -> tuple[float, str | None]:
    """Return the number in a cell, and the unit that the cell itself gives."""
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        raise InvalidUnit(Fault("the cell is empty", "give a number"))
    if isinstance(cell, (bool, np.bool_)):
        raise InvalidUnit(Fault(f"{bool(cell)} is not a number", "give a number"))
    if isinstance(cell, (int, float, np.integer, np.floating)):
        return as_float(cell), None
    text = str(cell).strip()
    if not text or text.casefold() == "nan":
        raise InvalidUnit(Fault("the cell is empty" if not text else f"{text!r} is not a number", "give a number"))
    if text.casefold().lstrip("+-") in ("inf", "infinity"):
        return math.inf, None
    return split_quantity(text, unit)


def as_word(cell: Any) -> str:
    """Return a cell as a word; a whole number read as 1.0 is the word 1."""
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()
