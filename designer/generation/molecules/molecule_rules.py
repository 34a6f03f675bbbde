"""Which molecules may be proposed: size, synthetic accessibility, and conditions over RDKit's descriptors."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, model_validator

from designer.arrays import BoolArray
from designer.documents import Value
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.generation.molecules.halves import rdkit_chem
from designer.space.constraints.constraint import Constraint, bind
from designer.space.parameters.references import Reference

NAME = "molecule"
"""What a molecule is called in conditions: ``molecule.MolWt <= 500``."""


class MoleculeRules(Value):
    """What every proposed molecule satisfies.

    Parameters
    ----------
    max_heavy_atoms
        The largest number of atoms beside hydrogen.
    max_accessibility
        The largest synthetic accessibility score, from 1 (easy to make) to 10 (Ertl and Schuffenhauer 2009).
    conditions
        Conditions in the grammar of campaign files over RDKit's descriptors: ``molecule.MolWt <= 500``.

    Raises
    ------
    InvalidInput
        With every fault.

    Examples
    --------
    >>> rules = MoleculeRules(conditions=["molecule.MolWt <= 60", "molecule.NumHDonors >= 1"])
    >>> rules.allows(["CCO", "CCC", "OCCCCCC"]).tolist()
    [True, False, False]
    """

    max_heavy_atoms: int = Field(default=60, ge=2, le=200)
    max_accessibility: float = Field(default=6.0, ge=1, le=10)
    conditions: tuple[Constraint, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, data: Any) -> Any:
        if isinstance(data, dict) and "conditions" in data:
            texts = [each if isinstance(each, Constraint) else {"text": each} for each in data["conditions"]]
            return {**data, "conditions": texts}
        return data

    @model_validator(mode="after")
    def _bound(self) -> MoleculeRules:
        faults = []
        for i, condition in enumerate(self.conditions):
            try:
                self._satisfied(condition, ["C"])
            except InvalidInput as error:
                faults += [fault.at(path=("conditions", i)) for fault in error.faults]
        if faults:
            raise InvalidInput(faults)
        return self

    def allows(self, smiles: Sequence[str]) -> BoolArray:
        """Return which molecules (canonical SMILES) satisfy all rules."""
        Chem = rdkit_chem()
        mask = np.zeros(len(smiles), dtype=np.bool_)
        for i, text in enumerate(smiles):
            molecule = Chem.MolFromSmiles(text)
            mask[i] = molecule.GetNumHeavyAtoms() <= self.max_heavy_atoms and "." not in text
        small = np.flatnonzero(mask)
        for condition in self.conditions:
            small = small[self._satisfied(condition, [smiles[i] for i in small.tolist()])] if len(small) else small
        good = [i for i in small.tolist() if accessibility(smiles[i]) <= self.max_accessibility]
        mask[:] = False
        mask[good] = True
        return mask

    @staticmethod
    def _satisfied(condition: Constraint, smiles: Sequence[str]) -> BoolArray:
        values = partial(_descriptor, tuple(smiles))
        reference = Reference(0, unusable="is a molecule, not a number", properties=values)
        indices = np.arange(len(smiles), dtype=np.float64)[:, None]
        return np.asarray(bind(condition, {NAME: reference}, (NAME,)).satisfied(indices), dtype=np.bool_)


def _descriptor(smiles: tuple[str, ...], name: str) -> tuple[Fraction | None, ...]:
    """Return a descriptor of RDKit for molecules (``n``); None where it is not finite, which satisfies no condition.

    Raises
    ------
    InvalidInput
        If RDKit has no such descriptor.
    """
    Chem = rdkit_chem()
    known = _descriptors()
    if name not in known:
        raise InvalidInput(Fault(f"a molecule has no property {name!r}", did_you_mean(name, sorted(known))))
    values = [float(known[name](Chem.MolFromSmiles(text))) for text in smiles]
    return tuple(Fraction(repr(value)) if math.isfinite(value) else None for value in values)


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
    return float(_scorer().calculateScore(rdkit_chem().MolFromSmiles(smiles)))


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
