"""From a lab's table to clean columns: unusable rows are dropped and counted, faults are reported."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from designer.arrays import BoolArray, FloatArray
from designer.errors import Fault, InvalidData, InvalidInput
from designer.objective import Target
from designer.space import DesignSpace
from designer.space.table_reader import read_table
from designer.units import convert, parse_quantity, split_header
from designer.units.limits import Limit, read_limit
from designer.units.typed_numbers import MISSING

CENSORED = ("censored target", "side", "limit")
"""The columns beside the design in a table of censored results."""
SUM_TOLERANCE = 0.02
"""Of the total: what the amounts of past designs, as published with two decimals, may miss it by."""


@dataclass(frozen=True, eq=False)
class Clean:
    """The content of a table after cleaning.

    Parameters
    ----------
    space
        The space, its formulas filled in.
    data
        Designs and values, one row a measurement with a value of some target.
    censored
        Results that are only known to lie beyond a limit: the design, and the columns `CENSORED`.
    no_target, no_setting
        How many rows lacked every target, and how many of the others a setting.
    """

    space: DesignSpace
    data: pd.DataFrame
    censored: pd.DataFrame
    no_target: int
    no_setting: int


def no_censored(space: DesignSpace) -> pd.DataFrame:
    """Return a table of censored results with nothing in it."""
    return pd.DataFrame(columns=[*space.columns, *CENSORED])


def clean(space: DesignSpace, targets: Sequence[Target], frame: pd.DataFrame, file: str | None) -> Clean:
    """Read a table of one task.

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
    # A task's own data have the names of its targets, whatever their columns in the file were called.
    wanted = {t.name: headers.get(t.column or t.name, headers.get(t.name)) for t in targets}
    measured = [header for header in wanted.values() if header is not None]
    settings = [headers[column] for column in space.columns if column in headers]
    has_target = ~_empty(frame[measured], MISSING).all(axis=1)
    always = {column for each in space.parameters if each.when is None for column in each.lab_columns}
    needed = [headers[column] for column in space.columns if column in headers and column in always]
    has_setting = ~_empty(frame[needed]).any(axis=1)
    kept = frame.iloc[np.flatnonzero(has_target & has_setting)]
    faults: list[Fault] = []
    space, designs = _designs(space, kept, settings, file, faults)
    read = {target.name: _values(kept, target, wanted[target.name], file, faults) for target in targets}
    if faults:
        raise InvalidData(faults)
    data = pd.concat([designs, pd.DataFrame({name: values for name, (values, _) in read.items()})], axis=1)
    limits = [(place, name, limit) for name, (_, found) in read.items() for place, limit in found.items()]
    return Clean(
        space=space,
        data=data[data[list(read)].notna().any(axis=1)].reset_index(drop=True),
        censored=_censored(space, designs, limits),
        no_target=int((~has_target).sum()),
        no_setting=int((has_target & ~has_setting).sum()),
    )


def _censored(space: DesignSpace, designs: pd.DataFrame, limits: Sequence[tuple[int, str, Limit]]) -> pd.DataFrame:
    if not limits:
        return no_censored(space)
    limits_table = pd.DataFrame([(name, limit.side, limit.value) for _, name, limit in limits], columns=list(CENSORED))
    return pd.concat([designs.iloc[[place for place, _, _ in limits]].reset_index(drop=True), limits_table], axis=1)


def _headers(frame: pd.DataFrame) -> dict[str, Hashable]:
    """Return the header under which each column stands: its name with or without a unit; the bare name wins."""
    found: dict[str, Hashable] = {}
    for header in frame.columns:
        found.setdefault(split_header(str(header))[0], header)
    for header in frame.columns:
        found[str(header).strip()] = header
    return found


def _empty(frame: pd.DataFrame, missing: frozenset[str] = frozenset()) -> BoolArray:
    """Return which cells hold nothing, or (in small letters) one of the texts `missing`."""
    found = np.array(frame.isna(), dtype=np.bool_)
    for i, kind in enumerate(frame.dtypes):
        if not is_numeric_dtype(kind):
            cells = frame.iloc[:, i]
            found[:, i] |= np.fromiter((_is_blank(cell, missing) for cell in cells), dtype=np.bool_, count=len(cells))
    return found


def _is_blank(cell: Any, missing: frozenset[str]) -> bool:
    return isinstance(cell, str) and (not cell.strip() or cell.strip().casefold() in missing)


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
) -> tuple[FloatArray, dict[int, Limit]]:
    """Return the values of a target in its unit, NaN for an empty cell or a limit, and the limits by their rows."""
    name = target.column or target.name
    if header is None:
        faults.append(Fault("the column is missing", "add it", file=file, row=1, column=name))
        return np.full(len(frame), np.nan), {}
    header_unit = None if str(header).strip() in (name, target.name) else split_header(str(header))[1]
    found = np.full(len(frame), np.nan)
    limits: dict[int, Limit] = {}
    for i, (row, cell) in enumerate(_filled(frame, header)):
        if cell is None:
            continue
        try:
            limit = read_limit(cell, header_unit, target.unit)
            if limit is not None:
                limits[i] = limit
            else:
                found[i] = _number(cell, header_unit, target.unit)
                target.check_value(float(found[i]))
        except InvalidInput as error:
            faults += [fault.at(file=file, row=row, column=str(header)) for fault in error.faults]
    return found, limits


def _filled(frame: pd.DataFrame, header: Hashable) -> Iterator[tuple[int, Any]]:
    """Go through the rows and cells of a column; an empty cell is None."""
    empty = _empty(frame[[header]], MISSING)[:, 0]
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
