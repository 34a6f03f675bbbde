"""The line of a column of numbers, and what its comment offers."""

from __future__ import annotations

import math
from itertools import groupby, pairwise

from designer.cli.draft import Entry, plain_number
from designer.cli.lab_column import Column, Keys, column_key, common_step, unit_key

LOG_FROM = 100
"""A ratio of largest to smallest value from which a column is taken to span decades."""
_MIN_ROWS_OF_BATCHES = 8
_MIN_ABSENT = 2
_MIN_AMOUNTS = 3
_MIN_GAP = 3
"""Between 0 and the smallest amount, in gaps between the amounts, where 0 stands for what is absent."""


def numeric_entry(column: Column) -> tuple[Entry | None, str]:
    """Return the line of a column of numbers, or why it gets none."""
    settings = column.settings
    low, high = settings[0], settings[-1]
    if low == high:
        return None, f"it is always {plain_number(low)}"
    if _is_counter(column):
        return None, "it numbers the rows"
    keys: Keys = [("name", column.name), ("kind", "numeric"), *column_key(column), *unit_key(column)]
    keys.append(("bounds", [low, high]))
    is_log = low > 0 and high / low >= LOG_FROM and _is_even_in_logarithm(column)
    step = None if is_log else common_step(settings)
    if is_log:
        keys.append(("scale", "log"))
    elif step is not None:
        keys.append(("step", step))
    remark = f"{len(settings)} different values in the table; widen the bounds to all that you can set"
    return Entry(keys, remark + batch_hint(column) + _absence_hint(column)), ""


def batch_hint(column: Column) -> str:
    """Return a remark where a setting changes seldom from row to row and comes back: a batch may share it.

    Runs made together stand together in a record; in a table that is sorted by the column no setting comes back.
    """
    runs = [len(list(rows)) for _, rows in groupby(column.words)]
    comes_back = len(runs) > len(set(column.words))
    if len(column.words) < _MIN_ROWS_OF_BATCHES or len(runs) < 3 or min(runs) < 2 or not comes_back:
        return ""
    return "; equal in rows that follow each other: if all designs of a batch share it, add 'vary: per_batch'"


def _absence_hint(column: Column) -> str:
    """Return a remark where 0 is far from all other amounts, as where a component is absent."""
    absent = sum(number == 0 for number in column.numbers or ())
    first, *amounts = column.settings
    if first != 0 or absent < _MIN_ABSENT or len(amounts) < _MIN_AMOUNTS:
        return ""
    gap = max(high - low for low, high in pairwise(amounts))
    if amounts[0] < _MIN_GAP * gap:
        return ""
    bounds = f"[{plain_number(amounts[0])}, {plain_number(amounts[-1])}]"
    return f"; 0 is far from the others: if it means absent, write 'zero_or: {bounds}' in place of 'bounds'"


def _is_even_in_logarithm(column: Column) -> bool:
    """Whether the median is nearer to the middle of the range on a logarithmic scale than on a linear one."""
    ordered = sorted(float(number) for number in column.numbers or () if number is not None)
    low, middle, high = ordered[0], ordered[len(ordered) // 2], ordered[-1]
    linear = (middle - low) / (high - low)
    logarithmic = math.log(middle / low) / math.log(high / low)
    return abs(logarithmic - 0.5) < abs(linear - 0.5)


def _is_counter(column: Column) -> bool:
    numbers = list(column.numbers or ())
    is_named = column.name.lower() in ("id", "no", "nr", "number", "index", "row", "sample", "run", "experiment", "p_")
    return is_named and len(numbers) > 2 and len(set(numbers)) == len(numbers)
