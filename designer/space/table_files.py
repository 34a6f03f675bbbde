"""CSV and Excel files as frames of text, cell by cell; `DesignSpace.read_table` gives the cells their meaning.

Nothing is guessed: pandas would rename a header that stands twice, and read `NA` as missing and `1e5` as a number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from designer.counting import agree, count
from designer.errors import Fault, InvalidData
from designer.input_files import read_file
from designer.space.spreadsheet.decimal_commas import with_points
from designer.space.spreadsheet.workbook import MAX_COLUMNS, read_rows

_NOTES = "notes"  # the key of a frame's attributes
_LARGE = 1_000_000  # characters from which pandas' parser is worth a second way


def read_frame(path: Path | str) -> pd.DataFrame:
    """Read a CSV or Excel file; the index, called ``row``, is the number of each row as a spreadsheet counts.

    Cells of a CSV file are text. Those of an Excel file are text, numbers, truth values or None, from the first visible
    sheet, as a person sees them: a cell that holds 0.55 and shows 55% is the text ``55 %``
    (`designer.space.spreadsheet`).

    Raises
    ------
    InvalidData
        If the file is missing, empty or unreadable, a header stands twice or is missing, or a row is too long or short.
    """
    path = Path(path)
    if is_workbook(path):
        return _framed(read_rows(path), str(path))
    return read_csv_text(read_csv_file(path), file=str(path))


def is_workbook(path: Path) -> bool:
    """Whether a file is an Excel workbook, by the ending of its name."""
    return path.suffix.casefold() in (".xlsx", ".xlsm")


def read_csv_file(path: Path) -> str:
    """Return the text of a CSV file.

    Raises
    ------
    InvalidData
        If the file is missing, unreadable, or no UTF-8 text.
    """
    try:
        return read_file(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise InvalidData(Fault("no such file", "give the path of a CSV file", file=str(path))) from None
    except UnicodeDecodeError:
        raise InvalidData(Fault("the file is not UTF-8 text", "save it as CSV UTF-8", file=str(path))) from None
    except OSError as error:
        what = f"the file cannot be read: {error.strerror or error}"
        raise InvalidData(Fault(what, "give the path of a CSV file", file=str(path))) from None


def read_csv_text(text: str, *, file: str | None = None) -> pd.DataFrame:
    """Read CSV text, separated by commas, semicolons or tabs, whichever the header has most of (or all of it, where the
    first line has none).

    >>> read_csv_text("T [K];gas\\n300;N2\\n").reset_index().to_dict("records")
    [{'row': 2, 'T [K]': '300', 'gas': 'N2'}]
    """
    if "\0" in text:
        raise InvalidData(Fault("the file holds binary data", "give a CSV file in UTF-8", file=file))
    text = text.removeprefix("\ufeff")
    first = text.lstrip("\r\n").partition("\n")[0]
    separator = max(",;\t", key=first.count)
    if separator not in first:
        separator = max(",;\t", key=text.count)
    columns = first.count(separator) + 1
    if columns > MAX_COLUMNS:
        what, remedy = f"the table has {columns:,} columns", f"a table has at most {MAX_COLUMNS:,}"
        raise InvalidData(Fault(what, remedy, file=file, row=1))
    if len(text) > _LARGE and not (separator != "," and "," in text):  # a comma may be a decimal comma
        large = read_large(text, separator)
        if large is not None:
            return large
    try:
        # No cell may be longer than csv's field limit, so a forgotten quote ends in an error, not in a silent join.
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise InvalidData(Fault(f"the file is no proper CSV: {error}", "check the quotes", file=file)) from None
    rows, note = _decimal_points([[cell.strip() for cell in row] for row in rows], separator)
    return _framed(list(enumerate(rows, start=1)), file, [note] if note else [])


def read_large(text: str, separator: str) -> pd.DataFrame | None:
    """Read plain CSV text by pandas' own parser, some ten times quicker and smaller; the same frame.

    None where the text is not plain: with quotes, blanks around cells, or any row with too many or too few cells.
    """
    text = text.replace("\r\n", "\n").removesuffix("\n")
    if '"' in text or "\r" in text or " " in text or (separator != "\t" and "\t" in text):
        return None
    raw = np.frombuffer(text.encode(), dtype=np.uint8)
    ends = np.append(np.flatnonzero(raw == ord("\n")), len(raw))
    cells = np.diff(np.searchsorted(np.flatnonzero(raw == ord(separator)), ends), prepend=0) + 1
    names = text.partition("\n")[0].split(separator)
    if len(names) < 2 or (cells != len(names)).any() or "" in names or len(set(names)) < len(names):
        return None
    body = pd.read_csv(
        io.StringIO(text), sep=separator, skiprows=1, header=None, names=list(range(len(names))), dtype=object,
        na_filter=False, quoting=csv.QUOTE_NONE, engine="c", low_memory=False, index_col=False,
    )  # fmt: skip
    if len(body) != len(ends) - 1 or (body == "").all(axis=1).any():
        return None
    body.index = pd.RangeIndex(2, len(body) + 2, name="row")
    body.columns = pd.Index(names, dtype=object)
    return body


def _decimal_points(rows: list[list[str]], separator: str) -> tuple[list[list[str]], str | None]:
    """Return rows with points for decimal commas, where commas separate no columns, and a note if so."""
    first = next((i for i, row in enumerate(rows) if any(row)), None)
    if separator == "," or first is None:
        return rows, None
    changed, note = with_points(rows[first:])
    return rows[:first] + changed, note


def notes_of(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return what was ignored or rewritten when a table was read, in words."""
    return tuple(frame.attrs.get(_NOTES, ()))


def _framed(rows: Sequence[tuple[int, Sequence[Any]]], file: str | None, notes: Sequence[str] = ()) -> pd.DataFrame:
    """Return numbered rows as a frame, without those that are empty; the first of them is the header."""
    numbered = [(number, row) for number, row in rows if any(cell not in ("", None) for cell in row)]
    if not numbered:
        raise InvalidData(Fault("the file is empty", "begin with a line of headers", file=file))
    (first, header), *body = _without_empty_ends(numbered)
    names = ["" if cell is None else str(cell) for cell in header]
    faults = table_faults(names, first, [(number, len(row)) for number, row in body])
    if all(len(row) == len(names) for _, row in body):
        nameless = {i for i, name in enumerate(names) if not name and _may_be_nameless(i, [row[i] for _, row in body])}
        ignored = {_no_header(i + 1) for i in nameless}
        faults = [fault for fault in faults if fault.what not in ignored]
    if faults:
        raise InvalidData([fault.at(file=file) for fault in faults])
    index = pd.Index([number for number, _ in body], name="row", dtype="int64")
    cells = np.empty((len(body), len(names)), dtype=object)
    for i, (_, row) in enumerate(body):
        cells[i] = row
    frame = pd.DataFrame(cells, index=index, columns=pd.Index(names, dtype=object), dtype=object)
    frame = frame.loc[:, [name != "" for name in names]]
    if found := [*notes, *_ignored(numbered[0][1], names, cells)]:
        frame.attrs[_NOTES] = found
    return frame


def _without_empty_ends(rows: Sequence[tuple[int, Sequence[Any]]]) -> list[tuple[int, Sequence[Any]]]:
    """Return rows without the empty cells behind the last header, where nothing but empty cells is there."""
    (_, header), *body = rows
    width = max((i + 1 for i, cell in enumerate(header) if cell not in ("", None)), default=0)
    if any(cell not in ("", None) for _, row in body for cell in row[width:]):
        width = len(header)
    kept = [any(cell not in ("", None) for cell in row[width:]) for _, row in rows]
    return [(number, row if all_ else row[:width]) for (number, row), all_ in zip(rows, kept, strict=True)]


def _ignored(header: Sequence[Any], names: Sequence[str], cells: np.ndarray) -> Iterator[str]:
    """Yield which columns without a header were left out: they are empty, or number the rows."""
    empty = len(header) - len(names) + sum(not name for name in names[1:])
    if names[0] == "":
        numbers = any(cell not in ("", None) for cell in cells[:, 0])
        empty += not numbers
        if numbers:
            yield "the first column has no header and numbers the rows: it was ignored"
    if empty > 0:
        which = f"{count(empty, 'empty column')} without a header {agree(empty, 'was', 'were')}"
        yield f"{which} ignored"


def _may_be_nameless(position: int, cells: Sequence[Any]) -> bool:
    """Whether a column without a header can be ignored: it is empty, or the first one and numbers the rows."""
    texts = [str(cell).strip() for cell in cells if cell not in ("", None)]
    if not texts:
        return True
    numbers = [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 10]
    if position or len(numbers) < len(cells) or len(numbers) < 2:
        return False
    return numbers[0] in (0, 1) and all(b == a + 1 for a, b in pairwise(numbers))


def width_faults(names: Sequence[str], row: int, widths: Sequence[tuple[int, int]]) -> list[Fault]:
    """Return the faults of a header and the rows below it that differ in their number of cells.

    A title where the headers should be is one fault, not one for each column without a header or each row below it.

    Parameters
    ----------
    names, row
        The header's cells, and its row.
    widths
        The number and the count of cells of each row below.

    Examples
    --------
    >>> [fault.what for fault in width_faults(["My log", "", ""], 1, [(2, 3)])]
    ["'My log' stands alone, as a title does"]
    >>> [fault.what for fault in width_faults(["My log", "May"], 1, [(2, 3), (3, 3)])]
    ['the header has 2 cells, and all rows below have 3']
    """
    counts = [cells for _, cells in widths]
    short = len(names) == 1 and 2 * sum(cells > 1 for cells in counts) > len(counts)
    if names[0] and (short or (len(names) > 2 and not any(names[1:]))):
        what = f"{names[0]!r} stands alone, as a title does"
        return [Fault(what, "delete the rows above the headers, so that the table begins with them", row=row)]
    wrong = [(number, cells) for number, cells in widths if cells != len(names)]
    if len(wrong) == len(counts) > 1 and len({*counts}) == 1:
        what = f"the header has {count(len(names), 'cell')}, and all rows below have {counts[0]}"
        return [Fault(what, "delete the rows above the headers, or name every column", row=row)]
    remedy = f"the header has {len(names)}"
    return [Fault(f"the row has {count(cells, 'cell')}", remedy, row=number) for number, cells in wrong]


def table_faults(names: Sequence[str], row: int, widths: Sequence[tuple[int, int]]) -> list[Fault]:
    """Return what is wrong with the header of a table, and with the rows below it that are too long or too short.

    `names`, `row` and `widths` are those of `width_faults`.
    """
    odd = width_faults(names, row, widths)
    return odd if any(fault.row == row for fault in odd) else [*_header_faults(names, row), *odd]


def _no_header(position: int) -> str:
    return f"column {position} has no header"


def _header_faults(names: Sequence[str], row: int) -> list[Fault]:
    remedy = "name every column"
    if len(names) == 2 and names[0]:
        remedy += f"; if {names[0]!r} is a title, delete the rows above the headers"
    faults = [Fault(_no_header(position), remedy, row=row) for position, name in enumerate(names, start=1) if not name]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            faults.append(Fault(f"the header {name!r} stands twice", "name each column once", row=row, column=name))
        if name:
            seen.add(name)
    return faults
