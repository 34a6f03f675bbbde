"""Features that tasks with different spaces have in common.

A past task may have other elements, choices, bounds, units, or parameters. Columns are matched: numbers by name and
dimension of the unit, elements by their symbol (in any composition, where a task has one), components of a mixture and
choices by parameter and label. Element descriptors are computed from the atomic fractions over all elements of a
design, so that designs with elements that no source has are described too.

A parameter that a task does not have gets a reference value, not zero: `FeatureMap.missing` names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from designer.chemistry.descriptors import descriptor_names
from designer.chemistry.elements import element_table
from designer.space.encoding import Axis, FeatureColumn
from designer.units import convert, dimensionality

COMPOSITION = "composition"
_ELEMENTS = (COMPOSITION, "formula")
_ROWS = 2048
_TINY = 1e-300


@dataclass(frozen=True)
class CommonFeatures:
    """The columns that the source tasks have in common, or some of them have.

    Parameters
    ----------
    columns
        The ``d`` columns: numbers, choices, components, elements, then descriptors of the elements.
    reference
        ``d`` values that stand where a task does not have the column.

    Examples
    --------
    >>> from designer.space import DesignSpace
    >>> def columns(low, high, unit):
    ...     number = {"name": "T", "kind": "numeric", "bounds": [low, high], "unit": unit}
    ...     return DesignSpace(parameters=[number]).encoder.columns
    >>> common = CommonFeatures.of([columns(0, 100, "degC"), columns(50, 200, "degC")])
    >>> feature_map = common.feature_map(columns(273.15, 373.15, "K"))
    >>> feature_map(torch.tensor([[0.0], [1.0]], dtype=torch.float64)).round(decimals=9).tolist()
    [[0.0], [0.5]]
    """

    columns: tuple[FeatureColumn, ...]
    reference: tuple[float, ...]

    @classmethod
    def of(cls, tasks: Sequence[Sequence[FeatureColumn]]) -> CommonFeatures:
        """Return the common features of tasks, given the columns of each; references are 0.5 or, for fractions, 0."""
        found: dict[Hashable, FeatureColumn] = {}
        for columns in tasks:
            for key, column in _keyed(columns):
                found[key] = _joined(found[key], column) if key in found else _renamed(column, key)
        elements = [column for column in found.values() if column.kind == COMPOSITION and column.role == "fraction"]
        described = _descriptor_columns([column.label for column in elements])
        kept = [column for column in found.values() if column not in elements]
        reference = [0.5 if column.role in ("numeric", "descriptor") else 0.0 for column in kept]
        ordered = (*kept, *elements, *described)
        return cls(ordered, (*reference, *[0.0] * (len(elements) + len(described))))

    def with_reference(self, rows: Sequence[Tensor], masks: Sequence[Tensor]) -> CommonFeatures:
        """Return the same columns with the median over all rows of the tasks that have a column as its reference.

        Parameters
        ----------
        rows, masks
            For each task its ``n x d`` common features, and which (``d``) of the columns it has.
        """
        reference = list(self.reference)
        for j, column in enumerate(self.columns):
            there = [X[:, j] for X, mask in zip(rows, masks, strict=True) if bool(mask[j])]
            if there and column.role == "numeric":
                reference[j] = float(torch.cat(there).median())
            elif there:
                reference[j] = float(torch.cat(there).mean())
        return replace(self, reference=tuple(reference))

    @property
    def dimension(self) -> int:
        """The number d of columns."""
        return len(self.columns)

    def varying(self, X: Tensor) -> Tensor:
        """Return the columns (indices) that change over rows (``n x d``), those of a categorical parameter together."""
        changes = (X.amax(0) > X.amin(0)).tolist()
        moved = {self.columns[i].parameter for i, each in enumerate(changes) if each}
        both = [
            (c.role == "category" and c.parameter in moved) or each
            for c, each in zip(self.columns, changes, strict=True)
        ]
        return torch.tensor(both).nonzero()[:, 0]

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """The elements of the sources."""
        return tuple(c.label for c in self.columns if c.kind == COMPOSITION and c.role == "fraction")

    def feature_map(self, columns: Sequence[FeatureColumn]) -> FeatureMap:
        """Return the map from the features of a task, given its columns, to these."""
        return FeatureMap.of(self, tuple(columns))

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return {"columns": [_as_dict(column) for column in self.columns], "reference": list(self.reference)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CommonFeatures:
        """Return what `as_dict` wrote."""
        return cls(tuple(_from_dict(column) for column in data["columns"]), tuple(map(float, data["reference"])))


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """The map from the features of one task (``... x t``) to the common ones (``... x d``); differentiable.

    Parameters
    ----------
    matrix, constant
        ``t x d`` and ``d``: the affine part.
    curves
        (from, to, function) of columns whose scales differ.
    fractions, table
        Indices of the task's elements among its features, and their properties (``e x p``), scaled as the common
        descriptors are; None where the task or the sources have no composition.
    present
        Which of the ``d`` columns the task has.
    missing, unknown
        Parameters that only the sources have, and parameters that only the task has.
    """

    matrix: Tensor
    constant: Tensor
    curves: tuple[tuple[int, int, Callable[[Tensor], Tensor]], ...]
    fractions: Tensor
    table: Tensor | None
    count_scale: tuple[float, float]
    descriptors: Tensor
    present: Tensor
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    @classmethod
    def of(cls, common: CommonFeatures, columns: tuple[FeatureColumn, ...]) -> FeatureMap:
        """See `CommonFeatures.feature_map`."""
        number = {id(column): j for j, column in enumerate(common.columns)}
        places = {key: number[id(column)] for key, column in _keyed(common.columns)}
        matrix = torch.zeros(len(columns), common.dimension, dtype=torch.float64)
        constant = torch.tensor(common.reference, dtype=torch.float64)
        present = torch.zeros(common.dimension, dtype=torch.bool)
        curves: list[tuple[int, int, Callable[[Tensor], Tensor]]] = []
        index = {id(column): i for i, column in enumerate(columns)}
        unknown: dict[str, None] = {}
        has = {_parameter(key) for key, _ in _keyed(columns)}
        for key, column in _keyed(columns):
            j = places.get(key)
            if j is None:
                if _parameter(key) not in {_parameter(other) for other in places}:
                    unknown[column.parameter] = None
                continue
            present[j] = True
            affine, curve = _scales(column, common.columns[j])
            if curve is not None:
                curves.append((index[id(column)], j, curve))
            else:
                matrix[index[id(column)], j], constant[j] = affine
        for key, j in places.items():  # a choice or an element that the task cannot have is absent, not unknown
            if not present[j] and _parameter(key) in has:
                constant[j] = 0.0
                present[j] = True
        missing = dict.fromkeys(
            common.columns[j].parameter for key, j in places.items() if not present[j] and _parameter(key) not in has
        )
        fractions = [i for i, column in enumerate(columns) if column.kind in _ELEMENTS and column.role == "fraction"]
        described = [j for j, c in enumerate(common.columns) if c.kind == COMPOSITION and c.role == "descriptor"]
        table, scale = None, (1.0, 1.0)
        if fractions and described:
            present[described] = True
            table = torch.from_numpy(_scaled_table(common.elements, [columns[i].label for i in fractions]))
            scale = _count_scale(common.elements)
        return cls(
            matrix,
            constant,
            tuple(curves),
            torch.tensor(fractions, dtype=torch.long),
            table,
            scale,
            torch.tensor(described, dtype=torch.long),
            present,
            tuple(missing),
            tuple(unknown),
        )

    @property
    def shares(self) -> bool:
        """Whether the task has a column in common with the sources."""
        return bool(self.present.any())

    def __call__(self, X: Tensor) -> Tensor:
        """Return the common features (``... x d``) of features (``... x t``)."""
        flat = X.reshape(-1, X.shape[-1]).to(torch.float64)
        parts = [self._chunk(chunk) for chunk in torch.split(flat, _ROWS)]
        return torch.cat(parts).reshape(*X.shape[:-1], len(self.constant))

    def _chunk(self, X: Tensor) -> Tensor:
        out = X @ self.matrix + self.constant
        if self.curves:
            out = out.clone()
            for i, j, curve in self.curves:
                out[:, j] = curve(X[:, i])
        if self.table is not None:
            out = out.index_copy(1, self.descriptors, self._describe(X[:, self.fractions]))
        return out

    def _describe(self, amounts: Tensor) -> Tensor:
        """Return the descriptors of `designer.chemistry.descriptors` (``n x 5 p + 2``), scaled, in torch."""
        assert self.table is not None
        amounts = amounts.clamp_min(0.0)
        weights = amounts / amounts.sum(-1, keepdim=True).clamp_min(_TINY)
        there = (weights > 0)[..., None]
        mean = weights @ self.table
        deviation = (weights[..., None] * (self.table - mean[:, None, :]).abs()).sum(1)
        lowest = torch.where(there, self.table, math.inf).amin(1)
        highest = torch.where(there, self.table, -math.inf).amax(1)
        entropy = -torch.special.xlogy(weights, weights).sum(-1, keepdim=True)
        count = there.to(torch.float64).sum(1)
        log_most, most = self.count_scale
        parts = [mean, deviation, lowest, highest, highest - lowest, entropy / log_most, (count - 1.0) / most]
        return torch.cat(parts, dim=-1)


def _keyed(columns: Iterable[FeatureColumn]) -> list[tuple[Hashable, FeatureColumn]]:
    """Return the columns that other tasks may have, each with its key."""
    columns = list(columns)
    compositions = {c.parameter for c in columns if c.kind in _ELEMENTS and c.role == "fraction"}
    keyed: list[tuple[Hashable, FeatureColumn]] = []
    for column in columns:
        if column.kind in _ELEMENTS:
            if column.role == "fraction":
                keyed.append((("element", column.parameter if len(compositions) > 1 else "", column.label), column))
        elif column.role == "numeric":
            keyed.append((("number", column.parameter, _dimension(column.axis)), column))
        else:
            keyed.append(((column.role, column.parameter, column.label), column))
    return keyed


def _parameter(key: Hashable) -> Hashable:
    """Return the part of the key that all columns of one parameter share."""
    assert isinstance(key, tuple)
    return key if key[0] == "number" else key[:2]


def _dimension(axis: Axis | None) -> str:
    """Return a text that is the same for units which convert into each other."""
    return "" if axis is None else dimensionality(axis.unit)


def _renamed(column: FeatureColumn, key: Hashable) -> FeatureColumn:
    """Return a column of the common features: one parameter and kind for all compositions that are the same."""
    if column.kind not in _ELEMENTS:
        return column
    assert isinstance(key, tuple)
    return replace(column, kind=COMPOSITION, parameter=key[1] or COMPOSITION)


def _joined(first: FeatureColumn, second: FeatureColumn) -> FeatureColumn:
    """Return one column for both, whose axis spans both axes."""
    if first.axis is None or second.axis is None:
        return first
    low, high = (convert(value, second.axis.unit, first.axis.unit) for value in (second.axis.low, second.axis.high))
    low, high = min(first.axis.low, low), max(first.axis.high, high)
    log = "log" in (first.axis.scale, second.axis.scale) and low > 0
    return replace(first, axis=Axis(low, high, "log" if log else "linear", first.axis.unit))


def _scales(
    given: FeatureColumn, wanted: FeatureColumn
) -> tuple[tuple[float, float], Callable[[Tensor], Tensor] | None]:
    """Return slope and intercept from one column's scale to the other's, or the function where they are curved."""
    if given.axis is None or wanted.axis is None or given.axis == wanted.axis:
        return (1.0, 0.0), None
    offset = convert(0.0, given.axis.unit, wanted.axis.unit)
    factor = convert(1.0, given.axis.unit, wanted.axis.unit) - offset
    here, there = _limits(given.axis), _limits(wanted.axis)
    if given.axis.scale == wanted.axis.scale == "linear":
        slope = factor * (here[1] - here[0]) / (there[1] - there[0])
        return (slope, (factor * here[0] + offset - there[0]) / (there[1] - there[0])), None
    if given.axis.scale == wanted.axis.scale and offset == 0.0 and factor > 0:
        slope = (here[1] - here[0]) / (there[1] - there[0])
        return (slope, (here[0] + math.log(factor) - there[0]) / (there[1] - there[0])), None
    log_here, log_there = given.axis.scale == "log", wanted.axis.scale == "log"

    def curve(x: Tensor) -> Tensor:
        value = here[0] + x * (here[1] - here[0])
        value = factor * (value.exp() if log_here else value) + offset
        if log_there:
            assert wanted.axis is not None
            value = value.clamp_min(wanted.axis.low * 1e-3).log()
        return (value - there[0]) / (there[1] - there[0])

    return (0.0, 0.0), curve


def _limits(axis: Axis) -> tuple[float, float]:
    """Return the axis' ends on its own scale, never equal."""
    low, high = (math.log(axis.low), math.log(axis.high)) if axis.scale == "log" else (axis.low, axis.high)
    return (low, high) if high > low else (low, low + 1.0)


def _varying(elements: Sequence[str]) -> tuple[list[int], np.ndarray, np.ndarray]:
    rows = element_table().rows(tuple(elements))
    low, span = rows.min(axis=0), np.ptp(rows, axis=0)
    kept = [int(i) for i in np.flatnonzero(span > 0)]
    return kept, low[kept], span[kept]


def _descriptor_columns(elements: Sequence[str]) -> tuple[FeatureColumn, ...]:
    """Return the descriptor columns of compositions of `elements`; none where there is only one element."""
    if len(elements) < 2:
        return ()
    kept, _, _ = _varying(elements)
    names = descriptor_names([element_table().names[i] for i in kept])
    return tuple(FeatureColumn(f"elements: {name}", COMPOSITION, "descriptor", COMPOSITION, name) for name in names)


def _scaled_table(known: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """Return the properties (``e x p``) of the elements `wanted`, 0 to 1 over the elements `known`."""
    kept, low, span = _varying(known)
    rows = element_table().rows(tuple(wanted))
    return np.asarray((rows[:, kept] - low) / span)


def _count_scale(elements: Sequence[str]) -> tuple[float, float]:
    most = max(len(elements), 2)
    return math.log(most), float(most - 1)


def _as_dict(column: FeatureColumn) -> dict[str, Any]:
    data = {name: getattr(column, name) for name in ("name", "parameter", "role", "kind", "label")}
    if column.axis is not None:
        data["axis"] = [column.axis.low, column.axis.high, column.axis.scale, column.axis.unit]
    return data


def _from_dict(data: dict[str, Any]) -> FeatureColumn:
    axis = data.get("axis")
    made = None if axis is None else Axis(float(axis[0]), float(axis[1]), axis[2], axis[3])
    return FeatureColumn(**{**data, "axis": made})
