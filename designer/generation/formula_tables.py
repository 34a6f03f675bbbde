"""Known formulas from the tables that a person names."""

from __future__ import annotations

from pathlib import Path

from designer.chemistry.formulas import parse_formula
from designer.errors import Fault, InvalidData, known_words
from designer.generation.value_cells import mean_values
from designer.space.table_files import read_frame

HEADERS = ("formula", "composition")
"""Headers, in any case, of a column of formulas."""


def read_formulas(path: Path | str, column: str | None = None) -> tuple[str, ...]:
    """Return the formulas of a table, each once, in the order of its rows; empty cells are left out.

    Parameters
    ----------
    path
        A CSV or Excel file.
    column
        The header of the formulas; one of `HEADERS` unless given.

    Raises
    ------
    InvalidData
        If the table cannot be read, has no such column, or has no formula; with every cell that is no formula.
    """
    frame, file = read_frame(path), str(path)
    header = _header([str(name) for name in frame.columns], column, file)
    formulas: dict[str, None] = {}
    faults: list[Fault] = []
    for row, value in zip(frame.index, frame[header], strict=True):
        text = "" if value is None else str(value).strip()
        if not text:
            continue
        try:
            parse_formula(text)
        except InvalidData as error:
            faults += [fault.at(file=file, row=int(row), column=header) for fault in error.faults]
        formulas[text] = None
    if faults:
        raise InvalidData(faults)
    if not formulas:
        raise InvalidData(Fault("there is no formula", "give a table with formulas", file=file, column=header))
    return tuple(formulas)


def read_values(path: Path | str, value: str, column: str | None = None) -> dict[str, float]:
    """Return the value of each formula of a table, the mean of several; rows without a formula or a value are left out.

    Parameters
    ----------
    value
        The header of the values.
    column
        As in `read_formulas`.

    Raises
    ------
    InvalidData
        As `read_formulas`, and with every value that is no finite number.
    """
    formulas = set(read_formulas(path, column))
    frame, file = read_frame(path), str(path)
    headers = [str(name) for name in frame.columns]
    header, values = _header(headers, column, file), _header(headers, value, file)
    named = [
        ("" if text is None else str(text).strip(), cell)
        for text, cell in zip(frame[header], frame[values], strict=True)
    ]
    cells = [(int(row), text, cell) for row, (text, cell) in zip(frame.index, named, strict=True) if text in formulas]
    return mean_values(cells, file=file, column=values)


def _header(headers: list[str], column: str | None, file: str) -> str:
    wanted = HEADERS if column is None else (column,)
    found = [header for header in headers if header in wanted] or [
        header for header in headers if column is None and header.casefold() in HEADERS
    ]
    if not found:
        what = f"there is no column {' or '.join(map(repr, wanted))}"
        remedy = "name the column of formulas with --column" if column is None else known_words(headers)
        raise InvalidData(Fault(what, remedy, file=file))
    return found[0]
