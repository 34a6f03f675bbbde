"""Whether the rows of a lab's table are all that can be made, and the column by which the lab knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from designer.cli.column_roles import numbers_rows
from designer.cli.draft import Entry
from designer.cli.lab_column import Column

_MIN_ROWS = 4
FORMULAS = "only the formulas of the table can be made"
MOSTLY_BLANK = "most rows have no result yet, as in a list of candidates"


def why_candidates(parameters: Sequence[Entry], settings: Sequence[Column], results: Sequence[Column]) -> str | None:
    """Return why the rows look like all designs there are; None where they do not.

    Formulas can be chosen from a table only. Rows that are all different, and most of which have no result, are a list
    of what could be made, and not a record of what was.
    """
    if any(("kind", "formula") in entry.keys for entry in parameters):
        return FORMULAS
    rows = list(zip(*(column.words for column in settings), strict=True))
    blank = sum(not any(cells) for cells in zip(*(column.words for column in results), strict=True))
    if len(rows) >= _MIN_ROWS and len(set(rows)) == len(rows) and (2 * blank > len(rows) or not results):
        return MOSTLY_BLANK
    return None


def id_column(columns: Sequence[Column], left_out: Mapping[str, str]) -> str | None:
    """Return the header of the column by which the lab knows each row: filled in, and different in every row.

    Columns that number the rows go before columns of names.
    """
    distinct = [
        column
        for column in columns
        if column.header in left_out and all(column.words) and len(set(column.words)) == len(column.words)
    ]
    distinct.sort(key=lambda column: not numbers_rows(column))
    return distinct[0].header if distinct else None
