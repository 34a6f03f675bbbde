"""Whole columns in the wrong unit, or under each other's headers: by the family, the card, or what is usual.

Row by row such a column looks right, since all of it is wrong in the same way. It takes others to tell. Where other
tasks have the same column, each row is weighed as `weighing` weighs it, by the sizes and digits of the others' values;
what tasks differ by without a fault is seen in those others, each weighed against the rest, and only what goes well
beyond that is called wrong. Where there is only the card, a column is wrong that lies outside of its bounds, or in a
small corner of them, and would fill them once taken back.

Where neither tells, there is what is usual of a quantity in any lab (`quantities`): a column is wrong that is unusually
large or small, and as usual once taken back. With other tasks it is a second witness: where it speaks against the
column, they need only agree; where it speaks for the column, they do not count, unless they are as odd themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from designer.arrays import FloatArray
from designer.tasks.quality.density import Marginal
from designer.tasks.quality.digits import Resolution
from designer.tasks.quality.fault_model import Slip, slips_of
from designer.tasks.quality.numbers import Column, Numbers
from designer.tasks.quality.usual_quantities import UsualRange

MIN_SHARE_INSIDE = 0.6
"""The share of a column that must be at home when taken back."""
MIN_EVIDENCE, MIN_EVIDENCE_OUTSIDE = 2.5, 0.75
"""The mean evidence of a row, in nats, from which a column is called wrong; less where a tenth of it lies outside
of all that the others hold: tasks differ in where their values lie, and a tenth of the usual is no wonder."""
MIN_SWAP_EVIDENCE = 1.5
BEYOND = 1.0
"""How far the evidence must go beyond that of the other tasks of the family, which are taken for sound."""
MIN_TASKS = 4
"""Other tasks from which the sizes of a result are evidence enough, where most of them lie within the range of the
others: fewer hardly show by how much tasks differ without a fault, such as one at -30 degC from three warm ones."""
MIN_EVIDENCE_OF_DIGITS = 0.3
_OUTSIDE, _MOSTLY_OUTSIDE = 0.1, 0.5
_CORNER, _FILLED = 0.2, 0.5
_WIDER = 0.25
_MAX_EVIDENCE = 4.0
_MIN_ROWS = 3


@dataclass(frozen=True)
class WrongColumn:
    """A column that is in another unit throughout (`slip`), or two that stand under each other's headers.

    Parameters
    ----------
    share
        The share of it that lies inside the reference once corrected.
    usual
        The usual range of its quantity, where it lies outside of that.
    """

    columns: tuple[str, ...]
    slip: Slip | None
    share: float
    usual: UsualRange | None = None


@dataclass(frozen=True, eq=False)
class Reference:
    """What other tasks, the card and the quantity itself tell of a column.

    Parameters
    ----------
    low, high
        Its lowest and highest value elsewhere, or on the card; infinite where unknown.
    tasks
        The same column in other tasks, if any.
    usual
        The usual range of its quantity, if it is known.
    """

    low: float = -np.inf
    high: float = np.inf
    tasks: tuple[Column, ...] = ()
    usual: UsualRange | None = None

    @property
    def bounded(self) -> bool:
        """Whether other tasks or the card give its range."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))

    @classmethod
    def of(cls, tasks: Sequence[Column]) -> Reference | None:
        """Return the range of the same column in other tasks, None where they give none."""
        filled = tuple(task for task in tasks if _filled(task) >= _MIN_ROWS)
        known = np.concatenate([task.values[np.isfinite(task.values)] for task in filled]) if filled else np.empty(0)
        if len(known) < 2 or np.ptp(known) == 0:
            return None
        return cls(float(known.min()), float(known.max()), filled)

    def share_inside(self, values: FloatArray) -> float:
        """Return the share of the values that lie inside, 0 where the column is unusual; 1 for a column of nothing."""
        known = values[np.isfinite(values)]
        if not len(known):
            return 1.0
        if self.bounded or self.usual is None:
            return float(self.inside(known).mean())
        return float(self.usual.within(known).mean()) if self.usual.odd(known) is None else 0.0

    def inside(self, values: FloatArray) -> np.ndarray:
        """Return for each value whether it lies within, widened by a quarter of the range."""
        if not self.bounded:
            return np.ones(len(values), dtype=np.bool_)
        slack = _WIDER * (self.high - self.low)
        low = self.low - slack if self.low - slack > 0 or self.low <= 0 else self.low / 2
        with np.errstate(invalid="ignore"):
            return np.asarray((values >= low - 1e-9 * abs(low)) & (values <= (self.high + slack) * (1 + 1e-9)))

    def filled(self, values: FloatArray) -> float:
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
            self.digits = Resolution.of(together, np.ones(len(together.numbers), dtype=np.bool_))

    def fits(self, column: Column, slip: Slip | None = None) -> tuple[FloatArray, FloatArray]:
        """Return the log density of the known values, corrected for a slip if one is given: by size and by digits."""
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


def wrong_columns(numbers: Numbers, known: Mapping[str, Reference]) -> list[WrongColumn]:
    """Return the columns of a table that are wrong throughout.

    Parameters
    ----------
    known
        The references, by column; columns without a reference are not checked.
    """
    columns = [c for c in numbers.of_kind("setting", "target") if c.name in known and _filled(c) >= _MIN_ROWS]
    found = list(_swapped(columns, known))
    taken: set[str] = set()
    wrong = []
    for _, fault in sorted([*found, *_slipped(columns, known)], key=lambda pair: -pair[0]):
        if not taken & set(fault.columns):
            taken |= set(fault.columns)
            wrong.append(fault)
    return wrong


def _filled(column: Column) -> int:
    return len(_nonzero(column))


def slip_evidence(column: Column, tasks: Sequence[Column], slip: Slip) -> float:
    """Return the mean evidence of a row for a slip, by the same column in other tasks."""
    scale = Scale(tasks)
    return _gain(scale.fits(column), scale.fits(column, slip))


def _gain(usual: tuple[FloatArray, FloatArray], without: tuple[FloatArray, FloatArray]) -> float:
    return sum(float(np.clip(b - a, -_MAX_EVIDENCE, _MAX_EVIDENCE).mean()) for a, b in zip(usual, without, strict=True))


def _beyond(own: float, tasks: Sequence[Column], slip: Slip) -> bool:
    """Whether evidence goes beyond what the other tasks would give for the same slip, each against the rest."""
    others = [[other for other in tasks if other is not task] for task in tasks] if len(tasks) > 1 else []
    return all(own > slip_evidence(t, rest, slip) + BEYOND for t, rest in zip(tasks, others, strict=bool(others)))


def _slipped(columns: Sequence[Column], known: Mapping[str, Reference]) -> Iterator[tuple[float, WrongColumn]]:
    for column in columns:
        home = known[column.name]
        if home.tasks:
            found = _by_tasks(column, home)
        else:
            found = (_by_bounds(column, home) if home.bounded else None) or _by_usual(column, home)
        if found is not None:
            yield found


def _by_tasks(column: Column, home: Reference) -> tuple[float, WrongColumn] | None:
    """Return the slip that other tasks indicate, with its evidence."""
    values, usual = _nonzero(column), home.usual
    odd = None if usual is None else usual.odd(values)
    if usual is not None and odd is not None and any(usual.odd(task.values) == odd for task in home.tasks):
        usual = odd = None  # the same in other tasks: no fault
    slips = list(slips_of(column))
    if usual is not None and (odd is not None or usual.is_usual(values)):
        slips = [slip for slip in slips if usual.is_usual(slip.back(values))]
    scored = [(slip_evidence(column, home.tasks, slip), slip) for slip in slips]
    if not scored:
        return None
    score, slip = max(scored, key=lambda one: one[0])
    share = float(home.inside(slip.back(values)).mean())
    if share < MIN_SHARE_INSIDE:
        return None
    if odd is not None:
        return (score, WrongColumn((column.name,), slip, share, usual)) if score > 0 else None
    outside = float((~home.inside(values)).mean())
    if outside < _MOSTLY_OUTSIDE and _by_size_alone(column, home, slip):
        return None
    if score >= (MIN_EVIDENCE_OUTSIDE if outside >= _OUTSIDE else MIN_EVIDENCE) and _beyond(score, home.tasks, slip):
        return score, WrongColumn((column.name,), slip, share)
    return None


def _by_size_alone(column: Column, home: Reference, slip: Slip) -> bool:
    """Whether only the sizes in few other tasks speak for a slip of a result whose size is usual of its quantity."""
    if column.kind != "target" or len(home.tasks) >= MIN_TASKS:
        return False
    if home.usual is None or not home.usual.is_usual(_nonzero(column)):
        return False
    scale = Scale(home.tasks)
    gain = scale.fits(column, slip)[1] - scale.fits(column)[1]
    return float(gain.mean()) < MIN_EVIDENCE_OF_DIGITS


def _by_bounds(column: Column, home: Reference) -> tuple[float, WrongColumn] | None:
    """Return the slip that the card's bounds indicate."""
    values = _nonzero(column)
    if (~home.inside(values)).mean() < MIN_SHARE_INSIDE and home.filled(values) >= _CORNER:
        return None
    fits = [(float(home.inside(slip.back(values)).mean()), slip) for slip in slips_of(column)]
    good = [(share, slip) for share, slip in fits if home.filled(slip.back(values)) >= _FILLED]
    if not good:
        return None
    share, slip = max(good, key=lambda fit: (round(fit[0], 3), -abs(np.log(fit[1].factor))))
    return (MIN_EVIDENCE, WrongColumn((column.name,), slip, share)) if share >= MIN_SHARE_INSIDE else None


def _by_usual(column: Column, home: Reference) -> tuple[float, WrongColumn] | None:
    """Return the slip that the usual range of the quantity indicates."""
    values, usual = _nonzero(column), home.usual
    if usual is None or usual.odd(values) is None:
        return None
    good = [slip for slip in slips_of(column) if usual.is_usual(slip.back(values))]
    if not good:
        return None
    slip = min(good, key=lambda one: usual.distance(one.back(values)))
    share = float(usual.within(slip.back(values)).mean())
    return MIN_EVIDENCE, WrongColumn((column.name,), slip, share, usual)


def _nonzero(column: Column) -> FloatArray:
    """Return the numbers of a column that a slip would change."""
    known: FloatArray = column.values[np.isfinite(column.values) & (column.values != 0)]
    return known


def _swapped(columns: Sequence[Column], known: Mapping[str, Reference]) -> Iterator[tuple[float, WrongColumn]]:
    for a, b in combinations(columns, 2):
        one, two = known[a.name], known[b.name]
        crossed = min(two.share_inside(a.values), one.share_inside(b.values))
        if one.tasks and two.tasks:
            here, there = Scale(one.tasks), Scale(two.tasks)
            score = swap_evidence(a, b, here, there)
            if score >= MIN_SWAP_EVIDENCE and crossed >= MIN_SHARE_INSIDE:
                yield score, WrongColumn((a.name, b.name), None, crossed)
            continue
        straight = one.share_inside(a.values), two.share_inside(b.values)
        if (
            crossed >= MIN_SHARE_INSIDE
            and sum(straight) <= 2 - MIN_SHARE_INSIDE
            and sum(straight) + MIN_SHARE_INSIDE / 2 <= 2 * crossed
        ):
            both = max(straight) <= 1 - MIN_SHARE_INSIDE  # one swap is likelier than two slips
            yield 2 * MIN_EVIDENCE if both else MIN_SWAP_EVIDENCE, WrongColumn((a.name, b.name), None, crossed)


def swap_evidence(a: Column, b: Column, here: Scale, there: Scale) -> float:
    """Return the mean evidence of a row for a swap, by the same two columns in other tasks."""
    usual, crossed = (here.fits(a), there.fits(b)), (there.fits(a), here.fits(b))
    return sum(_gain(u, c) for u, c in ((usual[0], crossed[0]), (usual[1], crossed[1])))
