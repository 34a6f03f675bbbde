"""Latin hypercubes and Sobol sequences in a space: points of the unit cube, each at a setting of every parameter."""

from __future__ import annotations

import math

import numpy as np

from designer.arrays import FloatArray
from designer.space import DesignSpace, NumericParameter, ParameterBase, ShareParameter
from designer.space.parameters.fixed import FixedParameter
from designer.space.walking import distinct

_MAX_POINTS = 2**14
_APART = 0.125  # of the range of a parameter that may also be 0: this share of the points has 0


def sequence(space: DesignSpace, kind: str, number: int, rng: np.random.Generator) -> FloatArray:
    """Return valid distinct designs of a Latin hypercube or a Sobol sequence (``number x c``, fewer where fewer exist).

    Where constraints (or equal settings) leave too few of them, the points are as many more as it takes.
    """
    if space.pool is not None:
        number = min(number, int(space.within(space.pool.coordinates).sum()))
    points = number
    while True:
        designs = _of_pool(space, _settings(space, _points(kind, _dimensions(space), points, rng)))
        found = distinct(designs[space.valid(designs)])
        if len(found) >= number or points >= _MAX_POINTS:
            return found[:number]
        points = min(_MAX_POINTS, max(points + 1, int(1.2 * points * number / max(len(found), 1))))


def _points(kind: str, dimensions: int, number: int, rng: np.random.Generator) -> FloatArray:
    from scipy.stats import qmc

    if kind == "sobol":
        whole: FloatArray = qmc.Sobol(dimensions, rng=rng).random_base2(math.ceil(math.log2(max(number, 2))))
        return whole[:number]
    result: FloatArray = qmc.LatinHypercube(dimensions, rng=rng).random(number)
    return result


def _dimensions(space: DesignSpace) -> int:
    return max(1, sum(_width(parameter) for parameter in space.parameters))


def _width(parameter: ParameterBase) -> int:
    if isinstance(parameter, FixedParameter):
        return 0
    return parameter.width - 1 if isinstance(parameter, ShareParameter) else 1


def _settings(space: DesignSpace, points: FloatArray) -> FloatArray:
    """Return designs (``n x c``) from points of the unit cube (``n x d``)."""
    designs = np.empty((len(points), space.width))
    start = 0
    for parameter, part in space.parts():
        width = _width(parameter)
        designs[:, part] = _setting(parameter, points[:, start : start + width])
        start += width
    return space.conditions.filled(designs)


def _setting(parameter: ParameterBase, points: FloatArray) -> FloatArray:
    if isinstance(parameter, FixedParameter):
        return np.repeat(parameter.setting, len(points), axis=0)
    if isinstance(parameter, ShareParameter):
        ends = np.sort(points, axis=1)
        shares = np.diff(np.column_stack([np.zeros(len(ends)), ends, np.ones(len(ends))]), axis=1)
        return parameter.settle(shares * parameter.units)
    if isinstance(parameter, NumericParameter) and parameter.values is None:
        return _number(parameter, points)
    listed = parameter.enumerate()
    result: FloatArray = listed[np.minimum((points[:, 0] * len(listed)).astype(int), len(listed) - 1)]
    return result


def _number(parameter: NumericParameter, points: FloatArray) -> FloatArray:
    share = (points - _APART) / (1 - _APART) if parameter.zero_or else points
    inside = np.clip(share, 0.0, 1.0)
    low, high = parameter.low, parameter.high
    if parameter.scale == "log":
        values = low * (high / low) ** inside
    else:
        edge = parameter.step / 2 if parameter.step is not None else 0.0  # every step has an equal share
        values = low - edge + inside * (high - low + 2 * edge)
    settings = parameter.snap(np.clip(values, low, high))
    return np.where(share < 0, 0.0, settings) if parameter.zero_or else settings


def _of_pool(space: DesignSpace, designs: FloatArray) -> FloatArray:
    """Return the designs themselves, or for each the nearest candidate that is not taken."""
    if space.pool is None:
        return designs
    from scipy.spatial.distance import cdist

    rows = space.pool.coordinates[space.within(space.pool.coordinates)]
    features, wanted = space.encoder.encode(rows), space.encoder.encode(designs)
    chosen: list[int] = []
    free = np.ones(len(rows), dtype=np.bool_)
    for point in wanted[: len(rows)]:
        distances = np.where(free, cdist(point[None], features)[0], np.inf)
        chosen.append(int(np.argmin(distances)))
        free[chosen[-1]] = False
    return rows[chosen]
