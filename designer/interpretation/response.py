"""Predictions around one design: along each parameter, over two parameters, over three shares (ternary)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray
from designer.space import DesignSpace, ShareParameter
from designer.space.parameters.categorical import CategoricalParameter
from designer.space.parameters.numeric import NumericParameter

Predict = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""From designs (``n x c``) to means and standard deviations (``n x m`` each)."""

_POINTS, _GRID, _TERNARY = 41, 25, 20


@dataclass(frozen=True, eq=False)
class Slice:
    """Predictions along one parameter; all others are those of one design.

    Parameters
    ----------
    parameter, member
        What changes; in a composition or mixture its `member`, while the others keep their proportions.
    positions
        ``n`` settings in lab units; of a choice 0, 1, ..., named by `labels`.
    here
        The design's own setting.
    mean, sd
        ``n x m``.
    """

    parameter: str
    unit: str | None
    positions: FloatArray
    here: float
    mean: FloatArray
    sd: FloatArray
    member: str | None = None
    labels: tuple[str, ...] = ()
    log: bool = False


@dataclass(frozen=True, eq=False)
class PairMap:
    """Predictions over two numeric parameters; all others are those of one design. Grids are ``b x a x m``."""

    names: tuple[str, str]
    units: tuple[str | None, str | None]
    logs: tuple[bool, bool]
    first: FloatArray
    second: FloatArray
    mean: FloatArray
    sd: FloatArray


@dataclass(frozen=True, eq=False)
class Ternary:
    """Predictions over three members of a composition or mixture.

    Parameters
    ----------
    members
        The three; `rest` holds the fixed amounts of the others.
    shares
        ``n x 3`` shares of the three, of sum 1.
    mean, sd
        ``n x m``.
    here
        The design's own shares of the three.
    """

    parameter: str
    members: tuple[str, str, str]
    rest: tuple[tuple[str, float], ...]
    shares: FloatArray
    mean: FloatArray
    sd: FloatArray
    here: FloatArray


def slices_through(predict: Predict, space: DesignSpace, x: FloatArray) -> list[Slice]:
    """Return slices through the design `x` (``c``) for each parameter that exists in it; formulas have none."""
    exists = np.flatnonzero(space.conditions.exists(x[None])[0])
    return [each for i in exists.tolist() for each in _slices(predict, space, x, i)]


def _slices(predict: Predict, space: DesignSpace, x: FloatArray, index: int) -> Iterator[Slice]:
    parameter, part = space.parameters[index], space.slices[index]
    if isinstance(parameter, NumericParameter):
        if parameter.low == parameter.high:
            return
        log = parameter.scale == "log"
        positions = _axis(parameter.low, parameter.high, _POINTS, log)
        if parameter.zero_or and not log:
            positions = np.sort(np.append(positions, 0.0))
        mean, sd = predict(_changed(x, part, positions[:, None]))
        unit = parameter.unit
        yield Slice(parameter.name, unit, positions, float(x[part.start]), mean, sd, log=log)
    elif isinstance(parameter, CategoricalParameter):
        positions = np.arange(parameter.count, dtype=float)
        mean, sd = predict(_changed(x, part, positions[:, None]))
        yield Slice(parameter.name, None, positions, float(x[part.start]), mean, sd, labels=parameter.choices)
    elif isinstance(parameter, ShareParameter):
        step = float(parameter.exact_step)
        for i, member in enumerate(parameter.members):
            limits = parameter.amounts.members[i]
            low = 0 if limits.zero else limits.low
            if limits.high <= low or x[part][i] >= parameter.units:
                continue
            amounts = np.linspace(low, min(limits.high, parameter.units), _POINTS)
            mean, sd = predict(_changed(x, part, _with_amount(x[part], i, amounts)))
            own = float(x[part][i]) * step
            yield Slice(parameter.name, parameter.share_unit, amounts * step, own, mean, sd, member=member)


def _axis(low: float, high: float, count: int, log: bool) -> FloatArray:
    return np.geomspace(low, high, count) if log else np.linspace(low, high, count)


def _changed(x: FloatArray, part: slice, values: FloatArray) -> FloatArray:
    rows = np.repeat(x[None], len(values), axis=0)
    rows[:, part] = values
    return rows


def _with_amount(shares: FloatArray, member: int, amounts: FloatArray) -> FloatArray:
    """Return shares (``n x e``) with one member at each amount, the others keeping their proportions."""
    total = shares.sum()
    rows = shares[None] * ((total - amounts) / (total - shares[member]))[:, None]
    rows[:, member] = amounts
    kept: FloatArray = np.maximum(rows, 0.0)
    return kept


def pair_map(predict: Predict, space: DesignSpace, x: FloatArray, first: str, second: str) -> PairMap:
    """Return the predictions over two numeric parameters around the design `x` (``c``)."""
    order = [parameter.name for parameter in space.parameters]
    axes, parts, logs, units = [], [], [], []
    for name in (first, second):
        parameter = space.parameter(name)
        assert isinstance(parameter, NumericParameter)
        log = parameter.scale == "log"
        axes.append(_axis(parameter.low, parameter.high, _GRID, log))
        parts.append(space.slices[order.index(name)].start)
        logs.append(log)
        units.append(parameter.unit)
    a, b = np.meshgrid(*axes)
    rows = np.repeat(x[None], a.size, axis=0)
    rows[:, parts[0]], rows[:, parts[1]] = a.ravel(), b.ravel()
    mean, sd = predict(rows)
    shape = (*a.shape, -1)
    return PairMap(
        names=(first, second),
        units=(units[0], units[1]),
        logs=(logs[0], logs[1]),
        first=axes[0],
        second=axes[1],
        mean=mean.reshape(shape),
        sd=sd.reshape(shape),
    )


def ternary(predict: Predict, space: DesignSpace, x: FloatArray, name: str, members: tuple[str, str, str]) -> Ternary:
    """Return the predictions over three members of a composition or mixture around the design `x` (``c``)."""
    names = [parameter.name for parameter in space.parameters]
    parameter, part = space.parameter(name), space.slices[names.index(name)]
    assert isinstance(parameter, ShareParameter)
    places = [parameter.members.index(member) for member in members]
    free = float(x[part][places].sum())
    if free <= 0:
        raise ValueError(f"the design has none of {', '.join(members)}: choose others")
    corners = np.array([(i, j, _TERNARY - i - j) for i in range(_TERNARY + 1) for j in range(_TERNARY + 1 - i)])
    shares = corners / _TERNARY
    rows = np.repeat(x[None], len(shares), axis=0)
    rows[:, [part.start + i for i in places]] = shares * free
    mean, sd = predict(rows)
    step = float(parameter.exact_step)
    rest = tuple(
        (member, float(x[part][i]) * step)
        for i, member in enumerate(parameter.members)
        if i not in places and x[part][i] > 0
    )
    return Ternary(name, members, rest, shares, mean, sd, x[part][places] / free)
