"""What a space may hold at most; more is refused before any work is done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

MAX_PARAMETERS = 10_000
MAX_CONSTRAINTS = 10_000
MAX_MEMBERS = 500
"""Elements or components of one composition or mixture."""
MAX_CHOICES = 100_000
"""Choices, listed values or formulas of one parameter."""


def at_most(limit: int, what: str) -> Callable[[Any], Any]:
    """Return a validator, to run before others, that refuses lists of more than `limit` items.

    >>> at_most(2, "choices")(["a", "b", "c"])
    Traceback (most recent call last):
    ...
    ValueError: 3 choices are too many; give at most 2
    """

    def check(given: Any) -> Any:
        if isinstance(given, Sequence) and not isinstance(given, str) and len(given) > limit:
            raise ValueError(f"{len(given):,} {what} are too many; give at most {limit:,}")
        return given

    return check
