"""Decimal commas in tables whose columns are separated by semicolons or tabs, read where the file is consistent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from designer.units.typed_numbers import MISSING

_MIN_SHARE = 0.8
"""The share of a column's filled cells that are numbers, from which it is a column of numbers."""
_WITH_COMMA = r"(?:\d{1,3}(?:\.\d{3})+|\d+),\d+"
_TOKEN = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+|\d+),(\d+)(?![\d.,])")
_CELL = re.compile(
    rf"^(?:[<>≤≥~≈]=?\s*)?[-+−–]?(?P<number>{_WITH_COMMA}|\d+(?P<point>\.\d+)?)(?:[eE][-+−]?\d+)?"
    rf"(?:\s*(?:±|\+/-)\s*(?:{_WITH_COMMA}|\d+))?\s*(?P<unit>[^\d\s,;.+\-−–<>][^,;]{{0,40}})?$"
)
_EITHER = re.compile(r"^[1-9]\d{0,2},\d{3}$")
"""A number whose comma may as well separate thousands."""


def with_points(rows: Sequence[Sequence[str]]) -> tuple[list[list[str]], str | None]:
    """Return the rows of a table, the first of them its header, with points for decimal commas; and a note, if so.

    Nothing is changed where a number has a decimal point, or where every comma may as well separate thousands.

    >>> with_points([["T", "name"], ["300", "1,4-dioxane"], ["300,5", "1,3-butadiene"]])[0][1:]
    [['300', '1,4-dioxane'], ['300.5', '1,3-butadiene']]
    >>> with_points([["T"], ["1,234"]])
    ([['T'], ['1,234']], None)
    """
    header, *body = rows
    numeric: list[int] = []
    example: tuple[str, str] | None = None
    for i, name in enumerate(header):
        cells = [row[i] for row in body if i < len(row) and row[i] and row[i].casefold() not in MISSING]
        matches = [match for cell in cells if len(cell) <= 100 and (match := _CELL.match(cell))]
        units = {match["unit"] for match in matches if match["unit"]}
        if not cells or len(matches) < _MIN_SHARE * len(cells) or len(units) > 1:
            continue
        if any(match["point"] for match in matches):
            return [list(row) for row in rows], None
        with_comma = [match for match in matches if "," in match["number"]]
        if with_comma:
            numeric.append(i)
            clear = next((match[0] for match in with_comma if not _EITHER.match(match["number"])), None)
            example = example or ((clear, name) if clear is not None else None)
    if example is None:
        return [list(row) for row in rows], None
    changed = [list(row) for row in rows]
    for row in changed[1:]:
        for i in numeric:
            if i < len(row) and _CELL.match(row[i][:101]):
                row[i] = _pointed(row[i])
    note = f"decimal commas were read as points: {example[0]} in column {example[1]!r} as {_pointed(example[0])}"
    return changed, note


def _pointed(cell: str) -> str:
    return _TOKEN.sub(lambda match: f"{match[1].replace('.', '')}.{match[2]}", cell)
