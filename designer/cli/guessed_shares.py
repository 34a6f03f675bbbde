"""Which columns of a lab's table are the amounts of one composition or mixture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from designer.chemistry.symbols import KNOWN_SYMBOLS
from designer.cli.draft import Entry, Scalar, plain_number
from designer.cli.lab_column import Column, common_step
from designer.space.parameters.fields import identifier
from designer.space.size_limits import MAX_MEMBERS
from designer.units import same_unit, split_header

SUM_TOLERANCE = Decimal("0.02")
"""Of the total: what amounts as they were written may miss it by."""
_MIN_ROWS = 4
_MIN_SPAN = Decimal("0.1")
"""Of the total: what the amounts of at least one part differ by between the rows."""
_MAX_SPAN_OF_SUM = Decimal("0.1")
"""Of the spans of all parts: what the sums may differ by."""
_USUAL_TOTALS = {"fraction": Decimal(1), "percent": Decimal(100), "%": Decimal(100)}
_SUMS = {Decimal(1): "fraction", Decimal(100): "at.%"}
_AMOUNTS = frozenset({
    "frac", "fraction", "x", "at", "atom", "atomic", "wt", "weight", "mass", "mol", "mole", "pct", "percent", "atpct",
    "wtpct", "molpct", "amount", "content", "ratio", "share", "composition", "comp", "target", "nominal",
})  # fmt: skip
"""Words that stand beside an element in the header of its amount."""


def guessed_parts(columns: Sequence[Column]) -> tuple[list[Entry], list[Column]]:
    """Return the composition or mixture of a table as a list of at most one line, and its columns.

    Columns of elements that are in no row belong to the composition, and are left out with it.
    """
    shares = _shares(columns)
    if shares:
        return [_share_entry(shares)], shares
    found = parts_of_a_whole(columns)
    return ([_mixture_entry(*found)], found[0]) if found is not None else ([], [])


def _mixture_entry(columns: Sequence[Column], total: Decimal) -> Entry:
    titles = [split_header(column.header)[0] for column in columns]
    given = columns[0].unit
    unit = given or {Decimal(1): "fraction", Decimal(100): "percent"}.get(total, "parts")
    taken: set[str] = set()
    keys: list[tuple[str, Scalar | Sequence[Scalar]]] = [("name", "mixture"), ("kind", "mixture")]
    keys += [("components", [identifier(title, taken) for title in titles]), ("unit", unit)]
    if total != _USUAL_TOTALS.get(unit):
        keys.append(("total", total))
    keys.append(("columns", titles))
    step = common_step([Decimal(0), *sorted({n for column in columns for n in column.settings}), total])
    if step is not None and _is_exact(columns, total):
        keys.append(("step", step))
    return Entry(keys, f"the columns sum to {plain_number(total)} in every row, to 2 %")


def _is_exact(columns: Sequence[Column], total: Decimal) -> bool:
    rows = zip(*(column.numbers or () for column in columns), strict=True)
    return all(sum(number or 0 for number in row) == total for row in rows if None not in row)


def _shares(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that are a composition: headed by elements, and summing to 1 or 100 in every row."""
    named = [column for column in columns if _symbol(column) is not None]
    found = [column for column in named if column.is_numeric and column.settings != [0]]
    found = [c for c in found if c.header.count(".") == 0] or found
    return found if len(found) > 1 and _total(found) is not None else []


def _symbol(column: Column) -> str | None:
    """Return the element that a header names: ``Ni``, ``composition.Ni``, ``frac_Ni``, ``Ni at%``; None for another."""
    title = split_header(column.header)[0]
    last = title.rpartition(".")[2].strip()
    if last in KNOWN_SYMBOLS:
        return last
    words = [word for word in re.split(r"[\W_]+", title) if word]
    symbols = [word for word in words if word in KNOWN_SYMBOLS and word.casefold() not in _AMOUNTS]
    others = [word for word in words if word not in symbols]
    return symbols[0] if len(symbols) == 1 and {word.casefold() for word in others} <= _AMOUNTS else None


def _total(columns: Sequence[Column]) -> Decimal | None:
    rows = list(zip(*(column.numbers or () for column in columns), strict=True))
    filled = [[number for number in row if number is not None] for row in rows]
    complete = [row for row in filled if len(row) == len(columns)]
    for total in _SUMS:
        if complete and all(abs(sum(row) - total) <= SUM_TOLERANCE * total for row in complete):
            return total
    return None


def _share_entry(columns: Sequence[Column]) -> Entry:
    symbols = [_symbol(column) or "" for column in columns]
    total = _total(columns) or Decimal(1)
    given = {column.unit for column in columns if column.unit}
    stated = (unit for unit in ("at.%", "wt.%", "fraction") if any(same_unit(unit, each) for each in given))
    unit = next(stated, _SUMS[total])
    titles = [split_header(column.header)[0] for column in columns]
    keys: list[tuple[str, Scalar | Sequence[Scalar]]] = [("name", "composition"), ("kind", "composition")]
    keys += [("elements", symbols), ("unit", unit)]
    if titles != [f"composition.{symbol}" for symbol in symbols]:
        keys.append(("columns", titles))
    amounts = sorted({number for column in columns for number in column.settings})
    step = common_step([Decimal(0), *amounts, total])
    if step is not None and _is_exact(columns, total):
        keys.append(("step", step))
    present = [sum(1 for n in row if n) for row in zip(*(column.numbers or () for column in columns), strict=True)]
    keys += [("max_nonzero", max(present))] if 0 < max(present) < len(columns) else []
    weight = "" if unit == "wt.%" else "; are they wt.%? Then write unit: wt.%"
    return Entry(keys, f"the columns sum to {plain_number(total)} in every row{weight}")


def parts_of_a_whole(columns: Sequence[Column]) -> tuple[list[Column], Decimal] | None:
    """Return the columns that are amounts of one total in every row, and the total; None where there are none.

    Amounts are numbers of one unit, none below zero, that stand beside each other and differ between the rows. A total
    of 1 or 100 comes before any other, and more columns before fewer.
    """
    best: tuple[list[Column], Decimal] | None = None
    best_rank = (False, 0)
    for run in _runs_of_amounts(columns):
        for part in _windows_of_one_sum(run[:MAX_MEMBERS]):
            total = _total_of(part) if (True, len(part)) > best_rank else None
            if total is not None and (rank := (total in _SUMS, len(part))) > best_rank:
                best, best_rank = (part, total), rank
    return best


def _windows_of_one_sum(columns: Sequence[Column]) -> Iterator[list[Column]]:
    """Go through the columns beside each other that sum to about the same in all rows, most columns first."""
    if len(columns) < 2:
        return
    numbers = np.array([column.numbers for column in columns], dtype=np.float64)
    blank = np.isnan(numbers)
    sums, blanks = (
        np.concatenate([np.zeros((1, numbers.shape[1])), np.cumsum(each, axis=0)])
        for each in (np.where(blank, 0.0, numbers), blank)
    )
    for length in range(len(columns), 1, -1):
        gaps = blanks[length:] - blanks[:-length] > 0
        window = sums[length:] - sums[:-length]
        low = np.where(gaps, np.inf, window).min(axis=1)
        high = np.where(gaps, -np.inf, window).max(axis=1)
        for start in map(int, np.flatnonzero((low > 0) & (high - low <= 3 * float(SUM_TOLERANCE) * high))):
            yield list(columns[start : start + length])


def _runs_of_amounts(columns: Sequence[Column]) -> Iterator[list[Column]]:
    run: list[Column] = []
    for column in columns:
        fits = column.is_numeric and column.settings[0] >= 0 and len(column.settings) > 1
        if run and (not fits or column.unit != run[-1].unit):
            yield run
            run = []
        if fits:
            run.append(column)
    yield run


def _total_of(columns: Sequence[Column]) -> Decimal | None:
    """Return the total to which columns sum in every row that is filled in, None where they sum to none.

    The total is the one of 1 and 100 that the sums are near, else their median in three digits.
    """
    rows = zip(*(column.numbers or () for column in columns), strict=True)
    sums = sorted(sum(row, Decimal(0)) for row in rows if None not in row)
    if len(sums) < _MIN_ROWS or sums[0] <= 0:
        return None
    middle = sums[len(sums) // 2]
    candidates = [Decimal(1), Decimal(100), Decimal(f"{middle:.3g}"), middle]
    for total in candidates:
        if all(abs(found - total) <= SUM_TOLERANCE * total for found in sums):
            return total if _balance(columns, sums, total) else None
    return None


def _balance(columns: Sequence[Column], sums: Sequence[Decimal], total: Decimal) -> bool:
    """Whether columns vary far more than their sum: each gives way to the others, as parts of a whole do."""
    spans = [column.settings[-1] - column.settings[0] for column in columns]
    return max(spans) >= _MIN_SPAN * total and sums[-1] - sums[0] <= _MAX_SPAN_OF_SUM * sum(spans)
