"""A number as a campaign file writes it: bounds, step, values, scale and ``zero_or``, and every fault of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, TypeAdapter, ValidationError, model_validator

from designer.arrays import BoolArray, FloatArray
from designer.errors import Fault, InvalidInput
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.fields import Bounds, Number, Text, twice
from designer.space.parameters.lattice import decimal_of, plain
from designer.space.size_limits import MAX_CHOICES, at_most

_PERCENT = re.compile(r"(\d+(?:\.\d+)?|\.\d+) ?%")


def _error(given: Any) -> Any:
    """Check the text of an error in percent; numbers are for the field to check."""
    if isinstance(given, bool) or (isinstance(given, str) and _PERCENT.fullmatch(given) is None):
        raise ValueError(
            f"setting_error {given!r} is not a number; give one in the parameter's unit, or a share: '2 %'"
        )
    return given


MAX_STEPS = 10**12
"""Steps between the bounds of a parameter: each setting and the noise of its float are then still distinct."""


class NumericFields(ParameterBase):
    """A number as a campaign file writes it, with every fault of it; the fields are those of `NumericParameter`."""

    kind: Literal["numeric"] = "numeric"
    unit: str | None = None
    bounds: Bounds | None = None
    step: Number | None = None
    values: Annotated[tuple[Number, ...] | None, BeforeValidator(at_most(MAX_CHOICES, "values"))] = None
    zero_or: bool = False
    scale: Literal["linear", "log"] = "linear"
    column: Text | None = None
    setting_error: Annotated[Number | str | None, BeforeValidator(_error)] = None
    recorded_as: Literal["made", "nominal"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _zero_or_range(cls, given: Any) -> Any:
        return with_zero_or_bounds(given) if isinstance(given, Mapping) else given

    @model_validator(mode="after")
    def _check(self) -> NumericFields:
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
            faults.append(bounds_fault(self.bounds))
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
        if self.zero_or and self.low <= 0 <= self.high:
            faults.append(self._zero_fault())
        return [*faults, *self._error_faults()]

    def _error_faults(self) -> Iterator[Fault]:
        if self.setting_error is None:
            if self.recorded_as is not None:
                what = "'recorded_as' has no meaning without 'setting_error'"
                yield Fault(what, "add it", path=("recorded_as",))
            return
        deviation, is_relative = self.error_deviation
        if not deviation > 0:
            yield Fault(f"setting_error {self.setting_error} is not above 0", "leave it out", path=("setting_error",))
        elif deviation > (1.0 if is_relative else self.high - self.low):
            what = f"setting_error {self.setting_error} is more than {'the setting' if is_relative else 'the range'}"
            yield Fault(what, "give the standard deviation, in the parameter's unit", path=("setting_error",))
        if self.is_context:
            what = f"{self.name!r} is a context, which is known and not set"
            yield Fault(what, "leave 'setting_error' out", path=("setting_error",))

    @property
    def error_deviation(self) -> tuple[float, bool]:
        """The standard deviation of the error of a setting, 0 without one, and whether it is a share of the setting."""
        if isinstance(self.setting_error, str):
            return float(self.setting_error.rstrip(" %")) / 100.0, True
        return self.setting_error or 0.0, False

    def _zero_fault(self) -> Fault:
        if self.values is not None:
            remedy = "remove 0 from 'values'" if 0 in self.values else "add 0 to 'values', and leave 'zero_or' out"
            return Fault("0 lies among the values", remedy, path=("zero_or",))
        what = f"0 lies within the bounds [{plain(self.low)}, {plain(self.high)}] already"
        return Fault(what, "leave 'zero_or' out, or give bounds without 0", path=("zero_or",))

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

    def is_absent(self, values: FloatArray) -> BoolArray:
        """Whether each value is the 0 that lies apart from the other settings."""
        absent: BoolArray = (values == 0) if self.zero_or else np.zeros(values.shape, dtype=np.bool_)
        return absent


def with_zero_or_bounds(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a parameter is built from, with ``zero_or: [low, high]`` written as bounds."""
    pair = given.get("zero_or")
    if isinstance(pair, bool) or pair is None:
        return given
    try:
        bounds = TypeAdapter(Bounds).validate_python(pair)
    except ValidationError:
        remedy = "write 'zero_or: true' beside 'bounds', or 'zero_or: [lowest, highest]'"
        raise InvalidInput(Fault(f"zero_or {pair!r} is neither true nor a range", remedy, path=("zero_or",))) from None
    if not bounds[0] < bounds[1]:
        raise InvalidInput(replace(bounds_fault(bounds), path=("zero_or",)))
    for key in ("bounds", "values"):
        if given.get(key) is not None:
            what = f"{key!r} and a range under 'zero_or' are both given"
            raise InvalidInput(Fault(what, f"write 'zero_or: true' beside {key!r}", path=("zero_or",)))
    return {**given, "bounds": bounds, "zero_or": True}


def bounds_fault(bounds: tuple[float, float]) -> Fault:
    """Return the fault of bounds of which the first is not below the second."""
    low, high = (plain(bound) for bound in bounds)
    if bounds[0] == bounds[1]:
        return Fault(f"bounds [{low}, {high}] leave nothing to choose", "lowest below highest", path=("bounds",))
    return Fault(f"bounds [{low}, {high}] are the wrong way round", f"write [{high}, {low}]", path=("bounds",))
