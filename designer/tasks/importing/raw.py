"""Tables of a source: cells as text, and what the source itself states of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from designer.errors import Fault, InvalidData


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table from a source.

    Parameters
    ----------
    name, file
        A name for its task, and where it stands, for messages.
    frame
        The cells as text; the index, called ``row``, counts as the source does (a spreadsheet's data begin in row 2).
    card
        What the source itself states, in the grammar of the card: ``space``, ``targets``, ``constraints``,
        ``description``, ``license``, ``source``, ``citation``; nothing where it is a bare table.
    extra
        Further files that belong to it (text by path).
    """

    name: str
    file: str
    frame: pd.DataFrame
    card: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)


def text_of(cell: Any) -> str:
    """Return a cell as text; whole numbers without a point, other floats with the digits that make them.

    >>> [text_of(cell) for cell in (5.0, 0.1, 3, None, True, " N2 ")]
    ['5', '0.1', '3', '', 'True', 'N2']
    """
    if isinstance(cell, np.generic):
        cell = cell.item()
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell).strip()


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with all cells as text, its rows numbered as in a spreadsheet where they have no number."""
    index = frame.index if frame.index.name == "row" else pd.RangeIndex(2, len(frame) + 2, name="row")
    columns = {str(column): [text_of(cell) for cell in frame[column]] for column in frame.columns}
    text = pd.DataFrame(columns, index=index, dtype=object)
    text.attrs |= frame.attrs
    return text


def from_records(records: Sequence[Mapping[str, Any]], *, file: str) -> pd.DataFrame:
    """Return records as a frame of text, columns in the order of their first appearance; nested ones get a point.

    >>> from_records([{"alloy": {"Ni": 50}, "y": 1}], file="a.json").to_dict("records")
    [{'alloy.Ni': '50', 'y': '1'}]

    Raises
    ------
    InvalidData
        If there is none, or a value is a list.
    """
    flat, faults = [], []
    for number, record in enumerate(records, start=1):
        row = dict(_flat(record, ""))
        faults += [
            Fault(f"record {number}: {key!r} is a list", "give one value a record", file=file, row=number)
            for key, value in row.items()
            if isinstance(value, list)
        ]
        flat.append(row)
    if not flat:
        faults.append(Fault("there are no records", "give a list of objects, one an experiment", file=file))
    if faults:
        raise InvalidData(faults)
    columns = list(dict.fromkeys(key for row in flat for key in row))
    index = pd.RangeIndex(1, len(flat) + 1, name="row")
    return pd.DataFrame({c: [text_of(row.get(c)) for row in flat] for c in columns}, index=index, dtype=object)


def _flat(record: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
