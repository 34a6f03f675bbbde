"""A synthetic response surface: resistivity and transmission of a doped oxide film. No measured data."""

from __future__ import annotations

import math


def measure(dopant: float, temperature: float, oxygen: float) -> dict[str, float]:
    """Return resistivity (ohm*cm) and transmission (percent) of a film.

    Carriers come from the dopant until it clusters; crystals need heat; oxygen fills the vacancies that conduct.
    """
    carriers = 20.5 + 0.8 * math.log10(dopant / 0.1) - 0.5 * max(0.0, math.log10(dopant / 3.0)) ** 2
    carriers -= 0.25 * abs(oxygen - 0.8) ** 1.2
    mobility = 30.0 / (1.0 + math.exp(-(temperature - 270.0) / 45.0)) / (1.0 + (dopant / 6.0) ** 2) + 0.02
    resistivity = 1.0 / (1.602e-19 * 10.0**carriers * mobility)
    transmission = 90.0 - 1.2 * dopant - 3.0 * math.exp(-oxygen) - 4.0 * max(0.0, (temperature - 420.0) / 80.0)
    return {"resistivity": float(f"{resistivity:.4g}"), "transmission": round(transmission, 2)}
