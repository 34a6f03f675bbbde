"""The meaning of one cell as people type it: missing, a limit, a decimal comma, a number with a tolerance."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from designer.errors import InvalidInput
from designer.units import MAX_QUANTITY, convert, same_unit, split_quantity, typed_numbers
from designer.units.limits import read_limit
from designer.units.typed_numbers import plain_text, unreadable

MISSING = typed_numbers.MISSING | {"", "nan"}
_NUMBER = r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_COMMA = re.compile(r"^([-+]?\d+),(\d+)(\D.*)?$", re.DOTALL)
_THOUSANDS = re.compile(r"^([-+]?\d{1,3}(?: \d{3})+(?:\.\d+)?)(\D.*)?$", re.DOTALL)
_TOLERANCE = re.compile(rf"^({_NUMBER})\s*(?:±|\+/-|\+-)\s*{_NUMBER}\s*(.*)$", re.DOTALL)
_LAST_DIGIT = re.compile(r"^([-+−]?\d+(?:\.\d+)?)\(\d+\)\s*(.*)$", re.DOTALL)
_ABOUT = re.compile(r"^(?:≈|~|ca\.?|approx\.?|about)\s*(.+)$", re.DOTALL | re.IGNORECASE)
_RANGE = re.compile(rf"^({_NUMBER})\s*(?:-|–|—|to|\.\.)\s*({_NUMBER})\s*(.*)$", re.DOTALL)


@dataclass(frozen=True)
class CellReading:
    """The meaning of a cell.

    Parameters
    ----------
    kind
        A number, nothing (``missing``), a limit (``censored``), a number in a unit of its own (``unit``), a number that
        must be rewritten to be read (``rewritten``), or what cannot be read (``odd``).
    value
        The number in the column's unit, NaN where there is none.
    now
        The text that the cell should hold, where it must be rewritten.
    why
        What is wrong with it, in words.
    """

    kind: Literal["number", "missing", "censored", "unit", "rewritten", "odd"]
    value: float = math.nan
    now: str | None = None
    why: str = ""


def read_cell(text: str, header_unit: str | None, unit: str | None) -> CellReading:
    """Return the meaning of a cell of a column of numbers, in `unit`; a bare number is in the header's unit.

    Examples
    --------
    >>> read_cell("1,5", None, None)
    CellReading(kind='rewritten', value=1.5, now='1.5', why='a comma for the decimal point')
    >>> read_cell("n.d.", None, None).kind, read_cell("<5", None, None).kind, read_cell("5-7", None, None).why
    ('missing', 'censored', 'a range of values')
    """
    text = text.strip()
    reason = unreadable(text)
    if text.casefold() in MISSING or (reason is not None and reason.kind == "error"):
        return CellReading("missing", now="" if text else None)
    if len(text) > MAX_QUANTITY:
        return CellReading("odd", why="a text, and no number")
    try:
        if read_limit(text, header_unit, unit) is not None:
            return CellReading("censored")
    except InvalidInput as error:
        return CellReading("odd", why=error.faults[0].what)
    if reason is not None and reason.kind == "ambiguous":
        return CellReading("odd", why=f"it {reason.why}")
    text = plain_text(text)
    for pattern, why in (
        (_THOUSANDS, "separators between the thousands"), (_COMMA, "a comma for the decimal point"),
        (_TOLERANCE, "a tolerance behind the number"), (_LAST_DIGIT, "the error of the last digit behind the number"),
        (_ABOUT, "a word before the number"),
    ):  # fmt: skip
        match = pattern.match(text)
        if match:
            return _rewritten(_joined(pattern, match), header_unit, unit, why)
    return _plain(text, header_unit, unit)


def _joined(pattern: re.Pattern[str], match: re.Match[str]) -> str:
    if pattern is _COMMA:
        number, rest = f"{match[1]}.{match[2]}", match[3]
    elif pattern is _THOUSANDS:
        number, rest = match[1].replace(" ", ""), match[2]
    else:
        number, rest = match[1], match[2] if match.re.groups > 1 else ""
    return f"{number} {(rest or '').strip()}".strip()


def _rewritten(now: str, header_unit: str | None, unit: str | None, why: str) -> CellReading:
    read = _plain(now, header_unit, unit)
    return read if read.kind == "odd" else CellReading("rewritten", read.value, now, why)


def _plain(text: str, header_unit: str | None, unit: str | None) -> CellReading:
    span = _RANGE.match(text)
    if span and not re.match(rf"^{_NUMBER}$", text):
        return CellReading("odd", why="a range of values")
    try:
        number, own = split_quantity(text, unit)
        given = own or header_unit
        value = convert(number, given, unit) if given else number
    except InvalidInput as error:
        return CellReading("odd", why=error.faults[0].what)
    if not math.isfinite(value):
        return CellReading("odd", why=f"{text!r} is not finite")
    foreign = own is not None and not same_unit(own, header_unit or unit)
    return CellReading("unit" if foreign else "number", value)
