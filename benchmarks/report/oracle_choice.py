"""What other choices could be worth: of who chooses designs, and of our methods by other tasks than those shown."""

from __future__ import annotations

import numpy as np

from benchmarks.report.comparison import Cube
from benchmarks.report.ranking import faster
from benchmarks.report.sections import Table
from benchmarks.suite.methods import reads_sources
from benchmarks.suite.results import Grid, Part
from benchmarks.suite.roles import is_ours, to_gap, to_top
from benchmarks.suite.suite import Suite

PAST_ALONE = "source-mean"
FIGURES = ("to top 1 %", "to 90 % of the gap")
TEXT = (
    "Mean experiments where each task is given to one of these methods. By the other tasks: to the one that is best on "
    "the other tasks of the family, which a rule could find out that lets past tasks play the new one. By family and "
    "by task: with hindsight, which no rule has."
)
CROSSWISE = (
    "Our methods with all tasks: the best one (by experiments to the top 1 %) on each half of the families, and how it "
    "does on the half on which it was not chosen: its acceleration over `{plain}` there, beside that of `{ours}`."
)


def crosswise(part: Part, suite: Suite, ours: str, plain: str | None) -> Table:
    """Return our best method on each split, and its acceleration on the other; empty without sources or two splits."""
    names = ["chosen on", "method", "shown on", "tasks", "seeds", *FIGURES, *[f"`{ours}`: {each}" for each in FIGURES]]
    mine = [method for method in part.whole if is_ours(method)]
    grid = part.grid(mine) if plain in mine and ours in mine and reads_sources(ours) else None
    if grid is None or plain is None:
        return Table(names, [])
    body = []
    for split, other in (("develop", "report"), ("report", "develop")):
        here, there = (grid.where(lambda task, s=s: suite.split(task[0]) == s) for s in (split, other))
        if not here.tasks or not there.tasks:
            return Table(names, [])
        best = grid.methods[int(np.argmin(to_top(here).by_task().mean(axis=1)))]
        figures = [_over(there, method, plain) for method in (best, ours)]
        counts = [str(len(there.tasks)), str(len(grid.seeds))]
        body.append([split, f"`{best}`", other, *counts, *figures[0], *figures[1]])
    return Table(names, body)


def _over(grid: Grid, method: str, plain: str) -> list[str]:
    """Return the acceleration of a method over the plain one, to the top 1 % and to 90 % of the gap."""
    pair = grid.only([method, plain])
    return ["1" if method == plain else str(faster(cube, method)) for cube in (to_top(pair), to_gap(pair))]


def chosen(part: Part, ours: str, plain: str | None) -> Table:
    """Return the experiments of three ways to choose designs, and of the best of them, found in three ways.

    The table is empty where one of the three has not run, or `ours` learns nothing from past tasks.
    """
    names = ["who chooses", *FIGURES]
    grid = part.grid([ours, plain, PAST_ALONE]) if plain is not None and reads_sources(ours) else None
    if grid is None:
        return Table(names, [])
    cubes = [to_top(grid), to_gap(grid)]
    ways = {f"`{method}`": [cube.by_task()[i].mean() for cube in cubes] for i, method in enumerate(grid.methods)}
    ways["the best by the other tasks"] = [by_family(cube, ours, but_itself=True) for cube in cubes]
    ways["the best by family"] = [by_family(cube, ours) for cube in cubes]
    ways["the best by task"] = [cube.by_task().min(axis=0).mean() for cube in cubes]
    return Table(names, [[name, *[f"{value:.1f}" for value in values]] for name, values in ways.items()])


def by_family(cube: Cube, ours: str, *, but_itself: bool = False) -> float:
    """Return the mean where each task has the method that is best on the tasks of its family, `but_itself` where asked.

    A task that has none beside it is given to `ours`.
    """
    by_task = cube.by_task()
    found = []
    for t, (family, _) in enumerate(cube.tasks):
        rows = [u for u, task in enumerate(cube.tasks) if task[0] == family and not (but_itself and u == t)]
        best = int(np.argmin(by_task[:, rows].mean(axis=1))) if rows else cube.methods.index(ours)
        found.append(by_task[best, t])
    return float(np.mean(found))
