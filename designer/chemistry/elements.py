"""Properties of the chemical elements as one array: 118 elements x properties, with no gap in it.

The values are pymatgen's (`element_properties.csv`, written by `_element_source`). Only properties that pymatgen has
for all, or all but a few, elements up to plutonium are in the table; patchy ones (elastic moduli, resistivity,
hardness, calculated radius) are left out. The gaps that remain, in noble gases, At, Fr, Pa and beyond Pu, are filled
from chemical relatives, never with zero:

* a lanthanide or actinide takes the mean of its nearest known neighbours to the left and right within its series
  (so the boiling point of Pa lies between those of Th and U);
* any other element takes the mean of the nearest known ones above and below in its group
  (so Kr and Xe take the atomic radius of Ar).

`ElementTable.filled` marks these values.

References
----------
S. P. Ong et al., Python Materials Genomics (pymatgen), Comput. Mater. Sci. 68 (2013) 314-319.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from designer.arrays import BoolArray, FloatArray, IndexArray
from designer.errors import Fault, InvalidInput
from designer.units import split_header

FloatArray = FloatArray
_SERIES = (range(57, 72), range(89, 104))


@dataclass(frozen=True, eq=False)
class ElementTable:
    """Properties of the elements, in the order of their atomic numbers.

    Attributes
    ----------
    symbols
        The 118 symbols.
    names, units
        One name and one unit (or None) a property.
    values
        118 x p, finite, read-only.
    filled
        118 x p, true where pymatgen has no value and a similar element's value is used.
    """

    symbols: tuple[str, ...]
    names: tuple[str, ...]
    units: tuple[str | None, ...]
    values: FloatArray
    filled: BoolArray

    def rows(self, symbols: Sequence[str]) -> FloatArray:
        """Return the properties of `symbols`, e x p.

        Raises
        ------
        InvalidInput
            Naming every symbol that is no element.
        """
        return self.values[element_indices(symbols)]

    def column(self, name: str) -> FloatArray:
        """Return one property of all 118 elements.

        >>> element_table().column("atomic_number")[:3]
        array([1., 2., 3.])
        """
        return self.values[:, self.names.index(name)]


@cache
def element_table() -> ElementTable:
    """Return the table (read once)."""
    text = files("designer.chemistry").joinpath("element_properties.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    names, units = zip(*(split_header(title) for title in header[1:]), strict=True)
    known = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows])
    values = _fill(known, known[:, names.index("group")])
    values.flags.writeable = False
    return ElementTable(tuple(row[0] for row in rows), names, units, values, np.isnan(known))


@cache
def _index() -> dict[str, int]:
    return {symbol: index for index, symbol in enumerate(element_table().symbols)}


def element_indices(symbols: Sequence[str]) -> IndexArray:
    """Return the rows of `symbols` in the table: atomic number - 1.

    Raises
    ------
    InvalidInput
        Naming every symbol that is no element.

    Examples
    --------
    >>> element_indices(["Fe", "H"])
    array([25,  0])
    """
    index = _index()
    faults = [
        Fault(f"{symbol!r} is no element", "give the symbol of an element, such as Fe", path=(place,))
        for place, symbol in enumerate(symbols)
        if symbol not in index
    ]
    if faults:
        raise InvalidInput(faults)
    return np.array([index[symbol] for symbol in symbols], dtype=np.intp)


def _fill(known: FloatArray, group: FloatArray) -> FloatArray:
    """Return `known` (118 x p) with each NaN replaced by the mean of the nearest relatives that have a value."""
    values = known.copy()
    for row, column in np.argwhere(np.isnan(known)):
        relatives = _relatives(int(row), group)
        relatives = relatives[~np.isnan(known[relatives, column])]
        before, after = relatives[relatives < row][-1:], relatives[relatives > row][:1]
        values[row, column] = known[np.concatenate([before, after]), column].mean()
    return values


def _relatives(row: int, group: FloatArray) -> IndexArray:
    numbers = np.arange(1, len(group) + 1)
    for series in _SERIES:
        if row + 1 in series:
            return np.flatnonzero(np.isin(numbers, series))
    main = ~np.isin(numbers, [*_SERIES[0], *_SERIES[1]])
    return np.flatnonzero((group == group[row]) & main)
