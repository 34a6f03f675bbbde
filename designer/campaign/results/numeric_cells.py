"""Single cells of a results table: numbers with or without a unit, blanks, and what is wrong with the others."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real
from typing import Any

from designer.errors import Fault, InvalidInput
from designer.space.parameters.fields import MAX_NUMBER
from designer.units import convert, convert_difference, number_and_unit, shortened, split_quantity

_NO_NUMBERS = frozenset({"nan", "na", "n/a", "none", "null", "inf", "infinity"})


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing: None, empty text, or the gap that a table of numbers has instead (NaN).

    >>> [is_blank(cell) for cell in (None, " ", float("nan"), 0, "nan")]
    [True, True, True, False, False]
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return True
    if isinstance(cell, Real | Decimal):
        return math.isnan(float(cell))
    return type(cell).__name__ in ("NAType", "NaTType")


def is_nan(cell: Any) -> bool:
    """Whether a cell is a number that is none."""
    return isinstance(cell, Real | Decimal) and math.isnan(float(cell))


def read_number(cell: Any, unit: str | None, to: str | None) -> float:
    """Return the number in `cell`, given in `unit` unless the cell names its own, in the unit `to`.

    Raises
    ------
    InvalidInput
        If it is no finite number, or its unit does not convert.

    Examples
    --------
    >>> read_number("0.372 V", None, "mV"), read_number(0.372, "V", "mV"), read_number("372", "mV", "mV")
    (372.0, 372.0, 372.0)
    """
    wanted = f"give a finite number{f' in {to}' if to else ''}"
    if isinstance(cell, bool) or type(cell).__name__ == "bool_":
        raise InvalidInput(Fault(f"{cell} is not a number", wanted))
    if isinstance(cell, str):
        if cell.strip().lower().lstrip("+-") in _NO_NUMBERS:
            raise InvalidInput(Fault(f"{cell.strip()!r} is not a number", f"{wanted}, or leave the cell blank"))
        if number_and_unit(cell) is None:
            raise InvalidInput(Fault(f"{shortened(cell.strip())!r} is not a number", wanted))
        number, own = split_quantity(cell, to)
        value = _in_unit(number, own or unit, to)
    elif isinstance(cell, Real | Decimal):
        value = _in_unit(float(cell), unit, to)
    else:
        raise InvalidInput(Fault(f"{cell!r} is not a number", wanted))
    if not math.isfinite(value):
        raise InvalidInput(Fault(f"{cell} is not a finite number", wanted))
    if abs(value) > MAX_NUMBER:
        raise InvalidInput(Fault(f"{cell} is beyond {MAX_NUMBER:g}, the largest number that can be used", wanted))
    return value


def read_spread(cell: Any, unit: str | None, to: str | None) -> float:
    """Return a standard error as `read_number` returns a number, with the unit's size but not its zero.

    >>> read_spread(2.0, "K", "degC")
    2.0
    """
    if isinstance(cell, str) and number_and_unit(cell) is not None:
        cell, own = split_quantity(cell, to)
        unit = own or unit
    given = read_number(cell, None, None)
    if unit is not None:
        given = tidy(convert_difference(given, unit, to))
    if given <= 0:
        raise InvalidInput(Fault(f"{cell} is no standard error", "give a number above 0, or leave the cell blank"))
    return given


def tidy(value: float) -> float:
    """Return `value` without the last digits that a conversion of units leaves behind.

    >>> tidy(0.1 + 0.2)
    0.3
    """
    return float(f"{value:.14g}")


def _in_unit(value: float, unit: str | None, to: str | None) -> float:
    converted = convert(value, unit or to, to)
    return value if converted == value else tidy(converted)
