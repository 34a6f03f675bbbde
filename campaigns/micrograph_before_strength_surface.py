"""A synthetic response surface for micrograph-before-strength.yaml: an alloy whose grains grow in the furnace.

All is invented; the strength falls with the grain size (Hall and Petch), and rises with the recrystallised share.
"""

from math import exp, sin


def _grain_size(temperature: float, time: float) -> float:
    """Return the size of the grains, in pixels of the micrograph."""
    return 3.0 + 9.0 * (time / 100.0) ** 0.4 * exp((temperature - 850.0) / 120.0)


def _recrystallised(temperature: float, time: float) -> float:
    """Return the recrystallised share, from 0 to 1."""
    return 1.0 - exp(-time / 8.0 * exp((temperature - 850.0) / 60.0))


def strength(temperature: float, time: float) -> dict[str, float]:
    """Return the yield strength (MPa)."""
    size = _grain_size(temperature, time)
    return {"strength": round(180.0 + 420.0 * size**-0.5 + 90.0 * _recrystallised(temperature, time), 1)}


def micrograph(temperature: float, time: float) -> list[list[float]]:
    """Return grey values (96 x 96): bright grains in a dark matrix."""
    size, share = _grain_size(temperature, time), _recrystallised(temperature, time)
    rows = []
    for i in range(96):
        y = i / size
        row = []
        for j in range(96):
            x = j / size
            wave = sin(2.1 * x + 0.7 * sin(1.3 * y)) + sin(1.9 * y + 0.8 * sin(1.1 * x + 1.0))
            row.append(round(0.75 if wave > 0.8 - 1.2 * share else 0.25, 2))
        rows.append(row)
    return rows
