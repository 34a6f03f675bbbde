"""Cells of a space: the choices of a categorical parameter, or bins of a numeric one, or combinations of both.

A campaign that is to find several good designs that differ (``diversify_by``) looks for the best one in each cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field

from designer.arrays import FloatArray, IntArray
from designer.counting import count
from designer.documents import Value, whole_number
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.space.design_space import DesignSpace
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.categorical import CategoricalParameter
from designer.space.parameters.numeric import NumericParameter

MAX_BINS, MAX_CELLS = 50, 100
_EDGE = 1e-9  # of a range: a setting on an edge, rounded, belongs to the bin above it


class CellAxis(Value):
    """One parameter by which designs are divided into cells.

    Parameters
    ----------
    parameter
        A categorical parameter: each choice is a cell. Or a numeric one, in bins of equal width on its own scale.
    cells
        How many bins a numeric parameter has.
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidInput

    parameter: Annotated[str, Field(min_length=1)]
    cells: Annotated[int, BeforeValidator(whole_number), Field(ge=2, le=MAX_BINS)] | None = None


@dataclass(frozen=True)
class Cells:
    """The cells of a space.

    Parameters
    ----------
    axes
        At least one.
    """

    space: DesignSpace
    axes: tuple[CellAxis, ...]

    @cached_property
    def _sizes(self) -> tuple[int, ...]:
        return tuple(len(self._levels(axis)) if axis.cells is None else axis.cells for axis in self.axes)

    @property
    def number(self) -> int:
        """The number of cells, those that no design can be in included."""
        return int(np.prod(self._sizes))

    def of_features(self, X: FloatArray) -> IntArray:
        """Return the cell (``n``) of designs given as features of the space (``n x d``)."""
        cell: IntArray = np.zeros(len(X), dtype=np.intp)
        for axis, size, columns in zip(self.axes, self._sizes, self._columns, strict=True):
            cell = cell * size + self._position(axis, size, np.asarray(X)[:, columns])
        return cell

    def of(self, coordinates: FloatArray) -> IntArray:
        """Return the cell (``n``) of designs (``n x c``)."""
        return self.of_features(self.space.encoder.encode(coordinates))

    def name(self, cell: int) -> str:
        """Return a cell in words: ``reactor A, T 300 to 450 degC``."""
        words: list[str] = []
        for axis, size in zip(reversed(self.axes), reversed(self._sizes), strict=True):
            cell, position = divmod(cell, size)
            words.insert(0, self._name(axis, size, position))
        return ", ".join(words)

    def _parameter(self, axis: CellAxis) -> ParameterBase:
        return next(each for each in self.space.parameters if each.name == axis.parameter)

    def _levels(self, axis: CellAxis) -> Sequence[str]:
        parameter = self._parameter(axis)
        return parameter.choices if isinstance(parameter, CategoricalParameter) else ()

    @cached_property
    def _columns(self) -> tuple[list[int], ...]:
        columns = self.space.encoder.columns
        return tuple([i for i, each in enumerate(columns) if each.parameter == axis.parameter] for axis in self.axes)

    def _position(self, axis: CellAxis, size: int, features: FloatArray) -> IntArray:
        if axis.cells is not None:  # the first column is 0 at the lowest and 1 at the highest setting
            return np.asarray(np.clip(np.floor(features[:, 0] * size + _EDGE), 0, size - 1).astype(np.intp))
        block = self._parameter(axis).features(descriptors=True)
        levels = block.encode(np.arange(size, dtype=np.float64)[:, None])
        away = np.square(features[:, None, :] - levels[None]).sum(-1)
        return np.asarray(away.argmin(1))

    def _name(self, axis: CellAxis, size: int, position: int) -> str:
        parameter = self._parameter(axis)
        if not isinstance(parameter, NumericParameter):
            return f"{parameter.name} {self._levels(axis)[position]}"
        low, high = parameter.low, parameter.high
        shares = np.array([position / size, (position + 1) / size])
        ends = low * (high / low) ** shares if parameter.scale == "log" else low + (high - low) * shares
        unit = f" {parameter.unit}" if parameter.unit else ""
        return f"{parameter.name} {ends[0]:.4g} to {ends[1]:.4g}{unit}"


def cell_faults(space: DesignSpace, axes: Sequence[CellAxis]) -> Iterator[Fault]:
    """Yield why a space cannot be divided by these parameters."""
    known = {parameter.name: parameter for parameter in space.parameters}
    total = 1
    for i, axis in enumerate(axes):
        parameter = known.get(axis.parameter)
        fault = _axis_fault(axis, parameter, known)
        if fault is not None:
            yield fault.at(path=(i, *fault.path))
        elif axis.parameter in [each.parameter for each in axes[:i]]:
            yield Fault(f"{axis.parameter!r} is named twice", "name it once", path=(i, "parameter"))
        elif isinstance(parameter, CategoricalParameter):
            total *= len(parameter.choices)
        else:
            total *= axis.cells or 1
    if total > MAX_CELLS:
        remedy = f"at most {MAX_CELLS}: give fewer parameters or bins"
        yield Fault(f"these parameters make {count(total, 'cell')}", remedy)


def _axis_fault(axis: CellAxis, parameter: ParameterBase | None, known: dict[str, ParameterBase]) -> Fault | None:
    name = axis.parameter
    if parameter is None:
        return Fault(f"there is no parameter {name!r}", did_you_mean(name, list(known)), path=("parameter",))
    if parameter.when is not None:
        return Fault(f"{name!r} does not exist in all designs", "name one that always exists", path=("parameter",))
    if isinstance(parameter, CategoricalParameter):
        if axis.cells is None:
            return None
        return Fault(f"each choice of {name!r} is a cell", "leave 'cells' out", path=("cells",))
    if not isinstance(parameter, NumericParameter):
        remedy = "name a categorical or a numeric parameter"
        return Fault(f"{name!r} is of kind {parameter.kind}", remedy, path=("parameter",))
    if parameter.low >= parameter.high:
        return Fault(f"{name!r} has one setting", "name one that varies", path=("parameter",))
    if axis.cells is None:
        return Fault(f"{name!r} is numeric, and nothing says into how many cells", "add 'cells: 4'")
    return None
