"""Tables from files, CSV or XLSX, as text: what a cell means is decided by the space and the targets that read it."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.errors import Fault, InvalidData, MissingExtra

if TYPE_CHECKING:
    import pandas as pd

HEADER_ROW = 1
_DELIMITERS = (",", ";", "\t")


def read_sheet(path: Path | str) -> pd.DataFrame:
    """Read a table as text, cell by cell; an empty cell is an empty text.

    CSV in UTF-8, with commas, semicolons or tabs between cells; of an XLSX workbook the first sheet. The index, called
    ``row``, holds the rows as a spreadsheet counts them: the header is row 1. Rows without any text are passed over.

    Raises
    ------
    InvalidData
        If the file cannot be read, gives one header twice, or has rows of another length than its header.
    MissingExtra
        If a workbook is given and openpyxl is not installed.
    """
    import pandas as pd

    path = Path(path)
    rows = _read_workbook(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _read_csv(path)
    rows = [[cell.strip() for cell in row] for row in rows]
    if not rows or not any(rows[0]):
        raise InvalidData(Fault("the table has no header", "give a header and rows", file=str(path)))
    header = rows[0]
    body = [(number, row) for number, row in enumerate(rows[1:], start=HEADER_ROW + 1) if any(row)]
    faults = _header_faults(header) + [
        Fault(f"the row has {len(row)} cells", f"the header has {len(header)}", row=number)
        for number, row in body
        if len(row) != len(header)
    ]
    if faults:
        raise InvalidData([fault.at(file=str(path)) for fault in faults])
    index = pd.Index([number for number, _ in body], name="row", dtype="int64")
    return pd.DataFrame([row for _, row in body], columns=pd.Index(header, dtype=object), index=index, dtype=object)


def _read_csv(path: Path) -> list[list[str]]:
    file = str(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            first = lines.readline()
            lines.seek(0)
            return list(csv.reader(lines, delimiter=_delimiter(first), strict=True))
    except FileNotFoundError:
        raise InvalidData(Fault("no such file", "give the path of a CSV or XLSX table", file=file)) from None
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} is not UTF-8"
        raise InvalidData(Fault(what, "save it as CSV in UTF-8", file=file)) from None
    except (OSError, csv.Error) as error:
        raise InvalidData(Fault(f"cannot be read: {error}", "give a CSV or XLSX table", file=file)) from None


def _delimiter(header: str) -> str:
    """Return what stands between the cells of a header.

    >>> _delimiter("T;time (min, s);y"), _delimiter("T"), _delimiter("a,b;c,d")
    (';', ',', ',')
    """
    return max(_DELIMITERS, key=lambda mark: (header.count(mark), -_DELIMITERS.index(mark)))


def _read_workbook(path: Path) -> list[list[str]]:
    try:
        import openpyxl
    except ImportError:
        raise MissingExtra("openpyxl", "excel") from None
    file = str(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except FileNotFoundError:
        raise InvalidData(Fault("no such file", "give the path of a CSV or XLSX table", file=file)) from None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, openpyxl.utils.exceptions.InvalidFileException) as error:
        raise InvalidData(Fault(f"is no workbook: {error}", "save it as XLSX or CSV", file=file)) from None
    try:
        rows = [[_text(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
    return _without_empty_edges(rows)


def _without_empty_edges(rows: list[list[str]]) -> list[list[str]]:
    """Drop the columns to the right that hold nothing: spreadsheets keep them once they were touched."""
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell.strip()), default=0)
    return [(row + [""] * width)[:width] for row in rows]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)


def _header_faults(header: Sequence[str]) -> list[Fault]:
    faults = []
    for position, name in enumerate(header, start=1):
        if not name:
            faults.append(Fault(f"column {position} has no header", "name every column", row=HEADER_ROW))
        elif name in header[: position - 1]:
            faults.append(Fault(f"header {name!r} stands twice", "name each column once", row=HEADER_ROW, column=name))
    return faults
