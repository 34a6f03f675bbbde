"""Ratios of experiments family by family, so that a family with many tasks weighs as one with few."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping

import numpy as np

from benchmarks.report.comparison import Estimate
from benchmarks.report.results import Part
from benchmarks.report.sections import Table
from benchmarks.suite.suite import Suite
from designer.arrays import FloatArray

LEVEL = math.log(1.03)
TEXT = (
    "The logarithm of the ratio of experiments to the top 1 % (those of the other over those of the method, campaign "
    "by campaign with the same seed), averaged over the seeds of a task, the tasks of a family, and the families; more "
    "than 1 is faster. Intervals by a hierarchical bootstrap of families, tasks and seeds. Level or better: families "
    "in which the method needs at most 3 % more. `report`: on the families on which no setting was chosen."
)
Logs = Mapping[str, Mapping[str, FloatArray]]
"""By family and task, the logarithms of the ratios of its campaigns."""


def family_ratios(part: Part, method: str, suite: Suite) -> Table:
    """Return a method beside every other one, on the campaigns that both have; empty where it has not run."""
    names = ["other", "families", "tasks", "campaigns", "ratio", "level or better", "ratio, `report`"]
    report = frozenset(suite.families_of("report"))
    found = {other: log_ratios(part, method, other) for other in part.methods if other != method}
    return Table(names, [[other, *_cells(logs, report)] for other, logs in found.items() if len(logs) > 1])


def log_ratios(part: Part, method: str, other: str) -> Logs:
    """Return the logarithms of the experiments of another method over those of one, by family and task."""
    found: dict[str, dict[str, list[float]]] = {}
    for (family, task, name, seed), campaign in sorted(part.campaigns.items()):
        theirs = part.campaigns.get((family, task, other, seed)) if name == method else None
        if theirs is not None:
            ratio = math.log(theirs.measures.to_top / campaign.measures.to_top)
            found.setdefault(family, {}).setdefault(task, []).append(ratio)
    return {family: {task: np.array(logs) for task, logs in tasks.items()} for family, tasks in found.items()}


def _cells(logs: Logs, report: Container[str]) -> list[str]:
    some = {family: tasks for family, tasks in logs.items() if family in report}
    level = sum(value >= -LEVEL for value in means(logs))
    campaigns = sum(len(each) for tasks in logs.values() for each in tasks.values())
    counts = [len(logs), sum(map(len, logs.values())), campaigns]
    ratios = [str(ratio(each)) if len(each) > 1 else "-" for each in (logs, some)]
    return [*map(str, counts), ratios[0], f"{level} of {len(logs)}", ratios[1]]


def means(logs: Logs) -> FloatArray:
    """Return the mean of each family."""
    return np.array([np.mean([each.mean() for each in tasks.values()]) for tasks in logs.values()])


def ratio(logs: Logs, *, draws: int = 2000, seed: int = 0) -> Estimate:
    """Return the mean ratio with its 95 % interval.

    >>> str(ratio({"f": {"a": np.log([2.0])}, "g": {"b": np.log([0.5])}}))
    '1 [0.5, 2]'
    """
    rng = np.random.default_rng(seed)
    families = [list(tasks.values()) for tasks in logs.values()]

    def drawn(items: list[list[FloatArray]]) -> float:
        chosen = (items[i] for i in rng.integers(len(items), size=len(items)))
        return float(np.mean([_drawn_family(tasks, rng) for tasks in chosen]))

    low, high = np.quantile([drawn(families) for _ in range(draws)], [0.025, 0.975])
    return Estimate(*(float(np.exp(value)) for value in (means(logs).mean(), low, high)))


def _drawn_family(tasks: list[FloatArray], rng: np.random.Generator) -> float:
    chosen = (tasks[i] for i in rng.integers(len(tasks), size=len(tasks)))
    return float(np.mean([rng.choice(logs, len(logs)).mean() for logs in chosen]))
