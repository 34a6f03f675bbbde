"""The settings of a numeric parameter as whole multiples of one decimal quantum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.space.parameters.fixed import FixedParameter
from designer.space.parameters.lattice import Lattice, decimal_of
from designer.space.parameters.numeric import NumericParameter


@dataclass(frozen=True)
class Run:
    """The whole numbers ``first``, ``first + step``, ... (`count` of them, at least one)."""

    first: int
    step: int
    count: int

    @property
    def last(self) -> int:
        """The highest number."""
        return self.first + self.step * (self.count - 1)

    def contains(self, numbers: IntArray) -> BoolArray:
        """Whether each number is one of them."""
        mask: BoolArray = (numbers >= self.first) & (numbers <= self.last) & ((numbers - self.first) % self.step == 0)
        return mask


@dataclass(frozen=True)
class Settings:
    """The settings of one parameter, each a whole number times `quantum`.

    Parameters
    ----------
    quantum
        The unit of the whole numbers.
    runs
        The whole numbers, in evenly spaced runs that do not overlap.
    log
        Whether ratios matter rather than differences.
    rounded
        Whether the parameter takes other values as well: it is continuous, and the quantum is what it is rounded to.
    """

    quantum: Decimal
    runs: tuple[Run, ...]
    log: bool = False
    rounded: bool = False

    @property
    def size(self) -> int:
        """The number of settings."""
        return sum(run.count for run in self.runs)

    @cached_property
    def lowest(self) -> int:
        """The lowest setting."""
        return min(run.first for run in self.runs)

    @cached_property
    def highest(self) -> int:
        """The highest setting."""
        return max(run.last for run in self.runs)

    @cached_property
    def numbers(self) -> IntArray:
        """All settings in ascending order; only where they are few."""
        parts = [run.first + run.step * np.arange(run.count, dtype=np.int64) for run in self.runs]
        return np.sort(np.concatenate(parts))

    def contains(self, numbers: IntArray) -> BoolArray:
        """Whether each whole number is a setting."""
        if len(self.runs) > 2:
            return np.isin(numbers, self.numbers)
        mask: BoolArray = np.logical_or.reduce([run.contains(numbers) for run in self.runs])
        return mask

    @cached_property
    def lattice(self) -> Lattice:
        """The multiples of the quantum."""
        return Lattice(Decimal(0), self.quantum)

    @property
    def has_zero(self) -> bool:
        """Whether 0 lies apart from the other settings."""
        return len(self.runs) > 1 and self.runs[0] == Run(0, 1, 1)

    def wanted(self, share: float) -> FloatArray:
        """Return how often each of the `numbers` is wanted, relative to each other.

        A 0 that lies apart is as often as a third of the others together; on a log scale all decades are alike where
        `share`, the share of the parameters that can be chosen, is 1, and so much less where it is smaller.
        """
        values = self.numbers.astype(np.float64)
        weights = np.ones(len(values))
        if self.log:
            weights = np.where(values > 0, np.maximum(values, 1.0) ** -share, 0.0)
        if self.has_zero:
            weights[values == 0] = weights[values != 0].sum() / 3
        relative: FloatArray = weights / weights.max()
        return relative

    def scaled(self, numbers: FloatArray | IntArray) -> FloatArray:
        """Return where whole numbers lie on the parameter's scale: 0 at the lowest setting but 0, 1 at the highest."""
        values = np.asarray(numbers, dtype=np.float64)
        if not self.log:
            low, high = float(self.lowest), float(self.highest)
            return (values - low) / max(high - low, 1.0)
        positive = [run.first for run in self.runs if run.first > 0]
        low, high = math.log(min(positive)), math.log(self.highest)
        span = max(high - low, 1e-9)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.maximum((np.log(values) - low) / span, -0.5), -0.5)


def scaled_places(settings: Sequence[Settings], numbers: FloatArray | IntArray) -> FloatArray:
    """Return where whole numbers (``m x n``) lie on the scales of n parameters."""
    return np.column_stack([each.scaled(numbers[:, j]) for j, each in enumerate(settings)])


def settings_of(parameter: NumericParameter | FixedParameter, quantum: Decimal | None = None) -> Settings:
    """Return the settings of a parameter; a continuous one is rounded to `quantum`, or else to its own resolution.

    >>> settings_of(NumericParameter(name="a", zero_or=[5, 20], step=2.5))
    Settings(quantum=Decimal('2.5'), runs=(Run(first=0, step=1, count=1), Run(first=2, step=1, count=7)), \
log=False, rounded=False)
    """
    if isinstance(parameter, FixedParameter):
        exact_value = decimal_of(parameter.at[0])
        digits = max(0, -int(exact_value.as_tuple().exponent))
        return Settings(Decimal(1).scaleb(-digits), (Run(int(exact_value.scaleb(digits)), 1, 1),))
    log = parameter.scale == "log"
    zero = (Run(0, 1, 1),) if parameter.zero_or else ()
    if parameter.values is not None:
        exact = [decimal_of(value) for value in sorted(parameter.values)]
        common = _common_divisor(exact)
        return Settings(common, zero + tuple(Run(int(value / common), 1, 1) for value in exact), log)
    low, high = decimal_of(parameter.low), decimal_of(parameter.high)
    if parameter.step is not None:
        step = decimal_of(parameter.step)
        common = _common_divisor([low, step])
        return Settings(common, (*zero, Run(int(low / common), int(step / common), int((high - low) / step) + 1)), log)
    quantum = quantum or resolution_of(parameter)
    first, last = math.ceil(low / quantum), math.floor(high / quantum)
    while last < first:  # bounds closer together than the resolution
        quantum = quantum.scaleb(-1)
        first, last = math.ceil(low / quantum), math.floor(high / quantum)
    return Settings(quantum, (*zero, Run(first, 1, last - first + 1)), log, rounded=True)


def resolution_of(parameter: NumericParameter) -> Decimal:
    """Return the step of a continuous parameter; of one on a log scale that of its lowest values."""
    if parameter.scale == "linear":
        return parameter.resolution
    return Decimal(1).scaleb(math.floor(math.log10(parameter.low)) + 1 - parameter.significant_digits)


def _common_divisor(numbers: list[Decimal]) -> Decimal:
    """Return the largest number of which all are whole multiples."""
    digits = max(0, *(-int(number.normalize().as_tuple().exponent) for number in numbers))
    whole = [int(number.scaleb(digits)) for number in numbers]
    return Decimal(math.gcd(*whole) or 1).scaleb(-digits).normalize() + 0
