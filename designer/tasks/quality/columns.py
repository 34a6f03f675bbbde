"""Whole columns in the wrong unit, or under each other's headers: a table against its family or its card.

Row by row such a column looks right, since all of it is wrong in the same way. It takes others to tell: the same column
in the other tasks of the family, or the bounds on its card. A column is called wrong only where three fifths of its
values lie outside of what the others know, widened by a quarter of it on either side, and three fifths lie inside once
taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from designer.tasks.quality.density import Array
from designer.tasks.quality.numbers import Column, Numbers
from designer.tasks.quality.slips import Slip, slips_of

ENOUGH = 0.6
_WIDER = 0.25


@dataclass(frozen=True)
class WrongColumn:
    """A column that is in another unit throughout (`slip`), or two that stand under each other's headers."""

    columns: tuple[str, ...]
    slip: Slip | None
    share: float


@dataclass(frozen=True)
class Known:
    """What others know of a column: its lowest and highest value."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Array) -> Known | None:
        """Return what the values of others tell (NaN left out), None where they tell nothing."""
        known = values[np.isfinite(values)]
        if len(known) < 2 or np.ptp(known) == 0:
            return None
        return cls(float(known.min()), float(known.max()))

    def inside(self, values: Array) -> np.ndarray:
        """Return for each value whether it lies within, widened by a quarter of the range."""
        slack = _WIDER * (self.high - self.low)
        low = self.low - slack if self.low - slack > 0 or self.low <= 0 else self.low / 2
        with np.errstate(invalid="ignore"):
            return np.asarray((values >= low - 1e-9 * abs(low)) & (values <= (self.high + slack) * (1 + 1e-9)))


def wrong_columns(numbers: Numbers, known: Mapping[str, Known]) -> list[WrongColumn]:
    """Return the columns of a table that are wrong throughout.

    Parameters
    ----------
    known
        What others know, by column; columns that nobody knows cannot be judged.
    """
    swapped = list(_swapped(numbers, known))
    taken = {name for wrong in swapped for name in wrong.columns}
    return swapped + [w for w in _slipped(numbers, known) if w.columns[0] not in taken]


def _slipped(numbers: Numbers, known: Mapping[str, Known]) -> Iterator[WrongColumn]:
    for column in numbers.of_kind("setting", "target"):
        values = column.values[np.isfinite(column.values) & (column.values != 0)]
        if column.name not in known or len(values) < 3:
            continue
        home = known[column.name]
        if (~home.inside(values)).mean() < ENOUGH:
            continue
        fits = [(float(home.inside(slip.back(values)).mean()), slip) for slip in slips_of(column)]
        share, slip = max(fits, key=lambda fit: (round(fit[0], 3), -abs(np.log(fit[1].factor))))
        if share >= ENOUGH:
            yield WrongColumn((column.name,), slip, share)


def _swapped(numbers: Numbers, known: Mapping[str, Known]) -> Iterator[WrongColumn]:
    for a, b in combinations([c for c in numbers.of_kind("setting", "target") if c.name in known], 2):
        straight = _fit(a, known[a.name]) + _fit(b, known[b.name])
        crossed = min(_fit(a, known[b.name]), _fit(b, known[a.name]))
        if crossed >= ENOUGH and straight <= 2 - ENOUGH and straight + ENOUGH / 2 <= 2 * crossed:
            yield WrongColumn((a.name, b.name), None, crossed)


def _fit(column: Column, home: Known) -> float:
    values = column.values[np.isfinite(column.values)]
    return float(home.inside(values).mean()) if len(values) else 1.0
