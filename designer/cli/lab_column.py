"""One column of a lab's table as it was understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import reduce
from math import gcd
from typing import Literal

from designer.cli.draft import Scalar
from designer.errors import InvalidInput
from designer.units import number_and_unit, parse_quantity, split_header

Goal = Literal["minimize", "maximize", "match", "map", "boundary", "prefer"]
Keys = list[tuple[str, Scalar | Sequence[Scalar]]]
"""Keys of a line of the campaign file, in order."""

MAX_STEPS = 1000
"""Of a step that is guessed from settings."""
_MAX_DIGITS = 100


@dataclass(frozen=True)
class Column:
    """One column of the table as it was understood.

    `numbers` holds its cells in `unit`, None for blanks; it is None where a cell is no number.
    """

    header: str
    name: str
    unit: str | None
    words: tuple[str, ...]
    numbers: tuple[Decimal | None, ...] | None

    @property
    def is_numeric(self) -> bool:
        """Whether every cell that is filled in holds a number."""
        return self.numbers is not None

    @property
    def settings(self) -> list[Decimal]:
        """The different numbers, ascending."""
        return sorted({number for number in self.numbers or () if number is not None})


def common_step(settings: Sequence[Decimal]) -> Decimal | None:
    """Return the largest step on which all settings lie, where it is one that a person would choose.

    >>> common_step([Decimal(20), Decimal(25), Decimal(40)]), common_step([Decimal("0.123"), Decimal(7), Decimal(9)])
    (Decimal('5'), None)
    """
    ordered = sorted(set(settings))
    if len(ordered) < 3:
        return None
    places = max(0, *(-_exponent(number) for number in ordered))
    if places > 9:
        return None
    whole = [int((number - ordered[0]).scaleb(places)) for number in ordered]
    step = Decimal(reduce(gcd, whole)).scaleb(-places)
    return step if (ordered[-1] - ordered[0]) / step <= MAX_STEPS else None


def _exponent(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


@dataclass(frozen=True)
class ColumnRequest:
    """The goal of one column of the table: None for a column that was only measured, ``guess`` for the likely one.

    `value` is the value of ``match`` or the level of ``boundary``.
    """

    column: str
    goal: Goal | Literal["guess"] | None
    value: Decimal | None = None
    tolerance: Decimal | None = None


@dataclass(frozen=True)
class AskedRoles:
    """The headers of the columns that a person gave a role: contexts, and settings that a batch shares."""

    contexts: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()

    @property
    def headers(self) -> frozenset[str]:
        """All of them."""
        return self.contexts | self.shared


def number_in(word: str, unit: str | None) -> Decimal | None:
    """Return the number in a cell, in `unit`; None where it holds none, or one that is beyond all that is measured."""
    found = number_and_unit(word)
    if found is None:
        return None
    try:
        is_own = not found[1] or found[1] == unit
        number = Decimal(found[0]) if is_own else Decimal(repr(parse_quantity(word, unit)))
    except (InvalidInput, InvalidOperation):
        return None
    # Whole numbers are made of these later: 1e999999999 would fill the memory.
    return number if not number or abs(number.adjusted()) < _MAX_DIGITS else None


def numbers_in(words: Sequence[str], unit: str | None) -> tuple[Decimal | None, ...] | None:
    """Return the numbers in cells, None for blanks; None where a cell holds no number, or all are blank."""
    numbers: list[Decimal | None] = []
    for word in words:
        number = number_in(word, unit) if word else None
        if word and number is None:
            return None
        numbers.append(number)
    return tuple(numbers) if any(number is not None for number in numbers) else None


def column_key(column: Column) -> Keys:
    """Return the key of the lab's own header, where it differs from the name."""
    title = split_header(column.header)[0]
    return [("column", title)] if title != column.name else []


def unit_key(column: Column) -> Keys:
    """Return the key of the unit, if there is one."""
    return [("unit", column.unit)] if column.unit else []
