"""A messy table as it would look without its mess, so that what its columns are can be guessed."""

from __future__ import annotations

import pandas as pd

from designer.tasks.quality.cell_checks import mended_formula
from designer.tasks.quality.cell_reading import MISSING, read_cell
from designer.units import split_header

_MOSTLY = 0.6


def plain_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with odd cells rewritten where it is clear what they mean, and empty where not.

    A column is one of numbers where three fifths of its filled cells can be read as numbers or limits; one of formulas
    where its header says so.

    >>> frame = pd.DataFrame({"T": ["300", "3,5", "n.d.", "400"], "gas": ["N2", "Ar", "-", "N2"]})
    >>> plain_cells(frame).to_dict("list")
    {'T': ['300', '3.5', '', '400'], 'gas': ['N2', 'Ar', '', 'N2']}
    """
    columns = {str(header): _plain(str(header), [str(cell).strip() for cell in frame[header]]) for header in frame}
    return pd.DataFrame(columns, index=frame.index, dtype=object)


def _plain(header: str, cells: list[str]) -> list[str]:
    unit = split_header(header)[1]
    filled = [cell for cell in cells if cell.casefold() not in MISSING]
    read = {cell: read_cell(cell, unit, unit) for cell in set(filled)}
    numeric = [cell for cell in filled if read[cell].kind != "odd"]
    if filled and len(numeric) >= _MOSTLY * len(filled):
        texts = {cell: cell if r.kind in ("number", "unit") else r.now or "" for cell, r in read.items()}
        return [texts.get(cell, "") for cell in cells]
    if "formula" in header.casefold() or "composition" in header.casefold():
        return [mended_formula(cell) or "" for cell in cells]
    return ["" if cell.casefold() in MISSING else cell for cell in cells]
