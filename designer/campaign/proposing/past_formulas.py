"""The formulas of past tasks with how good they were, as the goals of a campaign judge them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidPrior
from designer.objective import Objective, Target
from designer.space.parameters.formula import FormulaParameter
from designer.tasks import Task
from designer.tasks.task import is_learned_from
from designer.units import convertible
from designer.units.conversion import convert_many


@dataclass(frozen=True, eq=False)
class PastFormulas:
    """Formulas with values to learn from.

    Parameters
    ----------
    values
        How good each formula was, larger is better: the largest value of its measurements.
    tasks
        The number of past tasks that they come from.
    targets
        The names of the targets that were measured in them.
    """

    values: Mapping[str, float]
    tasks: int
    targets: tuple[str, ...]


def past_formulas(
    tasks: Sequence[Task], objective: Objective, stated: Mapping[str, str], column: str | None = None
) -> PastFormulas:
    """Return the formulas of past tasks in which a target of a campaign was measured.

    Values of one target are pooled over the tasks, in its unit. With a single goal a value is its utility; with several
    it is the mean rank (0 to 1) over those that were measured, and a result beyond a limit is behind all others.

    Parameters
    ----------
    stated
        The names of the past quantities of targets that are learned from another than their own.
    column
        The formula that is learned from where a task has several; the first one otherwise.

    Raises
    ------
    InvalidPrior
        If no task has a formula, or none measured a target.
    """
    with_formulas = [(task, header) for task in tasks if (header := _formula_column(task, column)) is not None]
    if not with_formulas:
        names = ", ".join(task.name for task in tasks[:5])
        raise InvalidPrior(Fault(f"no past task has a formula ({names})", "name tasks over formulas"))
    texts: list[str] = []
    blocks: list[FloatArray] = []
    used = 0
    for task, header in with_formulas:
        Y = _measured(task, objective.targets, stated)
        rows = np.flatnonzero(np.isfinite(Y).any(axis=1))
        used += bool(len(rows))
        texts += [str(text) for text in task.data[header].iloc[rows]]
        blocks.append(Y[rows])
    Y = np.concatenate(blocks)
    if not len(Y):
        known = ", ".join(dict.fromkeys(_quantity(target) for task, _ in with_formulas for target in task.targets))
        what = f"no past task measured {' or '.join(map(_quantity, objective.targets))}"
        raise InvalidPrior(Fault(what, f"name tasks that did; these measured {known}"))
    values: dict[str, float] = {}
    for text, value in zip(texts, values_of(objective, Y).tolist(), strict=True):
        if np.isfinite(value):
            values[text] = max(value, values.get(text, value))
    measured = [target.name for k, target in enumerate(objective.targets) if np.isfinite(Y[:, k]).any()]
    return PastFormulas(values, used, tuple(measured))


def values_of(objective: Objective, Y: FloatArray) -> FloatArray:
    """Return how good results are (``n``) by the goals of a campaign; NaN where none of the goals was measured.

    Examples
    --------
    >>> goals = Objective(targets=[Target(name="gap", goal="minimize", at_most=4)])
    >>> values_of(goals, np.array([[3.0], [5.0], [1.0]])).round(2).tolist()
    [0.67, -0.67, 1.0]
    """
    utilities = objective.utilities(Y, objective.ranges(Y) if objective.needs_ranges else None)
    if utilities.shape[1] == 1 and not objective.limits:
        return np.asarray(utilities[:, 0], dtype=np.float64)
    from scipy.stats import rankdata  # it is slow to import, and most suggestions need no ranks

    ranks = np.full(utilities.shape, np.nan)
    for k, column in enumerate(utilities.T):
        known = np.isfinite(column)
        ranks[known, k] = rankdata(column[known]) / max(known.sum(), 1)
    known = np.isfinite(ranks)
    mean = np.where(known, ranks, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    mean = np.where(objective.feasible(Y), mean, mean - 1.0)
    return np.where(known.any(axis=1), mean, np.nan)


def _quantity(target: Target) -> str:
    return f"{target.name!r} [{target.unit}]" if target.unit else repr(target.name)


def _formula_column(task: Task, column: str | None) -> str | None:
    headers = [each.lab_columns[0] for each in task.space.parameters if isinstance(each, FormulaParameter)]
    return column if column in headers else next(iter(headers), None)


def _measured(task: Task, targets: Sequence[Target], stated: Mapping[str, str]) -> FloatArray:
    """Return the values of the targets in a task (rows x targets) in their units, NaN where it has none."""
    Y = np.full((len(task.data), len(targets)), np.nan)
    for k, target in enumerate(targets):
        own = next((each for each in task.targets if is_learned_from(each.name, each.unit, target, stated)), None)
        if own is not None:
            values = task.data[own.name].to_numpy(dtype=np.float64)
            Y[:, k] = convert_many(values, own.unit, target.unit) if convertible(own.unit, target.unit) else values
    return Y
