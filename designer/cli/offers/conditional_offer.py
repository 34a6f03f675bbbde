"""Settings that exist only on some route: columns that are empty exactly where another setting says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from designer.cli.draft import plain_number
from designer.cli.lab_column import Column
from designer.space.parameters.fields import GRAMMAR_WORDS

_MAX_CHOICES = 30
_MIN_ROWS_BEYOND_CHOICES = 2
"""Rows more than choices: where each choice has one row, any pattern of empty cells follows them."""
_MIN_ROWS_BY_NUMBER = 3
_ROWS_OF_A_NUMBER = 3
"""Rows of each different number, on average, of a setting that empty cells follow."""


def conditions(columns: Sequence[Column]) -> dict[str, tuple[str, str]]:
    """Return the condition on which each partly empty column exists, and the words for it, by its header.

    A column may depend on another conditional one: both are empty where that does not exist.

    Parameters
    ----------
    columns
        The columns that may be settings.

    Examples
    --------
    >>> route = Column("route", "route", None, ("wet", "dry") * 3, None)
    >>> oven = Column("oven", "oven", None, ("", "80") * 3, (None, Decimal(80)) * 3)
    >>> conditions([route, oven])
    {'oven': ('route == dry', "filled in exactly where 'route' is dry")}
    """
    known = [column for column in columns if all(column.words)]
    open_ones = [column for column in columns if any(column.words) and not all(column.words)]
    found: dict[str, tuple[str, str]] = {}
    for _ in open_ones:
        for column in open_ones:
            condition = next(_conditions_of(column, known), None) if column.header not in found else None
            if condition is not None:
                found[column.header] = condition
                known.append(column)
    return found


def _conditions_of(column: Column, others: Sequence[Column]) -> Iterator[tuple[str, str]]:
    exists = [bool(word) for word in column.words]
    for other in others:
        if other is column:
            continue
        condition = _by_number(exists, other) if other.is_numeric else _by_choice(exists, other)
        if condition is not None:
            yield condition


def _by_choice(exists: Sequence[bool], other: Column) -> tuple[str, str] | None:
    pairs = list(zip(exists, other.words, strict=True))
    present = sorted({word for here, word in pairs if here})
    absent = sorted({word for here, word in pairs if not here and word})
    if "" in present or not absent or set(present) & set(absent) or len(present) + len(absent) > _MAX_CHOICES:
        return None
    rows_absent = sum(1 for here, word in pairs if not here and word)
    if sum(exists) < len(present) + _MIN_ROWS_BEYOND_CHOICES or rows_absent <= len(absent):
        return None
    if len(present) == 1 or len(absent) > 1:
        words, sign = present, "==" if len(present) == 1 else "in"
    else:
        words, sign = absent, "!="
    written = [_written(word) for word in words]
    if None in written:
        return None
    named = ", ".join(str(word) for word in written)
    right = f"[{named}]" if sign == "in" else named
    verb = "is not" if sign == "!=" else "is"
    return f"{other.name} {sign} {right}", f"filled in exactly where {other.header!r} {verb} {' or '.join(words)}"


def _written(choice: str) -> str | None:
    """Return a choice as conditions name it; None where it has a quotation mark."""
    if choice.isascii() and choice.isidentifier() and choice not in GRAMMAR_WORDS:
        return choice
    return f"'{choice}'" if "'" not in choice and choice.isprintable() else None


def _by_number(exists: Sequence[bool], other: Column) -> tuple[str, str] | None:
    pairs = [(here, number) for here, number in zip(exists, other.numbers or (), strict=True) if number is not None]
    present, absent = ([number for is_here, number in pairs if is_here == here] for here in (True, False))
    if min(len(present), len(absent)) < _MIN_ROWS_BY_NUMBER or len(present) < sum(exists):
        return None
    repeats = len(pairs) >= _ROWS_OF_A_NUMBER * len(other.settings)
    if not repeats and set(absent) != {Decimal(0)}:
        return None
    if min(present) > max(absent):
        condition = "> 0" if max(absent) == 0 else f">= {plain_number(min(present))}"
    elif max(present) < min(absent):
        condition = f"<= {plain_number(max(present))}"
    else:
        return None
    return f"{other.name} {condition}", f"filled in exactly where {other.header!r} {condition}"
