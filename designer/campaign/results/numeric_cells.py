"""Single cells of a results table: numbers with or without a unit, blanks, and what is wrong with the others."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from numbers import Real
from typing import Any

from designer.arrays import as_float
from designer.errors import Fault, InvalidInput
from designer.objective import Target
from designer.objective.targets import MADE
from designer.observations.curves.curve import Curve
from designer.observations.curves.curve_cells import CellFiles, read_curve_cell
from designer.observations.observation import FAILED, Observation
from designer.space.parameters.fields import MAX_NUMBER
from designer.units import convert, convert_difference, number_and_unit, shortened, split_quantity
from designer.units.limits import LIMIT, SIDES, WORDS, Side
from designer.units.typed_numbers import MISSING, unreadable

Reading = tuple[float, Side | None]
"""A value, and the side on which it is a limit."""

NO_REASON = "no reason given"
_NOT_FAILED = frozenset(
    {
        "",
        "false",
        "f",
        "no",
        "n",
        "0",
        "ok",
        "okay",
        "good",
        "fine",
        "passed",
        "pass",
        "success",
        "successful",
        "succeeded",
        "done",
        "nein",
        "non",
    }
)
_FAILED = frozenset({"true", "t", "yes", "y", "1", "x", "failed", "fail", "ja", "oui"})
_MADE = frozenset({"made", "true", "t", "yes", "y", "1", "x", "ok", "done", "ja", "oui"})
_NO_NUMBERS = frozenset({"nan", "inf", "infinity"})


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing: None, empty text, or the gap that a table of numbers has instead (NaN).

    >>> [is_blank(cell) for cell in (None, " ", float("nan"), 0, "nan")]
    [True, True, True, False, False]
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return True
    if isinstance(cell, Real | Decimal):
        return math.isnan(as_float(cell))
    return type(cell).__name__ in ("NAType", "NaTType")


def is_missing(cell: Any) -> bool:
    """Whether a cell means that there is no value, as people write it: ``n.d.``, ``n/a``, ``–``.

    >>> [is_missing(cell) for cell in ("n.d.", "N/A", " – ", "nan", "0", 0)]
    [True, True, True, False, False, False]
    """
    return isinstance(cell, str) and cell.strip().casefold() in MISSING


def failure_reason(cell: Any) -> str | None:
    """Return why an experiment failed, as a cell of the column ``failed`` gives it; None where it did not fail.

    An error of the spreadsheet is no reason: InvalidInput is raised.

    >>> [failure_reason(cell) for cell in (False, 0, "no", "FALSE", "film peeled", True, "yes")]
    [None, None, None, None, 'film peeled', 'no reason given', 'no reason given']
    """
    text = str(cell).strip()
    word = text.casefold().removesuffix(".0").rstrip(".!")
    if is_blank(cell) or is_missing(cell) or word in _NOT_FAILED:
        return None
    odd = unreadable(text)
    if odd is not None and odd.kind == "error":
        raise InvalidInput(
            Fault(f"{text!r} is an error of the spreadsheet", "correct the formula, or leave the cell empty")
        )
    return NO_REASON if word in _FAILED else text


def is_nan(cell: Any) -> bool:
    """Whether a cell is a number that is none."""
    return isinstance(cell, Real | Decimal) and math.isnan(as_float(cell))


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
        if number_and_unit(cell) is None and unreadable(cell) is None:
            raise InvalidInput(Fault(f"{shortened(cell.strip())!r} is not a number", wanted))
        number, own = split_quantity(cell, to)
        value = _in_unit(number, own or unit, to)
    elif isinstance(cell, Real | Decimal):
        value = _in_unit(as_float(cell), unit, to)
    else:
        raise InvalidInput(Fault(f"{cell!r} is not a number", wanted))
    if value == 0 and isinstance(cell, str) and re.match(r"[^eE]*[1-9]", cell.strip()):
        raise InvalidInput(Fault(f"{cell.strip()} is nearer to 0 than numbers go", wanted))
    if not math.isfinite(value):
        raise InvalidInput(Fault(f"{shortened(str(cell))} is not a finite number", wanted))
    if abs(value) > MAX_NUMBER:
        raise InvalidInput(Fault(f"{cell} is beyond {MAX_NUMBER:g}, the largest number that can be used", wanted))
    return value


def named_limit(cell: Any, target: Target) -> Reading | None:
    """Return the limit that a word such as ``n.d.`` means, by the target's `limits`; None where it means none.

    >>> mass = Target(name="mass", unit="g", limits=[0.1, None])
    >>> named_limit("n.d.", mass), named_limit("saturated", mass), named_limit("0.3", mass)
    ((0.1, '<'), None, None)
    """
    side = WORDS.get(cell.strip().casefold()) if isinstance(cell, str) else None
    limit = None if side is None else target.limit(side)
    return None if limit is None else (limit, side)


def read_result(cell: Any, unit: str | None, target: Target) -> Reading:
    """Return a result in the target's unit, and on which side of it the result lies where it is a limit.

    Raises
    ------
    InvalidInput
        If the cell holds no number or limit, or one that the target's scale has no logarithm of.

    Examples
    --------
    >>> mass = Target(name="mass", unit="g")
    >>> read_result("12", None, mass), read_result("<0.01", "mg", mass), read_result("> 2 kg", None, mass)
    ((12.0, None), (1e-05, '<'), (2000.0, '>'))
    """
    if target.is_preference:
        return _made(cell), None
    word = named_limit(cell, target)
    if word is not None:
        return word
    text = LIMIT.match(cell) if isinstance(cell, str) else None
    if text is None:
        value, side = read_number(cell, unit, target.unit), None
    else:
        value, side = read_number(text[2], unit, target.unit), SIDES[text[1]]
    target.check_value(value, side)
    return value, side


def read_observation(
    cell: Any, unit: str | None, observation: Observation, files: CellFiles | None = None
) -> float | Curve | None:
    """Return an observation in its own unit; None where the cell says that it was tried and gave nothing.

    Parameters
    ----------
    files
        The files that a cell of a curve may name; none may be named where it is not given.

    Raises
    ------
    InvalidInput
        If the cell holds no finite number or no curve, or its unit does not convert.

    >>> hardness = Observation(name="hardness", unit="MPa")
    >>> read_observation("2.1 GPa", None, hardness), read_observation("failed", None, hardness)
    (2100.0, None)
    """
    if isinstance(cell, str) and cell.strip().casefold() == FAILED:
        return None
    if observation.is_curve:
        if unit not in (None, observation.unit):
            remedy = f"give the values in {observation.unit}" if observation.unit else "add 'unit' in the campaign file"
            raise InvalidInput(Fault(f"a column of curves has the unit {unit!r}", remedy))
        return read_curve_cell(cell, observation, files or CellFiles())
    if not isinstance(cell, str | Real | Decimal | bool):
        raise InvalidInput(Fault(f"{str(cell)[:40]!r} is not a number", "give a finite number"))
    return read_number(cell, unit, observation.unit)


def _made(cell: Any) -> float:
    """Return that a result of ``goal: prefer`` was made; it has no number."""
    text = str(cell).strip().casefold().removesuffix(".0")
    if text in _MADE:
        return MADE
    raise InvalidInput(
        Fault(
            f"{shortened(str(cell).strip())!r} is no result of a comparison",
            "write 'made' where it was made, and compare it with others: designer compare",
        )
    )


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
