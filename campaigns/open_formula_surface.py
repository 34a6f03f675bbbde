"""Synthetic ceramics for open-formula.yaml. The numbers are invented."""

from __future__ import annotations

from designer.chemistry.formulas import parse_formula

POLARISABILITY = {
    "Ca": 3.2,
    "Sr": 4.2,
    "Ba": 6.4,
    "Y": 3.8,
    "La": 6.1,
    "Al": 0.8,
    "Ga": 1.5,
    "Ti": 2.9,
    "Zr": 3.3,
    "Hf": 3.3,
    "O": 2.0,
}
VOLUME = {"Ca": 12, "Sr": 17, "Ba": 24, "Y": 14, "La": 18, "Al": 6, "Ga": 8, "Ti": 7, "Zr": 10, "Hf": 10, "O": 14}


def measure(oxide: str, temperature: float) -> dict[str, float]:
    """Return the permittivity of a ceramic of a formula, fired at a temperature (degC)."""
    amounts = parse_formula(oxide)
    polarisability = sum(POLARISABILITY[symbol] * amount for symbol, amount in amounts.items())
    volume = sum(VOLUME[symbol] * amount for symbol, amount in amounts.items())
    best = 1150 + 250 * sum(amounts.get(symbol, 0) for symbol in ("Zr", "Hf", "Al", "Y")) / sum(amounts.values())
    dense = 1 - 0.5 * min(1.0, abs(temperature - best) / 400)
    share = min(3.2 * polarisability / volume, 0.95)  # Clausius and Mossotti
    return {"permittivity": round(dense * (1 + 2 * share) / (1 - share), 3)}
