"""Which results of past tasks a campaign's targets are matched to, by name and unit, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from designer.objective import Target
from designer.tasks.task import Task
from designer.units import convertible, same_unit

MIN_DESIGNS = 3
"""Distinct designs of a past task from which a quantity is learned from."""

_SHOWN = 5


@dataclass(frozen=True)
class PastQuantity:
    """A quantity that a past task measured."""

    task: str
    name: str
    unit: str | None = None

    def is_same(self, target: Target) -> bool:
        """Whether it is the target's: by name, in a unit that converts."""
        return self.name == target.name and convertible(self.unit, target.unit)


@dataclass(frozen=True)
class MatchedQuantity:
    """What a target is matched to.

    Parameters
    ----------
    words
        A sentence for the user.
    complete
        Whether past tasks measured the target, and none has its name with a unit that does not convert.
    """

    words: str
    complete: bool


def past_quantities(tasks: Iterable[Task]) -> list[PastQuantity]:
    """Return the quantities of tasks that can be learned from: measured for enough designs, and not constant."""
    return [
        PastQuantity(task.name, target.name, target.unit)
        for task in tasks
        for target in task.targets
        if _informative(task.distinct(target.name).mean)
    ]


def matched_quantities(past: Sequence[PastQuantity], targets: Sequence[Target]) -> tuple[MatchedQuantity, ...]:
    """Return for each target the past tasks that measured it, or the other quantities that are used in its place.

    Examples
    --------
    >>> past = [PastQuantity("a", "cost", "EUR"), PastQuantity("b", "loss", "V"), PastQuantity("c", "loss")]
    >>> for each in matched_quantities(past, [Target(name="loss", unit="mV")]):
    ...     print(each.words)
    past tasks: 'loss' [mV] was measured in 1 of 3 (in V); not used: 'loss' (no unit), whose unit does not convert
    >>> matched_quantities(past, [Target(name="yield")])[0].words.partition(";")[0]
    "past tasks: none measured 'yield'"
    """
    return tuple(_match(past, target) for target in targets)


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


def _match(past: Sequence[PastQuantity], target: Target) -> MatchedQuantity:
    total = len({each.task for each in past})
    same = [each for each in past if each.is_same(target)]
    other = [each for each in past if each.name == target.name and each not in same]
    names = ", ".join(dict.fromkeys(_shown(each.name, each.unit, always=True) for each in other))
    shown = _shown(target.name, target.unit, always=bool(other) and not same)
    if same:
        units = sorted({each.unit for each in same if each.unit and not same_unit(each.unit, target.unit)})
        converted = f" (in {' and '.join(units)})" if units else ""
        unused = f"; not used: {names}, whose unit does not convert" if other else ""
        tasks = len({each.task for each in same})
        return MatchedQuantity(f"past tasks: {shown} was measured in {tasks} of {total}{converted}{unused}", not other)
    listed = list(dict.fromkeys(_shown(each.name, each.unit) for each in past))
    text = ", ".join(listed[:_SHOWN]) + (", ..." if len(listed) > _SHOWN else "")
    unit = f" (the unit of {names} does not convert)" if other else ""
    remedy = "if one of these is meant, give it the target's name and unit, else leave the tasks out"
    used = f"they are used for what they measured: {text}"
    return MatchedQuantity(f"past tasks: none measured {shown}{unit}; {used}; {remedy}", False)


def _informative(means: np.ndarray) -> bool:
    return len(means) >= MIN_DESIGNS and float(np.ptp(means)) > 0


def _shown(name: str, unit: str | None, *, always: bool = False) -> str:
    return f"{name!r} [{unit}]" if unit else f"{name!r} (no unit)" if always else repr(name)
