"""Cells as people type them, rewritten so that the meaning of the columns can be guessed."""

from __future__ import annotations

import pandas as pd

from designer.tasks.quality.cell_checks import repaired_formula
from designer.tasks.quality.cell_reading import MISSING, read_cell
from designer.units import split_header

_MIN_SHARE_OF_NUMBERS = 0.6
_MAY_BE_CHOICES = frozenset({"none", "null", "na", "nd"})
"""Texts that mean no value among numbers, and may be a word among words: no additive, sodium, neodymium."""


def plain_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with odd cells rewritten where it is clear what they mean, and empty where not.

    A column is one of numbers where three fifths of its filled cells can be read as numbers or limits; one of formulas
    where its header names them so.

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
    if filled and len(numeric) >= _MIN_SHARE_OF_NUMBERS * len(filled):
        texts = {cell: cell if r.kind in ("number", "unit") else r.now or "" for cell, r in read.items()}
        return [texts.get(cell, "") for cell in cells]
    if "formula" in header.casefold() or "composition" in header.casefold():
        return [repaired_formula(cell) or "" for cell in cells]
    return ["" if cell.casefold() in MISSING - _MAY_BE_CHOICES else cell for cell in cells]
