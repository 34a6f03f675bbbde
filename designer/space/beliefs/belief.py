"""A belief of an expert about where the best designs are, as a campaign file writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from designer.documents import Value, no_truth_value
from designer.errors import Fault, InvalidInput, InvalidSpace
from designer.space.constraints.constraint import Constraint
from designer.space.parameters.fields import Number, Text

STRENGTH = 100.0
"""How many times likelier the best design is where it is expected than far away, unless a belief says so."""

MAX_STRENGTH = 1e6
"""The largest ratio of two densities of a belief: a larger one would exclude designs."""

_MEANS = "give 'parameter: NAME' with 'near', or 'constraint: CONDITION'"


def _near(given: Any) -> Any:
    if isinstance(given, bool):
        raise ValueError(f"{given} is neither a number nor a choice; put it in quotes: '{given}'")
    if isinstance(given, Sequence) and not isinstance(given, str):
        if not given or not all(isinstance(each, str) for each in given):
            raise ValueError(f"{list(given)!r} is no list of choices; give one number, or a list of choices")
        return tuple(given)
    return given


def _weights(given: Any) -> Any:
    if not isinstance(given, Mapping) or not given:
        raise ValueError(f"{given!r} is no mapping of choices to weights; write {{choice: weight, ...}}")
    for choice, weight in given.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= MAX_STRENGTH:
            what = f"the weight {weight!r} is no number above 0 and up to {MAX_STRENGTH:g}"
            raise InvalidInput(Fault(what, "leave the choice out, or give a positive number", path=(choice,)))
    return {str(choice): float(weight) for choice, weight in given.items()}


class Belief(Value):
    """Where an expert expects the best designs: a number, choices, or a region.

    The density of the best design is `strength` times as high where it is expected as far away from there.

    Parameters
    ----------
    parameter
        A numeric or categorical parameter, or a member of a composition or mixture (``alloy.Ni``).
    near
        The value at which the density is highest, a number in the parameter's unit or with its own (``923 K``); of a
        categorical parameter a choice, or several.
    spread
        The standard deviation of a number around `near`, in the same unit. On a log scale the logarithm is normal, with
        the standard deviation ``log(1 + spread / near)``.
    weights
        Of choices: how likely each is, relative to the others; a choice without a weight has the lowest density.
    constraint
        A condition in the grammar of constraints that the best design is expected to satisfy.
    strength
        The highest density over the lowest one.

    Raises
    ------
    InvalidInput
        With every fault.

    Examples
    --------
    >>> Belief(parameter="temperature", near=650, spread=80).words
    'temperature near 650, spread 80'
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidInput

    parameter: Text | None = None
    near: Annotated[float | str | tuple[str, ...] | None, BeforeValidator(_near)] = None
    spread: Annotated[float | str | None, BeforeValidator(no_truth_value)] = None
    weights: Annotated[dict[str, float] | None, BeforeValidator(_weights)] = None
    constraint: Text | None = None
    strength: Annotated[Number, Field(gt=1, le=MAX_STRENGTH)] = STRENGTH

    @model_validator(mode="after")
    def _check(self) -> Belief:
        faults = list(self._faults())
        if faults:
            raise InvalidInput(faults)
        return self

    def _faults(self) -> Iterator[Fault]:
        if self.parameter is None and self.constraint is None:
            yield Fault("a belief says nothing about where the best designs are", _MEANS)
            return
        if self.constraint is not None:
            for key in ("parameter", "near", "spread", "weights"):
                if getattr(self, key) is not None:
                    what = f"'constraint' and {key!r} are both given"
                    yield Fault(what, "write two beliefs, one for each", path=(key,))
            yield from self._constraint_faults(self.constraint)
            return
        if self.near is None and self.weights is None:
            yield Fault(f"the belief about {self.parameter!r} has no value", "add 'near', or 'weights' of choices")
        elif self.near is not None and self.weights is not None:
            yield Fault("'near' and 'weights' are both given", "give one of them", path=("weights",))
        if self.spread is not None and self.weights is not None:
            yield Fault("'spread' belongs to a number", "leave it out", path=("spread",))

    def _constraint_faults(self, text: str) -> Iterator[Fault]:
        try:
            Constraint(text=text)
        except InvalidSpace as error:
            yield from (fault.at(path=("constraint",)) for fault in error.faults)

    @property
    def words(self) -> str:
        """The belief in words, with the numbers as they were given."""
        if self.constraint is not None:
            return f"{self.constraint} ({self.strength:g} times likelier)"
        if self.weights is not None:
            return f"{self.parameter}: {', '.join(f'{name} {weight:g}' for name, weight in self.weights.items())}"
        if isinstance(self.near, tuple):
            return f"{self.parameter} in [{', '.join(self.near)}]"
        spread = "" if self.spread is None else f", spread {_shown(self.spread)}"
        return f"{self.parameter} near {_shown(self.near)}{spread}"


def _shown(given: float | str | None) -> str:
    return f"{given:g}" if isinstance(given, float) else str(given)
