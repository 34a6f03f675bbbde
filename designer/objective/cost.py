"""The cost of an experiment as a campaign file states it: an expression over the parameters, and a part for each batch.

Costs are in any one unit: money, hours, grams. Numbers of the expression are in the units of the parameters, as in a
constraint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from designer.arrays import FloatArray
from designer.documents import Value, plain_number
from designer.errors import Fault, InvalidInput, InvalidSpace
from designer.space import DesignSpace
from designer.space.constraints.constraint import bind_number
from designer.space.constraints.expressions import float_values
from designer.space.constraints.nodes import Node
from designer.space.constraints.syntax import parse_number
from designer.space.fidelity.fidelity_levels import at_level, fidelity_of
from designer.space.listing import list_designs

MAX_LISTED = 20_000
"""Designs of a space up to which the cost of every one is checked; of larger spaces that of random designs."""
MAX_CHARACTERS = 3500
_DRAWN = 2048
ROUNDING = 1e-9
"""The share of a budget by which rounding may exceed it."""


def _expression(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError(f"cost {given!r} is no expression; write a number or text such as '5 + 0.1 * temperature'")
    return given if isinstance(given, str) else repr(given)


class Cost(Value):
    """What experiments cost.

    Parameters
    ----------
    experiment
        The cost of one experiment: a sum such as ``5 + 0.1 * temperature``, or cases such as
        ``40 if method == bulk, 5`` (`designer.space.constraints.syntax`). Positive for every design.
    batch
        What each batch costs besides its experiments.

    Raises
    ------
    InvalidInput
        If the text does not follow the grammar; names are checked where the space is known (`StatedCost.of`).

    Examples
    --------
    >>> Cost.model_validate("5 + 0.1 * temperature").batch
    0.0
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidInput

    experiment: Annotated[str, BeforeValidator(_expression)]
    batch: Annotated[float, BeforeValidator(plain_number), Field(ge=0)] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return given if isinstance(given, (Mapping, Cost)) else {"experiment": given}

    @model_validator(mode="after")
    def _check(self) -> Cost:
        if len(self.experiment) > MAX_CHARACTERS:
            what = f"a cost of {len(self.experiment)} characters"
            raise InvalidInput(Fault(what, f"at most {MAX_CHARACTERS}; shorten it", path=("experiment",)))
        try:
            _ = self.tree
        except InvalidSpace as error:
            raise InvalidInput([fault.at(path=("experiment",)) for fault in error.faults]) from None
        return self

    @cached_property
    def tree(self) -> Node:
        """The parsed expression."""
        return parse_number(self.experiment, "cost")


@dataclass(frozen=True, eq=False)
class StatedCost:
    """The cost of the experiments of a space.

    Parameters
    ----------
    cost
        As the file states it.
    tree
        Its expression with names resolved to coordinates.
    """

    cost: Cost
    tree: Node
    space: DesignSpace

    @classmethod
    def of(cls, cost: Cost, space: DesignSpace) -> StatedCost:
        """Return the cost over a space.

        Raises
        ------
        InvalidSpace
            For an unknown name or choice.
        """
        return cls(cost, bind_number(cost.experiment, cost.tree, space.names, "cost"), space)

    def check(self) -> None:
        """Check the costs of all designs of a small space, or of random designs of another, at every level.

        Raises
        ------
        InvalidSpace
            With the first design whose cost is not a positive number.
        """
        fidelity = fidelity_of(self.space)
        for level in range(1 if fidelity is None else len(fidelity.levels)):
            self.of_designs(at_level(self.space, self.some_designs, level))

    @cached_property
    def typical(self) -> float:
        """The median cost of the designs of the space, at the top level."""
        return float(np.median(self.of_designs(self.some_designs)))

    @cached_property
    def some_designs(self) -> FloatArray:
        """All designs of a small space (``n x c``), and random ones of another."""
        designs = list_designs(self.space, MAX_LISTED)
        return self.space.sample(_DRAWN, np.random.default_rng(0)) if designs is None else designs

    def of_designs(self, coordinates: FloatArray) -> FloatArray:
        """Return the cost of each design (``n``) by its coordinates (``n x c``).

        Raises
        ------
        InvalidSpace
            With the first design whose cost is not a positive number.
        """
        costs = self.values(coordinates)
        wrong = np.flatnonzero(~(np.isfinite(costs) & (costs > 0)))
        if len(wrong):
            self._refuse(coordinates[wrong[0]], float(costs[wrong[0]]))
        return costs

    def values(self, coordinates: FloatArray) -> FloatArray:
        """Return the value of the expression (``n``) by coordinates (``n x c``); NaN where it has none."""
        lab = self.space.lab_values(coordinates)
        exists = self.space.conditions.exists(coordinates)
        for k, (_, part) in enumerate(self.space.parts()):
            lab[~exists[:, k], part] = np.nan
        return float_values(self.tree, lab)

    def _refuse(self, design: FloatArray, cost: float) -> None:
        cells = {key: value for key, value in self.space.frame(design[None]).iloc[0].items() if value is not None}
        where = ", ".join(f"{key} = {value}" for key, value in list(cells.items())[:8])
        if not np.isfinite(cost):
            what = f"cost {self.cost.experiment!r} has no value for the design {where}"
            remedy = "end the cases with a number that has no condition, and name conditional parameters in cases only"
        else:
            what = f"cost {self.cost.experiment!r} is {cost:g} for the design {where}, and not a positive number"
            remedy = "write an expression that is positive for every design of the space"
        raise InvalidSpace(Fault(what, remedy))

    def limit(self, left: float) -> str:
        """Return the constraint that designs cost `left` at most."""
        return f"({self.cost.experiment}) <= {left!r}"
