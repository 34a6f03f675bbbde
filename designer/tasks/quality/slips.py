"""Numbers in the wrong unit or the wrong column, and outliers: hypotheses about rows, weighed against the other rows.

For each column and each slip (a factor, or degrees Celsius against kelvin) a row's evidence is the log of

    p(value taken back) |d taken back / d value| / p(value),

with p the density of the column: for settings that of the other rows, for results what the design lets expect. For two
columns written the wrong way round it is the log of ``p_a(v_b) p_b(v_a) / (p_a(v_a) p_b(v_b))``. A fault is a row, or a
run of rows, whose evidence outweighs how rare faults are. Whatever of the table is found faulty is then left out of the
densities, and all is weighed once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from designer.tasks.quality.density import Array, Marginal
from designer.tasks.quality.expectation import Expectation, expect
from designer.tasks.quality.numbers import Column, Numbers
from designer.tasks.quality.runs import faulty_runs
from designer.units import same_unit

SLIP_PRIOR = 2e-2
SWAP_PRIOR = 2e-2
OUTLIER = 7.0
"""Scales from its prediction beyond which a result is called an outlier."""
MOST = 0.15
"""The share of a table's rows beyond which values are a custom of the table, not a fault in some rows."""
FACTORS = (10.0, 100.0, 1000.0)
_ZERO_CELSIUS = 273.15
_LEAST = 8
_SURE = 6.0
_MARGIN, _LOWER = 0.1, 4.0


@dataclass(frozen=True)
class Slip:
    """A way in which a number may have been written wrongly: what it was written as, and the way back.

    Parameters
    ----------
    label
        In words: ``a factor of 10 too large``.
    factor, shift
        The written number is ``true * factor + shift``.
    """

    label: str
    factor: float = 1.0
    shift: float = 0.0

    def back(self, values: Array) -> Array:
        """Return what was meant."""
        return (values - self.shift) / self.factor


@dataclass(frozen=True, eq=False)
class Suspect:
    """One fault in one row: a slip, a swap or an outlier.

    Parameters
    ----------
    row
        Its place in the table, from 0.
    columns
        The column, or the two that were swapped.
    slip
        The slip; None for a swap or an outlier.
    meant
        What the cells of `columns` should be; empty for an outlier.
    expected
        For a result: what its design lets expect.
    odds
        The log of how much more likely the fault is than not.
    """

    row: int
    columns: tuple[str, ...]
    slip: Slip | None
    meant: tuple[float, ...]
    expected: float | None
    odds: float


def slips_of(column: Column) -> Iterator[Slip]:
    """Go through the slips that are weighed for a column."""
    for factor in FACTORS:
        yield Slip(f"a factor of {factor:g} too large", factor)
        yield Slip(f"a factor of {factor:g} too small", 1 / factor)
    for minutes in ("s", "min", "h"):
        if same_unit(column.unit, minutes):
            yield Slip("a factor of 60 too large", 60.0)
            yield Slip("a factor of 60 too small", 1 / 60)
    if same_unit(column.unit, "degC"):
        yield Slip("in kelvin instead of degC", shift=_ZERO_CELSIUS)
        yield Slip("273.15 too low, as if converted twice", shift=-_ZERO_CELSIUS)
    if same_unit(column.unit, "K"):
        yield Slip("in degC instead of K", shift=-_ZERO_CELSIUS)


def suspects(numbers: Numbers, *, seed: int = 0) -> list[Suspect]:
    """Return the faults of a table's numbers, at most one a row and column, the most likely first found wins."""
    found: dict[int, Suspect] = {}
    for _ in range(2):
        left_out = {name: np.zeros(len(numbers), dtype=np.bool_) for name in (c.name for c in numbers.columns)}
        for suspect in found.values():
            for name in suspect.columns:
                left_out[name][suspect.row] = True
        found = {}
        for suspect in _weighed(numbers, left_out, seed):
            if suspect.row not in found or suspect.odds > found[suspect.row].odds:
                found[suspect.row] = suspect
    return [found[row] for row in sorted(found)]


Density = Callable[[Array], Array]


def _weighed(numbers: Numbers, left_out: dict[str, np.ndarray], seed: int) -> Iterator[Suspect]:
    bad_design = np.zeros(len(numbers), dtype=np.bool_)
    for column in numbers.of_kind("setting", "share"):
        bad_design |= left_out[column.name]
    marginals: dict[str, Marginal] = {}
    for column in numbers.columns:
        if np.isfinite(column.values).sum() >= _LEAST:
            marginals[column.name] = Marginal.of(column.values, seed=seed, left_out=left_out[column.name])
    for column in numbers.of_kind("setting"):
        if column.name in marginals and _varies(column):
            yield from _slipped(column, marginals[column.name].logpdf, None)
    inputs = numbers.inputs
    for column in numbers.of_kind("target"):
        if column.name in marginals and _varies(column):
            expectation = expect(inputs, column.values, seed=seed, trusted=~(bad_design | left_out[column.name]))
            yield from _slipped(column, expectation.logpdf, expectation)
            yield from _outlying(column, expectation)
    yield from _swapped(numbers, marginals)


def _varies(column: Column) -> bool:
    known = column.values[np.isfinite(column.values)]
    return bool(np.ptp(known) > 0)


def _slipped(column: Column, density: Density, expectation: Expectation | None) -> Iterator[Suspect]:
    values = column.values
    usual = density(values)
    weighed: list[tuple[Slip, Array, Array, np.ndarray]] = []
    for slip in slips_of(column):
        with np.errstate(invalid="ignore"):
            possible = np.isfinite(values) & ((values != 0) | (slip.shift != 0))
        back = np.where(possible, slip.back(values), np.nan)
        evidence = np.where(possible, density(np.nan_to_num(back)) - np.log(slip.factor) - usual, -50.0)
        weighed.append((slip, back, evidence, faulty_runs(evidence, SLIP_PRIOR)))
    doubted = np.any([rows for _, _, _, rows in weighed], axis=0)
    home = Home.of(values, ~doubted)
    for slip, back, evidence, rows in weighed:
        # A result may be at home in its column and yet be far from what its design lets expect.
        convinced = evidence > _SURE if expectation is not None else np.zeros(len(values), dtype=np.bool_)
        rows = _kept(rows, home.foreign(values) | convinced, home.foreign(back))
        if rows.mean() > MOST:
            continue
        for row in np.flatnonzero(rows):
            odds = float(evidence[row] + np.log(SLIP_PRIOR))
            yield Suspect(int(row), (column.name,), slip, (float(back[row]),), _expected(expectation, int(row)), odds)


def _kept(rows: np.ndarray, foreign: np.ndarray, foreign_back: np.ndarray) -> np.ndarray:
    """Return the rows that stand: foreign as written and at home when taken back; in a run, if half of it is so."""
    good = rows & foreign & ~foreign_back
    kept: np.ndarray = good.copy()
    starts = np.flatnonzero(rows & ~np.concatenate([[False], rows[:-1]]))
    ends = np.flatnonzero(rows & ~np.concatenate([rows[1:], [False]]))
    for start, end in zip(starts, ends, strict=True):
        run = slice(start, end + 1)
        if end - start >= 2 and good[run].mean() >= 0.5:
            kept[run] |= ~foreign_back[run]
    return kept


@dataclass(frozen=True, eq=False)
class Home:
    """Where the values of a column are at home: between its lowest and highest, and on its levels where it has few."""

    low: float
    high: float
    levels: Array | None

    @classmethod
    def of(cls, values: Array, trusted: np.ndarray) -> Home:
        """Return the home of the trusted rows' values."""
        known = values[trusted & np.isfinite(values) & (values != 0)]  # nothing is the same in any unit
        if not len(known):
            return cls(-np.inf, np.inf, None)
        levels, counts = np.unique(known, return_counts=True)
        few = len(levels) > 1 and (counts > 1).sum() * 4 <= len(known) and counts[counts > 1].sum() >= 0.95 * len(known)
        return cls(float(known.min()), float(known.max()), levels if few else None)

    def foreign(self, values: Array) -> np.ndarray:
        """Whether each value is at home nowhere in the column (rounding apart)."""
        slack = 1e-6 * (self.high - self.low) if np.isfinite(self.high - self.low) else 0.0
        # Some value is the lowest of its column and some the highest: a little beyond the others is no wonder.
        margin = _MARGIN * (self.high - self.low) if np.isfinite(self.high - self.low) else 0.0
        low = max(self.low - margin, self.low / _LOWER) if self.low > 0 else self.low - margin
        with np.errstate(invalid="ignore"):
            outside = (values < low) | (values > self.high + margin)
            if self.levels is not None:
                place = np.clip(np.searchsorted(self.levels, values), 1, len(self.levels) - 1)
                nearest = np.minimum(np.abs(values - self.levels[place]), np.abs(values - self.levels[place - 1]))
                outside |= nearest > max(slack, 1e-9 * max(abs(self.low), abs(self.high)))
        return np.asarray(outside & (values != 0))


def _outlying(column: Column, expectation: Expectation) -> Iterator[Suspect]:
    surprise = np.abs(np.nan_to_num(expectation.surprise()))
    low, high = np.nanquantile(column.values, [0.01, 0.99])
    for row in np.flatnonzero(surprise > OUTLIER):
        if not low <= column.values[row] <= high:
            yield Suspect(
                int(row), (column.name,), None, (), _expected(expectation, int(row)), -100.0 + surprise[row] * 1e-3
            )


def _expected(expectation: Expectation | None, row: int) -> float | None:
    if expectation is None or expectation.mean is None:
        return None
    value = float(expectation.mean[row])
    return float(np.exp(value)) if expectation.log else value


def _swapped(numbers: Numbers, marginals: dict[str, Marginal]) -> Iterator[Suspect]:
    # Members of one composition are of one kind: nothing in a row tells which of them is which.
    columns = [
        column for column in numbers.of_kind("setting", "target") if column.name in marginals and _varies(column)
    ]
    usual = {column.name: marginals[column.name].logpdf(column.values) for column in columns}
    ranges = {column.name: np.nanquantile(column.values, [0.02, 0.98]) for column in columns}
    pairs = list(combinations(columns, 2))
    for a, b in pairs:
        with np.errstate(invalid="ignore"):
            odd = _beyond(a.values, ranges[a.name]) | _beyond(b.values, ranges[b.name])
            odd &= ~_beyond(b.values, ranges[a.name]) | ~_beyond(a.values, ranges[b.name])
        both = odd & np.isfinite(a.values * b.values) & (a.values * b.values != 0) & (a.values != b.values)
        if not both.any():
            continue
        crossed = marginals[a.name].logpdf(np.nan_to_num(b.values)) + marginals[b.name].logpdf(np.nan_to_num(a.values))
        evidence = np.where(both, crossed - usual[a.name] - usual[b.name], -50.0)
        rows = faulty_runs(evidence, SWAP_PRIOR)
        here, there = Home.of(a.values, ~rows), Home.of(b.values, ~rows)
        foreign = here.foreign(a.values) | there.foreign(b.values)
        rows = _kept(rows, foreign, here.foreign(b.values) | there.foreign(a.values))
        if rows.mean() > MOST:
            continue
        for row in np.flatnonzero(rows):
            meant = (float(b.values[row]), float(a.values[row]))
            odds = float(evidence[row] + np.log(SWAP_PRIOR))
            yield Suspect(int(row), (a.name, b.name), None, meant, None, odds)


def _beyond(values: Array, ends: Array) -> np.ndarray:
    return np.asarray((values < ends[0]) | (values > ends[1]))
