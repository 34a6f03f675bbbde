"""Weight fractions and atomic fractions, one into the other, by atomic mass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from designer.arrays import FloatArray
from designer.chemistry.elements import element_indices, element_table


def atomic_masses(symbols: Sequence[str]) -> FloatArray:
    """Return the atomic masses of `symbols` in g/mol.

    Raises
    ------
    InvalidInput
        Naming every symbol that is no element.

    Examples
    --------
    >>> atomic_masses(["Fe", "Ni"])
    array([55.845 , 58.6934])
    """
    return element_table().column("atomic_mass")[element_indices(symbols)]


def atomic_from_weight(amounts: ArrayLike, symbols: Sequence[str]) -> FloatArray:
    """Return the atomic fractions of designs given by weight.

    Parameters
    ----------
    amounts
        ``... x e`` amounts by weight, in any one unit (wt.%, grams).
    symbols
        The e elements.

    Returns
    -------
    ``... x e`` atomic fractions that sum to 1 in each row; a row that sums to zero becomes NaN.

    Examples
    --------
    >>> atomic_from_weight([[69.94, 30.06]], ["Fe", "O"]).round(4)   # Fe2O3
    array([[0.4, 0.6]])
    """
    return _normalised(np.asarray(amounts, dtype=np.float64) / atomic_masses(symbols))


def weight_from_atomic(amounts: ArrayLike, symbols: Sequence[str]) -> FloatArray:
    """Return the weight fractions of designs given by atoms; the inverse of `atomic_from_weight`.

    Examples
    --------
    >>> weight_from_atomic([[2, 3]], ["Fe", "O"]).round(4)
    array([[0.6994, 0.3006]])
    """
    return _normalised(np.asarray(amounts, dtype=np.float64) * atomic_masses(symbols))


def _normalised(amounts: FloatArray) -> FloatArray:
    totals = amounts.sum(axis=-1, keepdims=True)
    result: FloatArray = np.divide(amounts, totals, out=np.full_like(amounts, np.nan), where=totals != 0)
    return result
