"""The tables of a report."""

from __future__ import annotations

import numpy as np

from benchmarks.report.comparison import Cube, Estimate, acceleration, average_rank, enhancement, estimate, mean
from benchmarks.report.results import Grid, Measure, Part, Results
from benchmarks.report.roles import Roles, to_gap, to_top
from benchmarks.report.sections import Table
from benchmarks.suite.measures import REGRET_AT

COST_TEXT = "CPU seconds of one suggestion, first experiments left out; peak resident memory of a campaign's process."
RAN_TEXT = (
    "The finished campaigns of each method, and those planned in the suite: seeds a task, and every n-th task. Methods "
    "with fewer tasks or seeds than others are compared with them on the campaigns that both have; each table says how "
    "many."
)


def preamble(found: Results) -> str:
    """Return the definitions of the measures."""
    suite = found.suite
    return (
        f"Simulated campaigns with a budget of {suite.budget} experiments; in the track `shared` the first "
        f"{suite.initial} are random and the same for every method. Replicates of one design are averaged. `to top 1 "
        "%` and `to 90 % of the gap` (between the median design and the best) are restricted mean numbers of "
        f"experiments ({suite.budget + 1} where never reached). Acceleration is the ratio of such means over all "
        "tasks. Enhancement is how many times more of the best 5 % of a pool was found than random experiments find on "
        "average (Liang et al. 2021). Regret is 0 at the best design of the pool and 1 at the median one. Ranks are of "
        "the mean over seeds. Brackets are 95 % intervals of a hierarchical bootstrap (tasks, then seeds, paired over "
        "methods). Smaller is better, except for acceleration and enhancement."
    )


def grid_text(found: Results, grid: Grid, part: Part, roles: Roles) -> str:
    """Return what a grid compares."""
    families = {family for family, _ in grid.tasks}
    text = f"{len(grid.tasks)} tasks of {len(families)} families, seeds {', '.join(map(str, grid.seeds))}, budget "
    text += f"{found.suite.budget}: all campaigns that {', '.join(f'`{m}`' for m in grid.methods)} share."
    if part.partial:
        text += f" With fewer tasks, and so not in this table: {', '.join(f'`{m}`' for m in part.partial)}."
    apart = [method for method in part.whole if method not in grid.methods]
    if apart:
        text += f" Our other methods are in the ablation table: {', '.join(f'`{m}`' for m in apart)}."
    if roles.peer is not None:
        text += f" The best peer, chosen with hindsight by experiments to the top 1 %, is `{roles.peer}`."
    return text


def summary(grid: Grid, roles: Roles) -> Table:
    """Return the methods side by side, best first."""
    top = to_top(grid)
    columns: dict[str, list[str]] = {
        "to top 1 %": list(map(str, estimate(top, mean))),
        "to 90 % of the gap": list(map(str, estimate(to_gap(grid), mean))),
    }
    if roles.baseline in grid.methods:
        found = estimate(top, acceleration(grid.methods.index(roles.baseline)))
        columns[f"acceleration over {roles.baseline}"] = list(map(str, found))
    columns[f"enhancement at {_number(grid)}"] = list(map(str, enhancements(grid)))
    columns["rank (top 1 %)"] = list(map(str, estimate(top, average_rank)))
    columns["rank (regret)"] = list(map(str, estimate(grid.cube(lambda c: c.measures.mean_regret), average_rank)))
    budget = _budget(grid)
    for i, n in enumerate(REGRET_AT):
        if n <= budget:
            means = grid.cube(_regret_at(i)).by_task().mean(axis=1)
            columns[f"regret at {n}"] = [f"{value:.3f}" for value in means]
    order = np.argsort(mean(top.by_task()), kind="stable")
    return Table(["method", *columns], [[grid.methods[i], *(column[i] for column in columns.values())] for i in order])


def _regret_at(i: int) -> Measure:
    return lambda campaign: campaign.measures.regret[i]


def _budget(grid: Grid) -> int:
    return next(iter(grid.campaigns.values())).row.budget


def _number(grid: Grid) -> int:
    """Return the number of experiments at which enhancement is stated: half of a budget of 40."""
    return min(20, _budget(grid))


def enhancements(grid: Grid) -> list[Estimate]:
    """Return the enhancement factors: shares found, over those that random experiments find on average."""
    n = _number(grid)
    found = grid.array(lambda c: c.measures.share[REGRET_AT.index(20)])
    by_chance = grid.array(lambda c: min(1.0, n / c.pool))[:1]
    cube = Cube((*grid.methods, "chance"), grid.tasks, grid.seeds, np.concatenate([found, by_chance]))
    return estimate(cube, enhancement(len(grid.methods)))[:-1]


def ran(found: Results) -> Table:
    """Return how much of the suite each method ran."""
    names = ["method", "track", "control", "campaigns", "tasks", "seeds", "planned: seeds", "every", "limit (s)"]
    body = []
    for method in found.methods:
        planned = found.suite.method(method)
        for track, control in found.parts:
            keys = [key for key in found.part(track, control).campaigns if key[2] == method]
            if keys:
                seeds = ", ".join(map(str, sorted({key[3] for key in keys})))
                tasks = len({key[:2] for key in keys})
                plan = [str(planned.seeds or found.suite.seeds), str(planned.every), f"{planned.limit:g}"]
                body.append([method, track, control, str(len(keys)), str(tasks), seeds, *plan])
    return Table(names, body)


def cost(found: Results) -> Table:
    """Return CPU seconds, memory, errors and versions."""
    body = []
    for method in found.methods:
        rows = [each.row for key, each in sorted(found.campaigns.items()) if key[2] == method]
        seconds = np.concatenate([np.array(row.seconds) for row in rows])
        errors = sorted({row.error for row in rows if row.error})
        versions = sorted(
            {", ".join(f"{name} {v}" for name, v in row.versions.items()) for row in rows if row.versions}
        )
        body.append(
            [
                method,
                str(len(rows)),
                f"{np.median(seconds):.3f}" if len(seconds) else "-",
                f"{np.quantile(seconds, 0.95):.3f}" if len(seconds) else "-",
                f"{max(row.memory_mb for row in rows):.0f}",
                f"{sum(bool(row.error) for row in rows)}" + "".join(f"; {error}" for error in errors),
                "; or ".join(versions),
            ]
        )
    names = ["method", "campaigns", "CPU s a suggestion (median)", "(95 %)", "peak MB", "ended by an error", "versions"]
    return Table(names, body)
