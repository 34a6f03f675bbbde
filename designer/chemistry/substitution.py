"""How likely one element takes the place of another in a compound, from the ions of known crystals.

References
----------
G. Hautier, C. Fischer, V. Ehrlacher, A. Jain, G. Ceder, Data mined ionic substitutions for the discovery of new
compounds, Inorg. Chem. 50 (2011) 656-663; the weights are those of pymatgen's `SubstitutionProbability`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from designer.arrays import FloatArray
from designer.chemistry.symbols import SYMBOLS


@dataclass(frozen=True, eq=False)
class IonTable:
    """The ions of the model: element (index of `SYMBOLS`) and charge of each, and the weights of their pairs."""

    elements: tuple[int, ...]
    charges: tuple[float, ...]
    weights: FloatArray


@cache
def ion_table() -> IonTable:
    """Return pymatgen's table, read once (about one second)."""
    from pymatgen.analysis.structure_prediction.substitution_probability import SubstitutionProbability

    known: Any = SubstitutionProbability()  # type: ignore[no-untyped-call]
    ions = sorted(known.species, key=lambda ion: (ion.Z, ion.oxi_state))
    weights = np.exp([[known.get_lambda(first, second) for second in ions] for first in ions])
    weights.flags.writeable = False
    return IonTable(tuple(ion.Z - 1 for ion in ions), tuple(float(ion.oxi_state) for ion in ions), weights)


@lru_cache(maxsize=1 << 12)
def substitution_weights(symbol: str, state: float | None = None) -> FloatArray:
    """Return how likely each of the 118 elements takes the place of an element; they sum to 1.

    Parameters
    ----------
    state
        The oxidation state of the replaced element; of all its ions together where it is None or the table has no ion
        of the element in this state.

    Returns
    -------
    118 weights, that of the element itself 0; zeros throughout for an element without ions in the table.

    Examples
    --------
    >>> weights = substitution_weights("O", -2.0)
    >>> [SYMBOLS[i] for i in np.argsort(-weights)[:3]]
    ['F', 'S', 'Cl']
    """
    table, element = ion_table(), SYMBOLS.index(symbol)
    own = [i for i, each in enumerate(table.elements) if each == element]
    same = [i for i in own if table.charges[i] == state]
    weights = np.zeros(len(SYMBOLS))
    np.add.at(weights, list(table.elements), table.weights[same or own].sum(axis=0))
    weights[element] = 0.0
    total = weights.sum()
    weights = weights / total if total > 0 else weights
    weights.flags.writeable = False
    return weights
