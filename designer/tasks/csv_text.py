"""CSV files as text, cell by cell: what the cells mean is decided by the space and the targets that read them."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from designer.errors import Fault, InvalidData
from designer.space.table_files import table_faults


def read_text_table(path: Path) -> pd.DataFrame:
    """Read a CSV file into a frame of text; an empty cell is an empty text.

    Raises
    ------
    InvalidData
        If the file is missing, is not UTF-8, gives one header twice, or has a row with too many or too few cells.
    """
    file = str(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.reader(lines, strict=True))
    except FileNotFoundError:
        raise InvalidData(Fault("no such file", "give the path of a CSV file", file=file)) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidData(Fault(f"cannot be read: {error}", "give a CSV file in UTF-8", file=file)) from None
    if not rows or not rows[0]:
        what = "the first line is blank" if rows else "the file is empty"
        raise InvalidData(Fault(what, "begin with a header", file=file))
    header, *body = [[cell.strip() for cell in row] for row in rows]
    faults = table_faults(header, 1, [(number, len(row)) for number, row in enumerate(body, start=2) if row])
    if faults:
        raise InvalidData([fault.at(file=file) for fault in faults])
    numbers = [number for number, row in enumerate(body, start=2) if row]
    return pd.DataFrame([row for row in body if row], columns=pd.Index(header), index=pd.Index(numbers, name="row"))
