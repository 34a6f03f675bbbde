"""A synthetic response surface: conductivity of a film, by heat treatment and atmosphere. No measured data."""

from __future__ import annotations

import math


def measure(furnace_temperature: float, dwell: float, atmosphere: str) -> dict[str, float]:
    """Return the conductivity (S/cm) of a film: best at 610 degC, after 40 min, in nitrogen."""
    loss = ((furnace_temperature - 610.0) / 90.0) ** 2 + (math.log(dwell / 40.0) / 1.5) ** 2
    factor = {"N2": 1.0, "Ar": 0.9, "air": 0.4}[atmosphere]
    return {"conductivity": round(100.0 * factor * math.exp(-loss), 2)}
