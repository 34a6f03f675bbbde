"""From a table as people keep it to clean columns: unusable rows are dropped and counted, faults are named."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from designer.errors import Fault, InvalidData, InvalidInput
from designer.objective import Target
from designer.space import DesignSpace
from designer.space.tables import read_table
from designer.units import convert, parse_quantity, split_header

Array = npt.NDArray[np.float64]
SUM_TOLERANCE = 0.02
"""Of the total: what the amounts of past designs, as published with two decimals, may miss it by."""


def clean(
    space: DesignSpace, targets: Sequence[Target], frame: pd.DataFrame, file: str | None
) -> tuple[DesignSpace, pd.DataFrame, tuple[int, int]]:
    """Return the space (its formulas filled in), the clean table, and how many rows lacked a target or a setting.

    Parameters
    ----------
    frame
        The table: text or numbers, units in headers or cells; its index may be named ``row`` and hold the rows of the
        file. Otherwise the first row is row 2, as in a spreadsheet. Columns that are neither design nor target are
        left out.

    Raises
    ------
    InvalidData
        With every fault.
    """
    if frame.index.name != "row":
        frame = frame.set_axis(pd.Index(range(2, len(frame) + 2), name="row"), axis=0)
    headers = _headers(frame)
    wanted = {target.name: headers.get(target.column or target.name) for target in targets}
    measured = [header for header in wanted.values() if header is not None]
    settings = [headers[column] for column in space.columns if column in headers]
    has_target = ~_empty(frame[measured]).all(axis=1)
    has_setting = ~_empty(frame[settings]).any(axis=1)
    kept = frame.iloc[np.flatnonzero(has_target & has_setting)]
    faults: list[Fault] = []
    space, designs = _designs(space, kept, settings, file, faults)
    values = {target.name: _values(kept, target, wanted[target.name], file, faults) for target in targets}
    if faults:
        raise InvalidData(faults)
    data = pd.concat([designs, pd.DataFrame(values)], axis=1)
    return space, data, (int((~has_target).sum()), int((has_target & ~has_setting).sum()))


def _headers(frame: pd.DataFrame) -> dict[str, Hashable]:
    """Return the header under which each column stands: its name with or without a unit; the bare name wins."""
    found: dict[str, Hashable] = {}
    for header in frame.columns:
        found.setdefault(split_header(str(header))[0], header)
    for header in frame.columns:
        found[str(header).strip()] = header
    return found


def _empty(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    blank = frame.map(lambda cell: isinstance(cell, str) and not cell.strip())
    return np.asarray(frame.isna() | blank, dtype=np.bool_)


def _designs(
    space: DesignSpace, frame: pd.DataFrame, settings: Sequence[Hashable], file: str | None, faults: list[Fault]
) -> tuple[DesignSpace, pd.DataFrame]:
    others = [str(header) for header in frame.columns if header not in settings]
    try:
        read = read_table(space, frame, file=file, extra_columns=others, flags=False, sum_tolerance=SUM_TOLERANCE)
    except InvalidData as error:
        faults += error.faults
        return space, pd.DataFrame(columns=list(space.columns))
    return read.space, read.space.frame(read.coordinates)


def _values(
    frame: pd.DataFrame, target: Target, header: Hashable | None, file: str | None, faults: list[Fault]
) -> Array:
    """Return the values of a target in its unit, NaN for an empty cell."""
    name = target.column or target.name
    if header is None:
        faults.append(Fault("the column is missing", "add it", file=file, row=1, column=name))
        return np.full(len(frame), np.nan)
    header_unit = None if str(header).strip() == name else split_header(str(header))[1]
    found = np.full(len(frame), np.nan)
    for i, (row, cell) in enumerate(_filled(frame, header)):
        if cell is None:
            continue
        try:
            found[i] = _number(cell, header_unit, target.unit)
        except InvalidInput as error:
            faults += [fault.at(file=file, row=row, column=str(header)) for fault in error.faults]
    return found


def _filled(frame: pd.DataFrame, header: Hashable) -> Iterator[tuple[int, Any]]:
    """Go through the rows and cells of a column; an empty cell is None."""
    empty = _empty(frame[[header]])[:, 0]
    for row, cell, blank in zip(frame.index, frame[header], empty, strict=True):
        yield int(row), None if blank else cell


def _number(cell: Any, header_unit: str | None, unit: str | None) -> float:
    if isinstance(cell, str):
        value = parse_quantity(cell, header_unit or unit)
    elif isinstance(cell, (bool, np.bool_)):
        raise InvalidData(Fault(f"{cell} is not a number", "give a number"))
    else:
        value = float(cell)
    if not math.isfinite(value):
        raise InvalidData(Fault("the value is infinite", "give a finite number, or leave the cell empty"))
    return convert(value, header_unit, unit) if header_unit else value
