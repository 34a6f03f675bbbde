"""Quantities and column headers as people write them: a number and a unit, a name and a unit."""

from __future__ import annotations

import re

from designer.errors import Fault, InvalidUnit
from designer.units.conversion import convert
from designer.units.typed_numbers import CURRENCIES, is_simple, plain_text, unreadable

MAX_QUANTITY = 200
"""Characters of a cell that is read as a quantity: a number and a unit are shorter, and longer texts are remarks."""

_SHOWN = 80  # characters that a message repeats

# Each digit can be matched in one way only, so that no text takes longer than its length.
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d[\d.]*,\d")
_NUMBER_AGAIN = re.compile(r"\d[\d.,]*$")


def number_and_unit(text: str) -> tuple[str, str | None] | None:
    """Return the number that begins a text and what follows it, None where no number begins it; as they stand.

    >>> number_and_unit(" 350 K "), number_and_unit("1e-3"), number_and_unit("warm")
    (('350', 'K'), ('1e-3', None), None)
    """
    text = text.strip() if is_simple(text.strip()) else plain_text(text)
    match = _NUMBER.match(text) if len(text) <= MAX_QUANTITY else None
    if match is None:
        return None
    return match[0], text[match.end() :].strip() or None


def parse_quantity(text: str, to: str | None) -> float:
    """Return the number in `text`, such as ``"350 K"`` or ``"350"``, in the unit `to`.

    A number without a unit is taken to be in `to` already.

    Raises
    ------
    InvalidUnit
        If there is no number in `text` or its unit does not convert.

    Examples
    --------
    >>> round(parse_quantity("350 K", "degC"), 6)
    76.85
    """
    number, unit = split_quantity(text, to)
    return convert(number, unit, to) if unit else number


def split_quantity(text: str, to: str | None) -> tuple[float, str | None]:
    """Return the number in `text` and its unit, None where it gives none.

    Numbers are read as people type them (`typed_numbers`). A bare percent sign means the percent of the unit `to`, and
    a currency where there is no unit is left out.

    Raises
    ------
    InvalidUnit
        If there is no number in `text`, or two; `to` is the unit to ask for.

    Examples
    --------
    >>> split_quantity("350 K", "degC"), split_quantity("1e-3", "Pa")
    ((350.0, 'K'), (0.001, None))
    """
    plain = text.strip()
    if not is_simple(plain):
        reason = unreadable(plain)
        if reason is not None:
            raise InvalidUnit(Fault(f"{shortened(plain)!r} {reason.why}", reason.remedy))
        plain = plain_text(plain)
    match = _NUMBER.match(plain) if len(plain) <= MAX_QUANTITY else None
    unit = plain[match.end() :].lstrip() if match is not None else ""
    if match is None or (unit and (unit[0] in ",_" or (_NUMBER_AGAIN.match(unit) and unit != to))):
        remedy = f"give a number{f' in {to}' if to else ''}"
        if _DECIMAL_COMMA.match(plain):
            remedy = "write a decimal point, not a comma, and no separators of thousands"
        raise InvalidUnit(Fault(f"{shortened(text)!r} is not a number", remedy))
    if unit == "%" and (to or "").rstrip().endswith("%"):
        unit = to or unit  # 55 % in a column of wt.%
    elif unit in CURRENCIES and not to:
        unit = ""  # prices without a unit
    return float(match[0]), unit or None


def shortened(text: str) -> str:
    """Return a text as a message repeats it: its beginning, where it is long.

    >>> shortened("warm"), len(shortened("x" * 100_000))
    ('warm', 83)
    """
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def split_header(header: str) -> tuple[str, str | None]:
    """Split a column header into its name and its unit, if it gives one in brackets.

    >>> split_header("anneal_temperature [K]"), split_header("time (min)"), split_header("yield")
    (('anneal_temperature', 'K'), ('time', 'min'), ('yield', None))
    """
    text = header.strip()
    place = _opening(text)
    if place is None or not text[:place].strip():
        return text, None
    return text[:place].strip(), text[place + 1 : -1].strip()


def with_unit(name: str, unit: str | None) -> str:
    """Return a header: the name, and the unit in brackets.

    >>> with_unit("time", "min"), with_unit("pH", None)
    ('time [min]', 'pH')
    """
    return f"{name} [{unit}]" if unit else name


def _opening(text: str) -> int | None:
    """Return where the bracket opens that closes at the text's end; inside it are only round ones."""
    if not text.endswith((")", "]")):
        return None
    depth = 0
    for place in range(len(text) - 2, -1, -1):
        letter = text[place]
        if letter in "([" and depth == 0:
            return place
        if letter in "[]":
            return None
        depth += (letter == ")") - (letter == "(")
    return None
