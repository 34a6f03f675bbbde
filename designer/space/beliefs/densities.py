"""Beliefs over the designs of a space: the density of the best design, relative to its highest value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol

import numpy as np

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.space.beliefs.belief import Belief
from designer.space.constraints.constraint import BoundConstraint, Constraint, bind, nearest_names
from designer.space.design_space import DesignSpace
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.lattice import plain
from designer.space.parameters.listed import ListedParameter
from designer.space.parameters.numeric import NumericParameter
from designer.units.conversion import convert, convert_difference
from designer.units.quantities import split_quantity

_GRID = 256  # points of a range over which a density is averaged
_MAX_SPREADS = 3.0  # from `near` to the nearest setting


class _Shape(Protocol):
    """How likely the best design is by one coordinate, or by a condition, between 0 and 1."""

    @property
    def columns(self) -> frozenset[int]:
        """The coordinates it depends on."""
        ...

    def at(self, lab: FloatArray) -> FloatArray:
        """Return the shape (``n``) of lab values (``n x c``)."""
        ...

    def average(self) -> float:
        """Return the average over the settings: the shape where the parameter does not exist."""
        ...


@dataclass(frozen=True)
class _Near:
    """A normal curve around a number, in its logarithm on a log scale."""

    column: int
    near: float
    spread: float
    log: bool
    low: float
    high: float

    @property
    def columns(self) -> frozenset[int]:
        return frozenset({self.column})

    def at(self, lab: FloatArray) -> FloatArray:
        return self._curve(lab[:, self.column])

    def average(self) -> float:
        ends = (np.geomspace if self.log else np.linspace)(self.low, self.high, _GRID)
        return float(self._curve(ends).mean())

    def _curve(self, values: FloatArray) -> FloatArray:
        if self.log and self.near <= 0:  # a 0 that lies apart from the range
            return np.asarray(values == self.near, dtype=np.float64)
        with np.errstate(over="ignore"):
            if self.log:
                logs = np.log(np.maximum(values, np.finfo(float).tiny) / self.near)
                distances = np.where(values > 0, logs / np.log1p(self.spread / self.near), np.inf)
            else:
                distances = (values - self.near) / self.spread
            result: FloatArray = np.exp(-0.5 * distances**2)
        return result


@dataclass(frozen=True, eq=False)
class _Choices:
    """A weight for each choice; 0 for further ones."""

    column: int
    weights: FloatArray

    @property
    def columns(self) -> frozenset[int]:
        return frozenset({self.column})

    def at(self, lab: FloatArray) -> FloatArray:
        rows = lab[:, self.column].astype(np.intp)
        known = (rows >= 0) & (rows < len(self.weights))
        return np.where(known, self.weights[np.where(known, rows, 0)], 0.0)

    def average(self) -> float:
        return float(self.weights.mean())


@dataclass(frozen=True)
class _Region:
    """1 where a condition holds."""

    condition: BoundConstraint

    @property
    def columns(self) -> frozenset[int]:
        return self.condition.uses

    def at(self, lab: FloatArray) -> FloatArray:
        return self.condition.satisfied(lab).astype(np.float64)

    def average(self) -> float:
        return 0.5


@dataclass(frozen=True, eq=False)
class BoundBelief:
    """A belief over the designs of one space."""

    space: DesignSpace
    belief: Belief
    words: str
    shape: _Shape

    def densities(self, coordinates: FloatArray) -> FloatArray:
        """Return the density (``n``) of designs (``n x c``), from 1 / strength to 1.

        A design in which the parameter does not exist has the average density over the parameter's settings.
        """
        if not len(coordinates):
            return np.empty(0)
        values = self.shape.at(self.space.lab_values(coordinates))
        concerned = self.space.conditions.concerned(coordinates, self.shape.columns)
        if not concerned.all():
            values = np.where(concerned, values, self.shape.average())
        lowest = 1.0 / self.belief.strength
        return lowest + (1.0 - lowest) * values


def bound_beliefs(space: DesignSpace, beliefs: Sequence[Belief]) -> tuple[BoundBelief, ...]:
    """Return beliefs over the designs of a space.

    Raises
    ------
    InvalidInput
        With every fault, each with the position of its belief: an unknown parameter or choice, a value out of bounds or
        in another kind of unit, a spread that is missing or reaches no setting.

    Examples
    --------
    >>> space = DesignSpace(parameters=[{"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900]}])
    >>> (belief,) = bound_beliefs(space, [Belief(parameter="T", near="923.15 K", spread=50)])
    >>> belief.words, belief.densities(np.array([[650.0], [900.0]])).round(2).tolist()
    ('T near 650 degC, spread 50 degC', [1.0, 0.01])
    """
    found, faults = [], []
    for i, each in enumerate(beliefs):
        try:
            found.append(bound_belief(space, each))
        except InvalidInput as error:
            faults += [fault.at(path=(i, *fault.path)) for fault in error.faults]
    if faults:
        raise InvalidInput(faults)
    return tuple(found)


def bound_belief(space: DesignSpace, belief: Belief) -> BoundBelief:
    """Return one belief over the designs of a space; raises as `bound_beliefs`."""
    if belief.constraint is not None:
        try:
            condition = bind(
                Constraint(text=belief.constraint),
                {name: replace(each, settings=None) for name, each in space.names.items()},
                space.columns,
                nearest_names(space.names),
                what="belief",
            )
        except InvalidInput as error:
            raise InvalidInput([fault.at(path=("constraint",)) for fault in error.faults]) from None
        return BoundBelief(space, belief, belief.words, _Region(condition))
    name = belief.parameter or ""
    parameter, column = _named(space, name)
    if parameter.is_context:
        what = f"{name!r} is a context, which is known and not chosen"
        _refuse("parameter", what, "leave the belief out, or write one about a setting")
    if isinstance(parameter, ListedParameter):
        return _of_choices(space, belief, parameter, column)
    return _of_number(space, belief, parameter, column)


def _refuse(key: str, what: str, remedy: str) -> NoReturn:
    raise InvalidInput(Fault(what, remedy, path=(key,)))


def _named(space: DesignSpace, name: str) -> tuple[ParameterBase, int]:
    """Return the parameter that a belief is about, and the coordinate."""
    reference = space.names.get(name)
    for parameter, part in space.parts():
        if parameter.name == name and parameter.members:
            member = f"{name}.{parameter.members[0]}"
            _refuse("parameter", f"{name!r} has several amounts", f"name a member, such as {member}")
        if reference is not None and part.start <= reference.index < part.stop:
            return parameter, reference.index
    known = [each for each, found in space.names.items() if not found.unusable or "." not in each]
    _refuse("parameter", f"there is no parameter {name!r}", did_you_mean(name, known))


def _of_choices(space: DesignSpace, belief: Belief, parameter: ListedParameter, column: int) -> BoundBelief:
    if parameter.is_open:
        what = f"the {parameter.kind}s of {parameter.name!r} are proposed for each request"
        _refuse("parameter", what, "leave the belief out")
    if belief.spread is not None:
        _refuse("spread", f"{parameter.name!r} has choices, which have no spread", "leave 'spread' out")
    if isinstance(belief.near, float):
        what = f"{belief.near:g} is not a choice of {parameter.name!r}"
        _refuse("near", what, did_you_mean(f"{belief.near:g}", parameter.words))
    key = "near" if belief.weights is None else "weights"
    near = (belief.near,) if isinstance(belief.near, str) else belief.near or ()
    given = dict.fromkeys(near, 1.0) if belief.weights is None else belief.weights
    weights = np.zeros(len(parameter.words))
    for choice, weight in given.items():
        index = parameter.index_of(choice)
        if index is None:
            what = f"{choice!r} is not a choice of {parameter.name!r}"
            _refuse(key, what, did_you_mean(choice, parameter.words))
        weights[index] = weight
    return BoundBelief(space, belief, belief.words, _Choices(column, weights / weights.max()))


def _of_number(space: DesignSpace, belief: Belief, parameter: ParameterBase, column: int) -> BoundBelief:
    name, unit = belief.parameter or "", parameter.unit
    if belief.weights is not None:
        _refuse("weights", f"{name!r} is a number, which has no weights", "give 'near' and 'spread'")
    if belief.near is None or isinstance(belief.near, tuple):
        _refuse("near", f"{name!r} is a number", "give one number as 'near'")
    near = _number(belief.near, unit, "near", difference=False)
    part = next(part for each, part in space.parts() if each is parameter)
    low, high = parameter.relaxation().bounds[column - part.start]
    if isinstance(parameter, NumericParameter):
        low, high = parameter.low, parameter.high
    absent = isinstance(parameter, NumericParameter) and parameter.zero_or and near == 0
    if not (low <= near <= high or absent):
        what = f"near {plain(near)} is outside the bounds of {name!r}"
        _refuse("near", what, f"give a value between {plain(low)} and {plain(high)}")
    if belief.spread is None:
        _refuse("spread", f"the belief about the number {name!r} has no spread", "add 'spread', in its unit")
    spread = _number(belief.spread, unit, "spread", difference=True)
    if not spread > 0:
        _refuse("spread", f"spread {plain(spread)} is not above 0", "give the standard deviation around 'near'")
    for text in _unreached(parameter, near, spread):
        _refuse("spread", text, "give a wider one, or a value of 'near' on a setting")
    shown = f" {unit}" if unit else ""
    words = f"{name} near {near:g}{shown}, spread {spread:g}{shown}"
    log = isinstance(parameter, NumericParameter) and parameter.scale == "log"
    return BoundBelief(space, belief, words, _Near(column, near, spread, log, low, high))


def _unreached(parameter: ParameterBase, near: float, spread: float) -> Iterator[str]:
    """Yield that no setting is within some spreads of the value, so that the belief would say nothing."""
    if isinstance(parameter, NumericParameter):
        (nearest,) = parameter.snap(np.array([[near]]))[0]
        if abs(nearest - near) > _MAX_SPREADS * spread:
            yield f"no setting of {parameter.name!r} is within {_MAX_SPREADS:g} spreads of {plain(near)}"


def _number(given: float | str, unit: str | None, key: str, *, difference: bool) -> float:
    """Return a number in `unit`, of a number or of text with a unit of its own."""
    try:
        number, own = (given, None) if isinstance(given, float) else split_quantity(given, unit)
        if own is None:
            return float(number)
        return convert_difference(number, own, unit) if difference else round(convert(number, own, unit), 10)
    except InvalidInput as error:
        raise InvalidInput([fault.at(path=(key,)) for fault in error.faults]) from None


def log_densities(beliefs: Sequence[BoundBelief], coordinates: FloatArray) -> FloatArray:
    """Return the logarithms of the densities (``n x b``) of designs (``n x c``) by each belief."""
    if not beliefs:
        return np.zeros((len(coordinates), 0))
    return np.log(np.stack([each.densities(coordinates) for each in beliefs], axis=1))
