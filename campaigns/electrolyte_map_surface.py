"""A synthetic surface for electrolyte-map.yaml: the conductivity of an electrolyte. The numbers are invented."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp


def measure(solvent: Mapping[str, float], salt: float) -> dict[str, float]:
    """Return the conductivity (mS/cm) of a solvent (vol.% by component) with a salt (mol/L)."""
    polar, thin = solvent["EC"] / 100, solvent["DMC"] / 100
    ions = salt * exp(-salt / (0.6 + 0.8 * polar))
    return {"conductivity": round(24 * ions * (0.25 + polar) * (0.5 + thin) / (1 + 0.9 * polar**2), 3)}
