"""A stand-in for measured dyes for new-dyes.yaml: computed by RDKit from the molecule. The numbers are invented."""

from __future__ import annotations

from rdkit import Chem
from rdkit.Chem import Descriptors


def measure(dye: str, water: float) -> dict[str, float]:
    """Return the uptake of a fibre by a dye, in a bath with a share of water (%): best for a logP that suits it."""
    molecule = Chem.MolFromSmiles(dye)
    suits = 5.0 - 0.03 * water
    held = Descriptors.NumHDonors(molecule) + 0.5 * Descriptors.NumHAcceptors(molecule)
    return {"uptake": round(60 - 8 * abs(Descriptors.MolLogP(molecule) - suits) + 4 * min(held, 5), 3)}
