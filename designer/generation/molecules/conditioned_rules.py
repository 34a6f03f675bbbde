"""Which molecules may be proposed: their limits, and conditions over RDKit's descriptors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from pydantic import model_validator

from designer.arrays import BoolArray
from designer.chemistry.molecule_properties import molecule_values
from designer.chemistry.molecule_rules import MoleculeLimits
from designer.errors import InvalidInput
from designer.space.constraints.constraint import Constraint, bind
from designer.space.parameters.references import Reference

NAME = "molecule"
"""What a molecule is called in conditions: ``molecule.MolWt <= 500``."""


class MoleculeRules(MoleculeLimits):
    """What every proposed molecule satisfies: `MoleculeLimits`, and conditions.

    Parameters
    ----------
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
        """Return which molecules (SMILES, ``n``) keep the limits and satisfy the conditions."""
        mask = np.ones(len(smiles), dtype=np.bool_)
        for condition in self.conditions:
            mask &= self._satisfied(condition, smiles)
        good = np.flatnonzero(mask)
        mask[good] = super().allows([smiles[i] for i in good.tolist()])
        return mask

    @staticmethod
    def _satisfied(condition: Constraint, smiles: Sequence[str]) -> BoolArray:
        values = partial(molecule_values, tuple(smiles))
        reference = Reference(0, unusable="is a molecule, not a number", properties=values, examples=("MolWt", "TPSA"))
        indices = np.arange(len(smiles), dtype=np.float64)[:, None]
        return np.asarray(bind(condition, {NAME: reference}, (NAME,)).satisfied(indices), dtype=np.bool_)
