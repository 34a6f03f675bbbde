"""One measured quantity: what is wanted of it, and the limits it must keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from designer.documents import Value, no_truth_value
from designer.errors import Fault, InvalidData, InvalidInput, InvalidObjective
from designer.objective.scales import SCALES, Scale, ScaleName
from designer.units.limits import Side

Goal = Literal["minimize", "maximize", "match", "prefer", "map", "boundary"]
Distance = Literal["l2", "wasserstein"]
GOALS = "minimize, maximize, match, prefer, map or boundary"

MADE = 1.0
"""The value of a result of ``goal: prefer`` in events: it was made, and is compared with others."""

_BEST = ("minimize", "maximize", "match")
_NO_BEST = "leave it out: no value of this target is better than another"
NEEDED = {"match": ("value", "tolerance"), "boundary": ("value",)}
"""Keys that a goal cannot do without."""

USED_BY: dict[str, tuple[tuple[str, ...], str]] = {
    "value": (("match", "boundary"), "'value' belongs to goal: match or boundary"),
    "tolerance": (("match",), "'tolerance' belongs to goal: match"),
    "reach": (("minimize", "maximize"), "give a goal: minimize, maximize or match"),
    "weight": (_BEST, "give a goal: minimize, maximize or match"),
    "range": (_BEST, "give a goal: minimize, maximize or match"),
    "at_least": ((*_BEST, "none"), _NO_BEST),
    "at_most": ((*_BEST, "none"), _NO_BEST),
}
"""For each key the goals that use it, ``none`` without one, and what is right with another."""

REMEDIES = {
    ("match", "reach"): "goal match is reached within its 'tolerance'",
    **{(goal, key): _NO_BEST for goal in ("map", "boundary") for key in ("reach", "weight", "range")},
}


Number = Annotated[float, BeforeValidator(no_truth_value)]
Positive = Annotated[float, BeforeValidator(no_truth_value), Field(gt=0)]


class RobustQuantile(Value):
    """The value of a target that is kept in all but a share `quantile` of the runs of a design."""

    quantile: Annotated[float, BeforeValidator(no_truth_value), Field(gt=0, le=0.5)]


def _robust(given: Any) -> Any:
    if isinstance(given, Mapping):
        return RobustQuantile(**{str(key): value for key, value in given.items()})
    if given is None or isinstance(given, RobustQuantile) or given == "expected":
        return given
    raise ValueError(f"robust {given!r} is not known; write 'expected', or {{quantile: 0.1}}")


class Target(Value):
    """One measured quantity. All numbers are in the target's own `unit`.

    Parameters
    ----------
    name, unit, column, description
        The target's name; its unit; the data column that holds it (the name, unless given); words for the reader.
    goal
        ``minimize``, ``maximize``, or ``match`` a `value`; ``prefer`` for what has no number and is compared pair by
        pair; ``map``, to know the quantity over the whole space, or ``boundary``, to know where it is above and where
        below a `value`; None for a quantity that is only limited or only recorded.
    value, tolerance
        With ``match``: the value wanted, and how far from it a measurement counts as reached. With ``boundary`` `value`
        is the level.
    reach
        With ``minimize`` or ``maximize``: the value at which the goal counts as reached.
    weight
        How much this goal counts in a desirability, relative to the others (1 unless given).
    range
        ``[low, high]``: where the desirability of this goal goes from 0 to 1 (from 1 to 0 for ``minimize``, up to 1 at
        `value` and back down for ``match``). Taken from the measured data unless given.
    at_least, at_most
        Outcome constraint: a design outside these limits is infeasible, however good its goals are.
    limits
        ``[lowest, highest]`` value that can be measured, null where there is none: a result written as ``n.d.`` or
        ``overrange`` lies below or above it, and a number outside is refused.
    robust
        What is wanted where settings are made with an error (``setting_error``): the ``expected`` value, which is what
        is sought unless given, or a quantile: the value that all but this share of the runs keep.
    scale
        ``log`` for a quantity above zero that spans decades: it is modelled in decimal logarithms
        (`designer.objective.scales`); ``linear`` unless given.
    curve, reference, distance
        With ``match``: the observation whose curve is compared, the reference as points (``10:1.5; 20:1.7``), and the
        distance, ``l2`` or ``wasserstein``. The target is then the distance of each curve, and is minimized; a
        `tolerance` is read as `reach` (`designer.observations.curves.reference_curves`).

    Raises
    ------
    InvalidObjective
        With every fault: a key that the goal cannot use, or limits that contradict each other.

    Examples
    --------
    >>> Target(name="overpotential", unit="mV", goal="minimize", reach=340).sign
    -1
    >>> Target(name="leaching", unit="percent", at_most=2).constrained
    True
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidObjective

    name: Annotated[str, Field(min_length=1)]
    unit: str | None = None
    goal: Goal | None = None
    value: Number | None = None
    tolerance: Positive | None = None
    reach: Number | None = None
    weight: Positive | None = None
    range: tuple[Number, Number] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    limits: tuple[Number | None, Number | None] | None = None
    robust: Annotated[Literal["expected"] | RobustQuantile | None, BeforeValidator(_robust)] = None
    scale: ScaleName = "linear"
    curve: Annotated[str, Field(min_length=1)] | None = None
    reference: str | None = None
    distance: Distance | None = None
    column: str | None = None
    description: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_match(cls, given: Any) -> Any:
        """Read the match of a curve as a distance to be minimized, and its tolerance as what is to be reached."""
        if not isinstance(given, Mapping) or given.get("goal") != "match" or given.get("reference") is None:
            return given
        read = {**given, "goal": "minimize"}
        if read.get("tolerance") is not None and read.get("reach") is None:
            read["reach"] = read.pop("tolerance")
        return read

    @property
    def sign(self) -> int:
        """-1 where smaller is better, 1 where larger is better, 0 without such a direction.

        Of ``prefer`` it is that of the utility which comparisons are modelled by.
        """
        return {"minimize": -1, "maximize": 1, "prefer": 1}.get(self.goal or "", 0)

    def utility(self, values: Any) -> Any:
        """Return numbers (a float, an array or a tensor) such that larger is better: of ``match`` minus the distance.

        Of ``boundary`` minus the distance from the level; of ``map`` 0 for all.

        >>> Target(name="y", goal="minimize").utility(2.0)
        -2.0
        >>> Target(name="y", goal="match", value=3, tolerance=1).utility(1.0)
        -2.0
        """
        return self.sign * values if self.value is None else -abs(values - self.value)

    @property
    def is_preference(self) -> bool:
        """Whether results of the target are compared with each other, and have no number."""
        return self.goal == "prefer"

    @property
    def is_explored(self) -> bool:
        """Whether the goal is to know the quantity over the space, and not to find its best value."""
        return self.goal in ("map", "boundary")

    @property
    def constrained(self) -> bool:
        """Whether the target has an outcome constraint."""
        return self.at_least is not None or self.at_most is not None

    @property
    def reachable(self) -> bool:
        """Whether the target defines when its goal is reached."""
        return self.reach is not None or self.goal == "match"

    def reaches(self, values: Any) -> Any:
        """Return which values (a float, an array or a tensor) reach the goal, which defines when (`reachable`)."""
        if self.goal == "match":
            return abs(values - self.value) <= self.tolerance
        assert self.reach is not None
        return self.sign * values >= self.sign * self.reach

    @property
    def is_log(self) -> bool:
        """Whether the target is modelled in logarithms."""
        return self.scale == "log"

    @property
    def scaling(self) -> Scale:
        """The scale on which the target is modelled."""
        return SCALES[self.scale]

    @property
    def modelled(self) -> Target:
        """The target on the scale of its model, which is linear there; itself on a linear scale.

        The tolerance of ``match`` is the smaller one of its two sides in logarithms, the upper.
        """
        if not self.is_log:
            return self
        numbers = {key: getattr(self, key) for key in ("value", "reach", "at_least", "at_most")}
        update: dict[str, Any] = {key: self.scaling.model(y) for key, y in numbers.items() if y is not None}
        if self.value is not None and self.tolerance is not None:
            update["tolerance"] = self.scaling.model(1.0 + self.tolerance / self.value)
        if self.range is not None:
            update["range"] = tuple(self.scaling.model(y) for y in self.range)
        return self.model_copy(update={**update, "limits": None, "scale": "linear"})

    def is_decided_by(self, side: Side) -> bool:
        """Whether goal and limits can be decided of a result that is only known to lie on one side of a number.

        They are decided as of the number itself: a result below 0.01 is at least as good as 0.01 where less is better.
        """
        needed: set[Side] = set()
        if self.goal in ("minimize", "match", "boundary") or self.at_most is not None:
            needed.add("<")
        if self.goal in ("maximize", "match", "boundary") or self.at_least is not None:
            needed.add(">")
        return needed <= {side}

    def check_value(self, value: float, side: Side | None = None) -> None:
        """Check that a measured value, or a limit with the side that the result lies on, can be modelled.

        Raises
        ------
        InvalidData
            If it is outside the target's `limits`, or zero or negative and the target's scale is ``log``.
        """
        low, high = self.limits or (None, None)
        bound = f"<{low:g}" if low is not None and value < low else ""
        bound = f">{high:g}" if high is not None and value > high else bound
        if bound and side is None:
            what = f"{value:g} is outside of what can be measured of {self.name!r} (limits)"
            raise InvalidData(Fault(what, f"write {bound}, or correct 'limits' in the campaign file"))
        if self.is_log and value <= 0:
            what = f"{value:g} has no logarithm, and {self.name!r} is modelled in logarithms (scale: log)"
            remedy = "correct it, write a limit such as <0.01 where it was too small to be measured, leave the cell "
            remedy += "blank, or take 'scale: log' out of the campaign file"
            raise InvalidData(Fault(what, remedy))

    @model_validator(mode="after")
    def _check(self) -> Target:
        if self.is_preference:
            faults = list(self._preference_faults())
            if faults:
                raise InvalidObjective(faults)
            return self
        faults = list(self._scale_faults())  # the others compare numbers on one scale
        faults = faults or [*self._goal_faults(), *self._limit_faults(), *self._range_faults()]
        faults += [*self._measuring_faults(), *self._curve_faults()]
        if faults:
            raise InvalidObjective(faults)
        return self

    def _goal_faults(self) -> Iterator[Fault]:
        for key in NEEDED.get(self.goal or "", ()):
            if getattr(self, key) is None:
                remedy = "add 'value', the level" if self.goal == "boundary" else f"add {key!r}"
                yield Fault(f"target {self.name!r} has goal {self.goal} and no {key!r}", remedy)
        for key, (goals, remedy) in USED_BY.items():
            if getattr(self, key) is not None and (self.goal or "none") not in goals:
                yield self._unusable(key, REMEDIES.get((self.goal or "none", key), remedy))

    def _preference_faults(self) -> Iterator[Fault]:
        for key in ("unit", "value", "tolerance", "reach", "weight", "range", "at_least", "at_most", "limits"):
            if getattr(self, key) is not None:
                yield self._unusable(key, "results are compared and have no number: leave it out")
        if self.is_log:
            yield self._unusable("scale", "results are compared and have no number: leave it out")

    def _scale_faults(self) -> Iterator[Fault]:
        if not self.is_log:
            return
        for key in ("value", "reach", "at_least", "at_most"):
            number = getattr(self, key)
            if number is not None and number <= 0:
                yield Fault(f"{key} {number:g} has no logarithm (scale: log)", "give a number above 0", path=(key,))
        if self.range is not None and min(self.range) <= 0:
            low, high = self.range
            what = f"range [{low:g}, {high:g}] reaches zero or below, which has no logarithm (scale: log)"
            yield Fault(what, "give two numbers above 0", path=("range",))
        if self.value is not None and self.tolerance is not None and 0 < self.value <= self.tolerance:
            what = f"value {self.value:g} less tolerance {self.tolerance:g} has no logarithm (scale: log)"
            yield Fault(what, "give a tolerance below the value", path=("tolerance",))

    def _limit_faults(self) -> Iterator[Fault]:
        low, high = self.at_least, self.at_most
        if low is not None and high is not None and low >= high:
            yield Fault(f"at_least {low:g} is not below at_most {high:g}", "swap them", path=("at_least",))
            return
        wanted = self.value if self.goal == "match" else self.reach
        key = "value" if self.goal == "match" else "reach"
        if wanted is None:
            return
        if low is not None and wanted < low:
            yield Fault(f"{key} {wanted:g} is below at_least {low:g}", "no design could be both", path=(key,))
        if high is not None and wanted > high:
            yield Fault(f"{key} {wanted:g} is above at_most {high:g}", "no design could be both", path=(key,))

    def _range_faults(self) -> Iterator[Fault]:
        if self.range is None:
            return
        low, high = self.range
        if low >= high:
            yield Fault(f"range [{low:g}, {high:g}] is empty", "give [low, high] with low < high", path=("range",))
        elif self.goal == "match" and self.value is not None and self.tolerance is not None:
            inner = self.value - self.tolerance, self.value + self.tolerance
            if not (low < inner[0] and inner[1] < high):
                what = f"range [{low:g}, {high:g}] does not contain value ± tolerance"
                yield Fault(what, f"give a range around [{inner[0]:g}, {inner[1]:g}]", path=("range",))

    def _measuring_faults(self) -> Iterator[Fault]:
        low, high = self.limits or (None, None)
        if self.limits is not None and low is None and high is None:
            yield Fault(
                "limits [null, null] limit nothing", "give one of them, or leave 'limits' out", path=("limits",)
            )
        if low is not None and high is not None and low >= high:
            yield Fault(f"limits [{low:g}, {high:g}] are empty", "give [low, high] with low < high", path=("limits",))
        lowest = min((limit for limit in (low, high) if limit is not None), default=None)
        if self.is_log and lowest is not None and lowest <= 0:
            yield Fault(f"limit {lowest:g} has no logarithm (scale: log)", "give limits above 0", path=("limits",))

    def _curve_faults(self) -> Iterator[Fault]:
        if self.reference is None and (self.curve is not None or self.distance is not None):
            what = f"target {self.name!r} matches a curve and has no 'reference'"
            yield Fault(what, "add 'reference: pattern.csv'", path=("curve" if self.curve else "distance",))
        if self.reference is None:
            return
        if self.curve is None:
            what = f"target {self.name!r} has a 'reference' and no 'curve'"
            yield Fault(what, "add 'curve: xrd', the name of the observation", path=("reference",))
        if self.goal != "minimize":
            yield Fault("a reference curve is for goal: match", "write 'goal: match'", path=("goal",))
        if self.value is not None:
            yield Fault("a curve is matched, and 'value' is for numbers", "leave 'value' out", path=("value",))

    def limit(self, side: Side) -> float | None:
        """Return the lowest (``<``) or highest (``>``) value that can be measured; None where there is none."""
        return (self.limits or (None, None))[0 if side == "<" else 1]

    def _unusable(self, key: str, remedy: str) -> Fault:
        given = f"goal {self.goal}" if self.goal else "no goal"
        return Fault(f"{key!r} cannot be used with {given}", remedy, path=(key,))
