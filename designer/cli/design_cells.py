"""Designs and results as cells of a table: one cell a parameter, numbers as the bench writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.cli.output import Table, number
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    import pandas as pd

    from designer.objective import Target
    from designer.space import DesignSpace


SHEETS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")


def with_unit(name: str, unit: str | None) -> str:
    """Return a header: the name, and the unit in brackets.

    >>> with_unit("time", "min"), with_unit("pH", None)
    ('time [min]', 'pH')
    """
    return f"{name} [{unit}]" if unit else name


def parameter_headers(space: DesignSpace) -> list[str]:
    """Return one header a parameter."""
    return [with_unit(parameter.name, parameter.unit) for parameter in space.parameters]


def parameter_cells(space: DesignSpace, design: Mapping[str, Any]) -> list[str]:
    """Return one cell a parameter; a composition is written as its members and amounts, without those that are 0."""
    from designer.space import ShareParameter

    cells = []
    for parameter in space.parameters:
        values = [design.get(column) for column in parameter.lab_columns]
        if isinstance(parameter, ShareParameter):
            parts = [f"{m} {cell(v)}" for m, v in zip(parameter.members, values, strict=True) if v]
            cells.append("  ".join(parts))
        else:
            cells.append(cell(values[0]))
    return cells


def cell(value: Any) -> str:
    """Return one value as text.

    >>> cell(455.0), cell("N2"), cell(None)
    ('455', 'N2', '-')
    """
    if isinstance(value, str):
        return value
    return number(None if value is None else float(value))


def design_table(space: DesignSpace, rows: Iterable[tuple[str, Mapping[str, Any]]], title: str | None = None) -> Table:
    """Return a table of designs, each after its id."""
    lines = [[name, *parameter_cells(space, design)] for name, design in rows]
    return Table(["", *parameter_headers(space)], lines, title)


def sheet_headers(space: DesignSpace, targets: Sequence[Target]) -> list[str]:
    """Return the headers of a table that a person fills in: the id, one a lab column, one a target, with units."""
    headers = ["suggestion"]
    for parameter in space.parameters:
        headers += [with_unit(column, parameter.unit) for column in parameter.lab_columns]
    return headers + [with_unit(target.column or target.name, target.unit) for target in targets]


def write_sheet(
    path: Path, space: DesignSpace, targets: Sequence[Target], rows: Iterable[tuple[str, Mapping[str, Any]]]
) -> None:
    """Write a CSV file of designs with empty cells for the targets: fill them in and give it to `designer record`."""
    import csv

    with path.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(sheet_headers(space, targets))
        for name, design in rows:
            writer.writerow([name, *(cell(design[column]) for column in space.columns), *("" for _ in targets)])


def refuse_existing(path: Path) -> None:
    """Refuse to write over a file that may hold what somebody typed in.

    Raises
    ------
    InvalidInput
        If the file exists, or its folder does not.
    """
    if path.exists():
        what, remedy = "the file exists already; it is never overwritten", "give another name"
        raise InvalidInput(Fault(what, remedy, file=str(path)))
    if not path.parent.is_dir():
        raise InvalidInput(Fault("its folder does not exist", "make the folder first", file=str(path)))


def read_words(words: Sequence[str]) -> dict[str, str]:
    """Return what ``name=value`` words say.

    Raises
    ------
    InvalidInput
        With every word that cannot be read.

    Examples
    --------
    >>> read_words(["overpotential=372", "note=a=b"])
    {'overpotential': '372', 'note': 'a=b'}
    """
    faults, result = [], {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            faults.append(Fault(f"{word!r} cannot be read", "write name=value"))
        elif name.strip() in result:
            faults.append(Fault(f"{name.strip()!r} is given twice", "give it once"))
        else:
            result[name.strip()] = value.strip()
    if faults:
        raise InvalidInput(faults)
    return result


@contextmanager
def without_rows() -> Iterator[None]:
    """Take the row out of faults: what was typed as words has none."""
    try:
        yield
    except InvalidInput as error:
        raise type(error)([fault.at(row=None) for fault in error.faults]) from None


def without_columns(frame: pd.DataFrame, ignore: Sequence[str], file: str) -> pd.DataFrame:
    """Return the table without the columns that are to be ignored.

    Raises
    ------
    InvalidInput
        If the table has no such column.
    """
    faults = [
        Fault(
            f"there is no column {name!r} to ignore", f"the table has: {', '.join(map(str, frame.columns))}", file=file
        )
        for name in ignore
        if name not in frame.columns
    ]
    if faults:
        raise InvalidInput(faults)
    return frame.drop(columns=list(ignore))
