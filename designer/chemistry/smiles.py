"""Molecules as text: SMILES read by RDKit (the extra ``molecules``), and the one canonical spelling of a molecule."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from designer.errors import Fault, MissingExtra

EXTRA = "molecules"
MAX_SMILES = 1_000
"""Characters of a SMILES: RDKit's time grows with their square, and known molecules of 200 atoms have fewer."""


def rdkit_chem() -> Any:
    """Return the module of RDKit.

    Raises
    ------
    MissingExtra
        If RDKit is not installed.
    """
    try:
        from rdkit import Chem
    except ImportError:
        raise MissingExtra("rdkit", EXTRA) from None
    return Chem


def quiet() -> Any:
    """Return a context in which RDKit's own remarks are not written to the standard error stream."""
    from rdkit.rdBase import BlockLogs

    return BlockLogs()


@lru_cache(maxsize=4_096)
def read_smiles(text: str) -> Any:
    """Return the molecule of a SMILES; None where RDKit cannot read it, or it is too long. It is not to be changed.

    >>> read_smiles("CCO").GetNumHeavyAtoms(), read_smiles("CC and more"), read_smiles("C1CC")
    (3, None, None)
    """
    Chem = rdkit_chem()
    text = text.strip()
    if not text or len(text) > MAX_SMILES or any(map(str.isspace, text)):  # RDKit takes the second word for a name
        return None
    with quiet():
        molecule = Chem.MolFromSmiles(text)
    return None if molecule is None or not molecule.GetNumAtoms() else molecule


@lru_cache(maxsize=1 << 16)
def canonical_smiles(text: str) -> str | None:
    """Return the canonical SMILES of a molecule, by which molecules are the same; None where it cannot be read.

    Numbers of atoms in a reaction (``[CH3:1]``) do not count; isotopes and stereochemistry do.

    >>> canonical_smiles("OCC") == canonical_smiles("CCO") == canonical_smiles("[CH3:7]CO"), canonical_smiles("C1CC")
    (True, None)
    """
    Chem = rdkit_chem()
    molecule = read_smiles(text)
    if molecule is None:
        return None
    with quiet():
        if any(atom.GetAtomMapNum() for atom in molecule.GetAtoms()):
            molecule = Chem.Mol(molecule)
            for atom in molecule.GetAtoms():
                atom.SetAtomMapNum(0)
            molecule = Chem.MolFromSmiles(Chem.MolToSmiles(molecule))
        return None if molecule is None else str(Chem.MolToSmiles(molecule))


def smiles_fault(text: str) -> Fault | None:
    """Return what is wrong with a text as the SMILES of a molecule, or None.

    Raises
    ------
    MissingExtra
        If RDKit is not installed.

    Examples
    --------
    >>> print(smiles_fault("C1CC"))
    'C1CC' is no molecule that RDKit can read; give its SMILES
    >>> smiles_fault("c1ccccc1") is None
    True
    """
    if len(text) > MAX_SMILES:
        what = f"{text[:20]!r}... is a SMILES of {len(text):,} characters"
        return Fault(what, f"give molecules of at most {MAX_SMILES:,} characters")
    if canonical_smiles(text) is None:
        return Fault(f"{text!r} is no molecule that RDKit can read", "give its SMILES")
    return None
