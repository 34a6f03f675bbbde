"""Past tasks as training data of networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from designer.objective.scales import ScaleName
from designer.priors.agreement import Standardiser
from designer.priors.alignment import CommonFeatures
from designer.priors.deep.deep_training import folds_of
from designer.priors.networks.orientation import orientations
from designer.priors.sources import Source
from designer.surrogates.data import Quantity
from designer.units import convertible


@dataclass(frozen=True, eq=False)
class Inputs:
    """How a design of any task becomes an input (``... x w``) of a network.

    An input is the common features, standardised; a flag a parameter that the task has; and the quantity as one-hot
    columns: all zero where it is not one of the sources', so that not even its sign is known.

    Parameters
    ----------
    common, standardise
        The common features, and how they are standardised.
    quantities
        What the sources measured.
    """

    common: CommonFeatures
    standardise: Standardiser
    quantities: tuple[Quantity, ...]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The parameters that the common features are of."""
        return tuple(dict.fromkeys(column.parameter for column in self.common.columns))

    @cached_property
    def owner(self) -> Tensor:
        """For each of the ``d`` columns the number of its parameter."""
        return torch.tensor([self.parameters.index(column.parameter) for column in self.common.columns])

    @property
    def width(self) -> int:
        """The number w of inputs."""
        return self.common.dimension + len(self.parameters) + len(self.quantities)

    def flags(self, present: Tensor) -> Tensor:
        """Return which parameters (``P``) a task has, given which of the ``d`` columns."""
        return torch.stack([present[self.owner == p].any() for p in range(len(self.parameters))])

    def number(self, quantity: Quantity | None) -> int | None:
        """Return the number of a quantity, None where the sources measured another (or it is not known which)."""
        if quantity is None:
            return 0 if len(self.quantities) == 1 else None
        return next((i for i, known in enumerate(self.quantities) if same_quantity(known, quantity)), None)

    def of(self, standard: Tensor, flags: Tensor, number: int | None) -> Tensor:
        """Return the inputs (``... x w``) of standardised common features (``... x d``)."""
        there = flags.to(standard.dtype)
        quantity = torch.zeros(len(self.quantities), dtype=standard.dtype)
        if number is not None:
            quantity[number] = 1.0
        tail = torch.cat([there, quantity])
        return torch.cat([standard * there[self.owner], tail.expand(*standard.shape[:-1], len(tail))], dim=-1)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return {
            "common": self.common.as_dict(),
            "quantities": [_plain(quantity) for quantity in self.quantities],
        }

    def tensors(self) -> dict[str, Tensor]:
        """Return the numbers that `as_dict` leaves out."""
        return {"inputs.centre": self.standardise.centre, "inputs.width": self.standardise.width}

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Inputs:
        """Return what `as_dict` and `tensors` gave."""
        quantities = tuple(_quantity(*each) for each in card["quantities"])
        standardise = Standardiser(tensors["inputs.centre"], tensors["inputs.width"])
        return cls(CommonFeatures.from_dict(card["common"]), standardise, quantities)


def _plain(quantity: Quantity) -> list[str | None]:
    return [quantity.name, quantity.unit, *([] if quantity.scale == "linear" else [quantity.scale])]


def _quantity(name: str, unit: str | None, scale: ScaleName = "linear") -> Quantity:
    return Quantity(name, unit, scale=scale)


def same_quantity(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities have one name, one scale and units that convert."""
    return one.name == other.name and one.scale == other.scale and convertible(one.unit, other.unit)


@dataclass(frozen=True, eq=False)
class Member:
    """One source: standardised common features (``n x d``) and signed values (``n``), in single precision."""

    source: Source
    X: Tensor
    z: Tensor
    flags: Tensor
    number: int


@dataclass(frozen=True, eq=False)
class Corpus:
    """All sources, brought to one sign.

    Parameters
    ----------
    inputs
        How designs become inputs.
    members
        The sources, ordered by name and quantity.
    groups
        The group of each: tasks that are near copies.
    signs
        For each quantity the sign by which a network's prediction gets the sign of the majority.
    """

    inputs: Inputs
    members: tuple[Member, ...]
    groups: tuple[str, ...]
    signs: tuple[float, ...]

    @classmethod
    def of(cls, common: CommonFeatures, sources: Sequence[Source], groups: Mapping[str, str]) -> Corpus:
        """Return the corpus of sources in any order; `groups` by the names of tasks."""
        ordered = sorted(sources, key=lambda source: (source.name, source.quantity.name, source.quantity.unit or ""))
        standardise = Standardiser.of(ordered, common.columns)
        quantities: list[Quantity] = []
        for source in ordered:
            if not any(same_quantity(known, source.quantity) for known in quantities):
                quantities.append(source.quantity)
        inputs = Inputs(common, standardise, tuple(quantities))
        signed: dict[int, float] = {}
        together: list[float] = []
        for quantity in quantities:
            group = [source for source in ordered if same_quantity(quantity, source.quantity)]
            relative, sign = orientations(group, standardise)
            together.append(sign)
            signed |= {id(source): each * sign for each, source in zip(relative, group, strict=True)}
        members = tuple(_member(source, signed[id(source)], inputs) for source in ordered)
        return cls(inputs, members, tuple(groups.get(s.name, s.name) for s in ordered), tuple(together))

    def folds(self, count: int) -> tuple[tuple[int, ...], ...]:
        """Return which members are left out together: up to `count` folds, near copies in one; none for one group."""
        folds = folds_of(list(self.groups), count)
        found = int(folds.max()) + 1
        if found < 2:
            return ()
        return tuple(tuple((folds == f).nonzero()[:, 0].tolist()) for f in range(found))

    def only(self, chosen: Sequence[int]) -> Corpus:
        """Return the corpus with some of the members alone."""
        kept = sorted(chosen)
        return replace(self, members=tuple(self.members[i] for i in kept), groups=tuple(self.groups[i] for i in kept))

    def without(self, left_out: Sequence[int]) -> Corpus:
        """Return the corpus without some members."""
        return self.only([i for i in range(len(self.members)) if i not in set(left_out)])


def _member(source: Source, sign: float, inputs: Inputs) -> Member:
    X = inputs.standardise(source.X).to(torch.float32)
    number = inputs.number(source.quantity)
    assert number is not None
    # Rounded, so that a change of unit, which moves the last bits of values, changes nothing that is learned.
    z = torch.round(sign * source.z, decimals=6).to(torch.float32)
    return Member(source, X, z, inputs.flags(source.present), number)
