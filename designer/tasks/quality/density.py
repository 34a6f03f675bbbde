"""Robust leave-one-out densities: how likely a value is in its column, given the other rows.

A density is a mixture: kernels around the values of the other rows, some narrow (settings that are used again and again
stand at exact values) and some wide, in the proportion that predicts the rows best; and a little of ``1 / |v|``, which
holds for a number of any size and in any unit, so that nothing is impossible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray

ANYTHING = 1e-3
"""The weight of ``1 / |v|`` in a density."""
_DECADES = 27.6  # ln(1e12): over so many powers of e a number of unknown unit may lie
_DECADE = 10.0
_MAX_KERNELS = 300
_SHARES = (0.05, 0.5, 0.95)
_SLACK = 0.1  # of the range
_LEVELS = 4  # rows a level, on average, in a column of few levels
_CHUNK = 4096


def spans_decades(values: FloatArray) -> bool:
    """Whether the values (NaN left out) are all above zero and spread over more than a decade, save for a few."""
    known = values[np.isfinite(values)]
    if not len(known) or known.min() <= 0:
        return False
    low, high = np.quantile(known, [0.05, 0.95])
    return bool(high > _DECADE * low)


@dataclass(frozen=True, eq=False)
class Marginal:
    """The density of a column.

    Parameters
    ----------
    values
        The column (n), NaN where a row has none.
    log
        Whether kernels stand on a log scale: wherever no value is below zero, since a slip of the unit is a factor.
        Zeros stand apart then: they are the same in any unit.
    points, counts
        The values that kernels stand on, on that scale, and how many rows hold each.
    learned
        Which rows they are (n).
    wide, narrow, share
        The widths of the kernels, and the share of the narrow ones.
    """

    values: FloatArray
    log: bool
    points: FloatArray
    counts: FloatArray
    learned: BoolArray
    wide: float
    narrow: float
    share: float = 0.5

    @classmethod
    def of(cls, values: FloatArray, *, seed: int = 0, left_out: BoolArray | None = None) -> Marginal:
        """Return the density of a column; rows that are `left_out` are judged, and judge no other."""
        known = np.isfinite(values) if left_out is None else np.isfinite(values) & ~left_out
        rows = np.flatnonzero(known)
        if len(rows) > _MAX_KERNELS:
            rows = np.sort(np.random.default_rng(seed).choice(rows, _MAX_KERNELS, replace=False))
        log = bool(len(rows)) and bool((values[rows] >= 0).all()) and bool((values[rows] > 0).any())
        rows = rows[values[rows] > 0] if log else rows
        points = np.log(values[rows]) if log else values[rows]
        learned = np.zeros(len(values), dtype=np.bool_)
        learned[rows] = True
        levels, counts = np.unique(points, return_counts=True)
        made = [cls(values, log, levels, counts.astype(np.float64), learned, *_widths(points), s) for s in _SHARES]
        fits = [float(one.logpdf_of(values[rows], rows).sum()) for one in made]
        return made[int(np.argmax(fits))]

    def holds(self, values: FloatArray) -> BoolArray:
        """Return which values (n), one for each row, are usual among those of the other rows.

        They stand in another row as well; or they lie among the others, in a column of more than a few levels: down to
        a tenth of the smallest above zero, and beyond them by a tenth of their range.
        """
        known = np.where(self.learned, self.values, np.nan)
        ordered = np.sort(known[np.isfinite(known)])
        if len(ordered) < 3:
            return np.zeros(len(values), dtype=np.bool_)
        repeated = np.searchsorted(ordered, values, "right") - np.searchsorted(ordered, values, "left") >= 2
        if _LEVELS * len(self.points) <= self.counts.sum():
            return np.asarray(repeated)
        low = np.where(known == ordered[0], ordered[1], ordered[0])
        high = np.where(known == ordered[-1], ordered[-2], ordered[-1])
        slack = _SLACK * (high - low)
        bottom = np.maximum(low - slack, low / 10) if self.log else low - slack
        with np.errstate(invalid="ignore"):
            return np.asarray(repeated | ((values >= bottom) & (values <= high + slack)))

    def logpdf(self, at: FloatArray, *, own: bool = True) -> FloatArray:
        """Return the log density (per unit of the column) of one value for each row (n), the row itself left out.

        `own` is False where the values belong to no row of this column.
        """
        result = np.empty(len(at))
        for start in range(0, len(at), _CHUNK):
            part = np.arange(start, min(start + _CHUNK, len(at)))
            result[part] = self._logpdf(at[part], part if own else None)
        return result

    def logpdf_of(self, at: FloatArray, rows: IntArray) -> FloatArray:
        """Return the log density of one value for each of some rows, the row itself left out."""
        return self._logpdf(at, rows)

    def _logpdf(self, at: FloatArray, rows: IntArray | None) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(at > 0, np.log(np.maximum(at, 1e-300)), np.nan) if self.log else at
            step = at if self.log else np.ones_like(at)  # d value / d z
        kernels = np.nan_to_num(self._kernels(z[:, None] - self.points[None, :]) @ self.counts)
        total = np.full(len(at), self.counts.sum())
        if rows is not None:
            mine = self.learned[rows]
            with np.errstate(invalid="ignore"):
                own = np.where(mine, self._kernels(z - self._scaled(self.values[rows])), 0.0)
            kernels = np.maximum(kernels - np.nan_to_num(own), 0.0)
            total -= mine
        with np.errstate(divide="ignore", invalid="ignore"):
            density = np.where(step > 0, kernels / np.maximum(total, 1.0) / step, 0.0)
        return np.log((1 - ANYTHING) * density + ANYTHING * anything(at, self.wide))

    def _scaled(self, values: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(np.maximum(values, 1e-300)) if self.log else values

    def _kernels(self, distance: FloatArray) -> FloatArray:
        """Return the mixture of a wide and a narrow kernel; the narrow one only where it is not nothing."""
        with np.errstate(invalid="ignore"):
            result = (1 - self.share) * _bump(distance, self.wide)
            near = np.abs(distance) < 7 * self.narrow
        result[near] += self.share * _bump(distance[near], self.narrow)
        return result


def anything(at: FloatArray, near_zero: float) -> FloatArray:
    """Return the density of a number of which nothing is known: ``1 / |v|`` over twelve decades, flat near zero."""
    return 1.0 / (np.maximum(np.abs(at), 1e-3 * near_zero) * 2 * _DECADES)


def _bump(distance: FloatArray, width: float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * (distance / width) ** 2) / (width * np.sqrt(2 * np.pi)), dtype=np.float64)


def _widths(points: FloatArray) -> tuple[float, float]:
    """Return the widths of the wide and the narrow kernels: Silverman's rule with a robust spread, and a hundredth."""
    if len(points) < 2:
        return 1.0, 0.01
    low, high = np.quantile(points, [0.16, 0.84])
    spread = (high - low) / 2 or float(np.median(np.abs(points - np.median(points)))) or 1e-2 * abs(np.median(points))
    spread = float(spread) or 1.0
    return 0.9 * spread * len(points) ** -0.2, 0.01 * spread
