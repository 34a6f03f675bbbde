"""Designs and results as cells of a table: one cell for each parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.cli.output import Table, number
from designer.errors import Fault, InvalidInput
from designer.whole_files import write_new

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
    """Return one header for each parameter."""
    return [with_unit(parameter.name, parameter.unit) for parameter in space.parameters]


def parameter_cells(space: DesignSpace, design: Mapping[str, Any]) -> list[str]:
    """Return one cell for each parameter; of a composition the members and amounts that are not 0."""
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
    """Return a table of designs with their ids."""
    lines = [[name, *parameter_cells(space, design)] for name, design in rows]
    return Table(["", *parameter_headers(space)], lines, title)


def sheet_headers(space: DesignSpace, targets: Sequence[Target], replicates: int = 1) -> list[str]:
    """Return the headers of a table to fill in: the id, the lab columns and the targets, with units."""
    headers = ["suggestion", "replicate"] if replicates > 1 else ["suggestion"]
    for parameter in space.parameters:
        headers += [with_unit(column, parameter.unit) for column in parameter.lab_columns]
    return headers + [with_unit(target.column or target.name, target.unit) for target in targets]


def write_sheet(
    path: Path,
    space: DesignSpace,
    targets: Sequence[Target],
    rows: Iterable[tuple[str, Mapping[str, Any]]],
    replicates: int = 1,
) -> None:
    """Write a CSV file of designs with empty cells for the targets: fill them in and give it to `designer record`.

    With several replicates each design has as many rows, which a column ``replicate`` numbers. The file is written
    whole or not at all.
    """
    import csv
    import io

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(sheet_headers(space, targets, replicates))
    for name, design in rows:
        cells = [*(cell(design[column]) for column in space.columns), *("" for _ in targets)]
        for replicate in range(1, replicates + 1):
            writer.writerow([name, *([replicate] if replicates > 1 else []), *cells])
    write_new(path, text.getvalue())


def refuse_existing(path: Path) -> None:
    """Refuse to overwrite a file, which may hold results that were typed in.

    Raises
    ------
    InvalidInput
        If the file exists, or its folder does not.
    """
    if path.exists():
        what, remedy = "the file exists already and is not overwritten", "give another name"
        raise InvalidInput(Fault(what, remedy, file=str(path)))
    if not path.parent.is_dir():
        raise InvalidInput(Fault("the folder does not exist", "create it first", file=str(path)))


def read_words(words: Sequence[str]) -> dict[str, str]:
    """Return the values of ``name=value`` words.

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
    """Remove the row from faults, for values that do not come from a table."""
    try:
        yield
    except InvalidInput as error:
        raise type(error)([fault.at(row=None) for fault in error.faults]) from None


def without_columns(frame: pd.DataFrame, ignore: Sequence[str], file: str) -> pd.DataFrame:
    """Return the table without the ignored columns.

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
