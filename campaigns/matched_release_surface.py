"""A synthetic response surface for matched-release.yaml: release by diffusion and erosion. All is invented."""

from math import exp

HOURS = (1, 4, 8, 12, 24)


def release(polymer: float, particle_size: float) -> dict[str, list[list[float]]]:
    """Return the release curve: time (h) and released share (%)."""
    rate = 0.5 * exp(-polymer / 18.0) * (60.0 / particle_size) ** 0.5
    shape = 0.6 + polymer / 100.0
    return {"release": [[hour, round(96.0 * (1.0 - exp(-((rate * hour) ** shape))), 2)] for hour in HOURS]}
