"""Oxidation states of the elements, and formulas whose charges can balance.

The states are pymatgen's: the common ones, and those of at least 1 % of an element's entries in the Inorganic Crystal
Structure Database. All atoms of an element have one state, or two neighbouring ones of the same sign (Fe3O4).

References
----------
S. P. Ong et al., Python Materials Genomics (pymatgen), Comput. Mater. Sci. 68 (2013) 314-319. D. W. Davies et al.,
Computational screening of all stoichiometric inorganic materials, Chem 1 (2016) 617-627: charge balance and the order
of electronegativities as a filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np

from designer.chemistry.elements import element_table
from designer.chemistry.symbols import KNOWN_SYMBOLS

Charges = tuple[tuple[int, float], ...]
"""Pairs of a total charge of all atoms of an element and their mean oxidation state."""


@cache
def oxidation_states(symbol: str) -> tuple[int, ...]:
    """Return the oxidation states of an element but 0, the common ones first; none for one that is not known.

    >>> oxidation_states("Fe"), oxidation_states("O"), oxidation_states("Ar")
    ((2, 3), (-2,), ())
    """
    from pymatgen.core.periodic_table import Element

    if symbol not in KNOWN_SYMBOLS:
        return ()
    element = Element(symbol)
    states = (*element.common_oxidation_states, *element.icsd_oxidation_states)
    return tuple(int(state) for state in dict.fromkeys(states) if state)


@cache
def electronegativities() -> Mapping[str, float]:
    """Return the electronegativity (Pauling) of each element that has one."""
    table = element_table()
    column = table.names.index("electronegativity")
    known = np.where(table.filled[:, column], np.nan, table.values[:, column])
    return {symbol: float(value) for symbol, value in zip(table.symbols, known, strict=True) if value == value}


@lru_cache(maxsize=1 << 15)
def _charges(symbol: str, amount: int, sign: int) -> Charges:
    """Return the charges that `amount` atoms can have: positive or negative ones alone where `sign` is 1 or -1."""
    states = [state for state in oxidation_states(symbol) if sign == 0 or state * sign > 0]
    found = {amount * state: float(state) for state in states}
    ordered = sorted(states)
    for low, high in pairwise(ordered):
        if low * high > 0:
            for count in range(1, amount):
                charge = count * low + (amount - count) * high
                found.setdefault(charge, charge / amount)
    return tuple(found.items())


def _sums(amounts: Sequence[tuple[str, int]], sign: int) -> dict[int, tuple[float, ...]]:
    """Return each total charge that elements can have together, with one mean state for each element."""
    sums: dict[int, tuple[float, ...]] = {0: ()}
    for symbol, amount in amounts:
        charges = _charges(symbol, amount, sign)
        longer: dict[int, tuple[float, ...]] = {}
        for total, states in sums.items():
            for charge, state in charges:
                if total + charge not in longer:
                    longer[total + charge] = (*states, state)
        sums = longer
    return sums


def balanced_states(amounts: Mapping[str, int], *, electronegativity: bool = True) -> dict[str, float] | None:
    """Return mean oxidation states with which a formula is neutral, or None where there are none.

    Parameters
    ----------
    amounts
        The number of atoms of each element.
    electronegativity
        Whether every element with a positive state must be less electronegative than every one with a negative state.

    Examples
    --------
    >>> balanced_states({"Ba": 1, "Ti": 1, "O": 3})
    {'Ba': 2.0, 'Ti': 4.0, 'O': -2.0}
    >>> balanced_states({"Fe": 3, "O": 4})["Fe"].__round__(2), balanced_states({"Ba": 1, "O": 3})
    (2.67, None)
    """
    if not electronegativity:
        states = _sums([*amounts.items()], 0).get(0)
        return dict(zip(amounts, states, strict=True)) if states else None
    scale = electronegativities()
    if any(symbol not in scale for symbol in amounts):
        return None
    ordered = sorted(amounts.items(), key=lambda item: scale[item[0]])
    for split in range(1, len(ordered)):
        cations, anions = ordered[:split], ordered[split:]
        if scale[cations[-1][0]] >= scale[anions[0][0]]:
            continue
        negative = _sums(anions, -1)
        if not negative:
            continue
        for charge, positive in _sums(cations, 1).items():
            if -charge in negative:
                found = zip(ordered, (*positive, *negative[-charge]), strict=True)
                by_symbol = {symbol: state for (symbol, _), state in found}
                return {symbol: by_symbol[symbol] for symbol in amounts}
    return None
