"""Equalities that the settings of a table keep in every row: exact sums, and exact ratios of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

import numpy as np

from designer.cli.draft import plain_number
from designer.cli.lab_column import Column

_MIN_ROWS = 8
_MIN_VALUES = 3
_MAX_COLUMNS = 10
_MAX_TERMS = 5
_MAX_DIGITS_OF_RATIO = 2
_MAX_SCALED = 10**12


def equalities(columns: Sequence[Column]) -> list[tuple[str, str]]:
    """Return the equalities over columns of numbers that hold exactly in every row, and the words for each.

    Of columns with three different values at least, in eight different rows at least: ``A == 2 * B``; ``A == B + C``
    and ``A + B + C == 100`` of columns with one unit. An equality over more columns is left out where one over some of
    them is found.

    Examples
    --------
    >>> A = [Decimal(n) for n in (1, 2, 3, 4, 5, 6, 7, 8)]
    >>> columns = [Column(name, name, None, (), tuple(k * a for a in A)) for name, k in (("A", 2), ("B", 1))]
    >>> equalities(columns)
    [('A == 2 * B', 'in every row of the table')]
    """
    usable = [
        column for column in columns if len(column.settings) >= _MIN_VALUES and None not in (column.numbers or ())
    ]
    usable = usable[:_MAX_COLUMNS]
    if len({column.numbers for column in usable}) < len(usable):
        usable = [column for i, column in enumerate(usable) if column.numbers not in {c.numbers for c in usable[:i]}]
    if len(usable) < 2 or len(set(zip(*(column.numbers or () for column in usable), strict=True))) < _MIN_ROWS:
        return []
    found = [(set(pair), text) for pair in combinations(usable, 2) if (text := _ratio(*pair)) is not None]
    for size in range(2, min(_MAX_TERMS, len(usable)) + 1):
        for chosen in combinations(usable, size):
            if len({column.unit for column in chosen}) == 1 and not any(known <= set(chosen) for known, _ in found):
                found += [(set(chosen), text) for text in _sums(chosen)][:1]
    return [(text, "in every row of the table") for _, text in found]


def _ratio(first: Column, second: Column) -> str | None:
    """Return ``A == k * B`` with the ratio of at most two digits that all rows have, if there is one."""
    left, right = ([number or Decimal(0) for number in column.numbers or ()] for column in (first, second))
    for over, under, names in ((left, right, (first, second)), (right, left, (second, first))):
        top, bottom = next(((a, b) for a, b in zip(over, under, strict=True) if a and b), (None, None))
        if top is None or bottom is None:
            return None
        ratio = (top / bottom).normalize()
        if len(ratio.as_tuple().digits) <= _MAX_DIGITS_OF_RATIO and abs(ratio) >= 1:
            same = all(a == ratio * b for a, b in zip(over, under, strict=True))
            return f"{names[0].name} == {plain_number(ratio)} * {names[1].name}" if same else None
    return None


def _sums(columns: Sequence[Column]) -> Iterator[str]:
    """Yield the sum of all columns, if it is the same in all rows, or the column that is the sum of the others."""
    scaled = _scaled(columns)
    if scaled is None:
        return
    values, places = scaled
    total = values.sum(axis=1)
    names = [column.name for column in columns]
    if np.ptp(total) == 0 and total[0] != 0:
        yield f"{' + '.join(names)} == {plain_number(Decimal(int(total[0])).scaleb(-places))}"
    for i, name in enumerate(names):
        if len(names) > 2 and np.array_equal(2 * values[:, i], total):
            yield f"{name} == {' + '.join(other for other in names if other != name)}"


def _scaled(columns: Sequence[Column]) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], int] | None:
    """Return the numbers as whole ones, ``n x p``, and by how many decimal places they were multiplied."""
    numbers = [number for column in columns for number in column.numbers or () if number is not None]
    exponents = [number.normalize().as_tuple().exponent for number in numbers]
    places = max(0, *(-exponent for exponent in exponents if isinstance(exponent, int)))
    if places > 9 or max(abs(number) for number in numbers).scaleb(places) > _MAX_SCALED:
        return None
    rows = zip(*(column.numbers or () for column in columns), strict=True)
    return np.array([[int((number or Decimal(0)).scaleb(places)) for number in row] for row in rows]), places
