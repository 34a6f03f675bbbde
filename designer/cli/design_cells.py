"""Designs and results as cells of a table: one cell for each parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.cli.output import Table, number, warn
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    import pandas as pd

    from designer.campaign.campaign import Campaign
    from designer.space import DesignSpace


SHEETS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")


def read_sheet(path: Path) -> pd.DataFrame:
    """Return a table that a user gives to a command, and state what was ignored or rewritten when it was read."""
    from designer.space.table_files import notes_of, read_frame

    frame = read_frame(path)
    for note in notes_of(frame):
        warn(f"{path}: {note}")
    return frame


def candidate_ids(space: DesignSpace, designs: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Return what the table of candidates calls each design; None where it has no name for it."""
    from designer.campaign.results import designs as lab_designs

    return lab_designs.candidate_ids(space, designs)


def parameter_headers(space: DesignSpace) -> list[str]:
    """Return one header for each parameter."""
    from designer.units import with_unit

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


def design_table(
    space: DesignSpace,
    rows: Iterable[tuple[str, Mapping[str, Any]]],
    id_column: str | None = None,
) -> Table:
    """Return a table of designs with their ids, and what the table of candidates calls them."""
    given = list(rows)
    lines = [[name, *parameter_cells(space, design)] for name, design in given]
    headers = ["", *parameter_headers(space)]
    if id_column is not None:
        headers.insert(1, id_column)
        for line, label in zip(lines, candidate_ids(space, [design for _, design in given]), strict=True):
            line.insert(1, label or "-")
    return Table(headers, lines)


def suggested_data(opened: Campaign, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return suggested designs as plain data; ``candidate`` is the lab's name, where a campaign has an id column."""
    data: list[dict[str, Any]] = [{"id": name, "design": dict(design)} for name, design in rows]
    if opened.settings.id_column is not None:
        for each, label in zip(data, candidate_ids(opened.space, [design for _, design in rows]), strict=True):
            each["candidate"] = label
    return data


def refuse_existing(path: Path, *, allow_file: bool = False, remedy: str = "give another name") -> None:
    """Refuse to overwrite a file, which may hold what somebody typed in.

    Parameters
    ----------
    allow_file
        Whether a file is accepted, because its content is compared when it is written.
    remedy
        How to give another name.

    Raises
    ------
    InvalidInput
        If the file exists, or its folder does not.
    """
    if path.exists() and not (allow_file and path.is_file()):
        raise InvalidInput(Fault("the file exists already and is not overwritten", remedy, file=str(path)))
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
