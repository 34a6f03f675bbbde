"""Parameters of one lab column: what they have in common, and numbers.

Coordinates: a numeric parameter's coordinate is its lab value, that of a listed word its index. Every parameter offers
the same methods, each on an array ``n x width`` of its own coordinates.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from designer.documents import Value
from designer.errors import Fault, InvalidInput, InvalidSpace
from designer.space.parameters.fields import Bounds, Name, Number, Text, twice
from designer.space.parameters.lattice import Floats, Lattice, Mask, decimal_of, is_whole, plain, round_significant

LabColumn = NDArray[Any]

MAX_STEPS = 10**12
"""Steps between the bounds of a parameter: each setting and the noise of its float are then still told apart."""


class ParameterBase(Value):
    """What every parameter can do; `width` is its number of lab columns."""

    error_type: ClassVar[type[InvalidInput]] = InvalidSpace

    name: Name
    description: str | None = None

    @property
    @abstractmethod
    def lab_columns(self) -> tuple[str, ...]:
        """The headers of this parameter's columns in a lab table."""

    @property
    def width(self) -> int:
        """The number of lab columns."""
        return len(self.lab_columns)

    @property
    @abstractmethod
    def count(self) -> int | None:
        """The number of settings, or None where they are not counted (a continuous range)."""

    @abstractmethod
    def from_lab(self, columns: Sequence[LabColumn]) -> Floats:
        """Return the coordinates (``n x width``) of clean lab columns."""

    @abstractmethod
    def to_lab(self, coordinates: Floats) -> list[LabColumn]:
        """Return the lab columns of coordinates (``n x width``)."""

    @abstractmethod
    def canonical(self, coordinates: Floats) -> Floats:
        """Return coordinates with the noise of float arithmetic removed: on the grid where they lie on it."""

    @abstractmethod
    def snap(self, coordinates: Floats) -> Floats:
        """Return the nearest settings that may be suggested; sums and cardinalities are the caller's to keep."""

    @abstractmethod
    def valid(self, coordinates: Floats) -> Mask:
        """Whether each row (canonical coordinates) may be suggested."""

    def within(self, coordinates: Floats) -> Mask:
        """Whether each row (canonical coordinates) keeps the bounds, be it on a step or not: for listed designs."""
        return np.ones(len(coordinates), dtype=np.bool_)

    @abstractmethod
    def violations(self, row: Floats) -> list[str]:
        """Say in words how one row (canonical coordinates, ``width``) leaves this parameter's settings."""

    @abstractmethod
    def identity(self, coordinates: Floats) -> NDArray[np.int64]:
        """Return whole numbers that are equal exactly where the lab would call the settings equal."""

    @abstractmethod
    def enumerate(self) -> Floats:
        """Return all settings (``count x width``); only where `count` is not None."""


def float_identity(values: Floats) -> NDArray[np.int64]:
    """Return the bits of `values` at 12 significant digits, minus zero made zero."""
    return (round_significant(values, 12) + 0.0).view(np.int64)


class NumericParameter(ParameterBase):
    """A number between bounds, in steps, or out of explicit values.

    Parameters
    ----------
    bounds
        Lowest and highest value; not needed where `values` are given.
    step
        Distance of neighbouring settings, counted from the lowest value.
    values
        The only settings there are.
    scale
        ``log`` if ratios matter rather than differences; suggestions without a step then have 4 significant digits.
    unit
        Unit of bounds, step and values; data in other units are converted into it.
    column
        Header in lab tables, where it differs from the name.

    Raises
    ------
    InvalidInput
        With every fault: bounds the wrong way round or not a whole number of steps apart, no positive bound on a log
        scale, values out of bounds or given twice.

    Examples
    --------
    >>> time = NumericParameter(name="time", unit="min", bounds=[1, 1000], scale="log")
    >>> time.snap(np.array([[437.28194732]])).tolist()
    [[437.3]]
    """

    kind: Literal["numeric"] = "numeric"
    unit: str | None = None
    bounds: Bounds | None = None
    step: Number | None = None
    values: tuple[Number, ...] | None = None
    scale: Literal["linear", "log"] = "linear"
    column: Text | None = None

    @model_validator(mode="after")
    def _check(self) -> NumericParameter:
        faults = list(self._faults())
        if faults:
            raise InvalidInput(faults)
        return self

    def _faults(self) -> list[Fault]:
        faults: list[Fault] = []
        if self.bounds is None and self.values is None:
            return [
                Fault(f"parameter {self.name!r} has no bounds", "give 'bounds: [lowest, highest]' or 'values: [...]'")
            ]
        if self.bounds is not None and not self.bounds[0] < self.bounds[1]:
            faults.append(_bounds_fault(self.bounds))
        if self.values is not None:
            faults += self._value_faults(self.values)
        if faults:
            return faults
        if self.scale == "log" and self.low <= 0:
            place = "bounds" if self.bounds is not None else "values"
            faults.append(
                Fault(f"a log scale cannot begin at {plain(self.low)}", "give a lowest value above 0", path=(place,))
            )
        if self.step is not None:
            faults += self._step_faults(self.step)
        return faults

    def _value_faults(self, values: tuple[float, ...]) -> list[Fault]:
        if not values:
            return [Fault("'values' is empty", "list the settings there are", path=("values",))]
        faults = [
            Fault(f"value {plain(values[i])} is given twice", "give it once", path=("values", i)) for i in twice(values)
        ]
        if self.bounds is not None:
            low, high = self.bounds
            faults += [
                Fault(
                    f"value {plain(value)} is outside the bounds",
                    f"between {plain(low)} and {plain(high)}",
                    path=("values", i),
                )
                for i, value in enumerate(values)
                if not low <= value <= high
            ]
        if self.step is not None:
            faults.append(Fault("'step' and 'values' are both given", "give one of them", path=("step",)))
        return faults

    def _step_faults(self, step: float) -> list[Fault]:
        if step <= 0:
            return [Fault(f"step {plain(step)} is not positive", "give a step above 0", path=("step",))]
        low, high = decimal_of(self.low), decimal_of(self.high)
        exact = decimal_of(step)
        count = (high - low) / exact
        if count > MAX_STEPS:
            what = f"step {plain(step)} divides the bounds into {plain(count)} steps, more than numbers can tell apart"
            return [Fault(what, "give a coarser step, or leave it out", path=("step",))]
        if count == count.to_integral_value():
            return []
        below = low + exact * int(count)
        ends = [plain(end) for end in (below, below + exact) if end > low]
        what = f"bounds [{plain(low)}, {plain(high)}] are not a whole number of steps of {plain(step)} apart"
        return [Fault(what, f"end at {' or '.join(ends)}", path=("bounds",))]

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The header of this parameter in a lab table."""
        return (self.column or self.name,)

    @property
    def low(self) -> float:
        """The lowest setting's bound."""
        return self.bounds[0] if self.bounds is not None else min(self.values or (math.nan,))

    @property
    def high(self) -> float:
        """The highest setting's bound."""
        return self.bounds[1] if self.bounds is not None else max(self.values or (math.nan,))

    @property
    def is_continuous(self) -> bool:
        """Whether any value between the bounds is a setting."""
        return self.step is None and self.values is None

    @cached_property
    def lattice(self) -> Lattice | None:
        """The steps from the lowest value, where there is a step."""
        return Lattice(decimal_of(self.low), decimal_of(self.step)) if self.step is not None else None

    @cached_property
    def _grid(self) -> Floats:
        return np.sort(np.asarray(self.values or (), dtype=np.float64))

    @property
    def count(self) -> int | None:
        """The number of settings; None for a continuous range."""
        if self.values is not None:
            return len(self.values)
        if self.lattice is None:
            return None
        steps = self.lattice.count_to(self.high)
        return None if steps is None else steps + 1

    def from_lab(self, columns: Sequence[LabColumn]) -> Floats:
        """Return the coordinates (``n x 1``) of a column of numbers."""
        return self.canonical(np.asarray(columns[0], dtype=np.float64)[:, None])

    def to_lab(self, coordinates: Floats) -> list[LabColumn]:
        """Return the column of lab values."""
        return [self.canonical(coordinates)[:, 0]]

    def canonical(self, coordinates: Floats) -> Floats:
        """Return the floats of the exact decimals where values lie on a step, a listed value or a bound."""
        values = np.asarray(coordinates, dtype=np.float64)
        if self.lattice is not None:
            indices = self.lattice.indices(values)
            result = round_significant(values, 15)
            on = is_whole(indices)
            result[on] = self.lattice.values(indices[on])
            return result
        anchors = self._grid if self.values is not None else np.array([self.low, self.high])
        nearest = anchors[_nearest(anchors, values)]
        close = np.abs(values - nearest) <= 8 * np.spacing(np.maximum(np.abs(values), np.abs(nearest)))
        return np.where(close, nearest, round_significant(values, 15))

    def snap(self, coordinates: Floats) -> Floats:
        """Return the nearest settings: on the step or list, else at the resolution that a bench can set."""
        values = np.clip(np.asarray(coordinates, dtype=np.float64), self.low, self.high)
        if self.values is not None:
            if self.scale == "log":
                return self._grid[_nearest(np.log(self._grid), np.log(values))]
            return self._grid[_nearest(self._grid, values)]
        if self.lattice is not None:
            return self.lattice.values(np.rint(self.lattice.indices(values)))
        if self.scale == "log":
            rounded = round_significant(values, self.significant_digits)
        else:
            lattice = Lattice(Decimal(0), self.resolution)
            rounded = lattice.values(np.rint(lattice.indices(values)))
        at_bound = (values == self.low) | (values == self.high)
        return np.where(at_bound, values, np.clip(rounded, self.low, self.high))

    @cached_property
    def resolution(self) -> Decimal:
        """The step of suggestions on a continuous linear range: the power of ten nearest to a ten-thousandth of it."""
        return Decimal(1).scaleb(round(math.log10((self.high - self.low) / 1e4)))

    @cached_property
    def significant_digits(self) -> int:
        """The digits of suggestions on a continuous log range: 4, and more only for ranges narrower than a decade."""
        decades = math.log10(self.high / self.low)
        return min(15, 4 + max(0, math.ceil(-math.log10(decades))))

    def valid(self, coordinates: Floats) -> Mask:
        """Whether each value lies within the bounds and on a step or listed value."""
        values = coordinates[:, 0]
        inside: Mask = (values >= self.low) & (values <= self.high)
        return inside & self._on_grid(values)

    def within(self, coordinates: Floats) -> Mask:
        """Whether each value lies within the bounds, up to 1e-5 of their distance (for rounded bounds)."""
        values, slack = coordinates[:, 0], 1e-5 * (self.high - self.low)
        inside: Mask = (values >= self.low - slack) & (values <= self.high + slack)
        return inside

    def _on_grid(self, values: Floats) -> Mask:
        if self.lattice is not None:
            return is_whole(self.lattice.indices(values))
        if self.values is not None:
            return np.isin(values, self._grid)
        return np.isfinite(values)

    def violations(self, row: Floats) -> list[str]:
        """Say whether a value is out of bounds or between the settings."""
        value = float(row[0])
        unit = f" {self.unit}" if self.unit else ""
        if not self.low <= value <= self.high:
            return [f"{self.name} = {plain(value)}{unit} is outside {plain(self.low)} to {plain(self.high)}"]
        if not self._on_grid(row[:1])[0]:
            grid = f"the step of {plain(self.step)}" if self.step is not None else "the listed values"
            return [f"{self.name} = {plain(value)}{unit} is not on {grid}"]
        return []

    def identity(self, coordinates: Floats) -> NDArray[np.int64]:
        """Return the bits of the lab values."""
        return float_identity(self.canonical(coordinates))

    def enumerate(self) -> Floats:
        """Return all settings, lowest first."""
        if self.values is not None:
            return self._grid[:, None]
        if self.lattice is None or self.count is None:
            raise ValueError(f"{self.name} is continuous and has no list of settings")
        return self.lattice.values(np.arange(self.count, dtype=np.float64))[:, None]


def _bounds_fault(bounds: tuple[float, float]) -> Fault:
    low, high = (plain(bound) for bound in bounds)
    if bounds[0] == bounds[1]:
        return Fault(f"bounds [{low}, {high}] leave nothing to choose", "lowest below highest", path=("bounds",))
    return Fault(f"bounds [{low}, {high}] are the wrong way round", f"write [{high}, {low}]", path=("bounds",))


def _nearest(sorted_anchors: Floats, values: Floats) -> NDArray[np.intp]:
    """Return the index of the nearest of the ascending anchors for each value; the lower one halfway."""
    middles = (sorted_anchors[1:] + sorted_anchors[:-1]) / 2
    return np.searchsorted(middles, values, side="left")


class ListedParameter(ParameterBase):
    """One of several words, each of which has its index as coordinate."""

    @property
    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """The words, in the order of their indices."""

    @property
    def count(self) -> int:
        """The number of words."""
        return len(self.words)

    @cached_property
    def indices(self) -> dict[str, int]:
        """The index of each word."""
        return {word: i for i, word in enumerate(self.words)}

    def from_lab(self, columns: Sequence[LabColumn]) -> Floats:
        """Return the indices (``n x 1``) of a column of words.

        Raises
        ------
        KeyError
            For a word that is not listed; `DesignSpace.read_table` reports it properly.
        """
        column = np.asarray(columns[0], dtype=object)
        return np.array([self.indices[str(word)] for word in column], dtype=np.float64).reshape(-1, 1)

    def to_lab(self, coordinates: Floats) -> list[LabColumn]:
        """Return the column of words."""
        return [np.asarray(self.words, dtype=object)[coordinates[:, 0].astype(np.intp)]]

    def canonical(self, coordinates: Floats) -> Floats:
        """Return the indices as they are."""
        return np.asarray(coordinates, dtype=np.float64)

    def snap(self, coordinates: Floats) -> Floats:
        """Return the nearest index."""
        return np.clip(np.rint(coordinates), 0, max(self.count - 1, 0))

    def valid(self, coordinates: Floats) -> Mask:
        """Whether each is the index of a word."""
        index = coordinates[:, 0]
        return is_whole(index) & (index >= 0) & (index < self.count)

    def violations(self, row: Floats) -> list[str]:
        """Return nothing: a word that is not listed is never taken in, and a pool is the space's to check."""
        return []

    def identity(self, coordinates: Floats) -> NDArray[np.int64]:
        """Return the indices."""
        return np.asarray(coordinates).astype(np.int64)

    def enumerate(self) -> Floats:
        """Return all indices."""
        return np.arange(self.count, dtype=np.float64)[:, None]
