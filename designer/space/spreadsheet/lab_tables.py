"""A lab's own table, read for the first time: as `table_files.read_frame` does, else tidied by `layout.tidied`."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pandas as pd

from designer.errors import InvalidData
from designer.space.spreadsheet.layout import Layout, tidied
from designer.space.spreadsheet.workbook import read_rows
from designer.space.table_files import is_workbook, read_csv_file, read_csv_text, read_frame

MAX_TIDIED = 200_000
"""Characters of a CSV file, and cells of a workbook, that is looked at for titles, units and grids."""
_MAX_BYTES = 4 * MAX_TIDIED
_ENCODINGS = (
    ((b"\xff\xfe", b"\xfe\xff"), "utf-16", "UTF-16"),
    ((b"",), "cp1252", "Windows-1252"),
)
"""What a file that is no UTF-8 begins with, its encoding, and that one's name."""
_MIN_SHARE = 0.6
"""Of the lines: how many have one number of separators in a table."""


def read_lab_table(path: Path, result: str | None = None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table, and what was changed in its layout, in words; nothing where `read_frame` reads the same.

    Parameters
    ----------
    result
        The name of the values in the cells of a grid, None for ``result``.

    Raises
    ------
    InvalidData
        If it cannot be read, and its layout is none that can be tidied.
    """
    try:
        layout = _laid_out(path, result)
    except (InvalidData, csv.Error):  # the strict reader says what is wrong
        layout = Layout([])
    if not layout.notes:
        return read_frame(path), ()
    return read_csv_text(as_csv(layout), file=str(path)), layout.notes


def as_csv(layout: Layout) -> str:
    """Return a table as CSV text, separated by semicolons where a cell has a comma, so that decimal commas are read."""
    has_commas = any("," in cell for row in layout.rows for cell in row)
    text = io.StringIO()
    csv.writer(text, delimiter=";" if has_commas else ",", lineterminator="\n").writerows(layout.rows)
    return text.getvalue()


def _laid_out(path: Path, result: str | None) -> Layout:
    if is_workbook(path):
        rows = [["" if cell is None else str(cell) for cell in row] for _, row in read_rows(path, fill_merged=True)]
        if sum(map(len, rows)) > MAX_TIDIED:
            return Layout([])
        layout = tidied(rows, result)
        return (
            layout if layout.notes or not _has_merged(path) else layout.changed(layout.rows, "merged cells were filled")
        )
    text, encoding = _decoded(path)
    if len(text) > MAX_TIDIED or "\0" in text:
        return Layout([])
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True))
    layout = tidied(rows, result)
    return layout if encoding is None else layout.changed(layout.rows, f"the text was read as {encoding}")


def _decoded(path: Path) -> tuple[str, str | None]:
    """Return the text of a CSV file, and its encoding where that is another than UTF-8.

    Spreadsheets save "Unicode text" as UTF-16, and CSV in the code of the machine, in western Europe Windows-1252.
    """
    try:
        return read_csv_file(path), None
    except InvalidData:
        raw = path.read_bytes() if path.is_file() and path.stat().st_size <= _MAX_BYTES else b""
        for marks, encoding, name in _ENCODINGS:
            if raw and raw.startswith(marks) and b"\0" * 4 not in raw:
                try:
                    return raw.decode(encoding), name
                except UnicodeDecodeError:
                    continue
        raise


def _has_merged(path: Path) -> bool:
    """Whether the strict reader refuses the workbook, as it does for merged cells."""
    try:
        read_rows(path)
    except InvalidData:
        return True
    return False


def _separator(text: str) -> str:
    """Return the separator that most lines have equally often; of several the one that is no decimal comma."""
    lines = [line for line in text.splitlines() if line.strip()]
    for separator in "\t;,":
        counts = Counter(line.count(separator) for line in lines)
        common, times = counts.most_common(1)[0] if counts else (0, 0)
        if common and times >= _MIN_SHARE * len(lines):
            return separator
    return max(",;\t", key=text.count)
