"""A synthetic response surface for two-routes.yaml: the conductivity of a powder. The numbers are invented."""

from __future__ import annotations

from math import exp, log


def measure(
    route: str,
    dopant: float,
    furnace_temperature: float | None,
    milling_time: float | None,
    autoclave_temperature: float | None,
    mineraliser: str | None,
    washings: float | None,
) -> dict[str, float]:
    """Return the conductivity (mS/cm); settings of the other route are None."""
    carriers = exp(-(((dopant - 5) / 2.5) ** 2))
    if route == "solid state":
        assert furnace_temperature is not None
        assert milling_time is not None
        dense = exp(-(((furnace_temperature - 1050) / 120) ** 2))
        return {"conductivity": round(2 + 6 * carriers * dense * (0.6 + 0.1 * log(milling_time)), 3)}
    assert autoclave_temperature is not None
    grown = exp(-(((autoclave_temperature - 200) / 30) ** 2))
    base = {"NaOH": 1.0, "KOH": 1.15, "NH3": 0.6}[str(mineraliser)]
    clean = 1.0 if washings is None else 1 - exp(-washings / 1.5)
    return {"conductivity": round(2 + 9 * carriers * grown * base * clean, 3)}
