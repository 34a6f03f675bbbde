"""The oracle of oxygen-evolution.yaml: it looks up the measured overpotential of a plate."""

import csv
import os
from functools import cache
from pathlib import Path

ELEMENTS = ("Ni", "Fe", "Co", "Mn", "Ce", "La")
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


@cache
def _plate() -> dict[tuple[int, ...], float]:
    """Return the overpotentials (V) by composition, in tenths."""
    found: dict[tuple[int, ...], list[float]] = {}
    path = Path(os.environ.get("DESIGNER_DATA", BESIDE)) / "oer_plates" / "plate_3496.csv"
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            made = tuple(round(10 * float(row[f"frac_{element}"])) for element in ELEMENTS)
            found.setdefault(made, []).append(float(row["overpotential_V"]))
    return {made: sum(values) / len(values) for made, values in found.items()}


def overpotential(composition: dict[str, float]) -> dict[str, float]:
    """Return the overpotential of a composition in at.%, by element; ValueError if no spot has it."""
    made = tuple(round(composition[element] / 10) for element in ELEMENTS)
    if made not in _plate():
        raise ValueError("the plate has no spot of this composition")
    return {"overpotential_V": _plate()[made]}
