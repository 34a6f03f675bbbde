"""What every kind of parameter can do: the interface between a space and its parameters.

A kind is one class, registered under the word behind ``kind:`` in a campaign file
(`designer.space.parameters.parameter_kinds`). A space asks its parameters for everything that depends on their kind:
lab columns, settings, random draws, moves, features, names in constraints, and how a table is read. Methods without a
default are abstract; the defaults are those of a parameter with one lab column.

Coordinates: a numeric parameter's coordinate is its lab value, that of a listed word its index, that of an amount its
number of steps. Every method takes and returns an array ``n x width`` of the parameter's own coordinates.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, model_validator

from designer.arrays import BoolArray, FloatArray, IndexArray, IntArray
from designer.documents import Value
from designer.errors import Fault, InvalidInput, InvalidSpace
from designer.space.parameters.features import FeatureBlock
from designer.space.parameters.fields import Name, Number, Text
from designer.space.parameters.lattice import round_significant
from designer.space.parameters.references import Reference

if TYPE_CHECKING:
    from typing import Self


def _whole(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int):
        raise ValueError(f"{given!r} is not a whole number; give a whole number")
    return given


LabColumn = NDArray[Any]
Converter = Callable[[FloatArray, str | None, str | None], FloatArray]


class DesignTable(Protocol):
    """A table of designs that a person gave, as a parameter reads its own columns of it."""

    sum_tolerance: float
    """The share of a total by which measured amounts may miss it."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def has(self, column: str) -> bool:
        """Whether the table has this lab column; one that is missing is a fault already."""
        ...

    def numbers(self, column: str, unit: str | None, convert: Converter | None = None) -> FloatArray:
        """Return a column of finite numbers in `unit` (``n``), NaN where there is a fault.

        Parameters
        ----------
        convert
            What converts values from a unit to another, where it is not the usual conversion.
        """
        ...

    def words(self, column: str) -> tuple[IndexArray, list[str]]:
        """Return a column of words: for each row the index of its word, and the distinct words."""
        ...

    def fault(self, what: str, remedy: str, column: str, row: int | None = None) -> None:
        """Report a fault in a lab column, in the row of this index (from 0) or in the header."""
        ...


@dataclass(frozen=True)
class Relaxation:
    """The lab values that a parameter may take, without steps: a range for each lab column, and their sum if it is set.

    Linear programmes over a space use it.
    """

    bounds: tuple[tuple[float, float], ...]
    total: float | None = None


class ParameterBase(Value):
    """What every parameter can do; `width` is its number of lab columns.

    A kind defines the field ``kind: Literal["word"] = "word"`` and ``unit``, a field or a class variable: the unit of
    its lab columns, or None. A parameter with the role ``context`` is not chosen: its value is known and given with
    each request for suggestions. One with ``vary: per_batch`` has one setting in all designs of a batch; it may then
    change `at_most_changes` times in a campaign, and a change may cost as much as `change_cost` experiments.
    One with a condition (``when``) exists only in designs for which that holds.
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidSpace

    name: Name
    description: str | None = None
    role: Literal["setting", "context"] = "setting"
    vary: Literal["per_experiment", "per_batch"] = "per_experiment"
    at_most_changes: Annotated[int, BeforeValidator(_whole)] | None = None
    change_cost: Number | None = None
    when: Text | None = None

    @model_validator(mode="after")
    def _check_variation(self) -> Self:
        faults = []
        for key in ("at_most_changes", "change_cost"):
            value = getattr(self, key)
            if value is not None and not self.is_shared:
                faults.append(Fault(f"{key!r} has no meaning without 'vary: per_batch'", "add it", path=(key,)))
            elif value is not None and value < 0:
                faults.append(Fault(f"{key!r} is {value:g}", "give a number of at least 0", path=(key,)))
        if self.is_shared and self.is_context:
            faults.append(
                Fault(f"{self.name!r} is a context, which is not chosen", "leave 'vary' or 'role' out", path=("vary",))
            )
        if faults:
            raise InvalidInput(faults)
        return self

    if TYPE_CHECKING:

        @property
        def kind(self) -> str:
            """The word behind ``kind:`` in a campaign file."""

        @property
        def unit(self) -> str | None:
            """The unit of the lab columns."""

    # Lab columns

    @property
    @abstractmethod
    def lab_columns(self) -> tuple[str, ...]:
        """The headers of this parameter's columns in a lab table."""

    @property
    def width(self) -> int:
        """The number of lab columns."""
        return len(self.lab_columns)

    @property
    def members(self) -> tuple[str, ...]:
        """What each lab column is the amount of, where a setting has several parts; nothing where it is one value."""
        return ()

    @abstractmethod
    def from_lab(self, columns: Sequence[LabColumn]) -> FloatArray:
        """Return the coordinates (``n x width``) of clean lab columns."""

    @abstractmethod
    def to_lab(self, coordinates: FloatArray) -> list[LabColumn]:
        """Return the lab columns of coordinates (``n x width``)."""

    def lab_numbers(self, coordinates: FloatArray) -> FloatArray:
        """Return canonical coordinates as the numbers that constraints see: lab values, and the indices of words."""
        return coordinates

    def headers(self) -> Iterator[tuple[str, str]]:
        """Go through other headers under which a table may have a lab column, with that lab column."""
        yield self.name, self.lab_columns[0]

    @abstractmethod
    def read(self, table: DesignTable) -> FloatArray:
        """Return the coordinates (``n x width``) of a table's rows; every fault is reported to the table."""

    def new_words(self, table: DesignTable) -> list[str]:
        """Return words of the table that this parameter does not list but may take; faults go to the table."""
        return []

    def with_words(self, words: Sequence[str]) -> Self:
        """Return the parameter with words added that it may take; itself where it takes none."""
        return self

    # Settings

    @property
    def is_context(self) -> bool:
        """Whether the value is known when suggestions are requested, and not chosen."""
        return self.role == "context"

    @property
    def is_open(self) -> bool:
        """Whether settings can be made that are in no vocabulary yet."""
        return False

    @property
    def open_by(self) -> str:
        """The field that makes a parameter open; empty for a kind that cannot be open."""
        return ""

    @property
    def is_shared(self) -> bool:
        """Whether all designs of a batch have one setting."""
        return self.vary == "per_batch"

    @property
    @abstractmethod
    def count(self) -> int | None:
        """The number of settings, or None where they are not counted (a continuous range)."""

    @abstractmethod
    def canonical(self, coordinates: FloatArray) -> FloatArray:
        """Return coordinates with the noise of float arithmetic removed: on the grid where they lie on it."""

    @abstractmethod
    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Return the nearest value of each coordinate alone; sums and cardinalities are for `settle`."""

    @abstractmethod
    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row (canonical coordinates) may be suggested."""

    def within(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row (canonical coordinates) keeps the bounds, on a step or not: for listed designs."""
        return np.ones(len(coordinates), dtype=np.bool_)

    @abstractmethod
    def violations(self, row: FloatArray) -> list[str]:
        """Return in words how one row (canonical coordinates, ``width``) leaves this parameter's settings."""

    @abstractmethod
    def identity(self, coordinates: FloatArray) -> IntArray:
        """Return whole numbers that are equal exactly where the lab would call the settings equal."""

    @abstractmethod
    def enumerate(self) -> FloatArray:
        """Return all settings (``count x width``); only where `count` is not None."""

    # Search

    @property
    def mobility(self) -> float:
        """How often a random move changes this parameter, relative to a single number (1); 0 where nothing can move."""
        return 0.0 if self.count is not None and self.count < 2 else 1.0

    @property
    def has_uneven_settings(self) -> bool:
        """Whether random draws do not meet every listed setting equally often (steps on a log scale)."""
        return False

    @abstractmethod
    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n random settings (``n x width``).

        Raises
        ------
        NoDesignLeft
            If there is no setting.
        """

    def settle(self, coordinates: FloatArray) -> FloatArray:
        """Return the nearest settings that may be suggested, sums and cardinalities included."""
        return self.snap(coordinates)

    @abstractmethod
    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return other settings near to given ones (``n x width``, settled); `radius` is a length in ranges."""

    @abstractmethod
    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return the features of this parameter, with descriptors of its words or elements if asked for."""

    # Constraints

    def references(self) -> dict[str, Reference]:
        """Return what may be named in a constraint; indices are counted from this parameter's first coordinate."""
        return {self.name: self.reference(0)}

    def reference(self, index: int) -> Reference:
        """Return what the name of the lab column `index` stands for in a constraint."""
        return Reference(index)

    @abstractmethod
    def relaxation(self) -> Relaxation:
        """Return the lab values that the parameter may take, without steps."""

    # Changes in the course of a campaign

    def bounds_changes(self, bounds: Any) -> dict[str, Any]:
        """Return the fields that change where the bounds do.

        Raises
        ------
        InvalidSpace
            If the parameter has no bounds.
        """
        raise InvalidSpace(Fault(f"{self.name!r} has no bounds", "add or remove its settings"))

    def choices_changes(self, added: Sequence[str]) -> dict[str, Any]:
        """Return the fields that change where choices are added.

        Raises
        ------
        InvalidSpace
            If the parameter has no choices.
        """
        raise InvalidSpace(Fault(f"{self.name!r} has no choices to add to", "change its bounds"))

    def step_changes(self, step: float) -> dict[str, Any]:
        """Return the fields that change where the step does.

        Raises
        ------
        InvalidSpace
            If earlier designs are counted in the step.
        """
        what = f"the step of {self.name!r} is the unit of its earlier designs"
        raise InvalidSpace(Fault(what, "keep it, or begin a new campaign"))

    def check_amended(self, new: Self) -> None:
        """Check that coordinates of this parameter keep their meaning in the amended one.

        Raises
        ------
        InvalidSpace
            If they do not.
        """


def float_identity(values: FloatArray) -> IntArray:
    """Return the bits of `values` at 12 significant digits, minus zero made zero."""
    return (round_significant(values, 12) + 0.0).view(np.int64)
