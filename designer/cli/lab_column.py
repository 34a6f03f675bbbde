"""One column of a lab's table as it was understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from math import gcd

MAX_STEPS = 1000
"""Of a step that is guessed from settings."""


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
