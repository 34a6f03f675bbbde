"""From a table as people keep it to clean columns: unusable rows are dropped and counted, faults are named."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from designer.errors import Fault, InvalidData, InvalidInput
from designer.objective import Target
from designer.space import CategoricalParameter, DesignSpace, FormulaParameter, Parameter
from designer.units import convert, parse_quantity, split_header

NO_TARGET, NO_SETTING = 0, 1


def clean(
    space: DesignSpace, targets: Sequence[Target], frame: pd.DataFrame, file: str | None
) -> tuple[DesignSpace, pd.DataFrame, tuple[int, int]]:
    """Return the space (its formulas filled in), the clean table, and how many rows lacked a target or a setting.

    Parameters
    ----------
    frame
        The table: text or numbers, units in headers or cells; its index may be named ``row`` and hold the rows of the
        file. Otherwise the first row is row 2, as in a spreadsheet.

    Raises
    ------
    InvalidData
        With every fault.
    """
    headers = _headers(space, targets, frame, file)
    rows = frame.index.to_numpy() if frame.index.name == "row" else np.arange(2, len(frame) + 2)
    measured = [headers[target.column or target.name] for target in targets]
    settings = [headers[column] for column in space.columns]
    has_target = ~_empty(frame[measured]).all(axis=1)
    has_setting = ~_empty(frame[settings]).any(axis=1)
    kept = np.flatnonzero(has_target & has_setting)
    reader = _Reader(frame.iloc[kept], rows[kept], headers, file)
    data = pd.DataFrame(
        {column: cells for p in space.parameters for column, cells in _design_columns(p, reader)}
        | {t.name: reader.numbers(t.column or t.name, t.unit, may_be_empty=True) for t in targets}
    )
    if reader.faults:
        raise InvalidData(reader.faults)
    return _with_vocabulary(space, data), data, (int((~has_target).sum()), int((has_target & ~has_setting).sum()))


def _headers(
    space: DesignSpace, targets: Sequence[Target], frame: pd.DataFrame, file: str | None
) -> dict[str, Hashable]:
    """Return the frame's header of each column that is needed."""
    known: dict[str, list[Hashable]] = {}
    for header in frame.columns:
        for name in {str(header).strip(), split_header(str(header))[0]}:
            known.setdefault(name, []).append(header)
    faults = []
    needed = [*space.columns, *(target.column or target.name for target in targets)]
    for name in needed:
        if name not in known:
            given = ", ".join(str(header) for header in frame.columns)
            faults.append(Fault(f"column {name!r} is missing", f"the table has: {given}", file=file))
        elif len(known[name]) > 1 and name not in frame.columns:
            faults.append(Fault(f"column {name!r} stands twice", "keep one of them", file=file, column=name))
    if faults:
        raise InvalidData(faults)
    return {name: name if name in frame.columns else known[name][0] for name in needed}


def _empty(frame: pd.DataFrame) -> np.ndarray:
    blank = frame.map(lambda cell: isinstance(cell, str) and not cell.strip())
    return (frame.isna() | blank).to_numpy()


def _design_columns(parameter: Parameter, reader: _Reader) -> Iterator[tuple[str, Any]]:
    for column in parameter.lab_columns:
        if isinstance(parameter, CategoricalParameter):
            yield column, reader.words(column, parameter.choices)
        elif isinstance(parameter, FormulaParameter):
            yield column, reader.words(column, None)
        else:
            yield column, reader.numbers(column, parameter.unit, may_be_empty=False)


class _Reader:
    """Reads the columns of one table and gathers what is wrong in them."""

    def __init__(self, frame: pd.DataFrame, rows: np.ndarray, headers: dict[str, Hashable], file: str | None) -> None:
        self._frame, self._rows, self._headers, self._file = frame, rows, headers, file
        self.faults: list[Fault] = []

    def _cells(self, column: str) -> Iterator[tuple[int, Any]]:
        cells = self._frame[self._headers[column]]
        return zip((int(row) for row in self._rows), cells, strict=True)

    def _fault(self, what: str, remedy: str, row: int, column: str) -> None:
        self.faults.append(Fault(what, remedy, file=self._file, row=row, column=column))

    def words(self, column: str, choices: tuple[str, ...] | None) -> list[str]:
        """Return the words of a column; each must be one of the choices, where there are any."""
        found = []
        for row, cell in self._cells(column):
            word = str(cell).strip()
            if choices is not None and word not in choices:
                self._fault(f"{word!r} is not a choice", f"one of: {', '.join(choices)}", row, column)
            found.append(word)
        return found

    def numbers(self, column: str, unit: str | None, *, may_be_empty: bool) -> np.ndarray:
        """Return the numbers of a column, in `unit`; NaN for an empty cell, where it may be empty."""
        header_unit = None if column in self._frame.columns else split_header(str(self._headers[column]))[1]
        found = np.full(len(self._frame), np.nan)
        for i, (row, cell) in enumerate(self._cells(column)):
            if may_be_empty and (cell is None or cell != cell or (isinstance(cell, str) and not cell.strip())):
                continue
            try:
                found[i] = _number(cell, header_unit, unit)
            except InvalidInput as error:
                for fault in error.faults:
                    self._fault(fault.what, fault.remedy, row, column)
        return found


def _number(cell: Any, header_unit: str | None, unit: str | None) -> float:
    if isinstance(cell, str):
        value = parse_quantity(cell, header_unit or unit)
    elif isinstance(cell, (bool, np.bool_)):
        raise InvalidData(Fault(f"{cell} is not a number", "give a number"))
    else:
        value = float(cell)
    if not math.isfinite(value):
        raise InvalidData(Fault(f"{cell} is not finite", "give a number, or leave a target's cell empty"))
    return convert(value, header_unit, unit) if header_unit else value


def _with_vocabulary(space: DesignSpace, data: pd.DataFrame) -> DesignSpace:
    """Return the space with the formulas of the table in the vocabulary of each formula parameter."""
    if not any(isinstance(parameter, FormulaParameter) for parameter in space.parameters):
        return space
    parameters: list[Parameter] = []
    for parameter in space.parameters:
        if isinstance(parameter, FormulaParameter):
            found = dict.fromkeys([*parameter.formulas, *data[parameter.lab_columns[0]]])
            given = parameter.model_dump(exclude_unset=True)
            parameters.append(FormulaParameter(**(given | {"formulas": tuple(found)})))
        else:
            parameters.append(parameter)
    return DesignSpace(parameters=parameters, constraints=space.constraints, pool=space.pool)
