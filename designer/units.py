"""Units of measurement: conversion of quantities into a parameter's or target's own unit, by pint.

Lab spellings that pint does not know (`at.%`, `wt.%`, `degC`, `percent`, `HV`) are added. A unit that pint cannot read
at all (`a.u.`, `counts`) is allowed as an opaque label: it equals itself and converts to nothing else.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from designer.errors import Fault, InvalidUnit

if TYPE_CHECKING:
    import pint

_SPELLINGS = {
    "%": "percent",
    "at.%": "atomic_percent",
    "at%": "atomic_percent",
    "wt.%": "weight_percent",
    "wt%": "weight_percent",
    "mol%": "atomic_percent",
    "°C": "degC",
    "℃": "degC",
    "celsius": "degC",
    "C": "degC",
    "Ω": "ohm",
    "µm": "um",
    "fraction": "dimensionless",
    "": "dimensionless",
}
_QUANTITY = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*$")
_HEADER = re.compile(r"^\s*(.*?)\s*[\[(]\s*([^\[\]()]*(?:\([^()]*\)[^\[\]()]*)*)\s*[\])]\s*$")


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(cache_folder=None)
    # Atomic and weight shares are kept apart: one does not turn into the other without atomic masses.
    registry.define("atomic_percent = [atomic_share] = at_percent")
    registry.define("weight_percent = [weight_share] = wt_percent")
    registry.define("HV = [vickers_hardness]")
    return registry


def _unit(text: str) -> Any | None:
    """Return pint's unit of `text`, or None where pint cannot read it."""
    try:
        return _registry().parse_units(_SPELLINGS.get(text.strip(), text.strip()))
    except Exception:  # noqa: BLE001  pint raises a dozen kinds, some from its tokenizer
        return None


def same_unit(first: str | None, second: str | None) -> bool:
    """Whether two unit texts mean the same unit.

    >>> same_unit("°C", "degC"), same_unit("MPa", "N/mm^2"), same_unit("MPa", "GPa")
    (True, False, False)
    """
    if (first or "").strip() == (second or "").strip():
        return True
    a, b = _unit(first or ""), _unit(second or "")
    return a is not None and a == b


def convert(value: float, unit: str | None, to: str | None) -> float:
    """Return `value`, given in `unit`, in the unit `to`.

    Raises
    ------
    InvalidUnit
        If either unit is not known or the two do not convert.

    Examples
    --------
    >>> round(convert(350.0, "K", "degC"), 6)
    76.85
    """
    if same_unit(unit, to):
        return value
    source, target = _unit(unit or ""), _unit(to or "")
    if source is None:
        raise InvalidUnit(Fault(f"unit {unit!r} is not known", f"give the value in {to or 'no unit'}"))
    if target is None:
        raise InvalidUnit(Fault(f"{unit!r} does not convert to {to!r}", f"give the value in {to}"))
    import pint

    try:
        return float(_registry().Quantity(value, source).to(target).magnitude)
    except pint.errors.PintError:
        raise InvalidUnit(Fault(f"{unit!r} does not convert to {to or 'no unit'!r}", _remedy(to))) from None


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
    match = _QUANTITY.match(text)
    if match is None:
        raise InvalidUnit(Fault(f"{text!r} is not a number", f"give a number{f' in {to}' if to else ''}"))
    number, unit = float(match[1]), match[2]
    return convert(number, unit, to) if unit else number


def split_header(header: str) -> tuple[str, str | None]:
    """Split a column header into its name and its unit, if it gives one in brackets.

    >>> split_header("anneal_temperature [K]"), split_header("time (min)"), split_header("yield")
    (('anneal_temperature', 'K'), ('time', 'min'), ('yield', None))
    """
    match = _HEADER.match(header)
    return (match[1], match[2].strip()) if match and match[1] else (header.strip(), None)


def _remedy(to: str | None) -> str:
    return f"give the value in {to}" if to else "give the value without a unit"
