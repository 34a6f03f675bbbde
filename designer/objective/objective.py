"""All targets of a campaign together: utilities, feasibility, and when the aim is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from designer.documents import Value
from designer.errors import Fault, InvalidInput, InvalidObjective
from designer.objective.array_namespace import Array, everywhere, like
from designer.objective.desirability import Range, measured_range, overall
from designer.objective.targets import GOALS, Target
from designer.objective.tiers import tier_ranges, tier_utility

Mode = Literal["single", "pareto", "desirability", "tiers", "map", "boundary"]


class Objective(Value):
    """What a campaign is after.

    Parameters
    ----------
    targets
        The measured quantities; the columns of every ``Y`` below, in this order. At least one has a goal.
    combine
        How several goals are combined: ``pareto`` (all trade-offs), ``desirability`` (one weighted figure), ``tiers``
        (in the order of the targets, each but the last until it is reached), or ``auto``: desirability if any goal has
        a weight, else pareto.

    Raises
    ------
    InvalidObjective
        With every fault of the targets.

    Examples
    --------
    >>> objective = Objective(targets=[Target(name="hardness", goal="maximize"), Target(name="cost", at_most=3)])
    >>> objective.mode
    'single'
    >>> objective.utilities(np.array([[500.0, 2.0], [600.0, 4.0]])).tolist()
    [[500.0], [600.0]]
    >>> objective.feasible(np.array([[500.0, 2.0], [600.0, 4.0]])).tolist()
    [True, False]
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidObjective

    targets: tuple[Target, ...]
    combine: Literal["auto", "pareto", "desirability", "tiers"] = "auto"

    @model_validator(mode="after")
    def _check(self) -> Objective:
        faults = [*self._name_faults(), *self._combination_faults()]
        if faults:
            raise InvalidObjective(faults)
        return self

    def _name_faults(self) -> Iterator[Fault]:
        names: set[str] = set()
        columns: set[str] = set()
        for i, target in enumerate(self.targets):
            column = target.column or target.name
            if target.name in names:
                what = f"two targets have the name {target.name!r}"
                yield Fault(what, "give each its own name", path=("targets", i, "name"))
            elif column in columns:
                what = f"two targets have the column {column!r}"
                yield Fault(what, "give each its own column", path=("targets", i, "column"))
            names.add(target.name)
            columns.add(column)

    def _combination_faults(self) -> Iterator[Fault]:
        if not self.goals:
            yield Fault("no target has a goal", f"give one a goal: {GOALS}", path=("targets",))
        for i in self.goal_columns if len(self.goals) > 1 else ():
            if self.targets[i].is_preference and not self.explores:  # else `_explored_faults` names the pair
                what = f"target {self.targets[i].name!r} has goal prefer, which cannot be combined with other goals"
                remedy = "give the others limits (at_least, at_most) in place of goals, or compare the whole results"
                yield Fault(what, remedy, path=("targets", i, "goal"))
        yield from self._explored_faults()
        if self.explores:
            return
        if self.combine in ("pareto", "tiers"):
            if len(self.goals) == 1:
                yield Fault(f"combine: {self.combine} needs several goals", "leave 'combine' out", path=("combine",))
            for i, target in enumerate(self.targets):
                if target.weight is not None:
                    what = f"target {target.name!r} has a weight, which combine: {self.combine} cannot use"
                    yield Fault(what, "leave it out, or combine: desirability", path=("targets", i, "weight"))
        if self.combine == "tiers":
            yield from self._tier_faults()

    def _tier_faults(self) -> Iterator[Fault]:
        for i in self.goal_columns:
            target = self.targets[i]
            if target.range is not None:
                what = f"target {target.name!r} has a range, which combine: tiers cannot use"
                yield Fault(what, "leave it out, or combine: desirability", path=("targets", i, "range"))
            if i != self.goal_columns[-1] and not target.reachable:
                what = f"target {target.name!r} comes before another goal, and nothing says when it is reached"
                yield Fault(what, "add 'reach', or put the target last", path=("targets", i))

    def _explored_faults(self) -> Iterator[Fault]:
        """Yield goals that cannot be combined: the whole surface or a level set, and a best value."""
        if not self.explores:
            return
        if self.combine != "auto":
            what = "no goals are combined with goal map or boundary"
            yield Fault(what, "leave 'combine' out", path=("combine",))
        boundary = any(goal.goal == "boundary" for goal in self.goals)
        for i, target in enumerate(self.targets):
            if target.goal is None or target is self.goals[0]:
                continue
            if boundary or not target.is_explored or not self.goals[0].is_explored:
                what = f"goal {self.goals[0].goal} of {self.goals[0].name!r} cannot be combined with goal {target.goal}"
                remedy = "only 'map' may be the goal of several targets; others may have limits (at_least, at_most)"
                yield Fault(what, remedy, path=("targets", i, "goal"))

    @property
    def explores(self) -> bool:
        """Whether a goal is ``map`` or ``boundary``: then no design is better than another."""
        return any(target.is_explored for target in self.targets)

    @property
    def goals(self) -> tuple[Target, ...]:
        """The targets that have a goal."""
        return tuple(target for target in self.targets if target.goal is not None)

    @property
    def preference(self) -> int | None:
        """The column of ``Y`` of the target whose results are compared; None where all goals have numbers."""
        return next((i for i, target in enumerate(self.targets) if target.is_preference), None)

    @property
    def goal_columns(self) -> tuple[int, ...]:
        """The columns of ``Y`` that hold the goals."""
        return tuple(i for i, target in enumerate(self.targets) if target.goal is not None)

    @property
    def mode(self) -> Mode:
        """How designs are judged: by a ``single`` goal, a ``pareto`` front, a weighted ``desirability``.

        Or by what they tell: ``map`` and ``boundary``.
        """
        if self.explores:
            return "boundary" if self.goals[0].goal == "boundary" else "map"
        if len(self.goals) == 1:
            return "single"
        if self.combine != "auto":
            return self.combine
        return "desirability" if any(goal.weight is not None for goal in self.goals) else "pareto"

    @property
    def needs_ranges(self) -> bool:
        """Whether utilities are formed with the `ranges` of measured data."""
        return self.mode in ("desirability", "tiers")

    @property
    def tiers(self) -> tuple[Target, ...]:
        """The goals that must be reached before the last one counts, most important first; none in other modes."""
        return self.goals[:-1] if self.mode == "tiers" else ()

    @property
    def limits(self) -> tuple[tuple[int, float | None, float | None], ...]:
        """The outcome constraints: column of ``Y``, at least, at most."""
        return tuple((i, t.at_least, t.at_most) for i, t in enumerate(self.targets) if t.constrained)

    @cached_property
    def modelled(self) -> Objective:
        """The objective on the scales of the models; itself where all targets are on a linear scale."""
        if not any(target.is_log for target in self.targets):
            return self
        return self.model_copy(update={"targets": tuple(target.modelled for target in self.targets)})

    def model_values(self, Y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values (``... x m``, in the targets' units) on the scales of the models."""
        return self._by_column(Y, lambda target, y: target.scaling.model(y))

    def unit_values(self, Z: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values (``... x m``, on the scales of the models) in the targets' units."""
        return self._by_column(Z, lambda target, z: target.scaling.unit(z))

    def _by_column(self, Y: npt.NDArray[Any], change: Callable[[Target, Any], Any]) -> npt.NDArray[Any]:
        if self.modelled is self:
            return Y
        return np.stack([change(target, Y[..., i]) for i, target in enumerate(self.targets)], axis=-1)

    def ranges(self, Y: npt.NDArray[Any]) -> tuple[Range, ...]:
        """Return each goal's range: its own, or one taken from the measured `Y` (``n x m``, NaN: none)."""
        Y = np.asarray(Y, dtype=float).reshape(-1, len(self.targets))
        if self.mode == "tiers":
            return tier_ranges(self.goals, Y[:, list(self.goal_columns)])
        return tuple(measured_range(self.targets[i], Y[:, i]) for i in self.goal_columns)

    def utilities(self, Y: Array, ranges: Sequence[Range] | None = None) -> Array:
        """Return utilities, larger is better (``... x m`` to ``... x k``).

        Works on numpy and torch, and is differentiable almost everywhere.

        A single goal or a Pareto front has one utility a goal: ``y``, ``-y`` or ``-|y - value|``; ``map`` has 0. A
        desirability is one utility in all (`designer.objective.desirability` states the formula), and so are tiers
        (`designer.objective.tiers`).

        Parameters
        ----------
        Y
            Measured or predicted targets in their units.
        ranges
            Needed for tiers, and for a desirability whose targets do not all give their own range: from `ranges`, of
            measured data.

        Raises
        ------
        InvalidObjective
            If a range is needed and not given.
        """
        if self.mode == "desirability":
            return overall(self.goals, self.goal_columns, Y, self._spans(ranges))[..., None]
        if self.mode == "tiers":
            return tier_utility(self.goals, self.goal_columns, Y, self._spans(ranges))[..., None]
        Y = Y[..., list(self.goal_columns)]
        value = like([goal.value or 0.0 for goal in self.goals], Y)
        slope = like([float(goal.sign) for goal in self.goals], Y)
        peak = like([float(goal.goal in ("match", "boundary")) for goal in self.goals], Y)
        return slope * Y - peak * abs(Y - value)

    def _spans(self, ranges: Sequence[Range] | None) -> Sequence[Range]:
        if ranges is not None:
            return ranges
        faults = [
            Fault(f"target {goal.name!r} has no range yet", "give it a 'range', or measure first")
            for goal in self.goals
            if goal.range is None
        ]
        if faults:
            raise InvalidObjective(faults)
        return [goal.range for goal in self.goals if goal.range is not None]

    def feasible(self, Y: Array) -> Array:
        """Return which rows of `Y` (``... x m``) keep every outcome constraint; a missing value keeps none."""
        mask = everywhere(Y)
        for column, at_least, at_most in self.limits:
            if at_least is not None:
                mask = mask & (Y[..., column] >= at_least)
            if at_most is not None:
                mask = mask & (Y[..., column] <= at_most)
        return mask

    @property
    def reachable(self) -> bool:
        """Whether the goals define when the campaign's aim is reached: some goal does, and of tiers the last one."""
        return self.goals[-1].reachable if self.mode == "tiers" else any(goal.reachable for goal in self.goals)

    def reached(self, Y: Array) -> Array:
        """Return which rows of `Y` (``... x m``) are feasible and reach every goal that defines when it is reached.

        Nothing is reached if no goal defines it; of tiers, if the last one does not.
        """
        mask = self.feasible(Y)
        if not self.reachable:
            return ~everywhere(Y)
        for column in self.goal_columns:
            target, y = self.targets[column], Y[..., column]
            if target.reachable:
                mask = mask & target.reaches(y)
        return mask
