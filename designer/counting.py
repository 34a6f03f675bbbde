"""Counts in sentences: the noun and the verb agree with the number."""

from __future__ import annotations

_WITH_COMMAS = 10_000


def count(number: int, thing: str, things: str | None = None) -> str:
    """Return a number of things; `things` is the plural where it is not the singular with an s.

    >>> count(1, "experiment"), count(12, "experiment"), count(0, "fault"), count(2, "branch", "branches")
    ('1 experiment', '12 experiments', '0 faults', '2 branches')
    >>> count(30_000, "row")
    '30,000 rows'
    """
    shown = f"{number:,}" if abs(number) >= _WITH_COMMAS else str(number)
    return f"{shown} {thing if number == 1 else things or f'{thing}s'}"


def agree(number: int, one: str, many: str) -> str:
    """Return the word that agrees with a number of things.

    >>> agree(1, "has", "have"), agree(2, "has", "have")
    ('has', 'have')
    """
    return one if number == 1 else many
