"""A parameter that is a number; its coordinate is its lab value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, TypeAdapter, ValidationError, model_validator

from designer.arrays import BoolArray, FloatArray, IndexArray, IntArray
from designer.errors import Fault, InvalidInput, InvalidSpace
from designer.space.parameters.base import DesignTable, LabColumn, ParameterBase, Relaxation, float_identity
from designer.space.parameters.features import Axis, FeatureBlock, FeatureColumn
from designer.space.parameters.fields import Bounds, Number, Text, twice
from designer.space.parameters.lattice import Lattice, decimal_of, is_whole, plain, round_significant
from designer.space.parameters.references import Reference
from designer.space.parameters.size_limits import MAX_CHOICES, at_most

MAX_STEPS = 10**12
"""Steps between the bounds of a parameter: each setting and the noise of its float are then still distinct."""
MAX_DIGITS = 4
"""Significant digits of suggestions where a parameter has no step."""
MIN_SETTINGS = 300
"""Settings that rounding leaves of a range without a step."""
_MIN_LOG_FEATURE = -2.0  # where a log scale ends, in ranges below its lowest setting


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
    values: Annotated[tuple[Number, ...] | None, BeforeValidator(at_most(MAX_CHOICES, "values"))] = None
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
        if self.step is not None and self.is_context:
            what = f"{self.name!r} is a context, which is not chosen in steps"
            faults.append(Fault(what, "leave 'step' out", path=("step",)))
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
    def _grid(self) -> FloatArray:
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

    def from_lab(self, columns: Sequence[LabColumn]) -> FloatArray:
        """Return the coordinates (``n x 1``) of a column of numbers."""
        return self.canonical(np.asarray(columns[0], dtype=np.float64)[:, None])

    def to_lab(self, coordinates: FloatArray) -> list[LabColumn]:
        """Return the column of lab values."""
        return [self.canonical(coordinates)[:, 0]]

    def canonical(self, coordinates: FloatArray) -> FloatArray:
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

    def snap(self, coordinates: FloatArray) -> FloatArray:
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
        """The step of suggestions on a continuous linear range.

        The power of ten nearest to a ten-thousandth of the range; coarser where values would have more than 4 digits
        (449.99, which no bench sets), as long as at least 300 settings are left.

        >>> NumericParameter(name="T", bounds=[300, 450]).resolution
        Decimal('0.1')
        >>> NumericParameter(name="x", bounds=[0, 1]).resolution
        Decimal('0.0001')
        """
        span = self.high - self.low
        fine = Decimal(1).scaleb(round(math.log10(span / 1e4)))
        fourth_digit = Decimal(1).scaleb(math.ceil(math.log10(max(abs(self.low), abs(self.high)))) - MAX_DIGITS)
        coarsest = Decimal(1).scaleb(math.floor(math.log10(span / MIN_SETTINGS)))
        return max(fine, min(fourth_digit, coarsest))

    @cached_property
    def significant_digits(self) -> int:
        """The digits of suggestions on a continuous log range: 4, and more only for ranges narrower than a decade."""
        decades = math.log10(self.high / self.low)
        return min(15, MAX_DIGITS + max(0, math.ceil(-math.log10(decades))))

    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether each value lies within the bounds and on a step or listed value."""
        values = coordinates[:, 0]
        inside: BoolArray = (values >= self.low) & (values <= self.high)
        return inside & self._on_grid(values)

    def within(self, coordinates: FloatArray) -> BoolArray:
        """Whether each value lies within the bounds, up to 1e-5 of their distance (for rounded bounds)."""
        values, slack = coordinates[:, 0], 1e-5 * (self.high - self.low)
        inside: BoolArray = (values >= self.low - slack) & (values <= self.high + slack)
        return inside

    def _on_grid(self, values: FloatArray) -> BoolArray:
        if self.lattice is not None:
            return is_whole(self.lattice.indices(values))
        if self.values is not None:
            return np.isin(values, self._grid)
        return np.isfinite(values)

    def violations(self, row: FloatArray) -> list[str]:
        """Say whether a value is out of bounds or between the settings."""
        value = float(row[0])
        unit = f" {self.unit}" if self.unit else ""
        if not self.low <= value <= self.high:
            return [f"{self.name} = {plain(value)}{unit} is outside {plain(self.low)} to {plain(self.high)}"]
        if not self._on_grid(row[:1])[0]:
            grid = f"the step of {plain(self.step)}" if self.step is not None else "the listed values"
            return [f"{self.name} = {plain(value)}{unit} is not on {grid}"]
        return []

    def identity(self, coordinates: FloatArray) -> IntArray:
        """Return the bits of the lab values."""
        return float_identity(self.canonical(coordinates))

    def enumerate(self) -> FloatArray:
        """Return all settings, lowest first."""
        if self.values is not None:
            return self._grid[:, None]
        if self.lattice is None or self.count is None:
            raise ValueError(f"{self.name} is continuous and has no list of settings")
        return self.lattice.values(np.arange(self.count, dtype=np.float64))[:, None]

    def read(self, table: DesignTable) -> FloatArray:
        """Return the coordinates (``n x 1``) of a table's column of numbers or quantities."""
        (column,) = self.lab_columns
        return table.numbers(column, self.unit)[:, None] if table.has(column) else np.zeros((len(table), 1))

    # Search

    @property
    def has_uneven_settings(self) -> bool:
        """Whether there are steps on a log scale: most of them lie in its last decade."""
        return self.scale == "log" and self.lattice is not None

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n random settings (``n x 1``), evenly on the parameter's scale; listed values equally often."""
        if self.scale == "log" and self.values is None:
            return self.snap(np.exp(rng.uniform(np.log(self.low), np.log(self.high), (n, 1))))
        if self.is_continuous:
            return self.snap(rng.uniform(self.low, self.high, (n, 1)))
        if self.lattice is not None:
            return self.lattice.values(rng.integers(0, self.count or 1, (n, 1)).astype(np.float64))
        return self.enumerate()[rng.integers(0, self.count or 1, n)]

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return values moved by a normal step of `radius` ranges, by one setting at least, reflected at bounds."""
        values = coordinates[:, 0]
        log = self.scale == "log"
        start, end = (np.log(self.low), np.log(self.high)) if log else (self.low, self.high)
        shift = rng.standard_normal(len(values)) * (radius * (end - start))
        target = (np.log(values) if log else values) + shift
        target = np.where(target > end, 2 * end - target, np.where(target < start, 2 * start - target, target))
        target = np.clip(target, start, end)
        moved = self._snapped(np.exp(target) if log else target)
        still = np.flatnonzero(moved == values)
        if len(still):
            moved[still] = self._next_setting(values[still], np.where(shift[still] < 0, -1.0, 1.0))
        return moved[:, None]

    def _snapped(self, values: FloatArray) -> FloatArray:
        """Return the nearest settings of values within the bounds."""
        if self.lattice is not None:
            steps = np.rint((values - self.low) / float(self.lattice.step))
            return self.lattice.values(np.clip(steps, 0, (self.count or 1) - 1))
        return self.snap(values[:, None])[:, 0]

    def _next_setting(self, values: FloatArray, direction: FloatArray) -> FloatArray:
        """Return the next setting up (direction 1) or down (-1); in the other direction where there is none."""
        if self.values is not None:
            grid = self.enumerate()[:, 0]
            return grid[_next_index(np.searchsorted(grid, values), direction, len(grid) - 1)]
        if self.lattice is not None:
            steps = np.rint(self.lattice.indices(values))
            return self.lattice.values(_next_index(steps, direction, (self.count or 1) - 1).astype(np.float64))
        direction = np.where(values >= self.high, -1.0, np.where(values <= self.low, 1.0, direction))
        if self.scale == "log":
            # One in the last digit that suggestions have; a little more, so that rounding does not take it back.
            factor = 1 + direction * 1.6 * 10.0 ** (1 - self.significant_digits)
            return self.snap((values * factor)[:, None])[:, 0]
        return self.snap((values + direction * float(self.resolution))[:, None])[:, 0]

    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return one column: 0 at the lowest and 1 at the highest setting, on the parameter's scale."""
        log = self.scale == "log"
        start, end = (np.log(self.low), np.log(self.high)) if log else (self.low, self.high)
        span = (end - start) or 1.0
        # The lowest value of a log scale with a feature of its own; at least the smallest float.
        lowest = max(float(np.exp(max(start + _MIN_LOG_FEATURE * span, -700.0))), np.finfo(float).tiny) if log else 0.0

        def encode(coordinates: FloatArray) -> FloatArray:
            values = np.log(np.maximum(coordinates, lowest)) if log else coordinates
            return (values - start) / span

        axis = Axis(self.low, self.high, self.scale, self.unit)
        return FeatureBlock((FeatureColumn(self.name, self.name, "numeric", self.kind, axis=axis),), encode)

    # Constraints and changes

    def reference(self, index: int) -> Reference:
        """Return a number that constraints calculate with."""
        return Reference(index, continuous=self.is_continuous)

    def relaxation(self) -> Relaxation:
        """Return the range between the bounds."""
        return Relaxation(((self.low, self.high),))

    def bounds_changes(self, bounds: Any) -> dict[str, Any]:
        """Return other bounds, and of listed values those that lie within them.

        Raises
        ------
        InvalidSpace
            If no listed value does.
        """
        if self.values is None:
            return {"bounds": bounds}
        try:
            low, high = TypeAdapter(Bounds).validate_python(bounds)
        except ValidationError:
            return {"bounds": bounds}  # the validation of the changed parameter explains why this is no pair of numbers
        within = tuple(value for value in self.values if low <= value <= high)
        if not within and low < high:
            what = f"no listed value of {self.name!r} lies within {plain(low)} to {plain(high)}"
            raise InvalidSpace(Fault(what, f"they are {', '.join(map(plain, self.values))}", path=("bounds",)))
        return {"bounds": bounds, "values": within or self.values}

    def step_changes(self, step: float) -> dict[str, Any]:
        """Return another step."""
        return {"step": step}

    def check_amended(self, new: NumericParameter) -> None:
        """Check that the new lowest value lies on the old steps.

        Raises
        ------
        InvalidSpace
            If it does not, with the nearest one that does.
        """
        if self.lattice is None or self.step != new.step or self.lattice.count_to(new.low) is not None:
            return
        step = decimal_of(self.step or 0.0)
        whole = int((decimal_of(new.low) - decimal_of(self.low)) / step)
        near = plain(decimal_of(self.low) + whole * step)
        what = f"lowest value {plain(new.low)} of {self.name!r} is not a whole number of steps of {plain(step)} away"
        raise InvalidSpace(Fault(f"{what} from {plain(self.low)}", f"for example {near}", path=("bounds",)))


def _bounds_fault(bounds: tuple[float, float]) -> Fault:
    low, high = (plain(bound) for bound in bounds)
    if bounds[0] == bounds[1]:
        return Fault(f"bounds [{low}, {high}] leave nothing to choose", "lowest below highest", path=("bounds",))
    return Fault(f"bounds [{low}, {high}] are the wrong way round", f"write [{high}, {low}]", path=("bounds",))


def _nearest(sorted_anchors: FloatArray, values: FloatArray) -> IndexArray:
    """Return the index of the nearest of the ascending anchors for each value; the lower one halfway."""
    middles = (sorted_anchors[1:] + sorted_anchors[:-1]) / 2
    return np.searchsorted(middles, values, side="left")


def _next_index(index: NDArray[np.number], direction: FloatArray, last: int) -> IndexArray:
    there = index + direction
    there = np.where((there < 0) | (there > last), index - direction, there)
    result: IndexArray = np.clip(there, 0, last).astype(np.intp)
    return result
