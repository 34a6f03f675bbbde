"""The one strict reader of lab tables of designs.

Everything that is wrong with a table is reported at once, each fault with its row (as a spreadsheet counts: the header
is row 1) and column. What is merely unusual, such as a value out of bounds, is kept as it is and flagged: results that
nobody asked for may be anything physical.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from designer.errors import Fault, InvalidData, InvalidUnit, did_you_mean
from designer.space.parameters.categorical import CategoricalParameter
from designer.space.parameters.compositions import ShareParameter
from designer.space.parameters.fields import LARGEST
from designer.space.parameters.formula import FormulaParameter, formula_fault
from designer.space.parameters.lattice import Floats, is_whole, plain
from designer.space.parameters.numeric import LabColumn, NumericParameter
from designer.units import convert_many, same_unit, split_header, split_quantity

if TYPE_CHECKING:
    from designer.space.design_space import DesignSpace, Parameter

_MEASURED_SUM = 0.005  # of the total: what a measured composition may miss it by
_FRACTIONS = frozenset({"fraction", "1"})
_PERCENTS = frozenset({"percent", "%"})

Converter = Callable[[Floats, str | None, str | None], Floats]


@dataclass(frozen=True)
class ReadResult:
    """What a lab table says.

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
        For each extra column that the table has, the header under which it stands there.
    """

    space: DesignSpace
    coordinates: Floats
    flags: tuple[tuple[str, ...], ...]
    rows: tuple[int, ...]
    headers: dict[str, str]


def read_table(
    space: DesignSpace,
    frame: pd.DataFrame,
    *,
    file: str | None = None,
    extra_columns: Sequence[str] = (),
    flags: bool = True,
    sum_tolerance: float = _MEASURED_SUM,
) -> ReadResult:
    """Read a lab table of designs.

    Units in headers (``temperature [K]``) and cells (``350 K``) are converted. Amounts that all lie on the steps of
    their composition must sum exactly to the total; measured amounts between the steps may miss it by 0.5 % of the
    total and are then kept as given.

    Parameters
    ----------
    frame
        Numbers or text; an index called ``row`` gives the rows' numbers, else the first one is row 2.
    file
        The file to name in faults.
    extra_columns
        Columns that the table may have beside the designs; they are not read.
    flags
        Whether to say for each row how it leaves the space; not needed for large pools.
    sum_tolerance
        The share of the total by which measured amounts may miss it.

    Raises
    ------
    InvalidData
        With every fault of the table.
    """
    reader = _Reader(space, frame, extra_columns, sum_tolerance)
    coordinates = reader.read()
    if reader.faults:
        order = sorted(reader.faults, key=lambda fault: fault.row or 0)
        raise InvalidData([fault.at(file=file) for fault in order])
    known = reader.space
    notes: tuple[tuple[str, ...], ...] = ((),) * len(coordinates)
    if flags:
        unusual = ~known.valid(coordinates)
        pairs = zip(coordinates, unusual, strict=True)
        notes = tuple(tuple(known.violations(row)) if odd else () for row, odd in pairs)
    return ReadResult(known, coordinates, notes, tuple(reader.rows), reader.extra)


class _Reader:
    """One reading of one table; it gathers faults as it goes."""

    def __init__(
        self, space: DesignSpace, frame: pd.DataFrame, extra_columns: Sequence[str], sum_tolerance: float
    ) -> None:
        self.space = space
        self.sum_tolerance = sum_tolerance
        self.frame = frame
        self.faults: list[Fault] = []
        numbered = frame.index.name == "row"
        self.rows: list[int] = [int(i) for i in frame.index] if numbered else list(range(2, len(frame) + 2))
        self.extra: dict[str, str] = {}
        self.places: dict[str, tuple[int, str | None]] = {}
        self._match_headers(extra_columns)

    def read(self) -> Floats:
        self._read_formulas()
        parts = [self._read_parameter(parameter) for parameter in self.space.parameters]
        if self.faults:
            return np.empty((0, self.space.width))
        return self.space.canonical(np.concatenate(parts, axis=1))

    # Headers

    def _match_headers(self, extra_columns: Sequence[str]) -> None:
        """Find where each lab column stands, and the unit that its header gives."""
        known = dict(_spellings(self.space))
        headers: dict[str, str] = {}
        for i, header in enumerate(self.frame.columns):
            name, unit = _split(str(header), {*known, *extra_columns})
            column = known.get(name)
            key = column or name
            if column is None and name not in extra_columns:
                self._fault(
                    "the column is unknown", self._header_remedy(name, known, extra_columns), str(header), row=1
                )
            elif key in headers:
                what = "the header stands twice" if headers[key] == str(header) else f"the same as {headers[key]!r}"
                self._fault(what, "give each column once", str(header), row=1)
            elif column is not None:
                self.places[column] = (i, unit)
            else:
                self.extra[name] = str(header)
            headers.setdefault(key, str(header))
        for column in self.space.columns:
            if column not in self.places:
                self._fault("the column is missing", "add it", column, row=1)

    def _header_remedy(self, name: str, known: dict[str, str], extra_columns: Sequence[str]) -> str:
        for spelling, column in known.items():
            if spelling.rpartition(".")[2] == name:
                return f"did you mean {column!r}?"
        return did_you_mean(name, [*dict.fromkeys(known.values()), *extra_columns])

    def _fault(self, what: str, remedy: str, column: str, row: int | None = None) -> None:
        """Add a fault in a lab column, which is named as its header stands in the table."""
        self.faults.append(Fault(what, remedy, row=row, column=self._header(column)))

    def _header(self, column: str) -> str:
        return str(self.frame.columns[self.places[column][0]]) if column in self.places else column

    # Columns

    def _read_parameter(self, parameter: Parameter) -> Floats:
        if isinstance(parameter, ShareParameter):
            return self._amounts(parameter)
        if parameter.lab_columns[0] not in self.places:
            return np.zeros((len(self.frame), 1))
        if isinstance(parameter, NumericParameter):
            return self._numbers(parameter.lab_columns[0], parameter.unit)[:, None]
        return self._words(parameter)

    def _cells(self, column: str) -> LabColumn:
        return self.frame.iloc[:, self.places[column][0]].to_numpy()

    def _numbers(self, column: str, unit: str | None, *, shares: bool = False) -> Floats:
        """Return a column of finite numbers in `unit`, NaN where there is a fault."""
        header_unit = self.places[column][1] or unit
        convert = _convert_shares if shares else convert_many
        cells = self._cells(column)
        values = _plain_numbers(cells)
        if values is None:
            values = self._odd_numbers(cells, column, header_unit, convert)
        bad = np.abs(values) > LARGEST
        for i in np.flatnonzero(bad):
            what = "the value is infinite" if np.isinf(values[i]) else f"the value is beyond {LARGEST:g}"
            self._fault(what, "give a finite number", column, self.rows[i])
        try:
            return np.where(bad, np.nan, convert(values, header_unit, unit))
        except InvalidUnit as error:
            self._fault(error.faults[0].what, error.faults[0].remedy, column, row=1)
            return np.full(len(cells), np.nan)

    def _odd_numbers(self, cells: LabColumn, column: str, unit: str | None, convert: Converter) -> Floats:
        """Return the numbers of a column in which some cells are no plain numbers, cell by cell."""
        values = np.full(len(cells), np.nan)
        for i, cell in enumerate(cells):
            try:
                number, own = _quantity(cell, unit)
                values[i] = number if own is None else float(convert(np.array([number]), own, unit)[0])
            except InvalidUnit as error:
                self._fault(error.faults[0].what, error.faults[0].remedy, column, self.rows[i])
        return values

    def _amounts(self, parameter: ShareParameter) -> Floats:
        unit = parameter.share_unit
        nothing = np.zeros(len(self.frame))
        amounts = np.column_stack(
            [
                self._numbers(column, unit, shares=True) if column in self.places else nothing
                for column in parameter.lab_columns
            ]
        )
        with np.errstate(invalid="ignore"):
            negative = amounts < 0
        for i, j in np.argwhere(negative):
            what = f"{plain(float(amounts[i, j]))} {unit} is less than nothing"
            self._fault(what, "give an amount of 0 or more", parameter.lab_columns[j], self.rows[i])
        amounts[negative.any(axis=1)] = np.nan
        if all(column in self.places for column in parameter.lab_columns):
            self._check_sums(parameter, amounts)
        steps = np.zeros_like(amounts)
        finite = np.isfinite(amounts)
        steps[finite] = parameter.lattice.indices(amounts[finite])
        return steps

    def _check_sums(self, parameter: ShareParameter, amounts: Floats) -> None:
        """Add a fault for each row whose amounts do not sum to the total; rows with NaN have their fault already."""
        steps = parameter.lattice.indices(amounts)
        difference = np.abs(steps.sum(axis=1) - parameter.units)
        on_steps = is_whole(steps).all(axis=1) & (parameter.step is not None)
        wrong = np.where(on_steps, difference > 1e-6, difference > self.sum_tolerance * parameter.units * (1 + 1e-9))
        total, unit = parameter.exact_total, parameter.share_unit
        for i in np.flatnonzero(wrong):
            found = math.fsum(amounts[i])
            remedy = f"the amounts of {parameter.name} must sum to {plain(total)}"
            if abs(found - 1) < 0.01 and total == 100:
                remedy = f"if these are fractions, say so in the headers: {parameter.lab_columns[0]} [fraction]"
            what = f"{parameter.name} sums to {plain(found)} {unit}, not {plain(total)}"
            self._fault(what, remedy, parameter.lab_columns[0], self.rows[i])

    # Words

    def _read_formulas(self) -> None:
        """Check the formulas of the table, and add the new ones to the space's vocabulary."""
        for parameter in self.space.parameters:
            column = parameter.lab_columns[0]
            if isinstance(parameter, FormulaParameter) and column in self.places:
                words = [_word(cell) for cell in self._cells(column)]
                faults = {word: formula_fault(word) for word in dict.fromkeys(words) if word}
                for i, word in enumerate(words):
                    fault = faults[word] if word else Fault("the cell is empty", "give a formula")
                    if fault is not None:
                        self.faults.append(fault.at(row=self.rows[i], column=column))
                if not self.faults:
                    self.space = self.space.with_formulas(words)

    def _words(self, parameter: Parameter) -> Floats:
        column = parameter.lab_columns[0]
        if not isinstance(parameter, (CategoricalParameter, FormulaParameter)):
            raise TypeError(f"{parameter.kind} has no words")
        cells = self._cells(column)
        if not _all_text(cells):
            cells = np.array([_word(cell) for cell in cells], dtype=object)
        codes, distinct = pd.factorize(cells)
        unique = [_word(cell) for cell in distinct]
        indices = np.array([parameter.indices.get(word, -1) for word in unique], dtype=np.float64)
        found = indices[codes] if len(codes) else np.zeros(0)
        if isinstance(parameter, CategoricalParameter):
            for i in np.flatnonzero(found < 0):
                word = str(unique[codes[i]])
                what = f"{word!r} is not a choice" if word else "the cell is empty"
                self._fault(what, did_you_mean(word, parameter.choices), column, self.rows[i])
        return np.asarray(found, dtype=np.float64).reshape(-1, 1)


def _spellings(space: DesignSpace) -> Iterable[tuple[str, str]]:
    """Go through the headers that are understood and the lab columns that they mean; lab columns go last and win."""
    for parameter in space.parameters:
        if isinstance(parameter, ShareParameter):
            for member, column in zip(parameter.members, parameter.lab_columns, strict=True):
                yield f"{parameter.name}.{member}", column
        else:
            yield parameter.name, parameter.lab_columns[0]
    for column in space.columns:
        yield column, column


def _split(header: str, known: set[str]) -> tuple[str, str | None]:
    header = header.strip()
    return (header, None) if header in known else split_header(header)


def _plain_numbers(cells: LabColumn) -> Floats | None:
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
        if any(isinstance(cell, (bool, np.bool_)) or (isinstance(cell, str) and "_" in cell) for cell in cells):
            return None
        try:
            values = np.array([float(cell) for cell in cells], dtype=np.float64)
        except (TypeError, ValueError):
            return None
    return None if np.isnan(values).any() else values


def _plain_texts(texts: Iterable[str]) -> Floats | None:
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
        return float(cell), None
    text = str(cell).strip()
    if not text or text.casefold() in ("nan", "na", "n/a"):
        raise InvalidUnit(Fault("the cell is empty" if not text else f"{text!r} is not a number", "give a number"))
    if text.casefold().lstrip("+-") in ("inf", "infinity"):
        return math.inf, None
    return split_quantity(text, unit)


def _word(cell: Any) -> str:
    """Return a cell as a word; a whole number read as 1.0 is the word 1."""
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()


def _convert_shares(values: Floats, unit: str | None, to: str | None) -> Floats:
    """Convert amounts of a total: fractions and percentages of the same kind differ by a factor of 100."""
    source, target = (unit or "").replace(" ", ""), (to or "").replace(" ", "")
    if same_unit(source, target) or (source in _PERCENTS and target.endswith("%")):
        return values
    if source in _FRACTIONS and (target.endswith("%") or target == "percent"):
        return values * 100
    if target == "fraction" and (source in _PERCENTS or source == "at.%"):
        return values / 100
    return convert_many(values, unit, to)
