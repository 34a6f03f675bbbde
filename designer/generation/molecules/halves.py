"""Molecules cut in two at the bonds that BRICS rules name, and two halves joined to another molecule (RDKit).

References
----------
J. Degen, C. Wegscheid-Gerlach, A. Zaliani, M. Rarey, On the Art of Compiling and Using 'Drug-Like' Chemical Fragment
Spaces, ChemMedChem 3 (2008) 1503.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from designer.chemistry.smiles import canonical_smiles, quiet, rdkit_chem, read_smiles


@dataclass(frozen=True, eq=False)
class Half:
    """One side of a molecule that was cut at a bond.

    Parameters
    ----------
    molecule
        The side as an RDKit molecule, with a dummy atom where the other one was.
    own, other
        The BRICS environments (1 to 16) of the atoms at the bond: on this side and on the other.
    text
        Its SMILES.
    source
        The SMILES of the molecule.
    """

    molecule: Any
    own: int
    other: int
    text: str
    source: str


_AROMATIC, _SUBSTITUENT = 17, 18
"""Environments beside those of BRICS: an aromatic carbon, and what it carries outside of its ring."""


@lru_cache(maxsize=20_000)
def halves_of(smiles: str, substituents: bool = False) -> tuple[Half, ...]:
    """Return both sides of every BRICS bond of a molecule whose cut leaves two parts.

    Parameters
    ----------
    substituents
        Whether the other single bonds between an aromatic carbon and an atom outside of rings are cut as well, such as
        those of an azo group or of a halogen: sides of these are joined to each other.

    Examples
    --------
    >>> sorted(half.text for half in halves_of("CCOC(C)=O"))
    ['[1*]C(C)=O', '[3*]OC(C)=O', '[3*]OCC', '[4*]CC']
    >>> [half.text for half in halves_of("Clc1ccccc1", substituents=True)]
    ['[18*]Cl', '[17*]c1ccccc1']
    """
    Chem = rdkit_chem()
    from rdkit.Chem import BRICS

    molecule = read_smiles(smiles)
    if molecule is None or any(atom.GetAtomicNum() == 0 for atom in molecule.GetAtoms()):
        return ()
    found: list[Half] = []
    named = sorted(BRICS.FindBRICSBonds(molecule))  # type: ignore[no-untyped-call]
    bonds = [(pair, tuple(int(label.rstrip("ab")) for label in labels)) for pair, labels in named]
    if substituents:
        known = {frozenset(pair) for pair, _ in bonds}
        bonds += [each for each in _aromatic_bonds(molecule) if frozenset(each[0]) not in known]
    for (i, j), (first, second) in bonds:
        cut = Chem.RWMol(molecule)
        order = cut.GetBondBetweenAtoms(i, j).GetBondType()
        cut.RemoveBond(i, j)
        for atom, label in ((i, first), (j, second)):
            dummy = Chem.Atom(0)
            dummy.SetIsotope(label)
            cut.AddBond(atom, cut.AddAtom(dummy), order)
        with quiet():
            parts = Chem.GetMolFrags(cut.GetMol(), asMols=True, sanitizeFrags=True)
        if len(parts) != 2:  # a bond of a ring
            continue
        for part in parts:
            own = int(part.GetAtomWithIdx(part.GetNumAtoms() - 1).GetIsotope())
            other = second if own == first else first
            found.append(Half(part, own, other, str(Chem.MolToSmiles(part)), smiles))
    return tuple(found)


def _aromatic_bonds(molecule: Any) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return the single bonds between an aromatic carbon and an atom outside of rings, with their environments."""
    found = []
    for bond in molecule.GetBonds():
        ends = bond.GetBeginAtom(), bond.GetEndAtom()
        aromatic = [end.GetIsAromatic() and end.GetAtomicNum() == 6 for end in ends]
        free = [not end.IsInRing() for end in ends]
        if bond.GetBondTypeAsDouble() == 1.0 and any(aromatic) and any(free):
            labels = (_AROMATIC, _SUBSTITUENT) if aromatic[0] else (_SUBSTITUENT, _AROMATIC)
            found.append(((ends[0].GetIdx(), ends[1].GetIdx()), labels))
    return found


@cache
def environments_of_a_bond() -> Mapping[int, frozenset[int]]:
    """Return for each BRICS environment those that the rules join it to.

    >>> sorted(environments_of_a_bond()[1])
    [3, 5, 10]
    """
    rdkit_chem()
    from rdkit.Chem import BRICS

    found: dict[int, set[int]] = {_AROMATIC: {_SUBSTITUENT}, _SUBSTITUENT: {_AROMATIC}}
    for group in BRICS.reactionDefs:
        for labels in group:
            first, second = (int(label.rstrip("ab")) for label in labels[:2])
            found.setdefault(first, set()).add(second)
            found.setdefault(second, set()).add(first)
    return {label: frozenset(others) for label, others in found.items()}


@lru_cache(maxsize=1 << 16)
def joined(first: Half, second: Half) -> str | None:
    """Return the canonical SMILES of the molecule of two halves; None where it has no sound valences.

    >>> acid, amine = halves_of("CCOC(C)=O"), halves_of("CCN(C)C(C)=O")
    >>> joined(next(h for h in acid if h.text == "[1*]C(C)=O"), next(h for h in amine if h.text == "[5*]N(C)CC"))
    'CCN(C)C(C)=O'
    """
    Chem = rdkit_chem()
    both = Chem.RWMol(Chem.CombineMols(first.molecule, second.molecule))
    # A half's dummy atom is its last one.
    places = (first.molecule.GetNumAtoms() - 1, both.GetNumAtoms() - 1)
    bonds = [both.GetAtomWithIdx(place).GetBonds()[0] for place in places]
    if len({bond.GetBondType() for bond in bonds}) > 1:
        return None
    ends = [bond.GetOtherAtomIdx(place) for bond, place in zip(bonds, places, strict=True)]
    both.AddBond(ends[0], ends[1], bonds[0].GetBondType())
    for place in reversed(places):
        both.RemoveAtom(place)
    with quiet():
        try:
            molecule = both.GetMol()
            Chem.SanitizeMol(molecule)
        except ValueError:  # all of RDKit's faults of valence and aromaticity
            return None
        return canonical_smiles(str(Chem.MolToSmiles(molecule)))
