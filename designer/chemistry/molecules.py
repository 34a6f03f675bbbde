"""Descriptors of molecules, from SMILES, by RDKit (the extra ``molecules``).

Ten numbers that chemists know a molecule by (size, polarity, hydrogen bonds, flexibility, rings), and a Morgan
fingerprint of radius 2 whose counts are folded into 32 places, as ``ln(1 + count)``. The columns are the same for every
molecule, so that what was learned from one task's ligands transfers to another's.

References
----------
D. Rogers, M. Hahn, Extended-Connectivity Fingerprints, J. Chem. Inf. Model. 50 (2010) 742.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidInput, MissingExtra

EXTRA = "molecules"
PLACES = 32
RADIUS = 2
_KNOWN = (
    ("heavy atoms", "HeavyAtomCount"),
    ("molar mass", "MolWt"),
    ("logP", "MolLogP"),
    ("polar surface", "TPSA"),
    ("hydrogen donors", "NumHDonors"),
    ("hydrogen acceptors", "NumHAcceptors"),
    ("rotatable bonds", "NumRotatableBonds"),
    ("rings", "RingCount"),
    ("aromatic rings", "NumAromaticRings"),
    ("sp3 share", "FractionCSP3"),
)
NAMES = (*(name for name, _ in _KNOWN), *(f"substructures {i}" for i in range(PLACES)))
"""The names of the columns."""


def molecule_descriptors(smiles: Sequence[str]) -> FloatArray:
    """Return the descriptors (``n x 42``, the columns in the order of `NAMES`) of molecules.

    Raises
    ------
    MissingExtra
        If RDKit is not installed.
    InvalidInput
        With a fault for every text that is no molecule; its path is the place in the list.
    """
    Chem, Descriptors, generators = _rdkit()
    molecules = [_molecule(Chem, text) for text in smiles]
    faults = [
        Fault(f"{text!r} is no molecule that RDKit can read", "give its SMILES", path=(i,))
        for i, (text, molecule) in enumerate(zip(smiles, molecules, strict=True))
        if molecule is None
    ]
    if faults:
        raise InvalidInput(faults)
    morgan = generators.GetMorganGenerator(radius=RADIUS, fpSize=PLACES)
    known = [[getattr(Descriptors, function)(molecule) for _, function in _KNOWN] for molecule in molecules]
    counts = [morgan.GetCountFingerprintAsNumPy(molecule) for molecule in molecules]
    table = np.array(known, dtype=np.float64).reshape(-1, len(_KNOWN))
    return np.concatenate([table, np.log1p(np.array(counts, dtype=np.float64)).reshape(-1, PLACES)], axis=1)


def _molecule(Chem: Any, text: str) -> Any:
    """Return a molecule, or None; RDKit's own remarks on the standard error stream are left out."""
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        return Chem.MolFromSmiles(text) if text.strip() else None


def _rdkit() -> tuple[Any, Any, Any]:
    try:
        from rdkit import Chem
        from rdkit.Chem import Descriptors, rdFingerprintGenerator
    except ImportError:
        raise MissingExtra("rdkit", EXTRA) from None
    return Chem, Descriptors, rdFingerprintGenerator
