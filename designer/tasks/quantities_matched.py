"""Which results of past tasks a campaign's targets are matched to, by name and unit, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from designer.objective import Target
from designer.tasks.task import Task
from designer.units import convertible, same_unit

MIN_DESIGNS = 3
"""Distinct designs of a past task from which a quantity is learned from."""

_SHOWN = 5
_NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class PastQuantity:
    """A quantity that a past task measured."""

    task: str
    name: str
    unit: str | None = None

    def measures(self, name: str, unit: str | None) -> bool:
        """Whether it is the quantity of this name and unit: by name, in a unit that converts."""
        return self.name == name and convertible(self.unit, unit)


@dataclass(frozen=True)
class MatchedQuantity:
    """What a target is matched to.

    Parameters
    ----------
    words
        A sentence for the user.
    complete
        Whether past tasks measured the target, and none has its name with a unit that does not convert.
    used
        Whether any past result is used for the target.
    """

    words: str
    complete: bool
    used: bool = True


def past_quantities(tasks: Iterable[Task]) -> list[PastQuantity]:
    """Return the quantities of tasks that can be learned from: measured for enough designs, and not constant."""
    return [
        PastQuantity(task.name, target.name, target.unit)
        for task in tasks
        for target in task.targets
        if _informative(task.distinct(target.name).mean)
    ]


def learned_from(past: Sequence[PastQuantity], name: str, unit: str | None, stated: str | None = None) -> list[int]:
    """Return the places of the past quantities that a target is learned from.

    They are those that the campaign states by name (of several that do not convert into each other, the one of most
    tasks), or the target's own, by name and unit. Where there is none, and the units of all past quantities convert to
    the target's, they are all of them. Nothing else: a strength is not learned from costs.
    """
    if stated is not None:
        groups = [[i for i, other in enumerate(past) if other.measures(stated, each.unit)] for each in past]
        return max(groups, key=len, default=[])
    same = [i for i, each in enumerate(past) if each.measures(name, unit)]
    return same or (list(range(len(past))) if all(convertible(each.unit, unit) for each in past) else [])


def matched_quantities(
    past: Sequence[PastQuantity], targets: Sequence[Target], stated: Mapping[str, str] = _NONE
) -> tuple[MatchedQuantity, ...]:
    """Return for each target the past tasks that measured it, or the other quantities that are used in its place.

    Parameters
    ----------
    stated
        The name of the past quantity that a target, by its name, is learned from in place of its own.

    Examples
    --------
    >>> past = [PastQuantity("a", "cost", "EUR"), PastQuantity("b", "loss", "V"), PastQuantity("c", "loss")]
    >>> for each in matched_quantities(past, [Target(name="loss", unit="mV")]):
    ...     print(each.words)
    past tasks: 'loss' [mV] was measured in 1 of 3 (in V); not used: 'loss' (no unit), whose unit does not convert
    >>> print(matched_quantities(past, [Target(name="gap", unit="meV")], {"gap": "loss"})[0].words)
    past tasks: 'gap' [meV] is learned from 'loss' [V] in 1 of 3, as the file states
    >>> matched_quantities(past, [Target(name="gap", unit="eV")])[0].words.partition(";")[0]
    "past tasks: none measured 'gap' [eV], and the units do not all convert: they are not used"
    """
    return tuple(_match(past, target, stated.get(target.name)) for target in targets)


def listed_quantities(past: Sequence[PastQuantity]) -> list[str]:
    """Return the quantities and in how many tasks each is, and which of one name are different quantities.

    >>> past = [PastQuantity("a", "loss", "mV"), PastQuantity("b", "loss", "V"), PastQuantity("c", "loss")]
    >>> print(*listed_quantities(past), sep="\\n")
    measured: 'loss' [mV] in 2, 'loss' (no unit) in 1
    'loss' has units that do not convert: mV and no unit are different quantities
    """
    groups: dict[str, list[list[PastQuantity]]] = {}
    for each in past:
        alike = groups.setdefault(each.name, [])
        own = next((group for group in alike if convertible(group[0].unit, each.unit)), None)
        if own is None:
            alike.append([each])
        else:
            own.append(each)
    counts = [
        f"{_shown(name, group[0].unit, always=len(alike) > 1)} in {len({each.task for each in group})}"
        for name, alike in groups.items()
        for group in alike
    ]
    lines = [f"measured: {', '.join(counts)}"] if counts else []
    for name, alike in groups.items():
        if len(alike) > 1:
            units = " and ".join(group[0].unit or "no unit" for group in alike)
            lines.append(f"{name!r} has units that do not convert: {units} are different quantities")
    return lines


def _match(past: Sequence[PastQuantity], target: Target, stated: str | None) -> MatchedQuantity:
    total = len({each.task for each in past})
    used = [past[i] for i in learned_from(past, target.name, target.unit, stated)]
    tasks = len({each.task for each in used})
    if stated is not None:
        return _stated_match(used, target, stated, f"{tasks} of {total}")
    same = [each for each in past if each.measures(target.name, target.unit)]
    other = [each for each in past if each.name == target.name and each not in same]
    names = _names(other)
    shown = _shown(target.name, target.unit, always=bool(not used or (other and not same)))
    if same:
        units = sorted({each.unit for each in same if each.unit and not same_unit(each.unit, target.unit)})
        converted = f" (in {' and '.join(units)})" if units else ""
        unused = f"; not used: {names}, whose unit does not convert" if other else ""
        return MatchedQuantity(f"past tasks: {shown} was measured in {tasks} of {total}{converted}{unused}", not other)
    if used:
        remedy = "if one of these is meant, give it the target's name and unit, else leave the tasks out"
        words = f"past tasks: none measured {shown}; they are used for what they measured: {_listed(used)}; {remedy}"
        return MatchedQuantity(words, False)
    why = f" (the unit of {names} does not convert)" if other else ", and the units do not all convert"
    remedy = f"to use one of these, write 'quantities: {{{target.name}: NAME}}' under 'prior'"
    words = f"past tasks: none measured {shown}{why}: they are not used; they measured {_listed(past)}; {remedy}"
    return MatchedQuantity(words, False, used=False)


def _stated_match(used: Sequence[PastQuantity], target: Target, stated: str, tasks: str) -> MatchedQuantity:
    shown = _shown(target.name, target.unit, always=True)
    if not used:
        words = f"past tasks: none measured {stated!r}, from which the file states that {shown} is learned"
        return MatchedQuantity(f"{words}: they are not used", False, used=False)
    return MatchedQuantity(f"past tasks: {shown} is learned from {_names(used)} in {tasks}, as the file states", True)


def _names(past: Sequence[PastQuantity]) -> str:
    return ", ".join(dict.fromkeys(_shown(each.name, each.unit, always=True) for each in past))


def _listed(past: Sequence[PastQuantity]) -> str:
    listed = list(dict.fromkeys(_shown(each.name, each.unit) for each in past))
    return ", ".join(listed[:_SHOWN]) + (", ..." if len(listed) > _SHOWN else "")


def _informative(means: np.ndarray) -> bool:
    return len(means) >= MIN_DESIGNS and float(np.ptp(means)) > 0


def _shown(name: str, unit: str | None, *, always: bool = False) -> str:
    return f"{name!r} [{unit}]" if unit else f"{name!r} (no unit)" if always else repr(name)
