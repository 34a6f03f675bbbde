"""Distances between designs, parameter by parameter, each between 0 and 1."""

from __future__ import annotations

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.space import DesignSpace
from designer.space.encoding import Encoder

_CLEARLY_DIFFERENT = 0.2


def parameter_distances(space: DesignSpace, first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the distances in each parameter (``n x m x p``) between designs (``n x c``) and (``m x c``).

    Numeric: the difference as a share of the range, on the parameter's own scale. Categorical: 0 or 1. Composition,
    mixture or formula: half the sum of the differences of all shares (the total variation distance). Molecule: the
    same of the substructure counts, of length 1, and at most 1.
    """
    encoder = Encoder(space, descriptors=False)
    a, b = encoder.encode(first), encoder.encode(second)
    names = [parameter.name for parameter in space.parameters]
    result = np.zeros((len(first), len(second), len(names)))
    for i, column in enumerate(encoder.columns):
        weight = 1.0 if column.role == "numeric" else 0.5
        result[:, :, names.index(column.parameter)] += weight * np.abs(a[:, None, i] - b[None, :, i])
    return np.minimum(result, 1.0)


def distances(space: DesignSpace, first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the distance of each pair (``n x m``): the root mean square of those in each parameter."""
    rms: FloatArray = np.sqrt((parameter_distances(space, first, second) ** 2).mean(axis=-1))
    return rms


def clearly_different(space: DesignSpace, design: FloatArray, others: FloatArray) -> BoolArray:
    """Return which designs (``n x c``) differ from `design` (``c``) by at least 0.2 in some parameter."""
    if not len(others):
        return np.zeros(0, dtype=bool)
    largest = parameter_distances(space, design[None, :], others)[0].max(axis=-1)
    return np.asarray(largest >= _CLEARLY_DIFFERENT - 1e-9)
