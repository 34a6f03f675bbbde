"""Units of measurement: conversion of quantities into a parameter's or target's own unit, by pint.

Lab spellings that pint does not know (`at.%`, `wt.%`, `degC`, `percent`, `HV`) are added. A unit that pint cannot read
at all (`a.u.`, `counts`) is allowed as an opaque label: it equals itself and converts to nothing else.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from designer.errors import Fault, InvalidUnit

if TYPE_CHECKING:
    import numpy as np
    import pint
    from numpy.typing import NDArray

_SPELLINGS = {
    "%": "percent",
    "at.%": "atomic_percent",
    "at%": "atomic_percent",
    "wt.%": "weight_percent",
    "wt%": "weight_percent",
    "mol%": "atomic_percent",
    "mol.%": "atomic_percent",
    "vol.%": "volume_percent",
    "vol%": "volume_percent",
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
    registry.define("volume_percent = [volume_share] = vol_percent")
    registry.define("HV = [vickers_hardness]")
    return registry


def _unit(text: str) -> Any | None:
    """Return pint's unit of `text`, or None where pint cannot read it."""
    try:
        text = re.sub(r"\s+(?=\.?%)", "", text.strip())
        return _registry().parse_units(_SPELLINGS.get(text, text))
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


def dimensionality(unit: str | None) -> str:
    """Return a text that is the same for two units exactly where they convert into each other.

    >>> dimensionality("degC") == dimensionality("K"), dimensionality("HRC")
    (True, 'HRC')
    """
    text = (unit or "").strip()
    known = _unit(text)
    return text if known is None else str(known.dimensionality)


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


def convert_many(values: NDArray[np.float64], unit: str | None, to: str | None) -> NDArray[np.float64]:
    """Return an array of values, given in `unit`, in the unit `to`.

    Raises
    ------
    InvalidUnit
        If either unit is not known or the two do not convert.

    Examples
    --------
    >>> import numpy as np
    >>> convert_many(np.array([1.0, 2.5]), "h", "min").tolist()
    [60.0, 150.0]
    """
    if same_unit(unit, to):
        return values
    convert(1.0, unit, to)  # refuses what does not convert
    converted = _registry().Quantity(values.astype(float), _unit(unit or "")).to(_unit(to or ""))
    return cast("NDArray[np.float64]", converted.magnitude)


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

    Raises
    ------
    InvalidUnit
        If there is no number in `text`; `to` is the unit to ask for.

    Examples
    --------
    >>> split_quantity("350 K", "degC"), split_quantity("1e-3", "Pa")
    ((350.0, 'K'), (0.001, None))
    """
    match = _QUANTITY.match(text)
    if match is None or match[2].startswith((",", "_")):
        remedy = f"give a number{f' in {to}' if to else ''}"
        if re.match(r"^\s*[-+]?\d+,\d+", text):
            remedy = "write a decimal point, not a comma, and no separators of thousands"
        raise InvalidUnit(Fault(f"{text!r} is not a number", remedy))
    return float(match[1]), match[2] or None


def split_header(header: str) -> tuple[str, str | None]:
    """Split a column header into its name and its unit, if it gives one in brackets.

    >>> split_header("anneal_temperature [K]"), split_header("time (min)"), split_header("yield")
    (('anneal_temperature', 'K'), ('time', 'min'), ('yield', None))
    """
    match = _HEADER.match(header)
    return (match[1], match[2].strip()) if match and match[1] else (header.strip(), None)


def _remedy(to: str | None) -> str:
    return f"give the value in {to}" if to else "give the value without a unit"
