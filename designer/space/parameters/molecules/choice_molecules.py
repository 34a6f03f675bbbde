"""The molecules of a parameter's choices: from its SMILES, or from choices whose names are SMILES.

Their descriptors are features by default, where RDKit is installed and reads every one of them: on eight
reaction tables they saved a tenth of the experiments (docs/decisions/022-two-experts.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray
from designer.errors import InvalidInput, MissingExtra

_STRUCTURE = re.compile(r"[()\[\]=#@/\\]|[A-Za-z]\d")
"""What a SMILES of more than a chain has, and a plain name rarely: branches, bonds, rings, brackets."""


@dataclass(frozen=True, eq=False)
class ChoiceMolecules:
    """The descriptors of the molecules of a parameter's choices, or why there are none.

    Parameters
    ----------
    names, table
        The descriptors' names and their values (choices x names); empty where `reason` is given.
    from_names
        Whether the choices themselves are the SMILES.
    reason
        Why the descriptors cannot be used.
    """

    names: tuple[str, ...]
    table: FloatArray
    from_names: bool = False
    reason: str | None = None


def choice_molecules(choices: Sequence[str], smiles: Mapping[str, str] | None) -> ChoiceMolecules | None:
    """Return the descriptors of choices with SMILES, or whose names are SMILES; None where they are no molecules."""
    from_names = smiles is None
    if from_names and not _look_like_smiles(choices):
        return None
    texts = list(choices) if smiles is None else [smiles[choice] for choice in choices]
    nothing = np.empty((len(choices), 0))
    try:
        from designer.chemistry.molecules import NAMES, molecule_descriptors

        return ChoiceMolecules(NAMES, molecule_descriptors(texts), from_names)
    except MissingExtra as error:
        return ChoiceMolecules((), nothing, from_names, str(error))
    except InvalidInput as error:
        if from_names:
            return None  # names that only look like SMILES
        return ChoiceMolecules((), nothing, from_names, str(error.faults[0]))


def _look_like_smiles(choices: Sequence[str]) -> bool:
    """Whether names may be SMILES: no blanks, and most of them have branches, rings, brackets or double bonds.

    >>> _look_like_smiles(["CC(C)=O", "c1ccccc1", "CO"]), _look_like_smiles(["CO", "N2", "air"])
    (True, False)
    """
    if len(choices) < 2 or any(" " in choice for choice in choices):
        return False
    return sum(bool(_STRUCTURE.search(choice)) for choice in choices) * 2 > len(choices)
