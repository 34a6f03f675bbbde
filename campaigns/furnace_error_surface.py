"""A synthetic response surface: strength of a part after a furnace that misses its temperature. No measured data."""

from __future__ import annotations

import math

import numpy as np


def measure(temperature: float, dwell: float) -> dict[str, float]:
    """Return the strength (MPa): a narrow peak at 480 degC beside a broad one at 690 degC, made with an error."""
    error = np.random.default_rng([round(100 * temperature), round(10_000 * dwell)])  # the same for the same setting
    temperature += 12.0 * float(error.normal())
    dwell *= 1.0 + 0.05 * float(error.normal())
    narrow = 620.0 * math.exp(-(((temperature - 480.0) / 12.0) ** 2))
    broad = 500.0 * math.exp(-(((temperature - 690.0) / 130.0) ** 2))
    return {"strength": round(max(narrow, broad) * math.exp(-((math.log(dwell / 20.0) / 2.0) ** 2)), 1)}
