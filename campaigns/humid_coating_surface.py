"""A synthetic response surface: adhesion of a coating, by humidity and lot. No measured data."""

from __future__ import annotations

import math


def measure(temperature: float, dwell: float, humidity: float, lot: str) -> dict[str, float]:
    """Return the adhesion (N/m) of a coating: humid air needs more heat, and lot B8 less time."""
    best_temperature = 90.0 + 0.6 * (humidity - 20.0)
    best_dwell = 12.0 if lot == "B7" else 8.0
    loss = ((temperature - best_temperature) / 45.0) ** 2 + (math.log(dwell / best_dwell) / 1.2) ** 2
    return {"adhesion": round(100.0 * math.exp(-loss), 2)}
