"""One column of a lab's table as it was understood."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


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
