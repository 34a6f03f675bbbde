"""What a space of designs offers to the functions that sample, search, list, encode and read designs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from designer.arrays import BoolArray, FloatArray
from designer.space.conditions import Conditions
from designer.space.constraints.constraint import BoundConstraint, Constraint
from designer.space.equalities.system import EqualitySystem
from designer.space.parameters.base import ParameterBase

if TYPE_CHECKING:
    from typing import Self


@runtime_checkable
class PoolLike(Protocol):
    """A list of the only designs that can be made."""

    @property
    def coordinates(self) -> FloatArray:
        """The designs (``rows x c``)."""
        ...

    @property
    def labels(self) -> tuple[str, ...] | None:
        """What the lab calls each design; None where it has no names."""
        ...

    def contains(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row of ``n x c`` coordinates is a design of the pool."""

    def labels_of(self, coordinates: FloatArray) -> list[str | None]:
        """Return what the lab calls each of ``n x c`` designs; None where it has no name."""
        ...


class SpaceLike(Protocol):
    """Parameters, constraints over them, and a pool where only listed designs can be made; see `DesignSpace`."""

    @property
    def parameters(self) -> tuple[ParameterBase, ...]:
        """The parameters, in the order of their columns."""
        ...

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The conditions that every design satisfies."""
        ...

    @property
    def pool(self) -> PoolLike | None:
        """The only designs there are, where they are listed."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The headers of a lab table of designs, in the order of the coordinates."""
        ...

    @property
    def width(self) -> int:
        """The number c of coordinates."""
        ...

    @property
    def slices(self) -> tuple[slice, ...]:
        """The coordinates of each parameter."""
        ...

    @property
    def bound_constraints(self) -> tuple[BoundConstraint, ...]:
        """The constraints, with their names resolved to coordinates."""
        ...

    @property
    def conditions(self) -> Conditions:
        """The parameters that exist only in some designs, and when."""
        ...

    @property
    def systems(self) -> tuple[EqualitySystem, ...]:
        """The numeric parameters that linear equalities join, to be drawn and moved together; none of a pool."""
        ...

    @property
    def rare_designs(self) -> FloatArray:
        """Designs (k x c) that random draws do not meet; see `designer.space.walking.rare_designs`."""
        ...

    def parts(self) -> Iterator[tuple[ParameterBase, slice]]:
        """Go through the parameters and the slices of their coordinates."""
        ...

    def canonical(self, coordinates: FloatArray) -> FloatArray:
        """Return ``n x c`` coordinates with the noise of float arithmetic removed."""
        ...

    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row may be suggested."""
        ...

    def within(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row keeps the bounds of every parameter and every constraint, on the steps or not."""
        ...

    def satisfied(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row satisfies every constraint."""
        ...

    def violations(self, design: FloatArray) -> list[str]:
        """Return in words how one design (``c``) leaves the space."""
        ...

    def with_words(self, words: Mapping[str, Sequence[str]]) -> Self:
        """Return the space with words added to the vocabularies of its parameters, by their names."""
        ...

    def with_pool(self, pool: PoolLike | None) -> Self:
        """Return the space of the designs of a pool."""
        ...
