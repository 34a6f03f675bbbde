"""A synthetic response surface with the trends of tempered steels, for `two-targets.yaml`.

Strength falls and elongation rises with tempering, carbon does the opposite, and nickel improves both at a cost. The
numbers are not measurements.
"""

from math import exp, log10


def measure(carbon, manganese, nickel, temper_temperature, temper_time, quench):
    """Return strength [MPa], elongation [percent] and cost [EUR/kg] of one steel; one argument for each parameter."""
    # The Hollomon-Jaffe parameter combines temperature and time.
    tempering = (temper_temperature + 273.15) * (18 + log10(temper_time / 60)) / 1000
    softening = 1 / (1 + exp(-(tempering - 12.5) / 1.6))
    hardened = 700 + 2100 * carbon**0.5 + 60 * manganese + 35 * nickel + (40 if quench == "water" else 0)
    strength = hardened * (1 - 0.62 * softening)
    brittle = 1 if 11.0 < tempering < 12.0 and manganese > 1.5 else 0  # temper embrittlement
    elongation = 24 * (0.25 + softening) * (1 - 0.9 * carbon) + 0.8 * nickel - 0.5 * manganese - 3 * brittle
    cost = 0.75 + 0.05 * manganese + 0.28 * nickel + 0.0002 * temper_temperature + 0.0002 * temper_time
    return {"strength": strength, "elongation": max(elongation, 0.5), "cost": cost}
