"""A synthetic alloy for phase-boundary.yaml: a subregular solution. The numbers are invented."""

from __future__ import annotations


def measure(solute: float, temperature: float) -> dict[str, float]:
    """Return the curvature of the free energy (kJ/mol) at an amount of solute (at.%) and a temperature (degC).

    Below 0 the solution is unstable and separates into two phases.
    """
    x, kelvin = solute / 100, temperature + 273.15
    mixing = -8.314e-3 * kelvin / (x * (1 - x))  # the ideal entropy, which stabilises the solution
    excess = 2 * (14.0 + 9.0 * (1 - 2 * x)) - 6 * 9.0 * (1 - 2 * x) / 3
    return {"stability": round(-mixing - excess, 3)}
