"""Features: designs as the numbers that models see.

The features of a space depend on the space alone, never on what was measured:

* a numeric parameter gives one column, 0 at its lowest and 1 at its highest setting, on its own scale; values outside
  go on beyond (on a log scale no further than two ranges down, where zero and negative values stand too);
* a composition or mixture gives each member's share of the total; amounts by weight become atomic fractions;
* a formula gives the atomic fraction of each element of the vocabulary;
* a categorical parameter gives one 0/1 column a choice;
* on demand, *descriptors*: of the elements (`designer.chemistry.descriptors`, each property scaled so that the
  elements of the space span 0 to 1) and of the choices (the user's numbers, scaled so that the choices span 0 to 1).
  What is the same for every element or choice of the space tells designs apart by nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from designer.chemistry.descriptors import descriptor_names, descriptors
from designer.chemistry.elements import element_table
from designer.chemistry.formulas import formula_elements, formula_fractions
from designer.chemistry.masses import atomic_masses
from designer.errors import Fault, InvalidData
from designer.space.parameters.categorical import CategoricalParameter
from designer.space.parameters.compositions import CompositionParameter, MixtureParameter
from designer.space.parameters.formula import FormulaParameter
from designer.space.parameters.lattice import Floats
from designer.space.parameters.numeric import NumericParameter

if TYPE_CHECKING:
    from designer.space.design_space import DesignSpace, Parameter

Role = Literal["numeric", "fraction", "category", "descriptor"]
_LOWEST = -2.0  # where a log scale ends, in ranges below its lowest setting


@dataclass(frozen=True)
class Axis:
    """From a number in lab units to a feature: 0 at `low`, 1 at `high`, on a linear or logarithmic scale."""

    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    unit: str | None = None


@dataclass(frozen=True)
class FeatureColumn:
    """One column of the features: what it is of, so that columns of different spaces can be told to be the same.

    Parameters
    ----------
    name
        For people.
    parameter, kind
        The parameter that it comes from, and that parameter's kind as campaign files write it.
    role
        What sort of number it is.
    label
        The element, component, choice or descriptor that it belongs to; empty for a number.
    axis
        Of a number, or a descriptor of a choice: how it is scaled.
    """

    name: str
    parameter: str
    role: Role
    kind: str = ""
    label: str = ""
    axis: Axis | None = None


@dataclass(frozen=True)
class _Block:
    """The features of one parameter: their columns, and the function from its coordinates (n x width) to them."""

    columns: tuple[FeatureColumn, ...]
    encode: Callable[[Floats], Floats]


@dataclass(frozen=True)
class Encoder:
    """From coordinates to features.

    Parameters
    ----------
    space
        The space of the designs.
    descriptors
        Whether descriptors of elements and choices are added to the designs' own coordinates.

    Examples
    --------
    >>> from designer.space.design_space import DesignSpace
    >>> space = DesignSpace(
    ...     parameters=[
    ...         {"name": "time", "kind": "numeric", "bounds": [1, 100], "scale": "log"},
    ...         {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    ...     ]
    ... )
    >>> encoder = Encoder(space)
    >>> [column.name for column in encoder.columns]
    ['time', 'gas = N2', 'gas = Ar']
    >>> encoder.encode([[10.0, 1.0]])
    array([[0.5, 0. , 1. ]])
    """

    space: DesignSpace
    descriptors: bool = True

    @cached_property
    def _blocks(self) -> tuple[_Block, ...]:
        return tuple(_block(parameter, self.descriptors) for parameter in self.space.parameters)

    @cached_property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """The d columns, in the order of the parameters."""
        return tuple(column for block in self._blocks for column in block.columns)

    @property
    def dimension(self) -> int:
        """The number d of columns."""
        return len(self.columns)

    def encode(self, coordinates: Floats) -> Floats:
        """Return the features ``n x d`` of ``n x c`` coordinates, on or off the grid, within bounds or not.

        Raises
        ------
        ValueError
            If there are not c columns.
        InvalidData
            If a composition has nothing in it, so that it has no atomic fractions.
        """
        coordinates = np.asarray(coordinates, dtype=np.float64)
        if coordinates.ndim != 2 or coordinates.shape[1] != self.space.width:
            raise ValueError(f"coordinates have shape {coordinates.shape}, not (n, {self.space.width})")
        result = np.empty((len(coordinates), self.dimension))
        start = 0
        for block, part in zip(self._blocks, self.space.slices, strict=True):
            end = start + len(block.columns)
            result[:, start:end] = block.encode(coordinates[:, part])
            start = end
        return result


def _block(parameter: Parameter, with_descriptors: bool) -> _Block:
    match parameter:
        case NumericParameter():
            return _numeric(parameter)
        case CategoricalParameter():
            return _categorical(parameter, with_descriptors)
        case CompositionParameter():
            return _composition(parameter, with_descriptors)
        case MixtureParameter():
            return _mixture(parameter)
        case FormulaParameter():
            return _formula(parameter, with_descriptors)


def _columns(parameter: Parameter, role: Role, form: str, labels: Sequence[str]) -> tuple[FeatureColumn, ...]:
    """Return one column a label; `form` makes its name from the parameter's name and the label."""
    name, kind = parameter.name, parameter.kind
    return tuple(FeatureColumn(form.format(name, label), name, role, kind, label) for label in labels)


def _numeric(parameter: NumericParameter) -> _Block:
    low, high, log = parameter.low, parameter.high, parameter.scale == "log"
    start, end = (np.log(low), np.log(high)) if log else (low, high)
    span = (end - start) or 1.0
    # The lowest value of a log scale that is told apart; it may be too small for a float, and is then the smallest.
    floor = max(float(np.exp(max(start + _LOWEST * span, -700.0))), np.finfo(float).tiny) if log else 0.0

    def encode(coordinates: Floats) -> Floats:
        values = np.log(np.maximum(coordinates, floor)) if log else coordinates
        return (values - start) / span

    axis = Axis(low, high, "log" if log else "linear", parameter.unit)
    return _Block((FeatureColumn(parameter.name, parameter.name, "numeric", parameter.kind, axis=axis),), encode)


def _categorical(parameter: CategoricalParameter, with_descriptors: bool) -> _Block:
    table = np.eye(parameter.count)
    columns = _columns(parameter, "category", "{} = {}", parameter.choices)
    names, raw = parameter.described if with_descriptors else ((), np.empty((parameter.count, 0)))
    if names:
        scaled, kept = _scaled(raw)
        table = np.concatenate([table, scaled], axis=1)
        low, high = raw.min(axis=0), raw.max(axis=0)
        columns += tuple(
            replace(column, axis=Axis(float(low[i]), float(high[i])))
            for i, column in zip(
                kept, _columns(parameter, "descriptor", "{}: {}", [names[i] for i in kept]), strict=True
            )
        )
    return _Block(columns, lambda coordinates: table[coordinates[:, 0].astype(np.intp)])


def _composition(parameter: CompositionParameter, with_descriptors: bool) -> _Block:
    elements, units = parameter.elements, parameter.units
    columns = _columns(parameter, "fraction", "{}.{}", elements)
    weights = 1.0 / atomic_masses(elements) if parameter.unit == "wt.%" else None
    describe = _Describer(elements) if with_descriptors else None
    if describe is not None:
        columns += _columns(parameter, "descriptor", "{}: {}", describe.names)

    def encode(coordinates: Floats) -> Floats:
        _refuse_nothing(parameter, coordinates)
        if weights is None:
            fractions = coordinates / units
        else:
            moles = coordinates * weights
            fractions = moles / moles.sum(axis=1, keepdims=True)
        return fractions if describe is None else np.concatenate([fractions, describe(fractions)], axis=1)

    return _Block(columns, encode)


def _refuse_nothing(parameter: CompositionParameter, coordinates: Floats) -> None:
    empty = ~(coordinates > 0).any(axis=1)
    if empty.any():
        what = f"{parameter.name} has no amount above zero in {int(empty.sum())} designs"
        raise InvalidData(Fault(what, "give the amounts of the elements present"))


def _mixture(parameter: MixtureParameter) -> _Block:
    units = parameter.units
    return _Block(
        _columns(parameter, "fraction", "{}.{}", parameter.components), lambda coordinates: coordinates / units
    )


def _formula(parameter: FormulaParameter, with_descriptors: bool) -> _Block:
    elements = formula_elements(parameter.formulas)
    table = formula_fractions(parameter.formulas, elements)
    columns = _columns(parameter, "fraction", "{}.{}", elements)
    if with_descriptors and elements:
        describe = _Describer(elements)
        table = np.concatenate([table, describe(table)], axis=1)
        columns += _columns(parameter, "descriptor", "{}: {}", describe.names)
    return _Block(columns, lambda coordinates: table[coordinates[:, 0].astype(np.intp)])


class _Describer:
    """Element descriptors of fractions of fixed elements, scaled to between 0 and 1."""

    def __init__(self, elements: tuple[str, ...]) -> None:
        table = element_table()
        self._properties, kept = _scaled(table.rows(elements))
        names = descriptor_names([table.names[i] for i in kept])
        most = len(elements)
        self.names = names if most > 1 else ()
        # The last two columns are the mixing entropy, at most ln e, and the number of elements, 1 to e.
        self._offset = np.zeros(len(names))
        self._offset[-1] = 1.0
        self._span = np.ones(len(names))
        self._span[-2:] = np.log(max(most, 2)), max(most - 1, 1)

    def __call__(self, fractions: Floats) -> Floats:
        if not self.names:
            return np.empty((len(fractions), 0))
        return (descriptors(fractions, self._properties) - self._offset) / self._span


def _scaled(raw: Floats) -> tuple[Floats, list[int]]:
    """Return the columns of `raw` that vary, each scaled to span 0 to 1 over its rows, and which these are."""
    low, span = raw.min(axis=0), np.ptp(raw, axis=0)
    kept = np.flatnonzero(span > 0)
    return (raw[:, kept] - low[kept]) / span[kept], kept.tolist()
