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
from functools import lru_cache
from typing import Any

import numpy as np

from designer.arrays import FloatArray
from designer.chemistry.smiles import rdkit_chem, read_smiles
from designer.errors import Fault, InvalidInput

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
    _rdkit()
    faults = [
        Fault(f"{text!r} is no molecule that RDKit can read", "give its SMILES", path=(i,))
        for i, text in enumerate(smiles)
        if read_smiles(text) is None
    ]
    if faults:
        raise InvalidInput(faults)
    return np.array([_described(text) for text in smiles], dtype=np.float64).reshape(-1, len(NAMES))


@lru_cache(maxsize=20_000)
def _described(smiles: str) -> tuple[float, ...]:
    Descriptors, generators = _rdkit()
    molecule = read_smiles(smiles)
    known = [float(getattr(Descriptors, function)(molecule)) for _, function in _KNOWN]
    morgan = generators.GetMorganGenerator(radius=RADIUS, fpSize=PLACES)
    counts = np.array(morgan.GetCountFingerprintAsNumPy(molecule), dtype=np.float64)
    return (*known, *np.log1p(counts).tolist())


def _rdkit() -> tuple[Any, Any]:
    rdkit_chem()
    from rdkit.Chem import Descriptors, rdFingerprintGenerator

    return Descriptors, rdFingerprintGenerator
