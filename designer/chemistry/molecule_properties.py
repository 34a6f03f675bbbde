"""Properties of molecules by name, as constraints calculate with them: RDKit's descriptors and ``sa_score``."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from designer.arrays import FloatArray
from designer.chemistry.smiles import rdkit_chem, read_smiles
from designer.errors import Fault, InvalidInput, did_you_mean

SCORE = "sa_score"
"""The synthetic accessibility score among the properties."""
EXAMPLES = "MolWt, MolLogP, TPSA, NumHDonors, RingCount or sa_score"
_RADIUS, _BITS = 2, 2048


def molecule_values(smiles: Sequence[str], name: str) -> tuple[Fraction | None, ...]:
    """Return a property of each molecule (``n``); None where it is not finite, which satisfies no condition.

    Parameters
    ----------
    smiles
        SMILES that can be read.
    name
        One of RDKit's descriptors (``MolWt``), or ``sa_score``.

    Raises
    ------
    InvalidInput
        If there is no such property.

    Examples
    --------
    >>> [float(value) for value in molecule_values(["CCO", "c1ccccc1"], "RingCount")]
    [0.0, 1.0]
    """
    check_molecule_property(name)
    return tuple(_value(text, name) for text in smiles)


def check_molecule_property(name: str) -> None:
    """Refuse what is no property of molecules.

    Raises
    ------
    InvalidInput
        With the remedy.
    """
    if name != SCORE and name not in _descriptors():
        remedy = did_you_mean(name, sorted((*_descriptors(), SCORE)))
        raise InvalidInput(Fault(f"a molecule has no property {name!r}", remedy))


@lru_cache(maxsize=1 << 17)
def _value(smiles: str, name: str) -> Fraction | None:
    value = accessibility(smiles) if name == SCORE else float(_descriptors()[name](read_smiles(smiles)))
    return Fraction(repr(value)) if math.isfinite(value) else None


@cache
def _descriptors() -> dict[str, Any]:
    rdkit_chem()
    from rdkit.Chem import Descriptors

    return dict(Descriptors.descList)


@lru_cache(maxsize=50_000)
def accessibility(smiles: str) -> float:
    """Return the synthetic accessibility score of a molecule: 1 (easy to make) to 10.

    Raises
    ------
    InvalidInput
        If this RDKit comes without its contributed programs.

    References
    ----------
    P. Ertl, A. Schuffenhauer, J. Cheminform. 1 (2009) 8.

    Examples
    --------
    >>> accessibility("CCO") < 3 < accessibility("CC1(C)C2CCC1(C)C(=O)C2")
    True
    """
    return float(_scorer().calculateScore(read_smiles(smiles)))


@cache
def _scorer() -> Any:
    rdkit_chem()
    from rdkit.Chem import RDConfig

    path = Path(RDConfig.RDContribDir) / "SA_Score" / "sascorer.py"
    if not path.is_file():
        what = "this RDKit has no synthetic accessibility score (Contrib/SA_Score)"
        raise InvalidInput(Fault(what, "install rdkit from PyPI or conda-forge"))
    spec = importlib.util.spec_from_file_location("designer_sascorer", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@lru_cache(maxsize=50_000)
def _fingerprint(smiles: str) -> Any:
    rdkit_chem()
    from rdkit.Chem import rdFingerprintGenerator

    made = rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_BITS)
    return made.GetFingerprint(read_smiles(smiles))


def tanimoto_similarities(smiles: str, others: Sequence[str]) -> FloatArray:
    """Return the Tanimoto similarities (``n``) of a molecule to others: of Morgan fingerprints of radius 2.

    >>> tanimoto_similarities("CCO", ["OCC", "c1ccccc1"]).tolist()
    [1.0, 0.0]
    """
    rdkit_chem()
    from rdkit import DataStructs

    prints = [_fingerprint(other) for other in others]
    return np.array(DataStructs.BulkTanimotoSimilarity(_fingerprint(smiles), prints), dtype=np.float64)
