"""Tasks as arrays under common names, to compare tasks in different spaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from designer.arrays import FloatArray
from designer.chemistry.descriptors import descriptor_names, descriptors
from designer.chemistry.elements import element_table
from designer.chemistry.formulas import formula_fractions
from designer.chemistry.masses import atomic_from_weight
from designer.chemistry.symbols import SYMBOLS
from designer.space import (
    CategoricalParameter,
    CompositionParameter,
    FormulaParameter,
    NumericParameter,
    ShareParameter,
)
from designer.space.parameters.listed import ListedParameter
from designer.space.parameters.molecules.molecule import MoleculeParameter
from designer.tasks.task import Task
from designer.units import convert_many, same_unit


@dataclass(frozen=True, eq=False)
class View:
    """The distinct designs of one target of a task, and what was measured, as plain arrays.

    Parameters
    ----------
    name
        The task's name.
    numbers
        Numeric parameters by name (k each; logarithms on a log scale), each with its unit.
    choices
        Categorical parameters by name: the choices as text (k).
    shares
        Mixtures by name: the share of each component (k), 0 to 1.
    elements
        Atomic fractions, ``k x 118``, of all formulas and compositions of the design; None where it has none.
    values
        The mean of what was measured of each design (k).
    """

    name: str
    numbers: Mapping[str, tuple[FloatArray, str | None]]
    choices: Mapping[str, npt.NDArray[np.str_]]
    shares: Mapping[str, Mapping[str, FloatArray]]
    elements: FloatArray | None
    values: FloatArray

    @cached_property
    def described(self) -> FloatArray:
        """The descriptors of the compositions (``k x p``)."""
        atoms = np.empty((len(self.values), 0)) if self.elements is None else self.elements
        return descriptors(atoms, element_table().values[: atoms.shape[1]])


def view_of(task: Task, target: str | None = None, *, max_designs: int | None = None, seed: int = 0) -> View:
    """Return one target (the first, unless named) of a task as plain arrays.

    Parameters
    ----------
    max_designs
        The largest number of distinct designs, drawn at random by `seed`.
    """
    distinct = task.distinct(target)
    kept = np.arange(len(distinct.mean))
    if max_designs is not None and len(kept) > max_designs:
        kept = np.sort(np.random.default_rng(seed).choice(kept, max_designs, replace=False))
    frame = distinct.designs.iloc[kept]
    numbers: dict[str, tuple[FloatArray, str | None]] = {}
    choices: dict[str, npt.NDArray[np.str_]] = {}
    shares: dict[str, dict[str, FloatArray]] = {}
    elements: list[FloatArray] = []
    for parameter in task.space.parameters:
        columns = [frame[column].to_numpy() for column in parameter.lab_columns]
        numeric = [] if isinstance(parameter, ListedParameter) else [_numbers(column) for column in columns]
        if isinstance(parameter, NumericParameter):
            (value,) = numeric
            if parameter.scale == "log":
                half_below = parameter.low * (parameter.low / parameter.high) ** 0.5  # half a range, as in features
                value = np.where(parameter.is_absent(value), half_below, value)
                value = np.log(np.maximum(value, np.finfo(float).tiny))
            numbers[parameter.name] = (value, None if parameter.scale == "log" else parameter.unit)
        elif isinstance(parameter, CategoricalParameter | MoleculeParameter):
            choices[parameter.name] = columns[0].astype(str)
        elif isinstance(parameter, FormulaParameter):
            elements.append(formula_fractions([str(text) for text in columns[0]]))
        elif isinstance(parameter, CompositionParameter):
            elements.append(_atoms(parameter, numeric))
        elif isinstance(parameter, ShareParameter):
            total = float(parameter.exact_total)
            shares[parameter.name] = {
                member: column / total for member, column in zip(parameter.members, numeric, strict=True)
            }
    atoms = np.mean(elements, axis=0) if elements else None
    return View(task.name, numbers, choices, shares, atoms, distinct.mean[kept])


def _numbers(column: npt.NDArray[np.object_]) -> FloatArray:
    """Return a column of numbers; where a conditional parameter does not exist, the mean of where it does."""
    numbers: FloatArray = column.astype(np.float64)
    known = np.isfinite(numbers)
    return numbers if known.all() else np.where(known, numbers, numbers[known].mean() if known.any() else 0.0)


def _atoms(parameter: CompositionParameter, columns: list[FloatArray]) -> FloatArray:
    amounts = np.column_stack(columns)
    if parameter.unit == "wt.%":
        amounts = atomic_from_weight(amounts, parameter.elements)
    atoms = np.zeros((len(amounts), len(SYMBOLS)))
    atoms[:, [SYMBOLS.index(element) for element in parameter.elements]] = amounts
    return np.asarray(atoms / atoms.sum(axis=1, keepdims=True), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two tasks in the features that they have in common: ``k_a x d`` and ``k_b x d``, named.

    `own` are the columns without derived descriptors, by which designs are the same or not.
    """

    a: FloatArray
    b: FloatArray
    names: tuple[str, ...]
    own: int

    @property
    def common(self) -> int:
        """The number of features, 0 where the tasks have none in common."""
        return len(self.names)


def pair(a: View, b: View) -> Pair:
    """Return two tasks in their common features.

    Common are: numeric parameters of the same name whose units convert, categorical ones of the same name (one 0/1
    column a choice of either), mixtures of the same name (a component that one lacks is absent there), and the elements
    of formulas and compositions, whatever their names, with the descriptors of the composition.
    """
    parts_a: list[FloatArray] = []
    parts_b: list[FloatArray] = []
    names: list[str] = []
    for name in [name for name in a.numbers if name in b.numbers]:
        (x, unit), (y, other) = a.numbers[name], b.numbers[name]
        if not same_unit(unit, other):
            try:
                y = convert_many(y, other, unit)
            except ValueError:
                continue
        parts_a.append(x[:, None])
        parts_b.append(y[:, None])
        names.append(name)
    for name in [name for name in a.choices if name in b.choices]:
        either = sorted({*a.choices[name].tolist(), *b.choices[name].tolist()})
        parts_a.append((a.choices[name][:, None] == np.array(either)).astype(np.float64))
        parts_b.append((b.choices[name][:, None] == np.array(either)).astype(np.float64))
        names += [f"{name} = {choice}" for choice in either]
    for name in [name for name in a.shares if name in b.shares]:
        members = [*a.shares[name], *(member for member in b.shares[name] if member not in a.shares[name])]
        parts_a.append(_filled(a, name, members))
        parts_b.append(_filled(b, name, members))
        names += [f"{name}.{member}" for member in members]
    derived: list[FloatArray] = []
    if a.elements is not None and b.elements is not None:
        present = np.flatnonzero((a.elements > 0).any(axis=0) | (b.elements > 0).any(axis=0))
        parts_a.append(a.elements[:, present])
        parts_b.append(b.elements[:, present])
        names += [SYMBOLS[i] for i in present]
        derived = [a.described, b.described]
    own = len(names)
    if derived:
        parts_a.append(derived[0])
        parts_b.append(derived[1])
        names += descriptor_names(element_table().names)
    if not names:
        return Pair(np.empty((len(a.values), 0)), np.empty((len(b.values), 0)), (), 0)
    return Pair(np.concatenate(parts_a, axis=1), np.concatenate(parts_b, axis=1), tuple(names), own)


def _filled(view: View, name: str, members: list[str]) -> FloatArray:
    nothing = np.zeros(len(view.values))
    return np.column_stack([view.shares[name].get(member, nothing) for member in members])
