"""Which molecules may be proposed: size, synthetic accessibility, and substructures that do not occur."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import Field, model_validator

from designer.arrays import BoolArray
from designer.chemistry.molecule_properties import accessibility
from designer.chemistry.smiles import MAX_SMILES, quiet, rdkit_chem, read_smiles
from designer.documents import Value
from designer.errors import Fault, InvalidInput


class MoleculeLimits(Value):
    """What every proposed molecule satisfies.

    Parameters
    ----------
    max_heavy_atoms
        The largest number of atoms beside hydrogen.
    max_accessibility
        The largest synthetic accessibility score, from 1 (easy to make) to 10 (Ertl and Schuffenhauer 2009).
    exclude
        Substructures that do not occur, as SMARTS: ``[N+](=O)[O-]`` for nitro groups.

    Raises
    ------
    InvalidInput
        With every fault.

    Examples
    --------
    >>> limits = MoleculeLimits(max_heavy_atoms=10, exclude=["[N+](=O)[O-]"])
    >>> limits.violations("Cc1ccccc1[N+](=O)[O-]")
    ['it has the excluded substructure [N+](=O)[O-]']
    >>> limits.allows(["CCO", "CCCCCCCCCCCC", "CC.O"]).tolist()
    [True, False, False]
    """

    max_heavy_atoms: int = Field(default=60, ge=2, le=200)
    max_accessibility: float = Field(default=6.0, ge=1, le=10)
    exclude: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check_patterns(self) -> MoleculeLimits:
        faults = [
            Fault(f"{text[:80]!r} is no substructure that RDKit can read", "give its SMARTS", path=("exclude", i))
            for i, (text, pattern) in enumerate(zip(self.exclude, self._patterns, strict=True))
            if pattern is None
        ]
        if faults:
            raise InvalidInput(faults)
        return self

    @cached_property
    def _patterns(self) -> tuple[Any, ...]:
        if not self.exclude:
            return ()
        Chem = rdkit_chem()
        with quiet():
            return tuple(
                Chem.MolFromSmarts(text) if text.strip() and len(text) <= MAX_SMILES else None for text in self.exclude
            )

    def violations(self, smiles: str) -> list[str]:
        """Return in words how a molecule leaves the limits; nothing if it does not."""
        molecule = read_smiles(smiles)
        if molecule is None:
            return ["it cannot be read"]
        found = [
            f"it has the excluded substructure {text}"
            for text, pattern in zip(self.exclude, self._patterns, strict=True)
            if molecule.HasSubstructMatch(pattern)
        ]
        if "." in smiles:
            found.append("it has several parts")
        if molecule.GetNumHeavyAtoms() > self.max_heavy_atoms:
            found.append(f"{molecule.GetNumHeavyAtoms()} heavy atoms are more than {self.max_heavy_atoms}")
        elif not found and (score := accessibility(smiles)) > self.max_accessibility:
            found.append(f"its synthetic accessibility score is {score:.1f}, more than {self.max_accessibility:g}")
        return found

    def allows(self, smiles: Sequence[str]) -> BoolArray:
        """Return which molecules (SMILES, ``n``) keep the limits."""
        return np.array([not self.violations(text) for text in smiles], dtype=np.bool_)
