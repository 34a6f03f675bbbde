"""Whole columns in the wrong unit, or under each other's headers: a table against its family or its card.

Row by row such a column looks right, since all of it is wrong in the same way. It takes others to tell. Where other
tasks have the same column, each row is weighed as `weighing` weighs it, by the sizes and digits of the others' values;
what tasks differ by without a fault is seen in those others, each weighed against the rest, and only what goes well
beyond that is called wrong. Where there is only the card, a column is wrong that lies outside of its bounds, or in a
small corner of them, and would fill them once taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from designer.tasks.quality.density import Array, Marginal
from designer.tasks.quality.digits import Fineness
from designer.tasks.quality.numbers import Column, Numbers
from designer.tasks.quality.weighing import Slip, slips_of

ENOUGH = 0.6
"""The share of a column that must be at home when taken back."""
LEAST, LEAST_OUTSIDE = 2.5, 0.75
"""The mean evidence of a row, in nats, from which a column is called wrong; less where a tenth of it lies outside
of all that the others hold: tasks differ in where their values lie, and a tenth of the usual is no wonder."""
LEAST_SWAP = 1.5
BEYOND = 1.0
"""How far the evidence must go beyond that of the other tasks of the family, which are taken for sound."""
_OUTSIDE = 0.1
_CORNER, _FILLED = 0.2, 0.5
_WIDER = 0.25
_MOST = 4.0
_LEAST_ROWS = 3


@dataclass(frozen=True)
class WrongColumn:
    """A column that is in another unit throughout (`slip`), or two that stand under each other's headers.

    Parameters
    ----------
    share
        How much of it would be at home once taken back.
    """

    columns: tuple[str, ...]
    slip: Slip | None
    share: float


@dataclass(frozen=True, eq=False)
class Known:
    """What others know of a column: its lowest and highest value, and the same column in other tasks, if any."""

    low: float
    high: float
    tasks: tuple[Column, ...] = ()

    @classmethod
    def of(cls, tasks: Sequence[Column]) -> Known | None:
        """Return what the same column in other tasks tells, None where they tell nothing."""
        told = tuple(task for task in tasks if _filled(task) >= _LEAST_ROWS)
        known = np.concatenate([task.values[np.isfinite(task.values)] for task in told]) if told else np.empty(0)
        if len(known) < 2 or np.ptp(known) == 0:
            return None
        return cls(float(known.min()), float(known.max()), told)

    def inside(self, values: Array) -> np.ndarray:
        """Return for each value whether it lies within, widened by a quarter of the range."""
        slack = _WIDER * (self.high - self.low)
        low = self.low - slack if self.low - slack > 0 or self.low <= 0 else self.low / 2
        with np.errstate(invalid="ignore"):
            return np.asarray((values >= low - 1e-9 * abs(low)) & (values <= (self.high + slack) * (1 + 1e-9)))

    def filled(self, values: Array) -> float:
        """Return how much of the way from zero to the farther end the values reach."""
        return float(np.max(np.abs(values)) / max(abs(self.low), abs(self.high)))


class Scale:
    """How usual a column's numbers are among those of other tasks: their sizes and their digits."""

    def __init__(self, tasks: Sequence[Column]) -> None:
        self.size = Marginal.of(np.concatenate([task.values for task in tasks]))
        written = [task.written for task in tasks if task.written is not None]
        self.digits = None
        if len(written) == len(tasks):
            together = written[0].joined(written[1:])
            self.digits = Fineness.of(together, np.ones(len(together.numbers), dtype=np.bool_))

    def fits(self, column: Column, slip: Slip | None = None) -> tuple[Array, Array]:
        """Return the log of how usual the known values are, without a slip if it is told: by size and by digits."""
        good = np.isfinite(column.values) & (column.values != 0)
        values, written = column.values[good], column.written
        measure = 0.0
        if slip is not None:
            values, measure = slip.back(values), -float(np.log(slip.factor))
            written = None if written is None else written.back(slip.factor, slip.shift)
        size = self.size.logpdf(values, own=False) + measure
        if self.digits is None or written is None:
            return size, np.zeros(len(size))
        return size, self.digits.logp(written, own=False)[good]


def wrong_columns(numbers: Numbers, known: Mapping[str, Known]) -> list[WrongColumn]:
    """Return the columns of a table that are wrong throughout.

    Parameters
    ----------
    known
        What others know, by column; columns that nobody knows cannot be judged.
    """
    columns = [c for c in numbers.of_kind("setting", "target") if c.name in known and _filled(c) >= _LEAST_ROWS]
    found = list(_swapped(columns, known))
    taken: set[str] = set()
    wrong = []
    for _, fault in sorted([*found, *_slipped(columns, known)], key=lambda pair: -pair[0]):
        if not taken & set(fault.columns):
            taken |= set(fault.columns)
            wrong.append(fault)
    return wrong


def _filled(column: Column) -> int:
    return int((np.isfinite(column.values) & (column.values != 0)).sum())


def slip_evidence(column: Column, tasks: Sequence[Column], slip: Slip) -> float:
    """Return the mean evidence of a row for a slip, by the same column in other tasks."""
    scale = Scale(tasks)
    return _gain(scale.fits(column), scale.fits(column, slip))


def _gain(usual: tuple[Array, Array], without: tuple[Array, Array]) -> float:
    return sum(float(np.clip(b - a, -_MOST, _MOST).mean()) for a, b in zip(usual, without, strict=True))


def _beyond(own: float, tasks: Sequence[Column], slip: Slip) -> bool:
    """Whether evidence goes beyond what the other tasks would give for the same slip, each against the rest."""
    others = [[other for other in tasks if other is not task] for task in tasks] if len(tasks) > 1 else []
    return all(own > slip_evidence(t, rest, slip) + BEYOND for t, rest in zip(tasks, others, strict=bool(others)))


def _slipped(columns: Sequence[Column], known: Mapping[str, Known]) -> Iterator[tuple[float, WrongColumn]]:
    for column in columns:
        home = known[column.name]
        values = column.values[np.isfinite(column.values) & (column.values != 0)]
        fits = [(slip, float(home.inside(slip.back(values)).mean())) for slip in slips_of(column)]
        if home.tasks:
            scored = [(slip_evidence(column, home.tasks, slip), slip, share) for slip, share in fits]
            score, slip, share = max(scored, key=lambda one: one[0])
            outside = float((~home.inside(values)).mean()) >= _OUTSIDE
            least = LEAST_OUTSIDE if outside else LEAST
            if share >= ENOUGH and score >= least and _beyond(score, home.tasks, slip):
                yield score, WrongColumn((column.name,), slip, share)
        elif (~home.inside(values)).mean() >= ENOUGH or home.filled(values) < _CORNER:
            good = [(share, slip) for slip, share in fits if home.filled(slip.back(values)) >= _FILLED]
            if good:
                share, slip = max(good, key=lambda fit: (round(fit[0], 3), -abs(np.log(fit[1].factor))))
                if share >= ENOUGH:
                    yield LEAST, WrongColumn((column.name,), slip, share)


def _swapped(columns: Sequence[Column], known: Mapping[str, Known]) -> Iterator[tuple[float, WrongColumn]]:
    for a, b in combinations(columns, 2):
        one, two = known[a.name], known[b.name]
        crossed = min(_at_home(a, two), _at_home(b, one))
        if one.tasks and two.tasks:
            here, there = Scale(one.tasks), Scale(two.tasks)
            score = swap_evidence(a, b, here, there)
            if score >= LEAST_SWAP and crossed >= ENOUGH:
                yield score, WrongColumn((a.name, b.name), None, crossed)
            continue
        straight = _at_home(a, one) + _at_home(b, two)
        if crossed >= ENOUGH and straight <= 2 - ENOUGH and straight + ENOUGH / 2 <= 2 * crossed:
            yield LEAST_SWAP, WrongColumn((a.name, b.name), None, crossed)


def swap_evidence(a: Column, b: Column, here: Scale, there: Scale) -> float:
    """Return the mean evidence of a row for a swap, by the same two columns in other tasks."""
    usual, crossed = (here.fits(a), there.fits(b)), (there.fits(a), here.fits(b))
    return sum(_gain(u, c) for u, c in ((usual[0], crossed[0]), (usual[1], crossed[1])))


def _at_home(column: Column, home: Known) -> float:
    values = column.values[np.isfinite(column.values)]
    return float(home.inside(values).mean()) if len(values) else 1.0
