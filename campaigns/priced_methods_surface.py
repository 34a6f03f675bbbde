"""A synthetic response surface for priced-methods.yaml: the conductivity of films and bulk samples. All is invented."""

from math import exp


def measure(method: str, temperature: float, time: float) -> dict[str, float]:
    """Return the conductivity (S/cm) after a heat treatment at a temperature in degC for a time in h."""
    shape = exp(-(((temperature - 680) / 120) ** 2) - ((time - 10) / 9) ** 2)
    return {"conductivity": round((130 if method == "bulk" else 100) * shape, 2)}
