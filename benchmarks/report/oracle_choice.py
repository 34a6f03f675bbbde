"""What other choices could be worth: of who chooses designs, and of our methods by other tasks than those shown."""

from __future__ import annotations

import numpy as np

from benchmarks.report.comparison import Cube, in_families
from benchmarks.report.ranking import faster
from benchmarks.report.results import Grid, Part
from benchmarks.report.roles import is_ours, to_gap, to_top
from benchmarks.report.sections import Table
from benchmarks.suite.methods import reads_sources
from benchmarks.suite.suite import Suite

PAST_ALONE = "source-mean"
FIGURES = ("to top 1 %", "to 90 % of the gap")
TEXT = (
    "Mean experiments where each task is given to one of these methods. By the other tasks: to the one that is best on "
    "the other tasks of the family; a rule could learn this from replays of past tasks. By the other seeds: to the one "
    "that is best on the same task from other first experiments; a rule that knows the task could reach this. By "
    "family and by task: chosen with hindsight, a bound that no rule reaches."
)
CROSSWISE = (
    "Cross-validation of the choice of settings: of our methods with all tasks, the best one (by experiments to the "
    "top 1 %) on one half of the families, and its acceleration over `{baseline}` on the other half, beside that of "
    "`{ours}`."
)


def crosswise(part: Part, suite: Suite, ours: str, baseline: str | None) -> Table:
    """Return our best method on each split, and its acceleration on the other; empty without sources or two splits."""
    names = ["chosen on", "method", "shown on", "tasks", "seeds", *FIGURES, *[f"`{ours}`: {each}" for each in FIGURES]]
    mine = [method for method in part.whole if is_ours(method)]
    grid = part.grid(mine) if baseline in mine and ours in mine and reads_sources(ours) else None
    if grid is None or baseline is None:
        return Table(names, [])
    body = []
    for split, other in (("develop", "report"), ("report", "develop")):
        here, there = (grid.where(in_families(suite.families_of(s))) for s in (split, other))
        if not here.tasks or not there.tasks:
            return Table(names, [])
        best = grid.methods[int(np.argmin(to_top(here).by_task().mean(axis=1)))]
        figures = [_over(there, method, baseline) for method in (best, ours)]
        counts = [str(len(there.tasks)), str(len(grid.seeds))]
        body.append([split, f"`{best}`", other, *counts, *figures[0], *figures[1]])
    return Table(names, body)


def _over(grid: Grid, method: str, baseline: str) -> list[str]:
    """Return the acceleration of a method over the baseline, to the top 1 % and to 90 % of the gap."""
    pair = grid.only([method, baseline])
    return ["1" if method == baseline else str(faster(cube, method)) for cube in (to_top(pair), to_gap(pair))]


def chosen(part: Part, ours: str, baseline: str | None) -> Table:
    """Return the mean experiments of ours, the baseline, and the sources' mean and our other kinds of prior that ran.

    Below them that of the best of these methods, chosen by each oracle. The table is empty where one of the first two
    has not run, or `ours` learns nothing from past tasks.
    """
    names = ["method", *FIGURES]
    if baseline is None or not reads_sources(ours):
        return Table(names, [])
    further = [each for each in part.methods if each == PAST_ALONE or (is_ours(each) and "-without-" not in each)]
    further = [each for each in further if reads_sources(each) and part.tasks(each) >= part.tasks(ours)]
    grid = part.grid(list(dict.fromkeys([ours, baseline, *further])))
    if grid is None:
        return Table(names, [])
    cubes = [to_top(grid), to_gap(grid)]
    columns = {f"`{method}`": [cube.by_task()[i].mean() for cube in cubes] for i, method in enumerate(grid.methods)}
    columns["the best by the other tasks"] = [by_family(cube, ours, leave_task_out=True) for cube in cubes]
    if len(grid.seeds) > 1:
        columns["the best by the other seeds"] = [by_other_seeds(cube) for cube in cubes]
    columns["the best by family"] = [by_family(cube, ours) for cube in cubes]
    columns["the best by task"] = [cube.by_task().min(axis=0).mean() for cube in cubes]
    return Table(names, [[name, *[f"{value:.1f}" for value in values]] for name, values in columns.items()])


def by_family(cube: Cube, ours: str, *, leave_task_out: bool = False) -> float:
    """Return the mean over tasks of the best method of each family, optionally chosen without the task itself.

    A task without others in its family uses `ours`.
    """
    by_task = cube.by_task()
    found = []
    for t, (family, _) in enumerate(cube.tasks):
        rows = [u for u, task in enumerate(cube.tasks) if task[0] == family and not (leave_task_out and u == t)]
        best = int(np.argmin(by_task[:, rows].mean(axis=1))) if rows else cube.methods.index(ours)
        found.append(by_task[best, t])
    return float(np.mean(found))


def by_other_seeds(cube: Cube) -> float:
    """Return the mean over campaigns of the method that is best on the task's other seeds."""
    others = cube.values.sum(axis=2, keepdims=True) - cube.values
    best = others.argmin(axis=0)
    return float(np.take_along_axis(cube.values, best[None], axis=0).mean())
