"""A synthetic response surface for pattern-before-conductivity.yaml: an oxide that conducts in its cubic phase.

All is invented.
"""

from math import exp, log10


def _cubic(lithium_excess: float, temperature: float, dwell: float) -> float:
    """Return the share of the cubic phase, from 0 to 1."""
    needed = 10.0 + (temperature - 1000.0) / 60.0 + 4.0 * log10(dwell / 6.0)  # more lithium is lost when it is hot
    return exp(-(((lithium_excess - needed) / 5.0) ** 2) - ((temperature - 1050.0) / 140.0) ** 2)


def conductivity(lithium_excess: float, temperature: float, dwell: float) -> dict[str, float]:
    """Return the conductivity (mS/cm)."""
    return {"conductivity": round(0.02 + 0.9 * _cubic(lithium_excess, temperature, dwell) ** 1.5, 4)}


def pattern(lithium_excess: float, temperature: float, dwell: float) -> list[list[float]]:
    """Return the diffraction pattern, positions (deg) and counts: two phases, and a background that falls."""
    cubic = _cubic(lithium_excess, temperature, dwell)
    points = []
    for i in range(351):
        angle = 10.0 + 0.2 * i
        counts = 400.0 * exp(-angle / 25.0)
        for position, height in ((16.8, 0.5), (30.8, 1.0), (51.0, 0.7)):
            counts += 900.0 * height * cubic * exp(-(((angle - position) / 0.5) ** 2))
            counts += 900.0 * height * (1.0 - cubic) * exp(-(((angle - position - 1.1) / 0.6) ** 2))
        points.append([round(angle, 1), round(counts, 1)])
    return points
