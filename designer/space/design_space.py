"""The space of designs: parameters, the constraints over them, and a pool where only listed designs can be made.

Designs have two forms. In *lab units* they are rows of a DataFrame, as a person reads and writes them. As
*coordinates* they are a float64 array ``n x c``, one column a lab column: a numeric parameter's lab value, the index of
a choice, the amount of a member in whole steps, the index of a formula. `DesignSpace.frame` and
`DesignSpace.coordinates` turn one into the other, without loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field, model_validator

from designer.documents import Value
from designer.errors import Fault, InvalidInput, InvalidSpace
from designer.space.compositions import CompositionParameter, MixtureParameter, ShareParameter
from designer.space.constraints import Constraint
from designer.space.fields import did_you_mean, twice
from designer.space.formula import FormulaParameter
from designer.space.lattice import Floats, Mask
from designer.space.parameters import CategoricalParameter, NumericParameter

if TYPE_CHECKING:
    from designer.space.encoding import Encoder

Parameter = Annotated[
    NumericParameter | CategoricalParameter | CompositionParameter | MixtureParameter | FormulaParameter,
    Field(discriminator="kind"),
]


@runtime_checkable
class PoolLike(Protocol):
    """A list of the only designs that can be made."""

    @property
    def coordinates(self) -> Floats:
        """The designs (``rows x c``)."""

    def contains(self, coordinates: Floats) -> Mask:
        """Whether each row of ``n x c`` coordinates is a design of the pool."""


class DesignSpace(Value):
    """All designs that can be made.

    Parameters
    ----------
    parameters
        The parameters, in the order of their columns; ``space`` in a file.
    constraints
        Conditions that every design satisfies.
    pool
        The only designs there are, where a list of candidates is given.

    Raises
    ------
    InvalidSpace
        With every fault of the parameters and the constraints.

    Examples
    --------
    >>> space = DesignSpace(
    ...     parameters=[
    ...         {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "step": 0.1},
    ...         {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5},
    ...     ]
    ... )
    >>> space.frame(np.array([[1.0, 2.0, 7.0, 350.0]]))
       alloy.Ni  alloy.Fe  alloy.Co  temperature
    0       0.1       0.2       0.7        350.0
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, arbitrary_types_allowed=True)
    error_type: ClassVar[type[InvalidInput]] = InvalidSpace

    parameters: tuple[Parameter, ...] = Field(alias="space")
    constraints: tuple[Constraint, ...] = ()
    pool: PoolLike | None = Field(default=None, exclude=True, repr=False)

    @model_validator(mode="after")
    def _check(self) -> DesignSpace:
        faults = [Fault("a space needs at least one parameter", "add one")] if not self.parameters else []
        names = [parameter.name for parameter in self.parameters]
        faults += [
            Fault(f"parameter {names[i]!r} is given twice", "give each its own name", path=("space", i, "name"))
            for i in twice(names)
        ]
        owners = [i for i, parameter in enumerate(self.parameters) for _ in parameter.lab_columns]
        faults += [
            Fault(
                f"column {self.columns[i]!r} belongs to two parameters",
                "give one of them another column",
                path=("space", owners[i]),
            )
            for i in twice(self.columns)
            if names[owners[i]] not in names[: owners[i]]
        ]
        if faults:
            raise InvalidSpace(faults)
        return self

    # Columns

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The headers of a lab table of designs, in the order of the coordinates."""
        return tuple(column for parameter in self.parameters for column in parameter.lab_columns)

    @property
    def width(self) -> int:
        """The number of coordinates."""
        return len(self.columns)

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """The coordinates of each parameter."""
        ends = np.cumsum([parameter.width for parameter in self.parameters]).tolist()
        return tuple(slice(end - p.width, end) for end, p in zip(ends, self.parameters, strict=True))

    def parts(self) -> Iterator[tuple[Parameter, slice]]:
        """Go through the parameters and the slices of their coordinates."""
        return zip(self.parameters, self.slices, strict=True)

    def parameter(self, name: str) -> Parameter:
        """Return the parameter called `name`.

        Raises
        ------
        InvalidSpace
            If there is none.
        """
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = [parameter.name for parameter in self.parameters]
        raise InvalidSpace(Fault(f"there is no parameter {name!r}", did_you_mean(name, known)))

    # Two forms of a design

    def coordinates(self, frame: pd.DataFrame) -> Floats:
        """Return the coordinates (``n x c``) of a clean lab frame: right headers, right units, no faults.

        Use `read_table` for what people give.
        """
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise InvalidSpace([Fault(f"column {column!r} is missing", "add it", column=column) for column in missing])
        parts = [p.from_lab([frame[column].to_numpy() for column in p.lab_columns]) for p in self.parameters]
        return np.concatenate(parts, axis=1) if parts else np.empty((len(frame), 0))

    def frame(self, coordinates: Floats, index: Sequence[Any] | None = None) -> pd.DataFrame:
        """Return designs in lab units, each number the one a person would write."""
        coordinates = self._checked(coordinates)
        columns: dict[str, Any] = {}
        for parameter, part in self.parts():
            columns |= zip(parameter.lab_columns, parameter.to_lab(coordinates[:, part]), strict=True)
        return pd.DataFrame(columns, index=None if index is None else list(index))

    def _checked(self, coordinates: Floats) -> Floats:
        coordinates = np.asarray(coordinates, dtype=np.float64)
        if coordinates.ndim != 2 or coordinates.shape[1] != self.width:
            raise ValueError(f"coordinates have shape {coordinates.shape}, not (n, {self.width})")
        return coordinates

    def canonical(self, coordinates: Floats) -> Floats:
        """Return coordinates with the noise of float arithmetic removed: on the grid where they lie on it."""
        coordinates = self._checked(coordinates)
        return np.concatenate([p.canonical(coordinates[:, part]) for p, part in self.parts()], axis=1)

    def snap(self, coordinates: Floats) -> Floats:
        """Return each coordinate at the nearest setting; sums and constraints are the caller's to keep."""
        coordinates = self._checked(coordinates)
        return np.concatenate([p.snap(coordinates[:, part]) for p, part in self.parts()], axis=1)

    def valid(self, coordinates: Floats) -> Mask:
        """Whether each row may be suggested: bounds, steps, sums, cardinalities, every constraint and the pool."""
        coordinates = self.canonical(coordinates)
        mask = np.ones(len(coordinates), dtype=np.bool_)
        for parameter, part in self.parts():
            mask &= parameter.valid(coordinates[:, part])
        if self.pool is not None and mask.any():
            mask[mask] = self.pool.contains(coordinates[mask])
        return mask

    def keys(self, coordinates: Floats) -> list[bytes]:
        """Return the identity of each design: equal designs have equal keys, by whatever rounding they came.

        Keys depend on lab values only, so they survive changed bounds and added choices.
        """
        coordinates = self._checked(coordinates)
        if not len(coordinates):
            return []
        parts = [p.identity(coordinates[:, part]) for p, part in self.parts()]
        whole = np.ascontiguousarray(np.concatenate(parts, axis=1))
        raw, size = whole.tobytes(), whole.shape[1] * 8
        return [raw[i : i + size] for i in range(0, len(raw), size)]

    # Search: the work is done in rooms that are opened when they are needed

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return `n` random valid designs (``n x c``), distinct where possible."""
        from designer.space import sampling

        return sampling.sample(self, n, rng)

    def space_filling(self, n: int, rng: np.random.Generator, avoid: Floats | None = None) -> Floats:
        """Return `n` valid designs that lie far from each other and from those to `avoid`."""
        from designer.space import sampling

        return sampling.space_filling(self, n, rng, avoid)

    def neighbours(self, coordinates: Floats, n_each: int, rng: np.random.Generator, radius: float) -> Floats:
        """Return valid designs near each given one."""
        from designer.space import neighbours

        return neighbours.neighbours(self, coordinates, n_each, rng, radius)

    @cached_property
    def encoder(self) -> Encoder:
        """The features of designs, descriptors included."""
        from designer.space.encoding import Encoder

        return Encoder(self)


__all__ = ["DesignSpace", "Parameter", "PoolLike", "ShareParameter"]
