"""Evidence for faults in rows: a number in another unit, or two numbers in each other's columns.

The evidence for a fault in a row is the log of how much more likely the row is with it taken back. A row's probability
is that of its settings, each given the others, times that of its results given the settings. So a setting is suspect
where it does not agree with the other settings, *or* where the results agree better with another value; a result is
suspect where another is predicted for its design. The number of decimals is compared with that of the column
(`digits`). For a slip of the unit by a factor the change of the density's measure counts too. Where settings sum to one
total in nearly all rows, as the parts of a mixture do, a slip must restore the sum of its row.

Consecutive rows with the same fault confirm each other in a model that learns from all of them. So the evidence is
computed twice: once with each row left out of the model that predicts it, once with its neighbours left out too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.tasks.quality.digits import Resolution
from designer.tasks.quality.numbers import Column, Numbers
from designer.tasks.quality.row_predictions import RowPredictions, predict_rows
from designer.units import same_unit

FACTORS = (10.0, 100.0, 1000.0)
NEVER = -50.0
MIN_SIGN = 1.0
"""Evidence from which a part of it is a sign on its own."""
_ZERO_CELSIUS = 273.15
_MIN_ROWS, _MIN_ROWS_APART = 8, 30
_MIN_PARTS, _MIN_SHARE_OF_ROWS, _SUM_TOLERANCE, _SUM_EVIDENCE = 3, 0.8, 0.005, 10.0
_DECADE, _FAR = 10.0, 2.0
_MIN_EVIDENCE_TO_TEST = -6.0
"""Evidence of sizes and digits below which the other numbers of a row are not evaluated."""


@dataclass(frozen=True)
class Slip:
    """A wrong unit in which a number may have been written, and its correction.

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

    def back(self, values: FloatArray) -> FloatArray:
        """Return the intended values."""
        return (values - self.shift) / self.factor


def slips_of(column: Column) -> Iterator[Slip]:
    """Go through the slips that are tested for a column."""
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
class FaultEvidence:
    """The evidence for one fault in every row.

    Parameters
    ----------
    columns
        The column that slipped, or the two that were swapped.
    slip
        The slip; None for a swap.
    meant
        The corrected values of each column (n each).
    evidence
        The log of how much more likely each row (n) is with the fault than without.
    signs
        How many independent signs indicate the fault in every row (n): of a setting, its size given the other settings,
        the results, the decimals and the sum of the row; of a result, its size, its prediction and its decimals.
    outlying
        Whether the written number lies far outside of a column that is narrow (n): enough to name it, on its own.
    runs_only
        Whether it finds runs of rows only: each row was predicted without its neighbours.
    """

    columns: tuple[str, ...]
    slip: Slip | None
    meant: tuple[FloatArray, ...]
    evidence: FloatArray
    signs: IntArray
    outlying: BoolArray
    runs_only: bool = False


@dataclass(frozen=True, eq=False)
class Sum:
    """The total to which settings sum in nearly all rows, if they do.

    Parameters
    ----------
    values
        The settings (n each) by name; empty where they sum to nothing in particular.
    """

    values: dict[str, FloatArray]
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
            if len(group) >= _MIN_PARTS and len(known) and abs(np.median(known)) > 0:
                made = cls({column.name: column.values for column in group}, float(np.median(known)))
                if made._holds(known).mean() >= _MIN_SHARE_OF_ROWS:
                    return made
        return cls({})

    def _holds(self, sums: FloatArray) -> BoolArray:
        with np.errstate(invalid="ignore"):
            return np.asarray(np.abs(sums - self.total) <= _SUM_TOLERANCE * abs(self.total))

    def evidence(self, name: str, meant: FloatArray) -> FloatArray | float:
        """Return the evidence of the sums for other values (n) of a setting."""
        if name not in self.values:
            return 0.0
        sums = np.sum(list(self.values.values()), axis=0)
        before, after = self._holds(sums), self._holds(sums - self.values[name] + meant)
        return _SUM_EVIDENCE * (after.astype(np.float64) - before)


class FaultModel:
    """The densities of a table's columns, learned from the trusted rows, and the evidence of faults under them."""

    def __init__(
        self, numbers: Numbers, suspect_rows: dict[str, BoolArray], seed: int, before: FaultModel | None = None
    ) -> None:
        self.numbers, self.inputs = numbers, numbers.inputs
        designs = [column for column in numbers.columns if column.kind != "target"]
        self.place = {column.name: i for i, column in enumerate(designs)}
        bad_design = np.zeros(len(numbers), dtype=np.bool_)
        for column in designs:
            bad_design |= suspect_rows[column.name]
        self.columns = [c for c in numbers.of_kind("setting", "target") if _can_be_judged(c)]
        self.expected: dict[str, RowPredictions] = {}
        self.apart: dict[str, RowPredictions] = {}
        self.resolution: dict[str, Resolution] = {}
        for column in self.columns:
            suspect = suspect_rows[column.name] | (bad_design if column.kind == "target" else False)
            if before is not None and not suspect.any():
                self.expected[column.name] = before.expected[column.name]
                self.apart |= {k: v for k, v in before.apart.items() if k == column.name}
                self.resolution |= {k: v for k, v in before.resolution.items() if k == column.name}
                continue
            features = self.features(column, self.inputs)
            self.expected[column.name] = predict_rows(features, column.values, seed=seed, trusted=~suspect)
            if column.kind == "target" and len(numbers) >= _MIN_ROWS_APART:
                self.apart[column.name] = predict_rows(features, column.values, seed=seed, trusted=~suspect, apart=True)
            if column.written is not None:
                self.resolution[column.name] = Resolution.of(column.written, ~suspect)
        self.usual = {c.name: self.expected[c.name].logpdf(c.values) for c in self.columns}
        self.usual_apart = {c.name: self.apart[c.name].logpdf(c.values) for c in self.columns if c.name in self.apart}
        self.sum = Sum.of([column for column in self.columns if column.kind == "setting"])
        self.targets = [column for column in self.columns if column.kind == "target"]

    def features(self, column: Column, inputs: FloatArray) -> FloatArray:
        """Return what a column is predicted from: the settings, its own left out."""
        return np.delete(inputs, self.place[column.name], axis=1) if column.name in self.place else inputs

    def weighed(self) -> Iterator[FaultEvidence]:
        """Yield the evidence for every fault that is tested."""
        for column in self.columns:
            for slip in slips_of(column):
                yield self._slip(column, slip)
                if column.name in self.apart or (column.kind == "setting" and self.apart):
                    yield self._slip(column, slip, apart=True)
        for a, b in combinations(self.columns, 2):
            if a.name in self.sum.values and b.name in self.sum.values:
                continue  # parts of one whole: either way round the row is a design like the others
            swap = self._swap(a, b)
            if swap is not None:
                yield swap

    def _slip(self, column: Column, slip: Slip, *, apart: bool = False) -> FaultEvidence:
        values, expected = column.values, self.expected[column.name]
        expected = self.apart.get(column.name, expected) if apart else expected
        with np.errstate(invalid="ignore"):
            possible = np.isfinite(values) & ((values != 0) | (slip.shift != 0))
        back = np.where(possible, slip.back(values), np.nan)
        at = np.nan_to_num(back)
        evidence = expected.logpdf(at) - np.log(slip.factor)
        evidence -= expected.logpdf(values)
        parts = [evidence.copy()]
        if column.kind == "target":  # what is predicted for its design is a sign apart from its size
            marginal = expected.marginal.logpdf(at) - np.log(slip.factor) - expected.marginal.logpdf(values)
            parts = [marginal, evidence - marginal]
        if column.name in self.resolution and column.written is not None:
            meant = column.written.back(slip.factor, slip.shift)
            digits = self.resolution[column.name].evidence(meant)
            evidence += digits
            # Zeros at the end of a whole number are a person's choice, not a resolution: 5 among tens is no sign.
            decimals = np.fmax(column.written.places, meant.places) > 0
            parts.append(np.where(decimals, digits, 0.0))
        sums = np.zeros(len(values)) + self.sum.evidence(column.name, back)
        evidence = np.where(possible, evidence + sums, NEVER)
        parts.append(sums)
        rows = np.flatnonzero(evidence > _MIN_EVIDENCE_TO_TEST)
        if column.kind == "setting" and len(rows):
            results = np.zeros(len(values))
            results[rows] = self._results(rows, {column.name: back}, apart=apart)
            evidence[rows] += results[rows]
            parts.append(results)
        return FaultEvidence((column.name,), slip, (back,), evidence, _signs(parts), _outlying(values), runs_only=apart)

    def _swap(self, a: Column, b: Column) -> FaultEvidence | None:
        first, second = self.expected[a.name].marginal, self.expected[b.name].marginal
        with np.errstate(invalid="ignore"):
            possible = np.isfinite(a.values * b.values) & (a.values != b.values)
        if not possible.any():
            return None
        to_a, to_b = np.nan_to_num(b.values), np.nan_to_num(a.values)
        crossed = first.logpdf(to_a) + second.logpdf(to_b)
        written = np.zeros(len(a.values))
        if a.written is not None and b.written is not None:
            here, there = self.resolution[a.name], self.resolution[b.name]
            written = here.logp(b.written, own=False) - here.logp(a.written)
            written += there.logp(a.written, own=False) - there.logp(b.written)
        written = np.clip(written, -5.0, 5.0)
        base = crossed - first.logpdf(a.values) - second.logpdf(b.values) + written
        rows = np.flatnonzero(possible & (base > _MIN_EVIDENCE_TO_TEST))
        if not len(rows):
            return None
        evidence = np.full(len(a.values), NEVER)
        crossing = np.zeros(len(a.values))
        crossing[rows] = self._crossed(a, b, rows)
        evidence[rows] = written[rows] + crossing[rows]
        size = base - written
        signs = _signs([size, written, np.where(crossing != 0, crossing - size, 0.0)])
        return FaultEvidence(
            (a.name, b.name), None, (b.values, a.values), evidence, signs, np.zeros(len(a.values), dtype=np.bool_)
        )

    def _crossed(self, a: Column, b: Column, rows: IntArray) -> FloatArray:
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

    def _changed(self, rows: IntArray, values: dict[str, FloatArray]) -> FloatArray:
        inputs = self.inputs[rows].copy()
        for name, new in values.items():
            inputs[:, self.place[name]] = new[rows]
        return inputs

    def _results(
        self, rows: IntArray, values: dict[str, FloatArray], *, but: str | None = None, apart: bool = False
    ) -> FloatArray:
        """Return how much better the results of some rows agree with other values of some settings.

        All results but one are used; with `apart` they are predicted without the neighbours of each row.
        """
        inputs, change = self._changed(rows, values), np.zeros(len(rows))
        for target in self.targets:
            if target.name != but:
                given = target.values[rows]
                separate = apart and target.name in self.apart
                expected = self.apart[target.name] if separate else self.expected[target.name]
                usual = self.usual_apart[target.name] if separate else self.usual[target.name]
                new = expected.logpdf_with(given, inputs, rows) - usual[rows]
                change += np.where(np.isfinite(given), new, 0.0)
        return change


def _outlying(values: FloatArray) -> BoolArray:
    """Return which values (n) lie far outside of the others, in a column that spans less than a decade."""
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.05, 0.95]) if len(known) else (0.0, 0.0)
    if not 0 < low <= high < _DECADE * low:
        return np.zeros(len(values), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        return np.asarray((values < low / _FAR) | (values > high * _FAR))


def _signs(parts: Sequence[FloatArray]) -> IntArray:
    """Return how many parts of the evidence (n each) speak for a fault on their own."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sum([part > MIN_SIGN for part in parts], axis=0), dtype=np.int64)


def _can_be_judged(column: Column) -> bool:
    known = column.values[np.isfinite(column.values)]
    return len(known) >= _MIN_ROWS and float(np.ptp(known)) > 0
