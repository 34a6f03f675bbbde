"""Descriptors of a composition: statistics of its elements' properties, weighted by atomic fraction.

For each property p of the element table and the elements i that are present with fractions x_i:

* mean       sum x_i p_i
* deviation  sum x_i |p_i - mean|
* minimum, maximum, range (maximum - minimum), over the elements present

and, for the composition as a whole, the ideal mixing entropy -sum x_i ln x_i (in units of the gas constant) and the
number of elements present.

References
----------
L. Ward et al., A general-purpose machine learning framework for predicting properties of inorganic materials,
npj Comput. Mater. 2 (2016) 16028.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from designer.arrays import FloatArray

#: The statistics of each property, in the order of the columns.
STATISTICS = ("mean", "deviation", "minimum", "maximum", "range")
_ROWS = 4096  # rows at a time, so that a pool of a million needs no gigabytes


def descriptor_names(properties: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns that `descriptors` gives for these properties.

    >>> descriptor_names(["row"])
    ('row mean', 'row deviation', 'row minimum', 'row maximum', 'row range', 'mixing entropy', 'number of elements')
    """
    names = [f"{name} {statistic}" for statistic in STATISTICS for name in properties]
    return (*names, "mixing entropy", "number of elements")


def descriptors(fractions: ArrayLike, properties: ArrayLike) -> FloatArray:
    """Return the descriptors of compositions.

    Parameters
    ----------
    fractions
        n x e amounts of the elements; each row is divided by its sum. An amount at or below zero is absent.
    properties
        e x p properties of the elements (`ElementTable.rows`, or scaled values of the caller's own).

    Returns
    -------
    n x (5 p + 2), the columns in the order of `descriptor_names`; NaN throughout for a row with nothing present.

    Examples
    --------
    >>> descriptors([[0.5, 0.5], [1.0, 0.0]], [[26.0], [28.0]]).round(3)
    array([[27.   ,  1.   , 26.   , 28.   ,  2.   ,  0.693,  2.   ],
           [26.   ,  0.   , 26.   , 26.   ,  0.   ,  0.   ,  1.   ]])
    """
    amounts = np.asarray(fractions, dtype=np.float64)
    table = np.asarray(properties, dtype=np.float64)
    result = np.full((len(amounts), len(STATISTICS) * table.shape[1] + 2), np.nan)
    for start in range(0, len(amounts), _ROWS):
        part = amounts[start : start + _ROWS]
        occupied = np.flatnonzero((part > 0).any(axis=1))
        if len(occupied):
            result[start + occupied] = _statistics(part[occupied], table)
    return result


def _statistics(amounts: FloatArray, table: FloatArray) -> FloatArray:
    """Descriptors of rows that each have something present.

    Goes through the first, second, ... element present of all rows at a time: a formula has about 4 elements out of
    the 80 or so that a pool of formulas has in all.
    """
    row, element = np.nonzero(amounts > 0)
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    count = np.diff(starts, append=len(row))
    most = int(count.max())
    place = np.arange(len(row)) - starts[row]
    # A row with fewer elements repeats its first one with no weight, which changes no statistic.
    which = np.repeat(element[starts][:, None], most, axis=1)
    which[row, place] = element
    weight = np.zeros((len(amounts), most))
    weight[row, place] = amounts[row, element]
    weight /= weight.sum(axis=1, keepdims=True)
    values = [table[which[:, k]] for k in range(most)]
    mean, deviation = np.zeros_like(values[0]), np.zeros_like(values[0])
    lowest, highest = values[0].copy(), values[0].copy()
    for k in range(most):
        mean += weight[:, k, None] * values[k]
        np.minimum(lowest, values[k], out=lowest)
        np.maximum(highest, values[k], out=highest)
    for k in range(most):
        deviation += weight[:, k, None] * np.abs(values[k] - mean)
    entropy = (-weight * np.log(np.where(weight > 0, weight, 1.0))).sum(axis=1)
    return np.column_stack([mean, deviation, lowest, highest, highest - lowest, entropy, count])
