"""How far apart designs are, in a way that a person at the bench can follow: parameter by parameter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from designer.space import DesignSpace
from designer.space.encoding import Encoder

Floats = npt.NDArray[np.float64]


def parameter_distances(space: DesignSpace, first: Floats, second: Floats) -> Floats:
    """Return the distances in each parameter (``n x m x p``) between designs (``n x c``) and (``m x c``).

    A number: the difference as a share of its range, on its own scale. A choice: 0 or 1. A composition, mixture or
    formula: the share of it that would have to be exchanged (half the sum of the differences of all shares). So every
    distance within the bounds lies between 0 and 1.
    """
    encoder = Encoder(space, descriptors=False)
    a, b = encoder.encode(first), encoder.encode(second)
    names = [parameter.name for parameter in space.parameters]
    result = np.zeros((len(first), len(second), len(names)))
    for i, column in enumerate(encoder.columns):
        weight = 1.0 if column.role == "numeric" else 0.5
        result[:, :, names.index(column.parameter)] += weight * np.abs(a[:, None, i] - b[None, :, i])
    return result


def distances(space: DesignSpace, first: Floats, second: Floats) -> Floats:
    """Return one distance (``n x m``) a pair: the root mean square of those in each parameter."""
    rms: Floats = np.sqrt((parameter_distances(space, first, second) ** 2).mean(axis=-1))
    return rms


def clearly_different(space: DesignSpace, design: Floats, others: Floats, least: float = 0.2) -> npt.NDArray[np.bool_]:
    """Return which designs (``n x c``) differ from `design` (``c``) by at least `least` in some parameter."""
    if not len(others):
        return np.zeros(0, dtype=bool)
    apart: npt.NDArray[np.bool_] = parameter_distances(space, design[None, :], others)[0].max(axis=-1) >= least - 1e-9
    return apart
