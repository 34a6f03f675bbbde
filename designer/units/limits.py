"""Results that are known only as a limit: below what can be detected, or beyond the end of the scale."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from designer.errors import Fault, InvalidData
from designer.units import convert, split_quantity

Side = Literal["<", ">"]
"""Of a limit the result lies on: below or above it."""

LIMIT = re.compile(r"^\s*(<|>|≤|≥|&lt;|&gt;)\s*=?\s*(.*)$", re.DOTALL)
SIDES: dict[str, Side] = {"<": "<", "≤": "<", "&lt;": "<", ">": ">", "≥": ">", "&gt;": ">"}

WORDS: dict[str, Side] = {
    **dict.fromkeys(["n.d.", "nd", "not detected", "bdl", "b.d.l.", "<lod", "< lod", "<loq", "< loq"], "<"),
    **dict.fromkeys(["overrange", "over range", "overload", "saturated", "o.l.", ">uloq", "> uloq"], ">"),
}
"""Texts (in small letters) that mean below or above what can be measured, where it is known what that is."""


@dataclass(frozen=True)
class Limit:
    """A result below (``<``) or above (``>``) a value, in the target's unit."""

    side: Side
    value: float


def read_limit(cell: Any, header_unit: str | None, unit: str | None) -> Limit | None:
    """Return the limit that a cell gives, in `unit`; None where it gives none.

    Raises
    ------
    InvalidInput
        If what follows the sign is no number, or its unit does not convert.

    Examples
    --------
    >>> read_limit("<5", None, "mV"), read_limit("≥ 0.1 V", None, "mV"), read_limit("5", None, "mV")
    (Limit(side='<', value=5.0), Limit(side='>', value=100.0), None)
    """
    match = LIMIT.match(cell) if isinstance(cell, str) else None
    if match is None:
        return None
    number, own = split_quantity(match[2], unit)
    if not math.isfinite(number):
        raise InvalidData(Fault("the limit is infinite", "give a finite number, or leave the cell empty"))
    given = own or header_unit
    return Limit(SIDES[match[1]], convert(number, given, unit) if given else number)
