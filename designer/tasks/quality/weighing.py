"""Hypotheses about rows, weighed: this number is in another unit, these two stand the wrong way round.

The evidence for a fault in a row is the log of how much more likely the row is with it taken back. A row's chance is
that of its settings, each given the others, times that of its results given the settings. So a setting is doubted where
the other settings do not go with it, *or* where the results would go better with another; a result where another is
expected for its design; and what was written with so many decimals is compared with how the column is written
(`digits`). For a slip of the unit by a factor the change of the density's measure counts too. Where settings sum to one
total in nearly all rows, as the parts of a mixture do, a slip must mend the sum of its row.

Rows that are wrong in one way and stand together bear each other out in a model that learns from all of them. So the
evidence is weighed twice: once with each row left out of what results are expected from, once with its neighbours in
the table left out too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from designer.tasks.quality.density import Array
from designer.tasks.quality.digits import Fineness
from designer.tasks.quality.expectation import Expectation, expect
from designer.tasks.quality.numbers import Column, Numbers
from designer.units import same_unit

Bools = npt.NDArray[np.bool_]

FACTORS = (10.0, 100.0, 1000.0)
NEVER = -50.0
_ZERO_CELSIUS = 273.15
_LEAST, _LONG = 8, 30
_PARTS, _NEARLY_ALL, _ROUNDED, _SUM = 3, 0.8, 0.005, 10.0
_HOPELESS = -6.0
"""Evidence of sizes and digits below which a row's other numbers are not asked."""


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


@dataclass(frozen=True, eq=False)
class Weighed:
    """A fault, weighed in every row.

    Parameters
    ----------
    columns
        The column that slipped, or the two that were swapped.
    slip
        The slip; None for a swap.
    meant
        What the rows of each column should be then (n each).
    evidence
        The log of how much more likely each row (n) is with the fault than without.
    runs_only
        Whether it tells of runs of rows only: each row was judged without its neighbours.
    """

    columns: tuple[str, ...]
    slip: Slip | None
    meant: tuple[Array, ...]
    evidence: Array
    runs_only: bool = False


@dataclass(frozen=True, eq=False)
class Sum:
    """The total to which settings sum in nearly all rows, if they do.

    Parameters
    ----------
    values
        The settings (n each) by name; empty where they sum to nothing in particular.
    """

    values: dict[str, Array]
    total: float = 0.0

    @classmethod
    def of(cls, settings: Sequence[Column]) -> Sum:
        """Return the sum of the largest group of settings in one unit that has one."""
        groups: dict[str | None, list[Column]] = {}
        for column in settings:
            groups.setdefault(column.unit, []).append(column)
        for group in sorted(groups.values(), key=len, reverse=True):
            sums = np.sum([column.values for column in group], axis=0)
            known = sums[np.isfinite(sums)]
            if len(group) >= _PARTS and len(known) and abs(np.median(known)) > 0:
                made = cls({column.name: column.values for column in group}, float(np.median(known)))
                if made._holds(known).mean() >= _NEARLY_ALL:
                    return made
        return cls({})

    def _holds(self, sums: Array) -> Bools:
        with np.errstate(invalid="ignore"):
            return np.asarray(np.abs(sums - self.total) <= _ROUNDED * abs(self.total))

    def evidence(self, name: str, meant: Array) -> Array | float:
        """Return what the sums say of other values (n) of a setting."""
        if name not in self.values:
            return 0.0
        sums = np.sum(list(self.values.values()), axis=0)
        before, after = self._holds(sums), self._holds(sums - self.values[name] + meant)
        return _SUM * (after.astype(np.float64) - before)


class Scales:
    """What faults are weighed on: the densities of a table's columns, as learned from the rows to be trusted."""

    def __init__(self, numbers: Numbers, doubted: dict[str, Bools], seed: int, before: Scales | None = None) -> None:
        self.numbers, self.inputs = numbers, numbers.inputs
        designs = [column for column in numbers.columns if column.kind != "target"]
        self.place = {column.name: i for i, column in enumerate(designs)}
        bad_design = np.zeros(len(numbers), dtype=np.bool_)
        for column in designs:
            bad_design |= doubted[column.name]
        self.columns = [c for c in numbers.of_kind("setting", "target") if _can_be_judged(c)]
        self.expected: dict[str, Expectation] = {}
        self.apart: dict[str, Expectation] = {}
        self.fineness: dict[str, Fineness] = {}
        for column in self.columns:
            doubt = doubted[column.name] | (bad_design if column.kind == "target" else False)
            if before is not None and not doubt.any():
                self.expected[column.name] = before.expected[column.name]
                self.apart |= {k: v for k, v in before.apart.items() if k == column.name}
                self.fineness |= {k: v for k, v in before.fineness.items() if k == column.name}
                continue
            features = self.features(column, self.inputs)
            self.expected[column.name] = expect(features, column.values, seed=seed, trusted=~doubt)
            if column.kind == "target" and len(numbers) >= _LONG:
                self.apart[column.name] = expect(features, column.values, seed=seed, trusted=~doubt, apart=True)
            if column.written is not None:
                self.fineness[column.name] = Fineness.of(column.written, ~doubt)
        self.usual = {c.name: self.expected[c.name].logpdf(c.values) for c in self.columns}
        self.usual_apart = {c.name: self.apart[c.name].logpdf(c.values) for c in self.columns if c.name in self.apart}
        self.sum = Sum.of([column for column in self.columns if column.kind == "setting"])
        self.targets = [column for column in self.columns if column.kind == "target"]

    def features(self, column: Column, inputs: Array) -> Array:
        """Return what a column is predicted from: the settings, its own left out."""
        return np.delete(inputs, self.place[column.name], axis=1) if column.name in self.place else inputs

    def weighed(self) -> Iterator[Weighed]:
        """Go through all faults."""
        for column in self.columns:
            for slip in slips_of(column):
                yield self._slip(column, slip)
                if column.name in self.apart or (column.kind == "setting" and self.apart):
                    yield self._slip(column, slip, apart=True)
        for a, b in combinations(self.columns, 2):
            swap = self._swap(a, b)
            if swap is not None:
                yield swap

    def _slip(self, column: Column, slip: Slip, *, apart: bool = False) -> Weighed:
        values, expected = column.values, self.expected[column.name]
        expected = self.apart.get(column.name, expected) if apart else expected
        with np.errstate(invalid="ignore"):
            possible = np.isfinite(values) & ((values != 0) | (slip.shift != 0))
        back = np.where(possible, slip.back(values), np.nan)
        evidence = expected.logpdf(np.nan_to_num(back)) - np.log(slip.factor)
        evidence -= expected.logpdf(values)
        if column.name in self.fineness and column.written is not None:
            evidence += self.fineness[column.name].evidence(column.written.back(slip.factor, slip.shift))
        evidence = np.where(possible, evidence + self.sum.evidence(column.name, back), NEVER)
        rows = np.flatnonzero(evidence > _HOPELESS)
        if column.kind == "setting" and len(rows):
            evidence[rows] += self._results(rows, {column.name: back}, apart=apart)
        return Weighed((column.name,), slip, (back,), evidence, runs_only=apart)

    def _swap(self, a: Column, b: Column) -> Weighed | None:
        first, second = self.expected[a.name].marginal, self.expected[b.name].marginal
        with np.errstate(invalid="ignore"):
            possible = np.isfinite(a.values * b.values) & (a.values != b.values)
        if not possible.any():
            return None
        to_a, to_b = np.nan_to_num(b.values), np.nan_to_num(a.values)
        crossed = first.logpdf(to_a) + second.logpdf(to_b)
        written = np.zeros(len(a.values))
        if a.written is not None and b.written is not None:
            here, there = self.fineness[a.name], self.fineness[b.name]
            written = here.logp(b.written, own=False) - here.logp(a.written)
            written += there.logp(a.written, own=False) - there.logp(b.written)
        written = np.clip(written, -5.0, 5.0)
        base = crossed - first.logpdf(a.values) - second.logpdf(b.values) + written
        rows = np.flatnonzero(possible & (base > _HOPELESS))
        if not len(rows):
            return None
        evidence = np.full(len(a.values), NEVER)
        evidence[rows] = written[rows] + self._crossed(a, b, rows)
        return Weighed((a.name, b.name), None, (b.values, a.values), evidence)

    def _crossed(self, a: Column, b: Column, rows: npt.NDArray[np.int64]) -> Array:
        """Return the evidence of some rows for a swap, digits apart."""
        if a.kind == b.kind == "target":
            ours, theirs = (self.expected[c.name].logpdf(np.nan_to_num(v)) for c, v in ((a, b.values), (b, a.values)))
            return np.asarray((ours + theirs - self.usual[a.name] - self.usual[b.name])[rows])
        if a.kind == "target":
            a, b = b, a
        if b.kind == "target":
            inputs = self._changed(rows, {a.name: b.values})
            ours = self.expected[a.name].logpdf(np.nan_to_num(b.values))[rows] - self.usual[a.name][rows]
            theirs = self.expected[b.name].logpdf_with(a.values[rows], inputs, rows) - self.usual[b.name][rows]
            return ours + theirs + self._results(rows, {a.name: b.values}, but=b.name)
        # Two settings: the mean of p(a) p(b | a) and p(b) p(a | b), the rest of the design given in both.
        change = np.zeros(len(rows))
        both = {a.name: b.values, b.name: a.values}
        for one, two in ((a, b), (b, a)):
            marginal = self.expected[one.name].marginal
            change += marginal.logpdf_of(two.values[rows], rows) - marginal.logpdf_of(one.values[rows], rows)
            inputs = self.features(two, self._changed(rows, both))
            change += self.expected[two.name].logpdf_with(one.values[rows], inputs, rows) - self.usual[two.name][rows]
        return change / 2 + self._results(rows, both)

    def _changed(self, rows: npt.NDArray[np.int64], values: dict[str, Array]) -> Array:
        inputs = self.inputs[rows].copy()
        for name, new in values.items():
            inputs[:, self.place[name]] = new[rows]
        return inputs

    def _results(
        self, rows: npt.NDArray[np.int64], values: dict[str, Array], *, but: str | None = None, apart: bool = False
    ) -> Array:
        """Return how much better the results of some rows go with other values of some settings.

        All results but one are asked, what is expected of them learned `apart` from each row's neighbours or not.
        """
        inputs, change = self._changed(rows, values), np.zeros(len(rows))
        for target in self.targets:
            if target.name != but:
                given = target.values[rows]
                aside = apart and target.name in self.apart
                expected = self.apart[target.name] if aside else self.expected[target.name]
                usual = self.usual_apart[target.name] if aside else self.usual[target.name]
                new = expected.logpdf_with(given, inputs, rows) - usual[rows]
                change += np.where(np.isfinite(given), new, 0.0)
        return change


def _can_be_judged(column: Column) -> bool:
    known = column.values[np.isfinite(column.values)]
    return len(known) >= _LEAST and float(np.ptp(known)) > 0
