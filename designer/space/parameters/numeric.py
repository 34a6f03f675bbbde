"""A parameter that is a number; its coordinate is its lab value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from designer.arrays import BoolArray, FloatArray, IndexArray, IntArray
from designer.errors import Fault, InvalidSpace
from designer.space.parameters.base import DesignTable, LabColumn, Relaxation, float_identity
from designer.space.parameters.features import Axis, FeatureBlock, FeatureColumn
from designer.space.parameters.fields import Bounds
from designer.space.parameters.lattice import Lattice, decimal_of, is_whole, plain, round_significant
from designer.space.parameters.numeric_fields import NumericFields
from designer.space.parameters.references import Reference

MAX_DIGITS = 4
"""Significant digits of suggestions where a parameter has no step."""
MIN_SETTINGS = 300
"""Settings that rounding leaves of a range without a step."""
_MIN_LOG_FEATURE = -2.0  # where a log scale ends, in ranges below its lowest setting
_ZERO_FEATURES = (-0.5, 1.5)  # where a 0 that lies apart is at most
_TO_ZERO = 0.125  # share of moves that lead to a 0 that lies apart


class NumericParameter(NumericFields):
    """A number between bounds, in steps, or out of explicit values.

    Parameters
    ----------
    bounds
        Lowest and highest value; not needed where `values` are given.
    step
        Distance of neighbouring settings, counted from the lowest value.
    values
        The only settings there are.
    zero_or
        True where the value may also be 0, below or above all other settings ("0, or between 5 and 20"). A pair of
        numbers is short for ``bounds`` with ``zero_or: true``.
    scale
        ``log`` if ratios matter rather than differences; suggestions without a step then have 4 significant digits.
    unit
        Unit of bounds, step and values; data in other units are converted into it.
    column
        Header in lab tables, where it differs from the name.
    setting_error
        The standard deviation of the error with which a setting is made, in `unit`, or as a share of it (``2 %``).
    recorded_as
        With a `setting_error`: whether the settings of results are those that were ``made`` (measured, or exact in the
        laboratory), or ``nominal``; ``made`` unless given.

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

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The header of this parameter in a lab table."""
        return (self.column or self.name,)

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
        number = self._count_apart_from_zero
        return None if number is None else number + self.zero_or

    @property
    def _count_apart_from_zero(self) -> int | None:
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
        if self.zero_or:
            return np.where(values == 0, 0.0, self._canonical(values))
        return self._canonical(values)

    def _canonical(self, values: FloatArray) -> FloatArray:
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
        given = np.asarray(coordinates, dtype=np.float64)
        snapped = self._snap(given)
        return np.where(np.abs(given) < np.abs(given - snapped), 0.0, snapped) if self.zero_or else snapped

    def _snap(self, coordinates: FloatArray) -> FloatArray:
        """Return the nearest settings but 0 where that lies apart."""
        values = np.clip(coordinates, self.low, self.high)
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
        return (inside & self._on_grid(values)) | self.is_absent(values)

    def within(self, coordinates: FloatArray) -> BoolArray:
        """Whether each value lies within the bounds, up to 1e-5 of their distance (for rounded bounds)."""
        values, slack = coordinates[:, 0], 1e-5 * (self.high - self.low)
        inside: BoolArray = (values >= self.low - slack) & (values <= self.high + slack)
        return inside | self.is_absent(values)

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
        if self.is_absent(row[:1])[0]:
            return []
        if not self.low <= value <= self.high:
            zero = "0 or " if self.zero_or else ""
            return [f"{self.name} = {plain(value)}{unit} is outside {zero}{plain(self.low)} to {plain(self.high)}"]
        if not self._on_grid(row[:1])[0]:
            grid = f"the step of {plain(self.step)}" if self.step is not None else "the listed values"
            return [f"{self.name} = {plain(value)}{unit} is not on {grid}"]
        return []

    def identity(self, coordinates: FloatArray) -> IntArray:
        """Return the bits of the lab values."""
        return float_identity(self.canonical(coordinates))

    def enumerate(self) -> FloatArray:
        """Return all settings, lowest first."""
        settings = self._apart_from_zero()
        return np.sort(np.append(settings, 0.0))[:, None] if self.zero_or else settings[:, None]

    def _apart_from_zero(self) -> FloatArray:
        if self.values is not None:
            return self._grid
        number = self._count_apart_from_zero
        if self.lattice is None or number is None:
            raise ValueError(f"{self.name} is continuous and has no list of settings")
        return self.lattice.values(np.arange(number, dtype=np.float64))

    def read(self, table: DesignTable) -> FloatArray:
        """Return the coordinates (``n x 1``) of a table's column of numbers or quantities."""
        (column,) = self.lab_columns
        return table.numbers(column, self.unit)[:, None] if table.has(column) else np.zeros((len(table), 1))

    # Search

    @property
    def has_uneven_settings(self) -> bool:
        """Whether there are steps on a log scale (most of them lie in its last decade), or 0 is drawn more often."""
        return (self.scale == "log" and self.lattice is not None) or self.zero_or

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n random settings (``n x 1``), evenly on the parameter's scale; listed values equally often.

        A 0 that lies apart is one in four, or as frequent as the others where those are fewer than three.
        """
        drawn = self._draw(n, rng)
        if self.zero_or:
            drawn[rng.random(n) < 1 / min(self.count or 4, 4)] = 0.0
        return drawn

    def _draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n random settings (``n x 1``), never 0 where that lies apart."""
        number = self._count_apart_from_zero or 1
        if self.scale == "log" and self.values is None:
            return self._snap(np.exp(rng.uniform(np.log(self.low), np.log(self.high), (n, 1))))
        if self.is_continuous:
            return self._snap(rng.uniform(self.low, self.high, (n, 1)))
        if self.lattice is not None:
            return self.lattice.values(rng.integers(0, number, (n, 1)).astype(np.float64))
        return self._grid[rng.integers(0, number, n)][:, None]

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return values moved by a normal step of `radius` ranges, by one setting at least, reflected at bounds.

        A 0 that lies apart becomes any other setting, and one value in eight becomes 0.
        """
        if not self.zero_or:
            return self._move(coordinates, radius, rng)
        absent = self.is_absent(coordinates[:, 0])
        leaves = ~absent & (rng.random(len(absent)) < _TO_ZERO)
        stays = ~absent & ~leaves
        moved = np.zeros_like(coordinates)
        moved[absent] = self._draw(int(absent.sum()), rng)
        if (self._count_apart_from_zero or 2) > 1:
            moved[stays] = self._move(coordinates[stays], radius, rng)
        return moved

    def _move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
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
            return self.lattice.values(np.clip(steps, 0, (self._count_apart_from_zero or 1) - 1))
        return self._snap(values[:, None])[:, 0]

    def _next_setting(self, values: FloatArray, direction: FloatArray) -> FloatArray:
        """Return the next setting up (direction 1) or down (-1); in the other direction where there is none."""
        if self.values is not None:
            grid = self._grid
            return grid[_next_index(np.searchsorted(grid, values), direction, len(grid) - 1)]
        if self.lattice is not None:
            steps = np.rint(self.lattice.indices(values))
            last = (self._count_apart_from_zero or 1) - 1
            return self.lattice.values(_next_index(steps, direction, last).astype(np.float64))
        direction = np.where(values >= self.high, -1.0, np.where(values <= self.low, 1.0, direction))
        if self.scale == "log":
            # One in the last digit that suggestions have; a little more, so that rounding does not take it back.
            factor = 1 + direction * 1.6 * 10.0 ** (1 - self.significant_digits)
            return self._snap((values * factor)[:, None])[:, 0]
        return self._snap((values + direction * float(self.resolution))[:, None])[:, 0]

    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return one column: 0 at the lowest and 1 at the highest setting, on the parameter's scale.

        A 0 that lies apart is at most half a range away, so that the differences of the other settings are seen.
        """
        log = self.scale == "log"
        start, end = (np.log(self.low), np.log(self.high)) if log else (self.low, self.high)
        span = (end - start) or 1.0
        # The lowest value of a log scale with a feature of its own; at least the smallest float.
        lowest = max(float(np.exp(max(start + _MIN_LOG_FEATURE * span, -700.0))), np.finfo(float).tiny) if log else 0.0

        def encode(coordinates: FloatArray) -> FloatArray:
            values = np.log(np.maximum(coordinates, lowest)) if log else coordinates
            scaled = (values - start) / span
            return np.where(self.is_absent(coordinates), np.clip(scaled, *_ZERO_FEATURES), scaled)

        axis = Axis(self.low, self.high, self.scale, self.unit)
        return FeatureBlock((FeatureColumn(self.name, self.name, "numeric", self.kind, axis=axis),), encode)

    # Constraints and changes

    def reference(self, index: int) -> Reference:
        """Return a number that constraints calculate with."""
        chosen = None if self.is_context else self.count or 0
        return Reference(index, continuous=self.is_continuous, settings=chosen)

    def relaxation(self) -> Relaxation:
        """Return the range between the bounds, and 0 where the value may be 0."""
        low, high = (min(self.low, 0.0), max(self.high, 0.0)) if self.zero_or else (self.low, self.high)
        return Relaxation(((low, high),))

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


def _nearest(sorted_anchors: FloatArray, values: FloatArray) -> IndexArray:
    """Return the index of the nearest of the ascending anchors for each value; the lower one halfway."""
    middles = (sorted_anchors[1:] + sorted_anchors[:-1]) / 2
    return np.searchsorted(middles, values, side="left")


def _next_index(index: NDArray[np.number], direction: FloatArray, last: int) -> IndexArray:
    there = index + direction
    there = np.where((there < 0) | (there > last), index - direction, there)
    result: IndexArray = np.clip(there, 0, last).astype(np.intp)
    return result
