"""Scales on which targets are modelled: their own unit, or the decimal logarithm for quantities that span decades.

A model on the log scale predicts a normal distribution of ``z = log10(y)``: a log-normal one of y. Its median is
``10^mean``, and its intervals are asymmetric in the target's unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from designer.arrays import FloatArray

ScaleName = Literal["linear", "log"]

_MAX_EXPONENT = 300.0  # predictions beyond are cut off: they would not be finite in the target's unit


@dataclass(frozen=True)
class Scale:
    """The target's own unit: values are modelled as they are."""

    name: ScaleName = "linear"

    def model(self, y: Any) -> Any:
        """Return values on the model's scale, of values in the target's unit; NaN stays NaN."""
        return y

    def unit(self, z: Any) -> Any:
        """Return values in the target's unit, of values on the model's scale; of a mean the median."""
        return z

    def model_deviation(self, y: FloatArray, deviation: FloatArray) -> FloatArray:
        """Return standard errors on the model's scale, of standard errors of `y` in the target's unit."""
        return deviation

    def interval(self, mean: Any, deviation: Any, z: float) -> tuple[Any, Any]:
        """Return the ends of the interval ``mean ± z deviations`` (model's scale) in the target's unit."""
        return self.unit(mean - z * deviation), self.unit(mean + z * deviation)

    def half_width(self, mean: Any, deviation: Any) -> Any:
        """Return half the width of the interval of one standard deviation either way, in the target's unit."""
        return deviation


@dataclass(frozen=True)
class LogScale(Scale):
    """Decimal logarithms of values above zero."""

    name: ScaleName = "log"

    def model(self, y: Any) -> Any:
        """Return ``log10(y)``; y must be above 0 or NaN."""
        return math.log10(y) if isinstance(y, float | int) else np.log10(y)

    def unit(self, z: Any) -> Any:
        """Return ``10^z``."""
        if isinstance(z, float | int):
            return 10.0 ** min(max(z, -_MAX_EXPONENT), _MAX_EXPONENT)
        return 10.0 ** np.clip(z, -_MAX_EXPONENT, _MAX_EXPONENT)

    def model_deviation(self, y: FloatArray, deviation: FloatArray) -> FloatArray:
        """Return the deviation of the logarithms of a log-normal distribution with mean y and this deviation."""
        return np.asarray(np.sqrt(np.log1p((deviation / y) ** 2)) / math.log(10.0))

    def half_width(self, mean: Any, deviation: Any) -> Any:
        """Return half the width of the central 68 % interval, which is asymmetric around the median."""
        low, high = self.interval(mean, deviation, 1.0)
        return 0.5 * (high - low)


LINEAR = Scale()
SCALES: dict[ScaleName, Scale] = {"linear": LINEAR, "log": LogScale()}
