"""Descriptors of elements as features of compositions and formulas."""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray
from designer.chemistry.descriptors import descriptor_names, descriptors
from designer.chemistry.elements import element_table
from designer.space.parameters.features import scaled_columns


class ElementFeatures:
    """Element descriptors of fractions of fixed elements, scaled to between 0 and 1."""

    def __init__(self, elements: tuple[str, ...]) -> None:
        table = element_table()
        self._properties, varying = scaled_columns(table.rows(elements))
        names = descriptor_names([table.names[i] for i in varying])
        number = len(elements)
        self.names = names if number > 1 else ()
        # The last two columns are the mixing entropy, at most ln e, and the number of elements, 1 to e.
        self._offset = np.zeros(len(names))
        self._offset[-1] = 1.0
        self._span = np.ones(len(names))
        self._span[-2:] = np.log(max(number, 2)), max(number - 1, 1)

    def __call__(self, fractions: FloatArray) -> FloatArray:
        if not self.names:
            return np.empty((len(fractions), 0))
        return (descriptors(fractions, self._properties) - self._offset) / self._span
