"""Conditional parameters: those that exist only in designs for which their condition (``when:``) holds.

In coordinates a parameter that does not exist has one placeholder, always the same setting of its own, so that two
designs without it are equal. In lab units it has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.errors import Fault, InvalidSpace
from designer.space.constraints.constraint import BoundConstraint, Constraint, bind, nearest_names
from designer.space.parameters.base import ParameterBase

if TYPE_CHECKING:
    from designer.space.parameters.references import Reference

Drawer = Callable[[ParameterBase, int], FloatArray]


@dataclass(frozen=True, eq=False)
class Conditional:
    """One conditional parameter of a space.

    Parameters
    ----------
    position
        Which parameter it is.
    part
        Its coordinates.
    condition
        When it exists.
    placeholder
        Its coordinates (``1 x width``) where it does not exist.
    needs
        The coordinates of the conditional parameters that the condition mentions.
    """

    position: int
    part: slice
    condition: BoundConstraint
    placeholder: FloatArray
    needs: frozenset[int]


@dataclass(frozen=True, eq=False)
class Conditions:
    """The conditional parameters of a space, each behind those that its condition mentions.

    Parameters
    ----------
    parameters, slices
        Those of the space.
    conditionals
        The conditional ones.
    """

    parameters: tuple[ParameterBase, ...]
    slices: tuple[slice, ...]
    conditionals: tuple[Conditional, ...]

    def exists(self, coordinates: FloatArray) -> BoolArray:
        """Whether each parameter exists in each design (``n x parameters``), by the coordinates of the others."""
        mask = np.ones((len(coordinates), len(self.parameters)), dtype=np.bool_)
        if self.conditionals:
            lab = self._lab_numbers(coordinates)
            for each in self.conditionals:
                holds = each.condition.satisfied(lab)
                for column in each.needs:  # a condition on a parameter that does not exist does not hold
                    holds &= mask[:, self._owner[column]]
                mask[:, each.position] = holds
        return mask

    def filled(self, coordinates: FloatArray, exists: BoolArray | None = None) -> FloatArray:
        """Return designs with the placeholders of the parameters that do not exist."""
        if not self.conditionals or not len(coordinates):
            return coordinates
        exists = self.exists(coordinates) if exists is None else exists
        result = coordinates.copy()
        for each in self.conditionals:
            result[~exists[:, each.position], each.part] = each.placeholder
        return result

    def renewed(self, before: FloatArray, after: FloatArray, draw: Drawer) -> FloatArray:
        """Return moved designs with random settings of the parameters that did not exist before the move."""
        if not self.conditionals or not len(after):
            return after
        old, result = self.exists(before), after
        for each in self.conditionals:  # in order: what is drawn may decide whether the next one exists
            new = np.flatnonzero(self.exists(result)[:, each.position] & ~old[:, each.position])
            if len(new):
                result = result.copy() if result is after else result
                result[new, each.part] = draw(self.parameters[each.position], len(new))
        return self.filled(result)

    def concerned(self, coordinates: FloatArray, columns: Collection[int]) -> BoolArray:
        """Whether all parameters of some columns exist in each design, so that a constraint on them applies."""
        mask = np.ones(len(coordinates), dtype=np.bool_)
        mine = [each for each in self.conditionals if any(c in columns for c in range(each.part.start, each.part.stop))]
        if mine:
            exists = self.exists(coordinates)
            for each in mine:
                mask &= exists[:, each.position]
        return mask

    @cached_property
    def columns(self) -> frozenset[int]:
        """The coordinates of conditional parameters."""
        return frozenset(c for each in self.conditionals for c in range(each.part.start, each.part.stop))

    @cached_property
    def _owner(self) -> dict[int, int]:
        return {c: k for k, part in enumerate(self.slices) for c in range(part.start, part.stop)}

    def _lab_numbers(self, coordinates: FloatArray) -> FloatArray:
        lab = np.array(coordinates, dtype=np.float64)
        for parameter, part in zip(self.parameters, self.slices, strict=True):
            if any(column in self._mentioned for column in range(part.start, part.stop)):
                lab[:, part] = parameter.lab_numbers(parameter.canonical(lab[:, part]))
        return lab

    @cached_property
    def _mentioned(self) -> frozenset[int]:
        return frozenset(column for each in self.conditionals for column in each.condition.uses)


def read_conditions(
    parameters: tuple[ParameterBase, ...],
    slices: tuple[slice, ...],
    names: Mapping[str, Reference],
    columns: Sequence[str],
) -> Conditions:
    """Return the conditions of a space.

    Raises
    ------
    InvalidSpace
        With every fault: a condition that cannot be read, names what is not there or its own parameter, conditions
        that depend on each other, a parameter that cannot be conditional.
    """
    faults: list[Fault] = []
    bound: dict[int, BoundConstraint] = {}
    for k, parameter in enumerate(parameters):
        if parameter.when is None:
            continue
        try:
            bound[k] = _condition(parameter, names, columns)
            if frozenset(range(slices[k].start, slices[k].stop)) & bound[k].uses:
                what = f"{parameter.name!r} exists only where a condition on itself holds"
                raise InvalidSpace(Fault(what, "name other parameters in 'when'"))
        except InvalidSpace as error:
            faults += [fault.at(path=("space", k, "when")) for fault in error.faults]
    if faults:
        raise InvalidSpace(faults)
    owner = {column: k for k, part in enumerate(slices) for column in range(part.start, part.stop)}
    order = _ordered({k: {owner[c] for c in each.uses} & bound.keys() for k, each in bound.items()}, parameters)
    conditional_columns = {column for k in bound for column in range(slices[k].start, slices[k].stop)}
    return Conditions(
        parameters,
        slices,
        tuple(
            Conditional(
                k, slices[k], bound[k], placeholder(parameters[k]), frozenset(bound[k].uses & conditional_columns)
            )
            for k in order
        ),
    )


def _condition(parameter: ParameterBase, names: Mapping[str, Reference], columns: Sequence[str]) -> BoundConstraint:
    if parameter.is_context:
        raise InvalidSpace(Fault(f"{parameter.name!r} is a context, which is always known", "leave 'when' out"))
    if parameter.is_shared:
        raise InvalidSpace(Fault(f"{parameter.name!r} has one setting in a batch", "leave 'when' or 'vary' out"))
    if parameter.kind in ("formula", "molecule"):
        what = f"{parameter.name!r} is a {parameter.kind}, which every design has"
        raise InvalidSpace(Fault(what, "leave 'when' out"))
    known = {name: replace(reference, settings=None) for name, reference in names.items()}
    return bind(Constraint(text=parameter.when or ""), known, columns, nearest_names(names), what="condition")


def placeholder(parameter: ParameterBase) -> FloatArray:
    """Return the setting (``1 x width``) that a parameter has in coordinates where it does not exist."""
    return parameter.canonical(parameter.draw(1, np.random.default_rng(0)))


def _ordered(needs: Mapping[int, Iterable[int]], parameters: Sequence[ParameterBase]) -> list[int]:
    """Return conditional parameters, each behind those that it needs.

    Raises
    ------
    InvalidSpace
        If some depend on each other.
    """
    order: list[int] = []
    left = {k: set(others) for k, others in needs.items()}
    while left:
        ready = [k for k, others in left.items() if not others & left.keys()]
        if not ready:
            loop = [repr(parameters[k].name) for k in left]
            raise InvalidSpace(
                [
                    Fault(
                        f"the conditions of {', '.join(loop)} depend on each other",
                        "let one of them always exist",
                        path=("space", k, "when"),
                    )
                    for k in left
                ]
            )
        order += ready
        for k in ready:
            del left[k]
    return order
