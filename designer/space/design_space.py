"""The space of designs: parameters, the constraints over them, and a pool where only listed designs can be made.

Designs have two forms. In *lab units* they are rows of a DataFrame, as a person reads and writes them. As
*coordinates* they are a float64 array ``n x c``, one column a lab column: a numeric parameter's lab value, the index of
a choice, the amount of a member in whole steps, the index of a formula. `DesignSpace.frame` and
`DesignSpace.coordinates` turn one into the other, without loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from designer.arrays import BoolArray, FloatArray
from designer.documents import Document, Value, faults_of, parse
from designer.errors import Fault, InvalidInput, InvalidSpace, did_you_mean
from designer.space.absent_cells import from_lab, without_absent
from designer.space.base import PoolLike
from designer.space.conditions import Conditions, read_conditions
from designer.space.constraints.constraint import BoundConstraint, Constraint, bind, nearest_names
from designer.space.emptiness import why_empty
from designer.space.encoding import Encoder
from designer.space.equalities.build import equality_systems
from designer.space.equalities.system import EqualitySystem
from designer.space.fidelity.fidelity_levels import fidelity_faults
from designer.space.listing import list_designs
from designer.space.met_constraints import met_constraints
from designer.space.neighbours import neighbours
from designer.space.parameter_faults import condition_faults, parameter_faults
from designer.space.parameters.amending import amended_parameter, as_plain
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.fixed import FixedParameter
from designer.space.parameters.open_vocabulary import with_words
from designer.space.parameters.parameter_kinds import Parameter
from designer.space.parameters.references import Reference
from designer.space.partial_faults import further_faults
from designer.space.pool import CandidatesInContexts
from designer.space.sampling import sample
from designer.space.size_limits import MAX_CONSTRAINTS, MAX_PARAMETERS, at_most
from designer.space.space_filling import space_filling
from designer.space.table_reader import ReadResult, read_table
from designer.space.walking import rare_designs

_ABSENT = np.iinfo(np.int64).min  # the identity of a parameter that does not exist, that of no setting


def _names_of(data: Any) -> Mapping[str, Reference]:
    """Return what the names of one parameter stand for; raise where it is malformed."""
    adapter: TypeAdapter[Parameter] = TypeAdapter(Parameter)
    return DesignSpace(parameters=(adapter.validate_python(data),)).names


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

    parameters: Annotated[tuple[Parameter, ...], BeforeValidator(at_most(MAX_PARAMETERS, "parameters"))] = Field(
        alias="space"
    )
    constraints: Annotated[tuple[Constraint, ...], BeforeValidator(at_most(MAX_CONSTRAINTS, "constraints"))] = ()
    pool: PoolLike | None = Field(default=None, exclude=True, repr=False)

    @model_validator(mode="wrap")
    @classmethod
    def _all_faults(cls, data: Any, handler: ModelWrapValidatorHandler[DesignSpace]) -> DesignSpace:
        try:
            return handler(data)
        except ValidationError as error:
            faults = faults_of(error, cls, data)
            raise InvalidSpace(dict.fromkeys([*faults, *further_faults(data, _names_of)])) from None

    @model_validator(mode="after")
    def _check(self) -> DesignSpace:
        faults = parameter_faults(self)
        faults = faults or condition_faults(self) or self._constraint_faults()
        if not faults:
            empty = why_empty(self)
            faults = [empty] if empty is not None else []
        if faults:
            raise InvalidSpace(faults)
        return self

    def _constraint_faults(self) -> list[Fault]:
        faults: list[Fault] = []
        bound: list[BoundConstraint] = []
        nearest = nearest_names(self.names)
        for i, constraint in enumerate(self.constraints):
            try:
                bound.append(bind(constraint, self.names, self.columns, nearest))
            except InvalidSpace as error:
                faults += [fault.at(path=("constraints", i)) for fault in error.faults]
        faults += fidelity_faults(self, bound)
        if not faults:
            self.__dict__["bound_constraints"] = tuple(bound)  # what the cached property would make again
        return faults

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

    def parts(self) -> Iterator[tuple[ParameterBase, slice]]:
        """Go through the parameters and the slices of their coordinates."""
        return zip(self.parameters, self.slices, strict=True)

    def parameter(self, name: str) -> ParameterBase:
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

    @cached_property
    def names(self) -> dict[str, Reference]:
        """What may be named in a constraint: parameters, members (``alloy.Ni``) and lab columns."""
        names: dict[str, Reference] = {}
        for parameter, part in self.parts():
            for name, known in parameter.references().items():
                names[name] = replace(
                    known, index=part.start + known.index, settings=None if parameter.when else known.settings
                )
        for parameter, part in self.parts():
            for i, column in enumerate(parameter.lab_columns):
                names.setdefault(column, parameter.reference(part.start + i))
        return names

    @cached_property
    def conditions(self) -> Conditions:
        """The parameters that exist only in some designs, and when."""
        return read_conditions(self.parameters, self.slices, self.names, self.columns)

    @cached_property
    def bound_constraints(self) -> tuple[BoundConstraint, ...]:
        """The constraints, with their names resolved to coordinates."""
        return tuple(bind(constraint, self.names, self.columns) for constraint in self.constraints)

    @cached_property
    def systems(self) -> tuple[EqualitySystem, ...]:
        """The numeric parameters that linear equalities join, to be drawn and moved together; none of a pool."""
        return equality_systems(self) if self.constraints and self.pool is None else ()

    @cached_property
    def rare_designs(self) -> FloatArray:
        """Designs (k x c) of combinations of choices that constraints leave, but random draws hardly ever meet."""
        return rare_designs(self) if self.constraints and self.pool is None else np.empty((0, self.width))

    # Two forms of a design

    def coordinates(self, frame: pd.DataFrame) -> FloatArray:
        """Return the coordinates (``n x c``) of a clean lab frame: right headers, right units, no faults.

        Use `read_table` for what people give.
        """
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise InvalidSpace([Fault(f"column {column!r} is missing", "add it", column=column) for column in missing])
        parts = [from_lab(p, [frame[column].to_numpy() for column in p.lab_columns]) for p in self.parameters]
        return self.conditions.filled(np.concatenate(parts, axis=1) if parts else np.empty((len(frame), 0)))

    def frame(self, coordinates: FloatArray, index: Sequence[Any] | None = None) -> pd.DataFrame:
        """Return designs in lab units, each number the one a person would write."""
        coordinates = self._checked(coordinates)
        columns: dict[str, Any] = {}
        exists = self.conditions.exists(coordinates)
        for k, (parameter, part) in enumerate(self.parts()):
            cells = without_absent(parameter.to_lab(coordinates[:, part]), exists[:, k])
            columns |= zip(parameter.lab_columns, cells, strict=True)
        return pd.DataFrame(columns, index=None if index is None else list(index))

    def _checked(self, coordinates: FloatArray) -> FloatArray:
        coordinates = np.asarray(coordinates, dtype=np.float64)
        if coordinates.ndim != 2 or coordinates.shape[1] != self.width:
            raise ValueError(f"coordinates have shape {coordinates.shape}, not (n, {self.width})")
        return coordinates

    def canonical(self, coordinates: FloatArray) -> FloatArray:
        """Return coordinates with the noise of float arithmetic removed: on the grid where they lie on it."""
        coordinates = self._checked(coordinates)
        return self.conditions.filled(
            np.concatenate([p.canonical(coordinates[:, part]) for p, part in self.parts()], axis=1)
        )

    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Return each coordinate at the nearest setting; sums and constraints are the caller's to keep."""
        coordinates = self._checked(coordinates)
        return self.conditions.filled(
            np.concatenate([p.snap(coordinates[:, part]) for p, part in self.parts()], axis=1)
        )

    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row may be suggested: bounds, steps, sums, cardinalities and every constraint.

        In a pool, a design that is listed can be made, also between the steps; bounds and constraints still hold.
        """
        coordinates = self.canonical(coordinates)
        if self.pool is not None:
            mask = self.pool.contains(coordinates)
            mask[mask] = self.within(coordinates[mask])
            return mask
        mask = np.ones(len(coordinates), dtype=np.bool_)
        for parameter, part in self.parts():
            mask &= parameter.valid(coordinates[:, part])
        if self.constraints and mask.any():
            mask[mask] = self.satisfied(coordinates[mask])
        return mask

    def within(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row keeps the bounds of every parameter and every constraint, be it on the steps or not."""
        coordinates = self.canonical(coordinates)
        mask = np.ones(len(coordinates), dtype=np.bool_)
        for parameter, part in self.parts():
            mask &= parameter.within(coordinates[:, part])
        mask[mask] = met_constraints(self, coordinates[mask]).all(axis=1)
        return mask

    def satisfied(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row satisfies every constraint; settings are not checked."""
        mask = np.ones(len(coordinates), dtype=np.bool_)
        if self.constraints:
            lab = self.lab_values(coordinates)
            for constraint in self.bound_constraints:
                mask &= constraint.satisfied(lab) | ~self.conditions.concerned(coordinates, constraint.uses)
        return mask

    def lab_values(self, coordinates: FloatArray) -> FloatArray:
        """Return lab values as numbers (``n x c``); choices and formulas stay indices."""
        lab = self.canonical(coordinates)
        for parameter, part in self.parts():
            lab[:, part] = parameter.lab_numbers(lab[:, part])
        return lab

    def violations(self, design: Mapping[str, Any] | FloatArray) -> list[str]:
        """Return in words how one design, in lab units or as coordinates, leaves the space; nothing if it does not.

        Examples
        --------
        >>> space = DesignSpace(
        ...     parameters=[{"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5}],
        ...     constraints=["T <= 800"],
        ... )
        >>> space.violations({"T": 853})
        ['T = 853 degC is not on the step of 5', "violates 'T <= 800'"]
        """
        row = self.coordinates(pd.DataFrame([dict(design)]))[0] if isinstance(design, Mapping) else np.asarray(design)
        row = self.canonical(row[None, :])
        exists = self.conditions.exists(row)[0]
        parts = [each for each, there in zip(self.parts(), exists, strict=True) if there]
        found = [text for parameter, part in parts for text in parameter.violations(row[0, part])]
        found += [
            f"violates {c.text!r}"
            for c, met in zip(self.constraints, met_constraints(self, row)[0], strict=True)
            if not met
        ]
        if self.pool is not None and not self.pool.contains(row)[0]:
            found.append("the design is not among the candidates")
        return found

    # How many there are

    def size(self, limit: int = 100_000) -> int | None:
        """Return the number of designs, or None where there are more than `limit` or it is not cheap to know."""
        found = list_designs(self, limit)
        return None if found is None else len(found)

    def enumerate(self, limit: int = 100_000) -> FloatArray:
        """Return all designs (``n x c``).

        Raises
        ------
        ValueError
            If `size` does not know their number.
        """
        found = list_designs(self, limit)
        if found is None:
            raise ValueError(f"the space has more than {limit} designs, or too many to know; sample it instead")
        return found

    # Tables that people give

    def read_table(
        self,
        frame: pd.DataFrame,
        *,
        file: str | None = None,
        extra_columns: Sequence[str] = (),
        flags: bool = True,
    ) -> ReadResult[DesignSpace]:
        """Read a lab table of designs strictly; see `designer.space.table_reader.read_table`."""
        return read_table(self, frame, file=file, extra_columns=extra_columns, flags=flags)

    # Other spaces made from this one

    def with_pool(self, pool: PoolLike | None) -> DesignSpace:
        """Return the space of the designs of a pool."""
        return DesignSpace(parameters=self.parameters, constraints=self.constraints, pool=pool)

    def fixed(self, settings: Mapping[str, Sequence[float]]) -> DesignSpace:
        """Return the space in which some parameters have one setting only: coordinates by the parameter's name.

        Designs have the same coordinates, features and keys in both spaces.

        Raises
        ------
        InvalidSpace
            If there is no such parameter, or the constraints forbid every design with these settings.
        """
        for name in settings:
            self.parameter(name)
        changed = [
            FixedParameter.from_parameter(parameter, settings[parameter.name])
            if parameter.name in settings
            else parameter
            for parameter in self.parameters
        ]
        pool = self.pool
        if isinstance(pool, CandidatesInContexts):
            row = pool.contexts[:1].copy()
            for parameter, part in zip(changed, self.slices, strict=True):
                if isinstance(parameter, FixedParameter):
                    row[:, part] = parameter.setting
            pool = pool.in_context(row[0])
        return DesignSpace(parameters=changed, constraints=self.constraints, pool=pool)

    @cached_property
    def context_parameters(self) -> tuple[ParameterBase, ...]:
        """The parameters whose values are known when suggestions are requested, and not chosen."""
        return tuple(parameter for parameter in self.parameters if parameter.is_context)

    @cached_property
    def at_context(self) -> bool:
        """Whether every parameter with the role context is fixed, and there is one."""
        contexts = self.context_parameters
        return bool(contexts) and all(isinstance(parameter, FixedParameter) for parameter in contexts)

    @cached_property
    def shared_parameters(self) -> tuple[ParameterBase, ...]:
        """The parameters that have one setting in all designs of a batch."""
        return tuple(parameter for parameter in self.parameters if parameter.is_shared)

    def in_fixed(self, coordinates: FloatArray) -> FloatArray:
        """Return designs (``n x c``) with the fixed parameters at their settings."""
        result: FloatArray = self._checked(coordinates).copy()
        for parameter, part in self.parts():
            if isinstance(parameter, FixedParameter):
                result[:, part] = parameter.setting
        return result

    def with_formulas(self, formulas: Sequence[str]) -> DesignSpace:
        """Return the space with formulas added to its vocabulary, behind those it has; itself where none is new."""
        return self.with_words({each.name: formulas for each in self.parameters if each.kind == "formula"})

    def with_words(self, words: Mapping[str, Sequence[str]]) -> DesignSpace:
        """Return the space with words added to the vocabularies of parameters, by name; itself where none is new."""
        changed = with_words(self.parameters, words)
        same = all(new is old for new, old in zip(changed, self.parameters, strict=True))
        return self if same else DesignSpace(parameters=changed, constraints=self.constraints, pool=self.pool)

    def amend(
        self, name: str, *, bounds: Any = None, choices_added: Sequence[str] = (), step: float | None = None
    ) -> DesignSpace:
        """Return the space with one parameter's bounds changed or choices added.

        Existing choices keep their indices and stepped values stay on their steps, so that the coordinates of earlier
        designs keep their meaning.

        Raises
        ------
        InvalidSpace
            If there is no such parameter, or it cannot be changed so.
        """
        old = self.parameter(name)
        new = amended_parameter(old, bounds=bounds, choices_added=choices_added, step=step)
        parameters = [new if parameter is old else parameter for parameter in self.parameters]
        return DesignSpace(parameters=parameters, constraints=self.constraints, pool=self.pool)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data from which ``DesignSpace(**data)`` builds an equal space; the pool is not in it.

        >>> space = DesignSpace(parameters=[{"name": "T", "kind": "numeric", "bounds": [300, 900], "step": 5}])
        >>> space.to_dict()
        {'space': [{'name': 'T', 'kind': 'numeric', 'bounds': [300.0, 900.0], 'step': 5.0}], 'constraints': []}
        """
        return {
            "space": [as_plain(parameter) for parameter in self.parameters],
            "constraints": [constraint.text for constraint in self.constraints],
        }

    @classmethod
    def from_document(cls, document: Document, *, pool: PoolLike | None = None) -> DesignSpace:
        """Build the space that ``space:`` and ``constraints:`` of a larger document describe.

        Raises
        ------
        InvalidSpace
            With every fault, each with its file and line.
        """
        given = document.data if isinstance(document.data, Mapping) else {}
        data = {key: given[key] for key in ("space", "constraints") if key in given}
        space = parse(cls, Document(data, document.file, document.lines))
        return space if pool is None else space.with_pool(pool)

    def keys(self, coordinates: FloatArray) -> list[bytes]:
        """Return the identity of each design: equal designs have equal keys, by whatever rounding they came.

        Keys depend on lab values only, so they survive changed bounds and added choices.
        """
        coordinates = self._checked(coordinates)
        if not len(coordinates):
            return []
        exists = self.conditions.exists(coordinates)
        parts = [
            np.where(exists[:, [k]], p.identity(coordinates[:, part]), _ABSENT)
            for k, (p, part) in enumerate(self.parts())
        ]
        whole = np.ascontiguousarray(np.concatenate(parts, axis=1))
        raw, size = whole.tobytes(), whole.shape[1] * 8
        return [raw[i : i + size] for i in range(0, len(raw), size)]

    # Search

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return `n` random valid designs (``n x c``), distinct where possible."""
        return sample(self, n, rng)

    def space_filling(self, n: int, rng: np.random.Generator, avoid: FloatArray | None = None) -> FloatArray:
        """Return `n` valid designs that lie far from each other and from those to `avoid`."""
        return space_filling(self, n, rng, avoid)

    def neighbours(self, coordinates: FloatArray, n_each: int, rng: np.random.Generator, radius: float) -> FloatArray:
        """Return valid designs near each given one."""
        return neighbours(self, coordinates, n_each, rng, radius)

    @cached_property
    def encoder(self) -> Encoder:
        """The features of designs, descriptors included."""
        return Encoder(self)
