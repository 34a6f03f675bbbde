"""Which results of past tasks a campaign's targets are matched to, by name and unit, in words."""

from __future__ import annotations

from collections.abc import Sequence

from designer.objective import Target
from designer.tasks.task import Task
from designer.units import convertible

_SHOWN = 5


def matched_quantities(tasks: Sequence[Task], targets: Sequence[Target]) -> list[str]:
    """Return a line for each target: the past tasks that measured it, or the other quantities that stand in for it.

    A past result is that of a target if it has the target's name and its unit converts.

    Examples
    --------
    >>> import pandas as pd
    >>> from designer.space import DesignSpace
    >>> space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}])
    >>> data = pd.DataFrame({"x": [0.1, 0.5, 0.9], "cost": [1.0, 2.0, 3.0]})
    >>> task = Task(space=space, targets=[Target(name="cost", unit="EUR")], data=data, name="demo")
    >>> matched_quantities([task], [Target(name="cost", unit="EUR")])
    ["past tasks: 'cost' [EUR] was measured in 1 of 1"]
    >>> matched_quantities([task], [Target(name="yield")])[0].partition(";")[0]
    "past tasks: none measured 'yield'"
    """
    lines = []
    for target in targets:
        same = sum(any(_is_same(one, target) for one in task.targets) for task in tasks)
        if same:
            lines.append(f"past tasks: {_shown(target)} was measured in {same} of {len(tasks)}")
            continue
        others = list(dict.fromkeys(_shown(one) for task in tasks for one in task.targets))
        listed = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
        lines.append(
            f"past tasks: none measured {_shown(target)}; they are used for what they measured: {listed}; if one of "
            "these is meant, give it the target's name and unit, else leave the tasks out"
        )
    return lines


def _is_same(one: Target, target: Target) -> bool:
    return one.name == target.name and convertible(one.unit, target.unit)


def _shown(target: Target) -> str:
    return f"{target.name!r} [{target.unit}]" if target.unit else repr(target.name)
