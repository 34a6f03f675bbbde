"""Synthetic response surfaces for two-fidelities.yaml: a conductivity, and a simulation of it. All is invented."""

from math import exp, sin


def measured(temperature: float, dopant: float) -> dict[str, float]:
    """Return the conductivity (S/cm) of a bulk sample fired at a temperature in degC, with a dopant in percent."""
    shape = exp(-(((temperature - 690) / 130) ** 2) - ((dopant - 3.2) / 1.8) ** 2)
    return {"conductivity": round(120 * shape + 6 * sin(dopant + temperature / 70), 2)}


def simulated(temperature: float, dopant: float) -> dict[str, float]:
    """Return the simulated conductivity (S/cm), with the optimum at a lower temperature and too high a level."""
    shape = exp(-(((temperature - 650) / 150) ** 2) - ((dopant - 3.6) / 2.0) ** 2)
    return {"conductivity": round(30 + 190 * shape, 2)}
