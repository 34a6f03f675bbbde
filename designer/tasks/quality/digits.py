"""The resolution of the numbers of a column: a number that is ten times too small has one decimal too many.

Most columns have one resolution: so many decimals (a scale, a read-out) or so many digits in all (a computed value). A
slip of the unit moves the decimal point, and two columns written the wrong way round carry their decimals along. So the
digits show faults that the size of a number hides; where a column has a fixed number of digits they show nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.units.typed_numbers import plain_text

_MAX_DIGITS = 12
"""Digits beyond which a number was computed, not typed."""
_WEIGHT, _FINER = 3.0, 1e-3
_MAX_EVIDENCE = 5.0


@dataclass(frozen=True, eq=False)
class WrittenNumbers:
    """The numbers of a column as they are written, without zeros at their end.

    Parameters
    ----------
    numbers
        The n numbers; None where a cell holds no plain number, or nothing.
    places
        Their decimals (n), below zero where they end in zeros (``300`` has -2); NaN without a number.
    order
        The place of their first digit (n): 2 for ``300``, -1 for ``0.5``.
    """

    numbers: tuple[Decimal | None, ...]
    places: FloatArray
    order: FloatArray

    @classmethod
    def of(cls, texts: Sequence[str]) -> WrittenNumbers:
        """Read the texts of a column.

        >>> WrittenNumbers.of(["300", "31.25", "", "0.050", "n.d."]).places
        array([-2.,  2., nan,  2., nan])
        """
        return cls._of(tuple(_number(text) for text in texts))

    @classmethod
    def _of(cls, numbers: tuple[Decimal | None, ...]) -> WrittenNumbers:
        places = [np.nan if n is None else -float(n.as_tuple().exponent) for n in numbers]
        order = [np.nan if n is None else float(n.adjusted()) for n in numbers]
        return cls(numbers, np.array(places), np.array(order))

    def joined(self, others: Sequence[WrittenNumbers]) -> WrittenNumbers:
        """Return these numbers and those of others, one below the other."""
        every = [self, *others]
        numbers = tuple(number for one in every for number in one.numbers)
        places, order = ([getattr(one, name) for one in every] for name in ("places", "order"))
        return WrittenNumbers(numbers, np.concatenate(places), np.concatenate(order))

    def back(self, factor: float, shift: float) -> WrittenNumbers:
        """Return how the numbers would be written without a slip (``written = true * factor + shift``)."""
        tens = round(np.log10(factor))
        if shift == 0 and abs(10.0**tens - factor) < 1e-9 * factor:
            moved = tuple(None if n is None else n.scaleb(-tens) for n in self.numbers)
            return WrittenNumbers(moved, self.places + tens, self.order - tens)
        scale, step = Decimal(repr(factor)), Decimal(repr(shift))
        return WrittenNumbers._of(tuple(None if n is None else _plain((n - step) / scale) for n in self.numbers))


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(plain_text(text))
    except InvalidOperation:
        return None
    return _plain(number) if number.is_finite() else None


def _plain(number: Decimal) -> Decimal | None:
    if number == 0:
        return None  # nothing is written the same in any unit
    digits = len(number.as_tuple().digits)
    if digits > _MAX_DIGITS:
        number = round(number, _MAX_DIGITS - 1 - number.adjusted())
    return number.normalize()


@dataclass(frozen=True, eq=False)
class Resolution:
    """How the numbers of a column are written: the counts of their decimals, or of their digits.

    Parameters
    ----------
    written
        The column (n).
    by_digits
        Whether it is their digits in all that are alike, not their decimals.
    counts
        How many of the trusted rows have so many.
    trusted
        The rows that count (n).
    """

    written: WrittenNumbers
    by_digits: bool
    counts: dict[int, int]
    trusted: BoolArray

    @classmethod
    def of(cls, written: WrittenNumbers, trusted: BoolArray) -> Resolution:
        """Return the resolution of a column: decimals or digits, whichever predicts the other rows better."""
        trusted = trusted & np.isfinite(written.places)
        made = [cls(written, by, _counted(_resolution(written, by)[trusted]), trusted) for by in (False, True)]
        fits = [float(np.nansum(one.logp(written)[trusted])) for one in made]
        return made[int(fits[1] > fits[0])]

    def logp(self, written: WrittenNumbers, *, own: bool = True) -> FloatArray:
        """Return how likely it is that numbers (one a row) are written so, each row left out for itself; 0 without one.

        `own` is False where the numbers belong to no row of this column.
        """
        resolution = _resolution(written, self.by_digits)
        there = np.isfinite(resolution)
        kinds = resolution[there].astype(np.int64)
        usual = max(self.counts, key=lambda kind: (self.counts[kind], kind), default=0)
        counts = np.array([self.counts.get(int(kind), 0) for kind in kinds], dtype=np.float64)
        total = np.full(len(kinds), float(self.trusted.sum()))
        if own:
            out = self.trusted[there]
            counts -= out & (kinds == _resolution(self.written, self.by_digits)[there])
            total -= out
        result = np.zeros(len(resolution))
        expected = _expected(kinds - usual)
        density = (counts + _WEIGHT * expected) / (total + _WEIGHT)
        # One number in ten ends in a zero, however few of the others do.
        result[there] = np.log(np.where(kinds < usual, np.maximum(density, expected), density))
        return result

    def evidence(self, as_meant: WrittenNumbers) -> FloatArray:
        """Return how much more likely the rows (n) are written as they are if they meant `as_meant`."""
        change = self.logp(as_meant) - self.logp(self.written)
        return np.clip(change, -_MAX_EVIDENCE, _MAX_EVIDENCE)


def _resolution(written: WrittenNumbers, by_digits: bool) -> FloatArray:
    return written.places + written.order + 1 if by_digits else written.places


def _expected(more: IntArray) -> FloatArray:
    """Return how likely a number is to have so many more decimals than most: fewer where it happens to end in zeros."""
    return np.where(more <= 0, 0.9 * 10.0 ** np.minimum(more, 0), _FINER)


def _counted(values: FloatArray) -> dict[int, int]:
    kinds, counts = np.unique(values.astype(np.int64), return_counts=True)
    return dict(zip(kinds.tolist(), counts.tolist(), strict=True))
