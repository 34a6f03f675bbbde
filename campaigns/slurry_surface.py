"""A synthetic response surface for slurry.yaml: capacity and fade of an electrode. The numbers are invented."""

from math import exp


def measure(
    graphite: float, silicon: float, binder: float, thickener: float, carbon_black: float, temperature: float
) -> dict[str, float]:
    """Return the capacity (mAh/g) and its fade in 100 cycles (percent) for amounts in wt.% and a drying temperature."""
    contact = 0.8 + 0.2 * (1 - exp(-carbon_black / 1.5))
    hold = 1 - exp(-(binder + thickener) / (2 + 0.25 * silicon))
    capacity = (3.5 * graphite + 20 * silicon) * contact * (0.6 + 0.4 * hold)
    fade = 2 + 0.9 * silicon * (1 - hold) + ((temperature - 105) / 18) ** 2 + 0.3 * carbon_black
    return {"capacity": round(capacity, 1), "fade": round(fade, 2)}
