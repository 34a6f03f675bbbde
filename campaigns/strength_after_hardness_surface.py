"""A synthetic response surface for strength-after-hardness.yaml: an age-hardened aluminium alloy. All is invented."""

from math import exp, log10
from typing import Any


def _hardening(composition: dict[str, float], temperature: float, time: float) -> float:
    """Return the hardening (MPa) by precipitates after ageing at a temperature in degC for a time in h."""
    copper, magnesium, zinc = (composition.get(element, 0.0) for element in ("Cu", "Mg", "Zn"))
    amount = 300 * exp(-(((zinc - 6) / 3) ** 2) - ((magnesium - 3) / 2) ** 2) + 120 * exp(-(((copper - 4) / 2.5) ** 2))
    peak = 1.2 - (temperature - 160) / 60  # decades of hours to the highest strength
    return amount * exp(-(((log10(time) - peak) / 0.7) ** 2))


def strength(composition: dict[str, float], ageing_temperature: float, ageing_time: float) -> dict[str, float]:
    """Return the yield strength (MPa)."""
    gain = _hardening(composition, ageing_temperature, ageing_time)
    return {"strength": round(80 + 8 * sum(v for k, v in composition.items() if k != "Al") + gain, 1)}


def hardness(composition: dict[str, float], ageing_temperature: float, ageing_time: float) -> dict[str, float]:
    """Return the hardness (HV): nearly in proportion to the strength, with more from copper."""
    found: dict[str, Any] = strength(composition, ageing_temperature, ageing_time)
    return {"hardness": round(found["strength"] / 3.2 + 2.0 * composition.get("Cu", 0.0), 1)}
