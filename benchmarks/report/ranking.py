"""Tables that compare the method under test with others, each on the campaigns that both have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmarks.report.comparison import Cube, Estimate, acceleration, estimate, in_families, losses, mean
from benchmarks.report.results import Grid, Part
from benchmarks.report.roles import Roles, best_by_family, to_gap, to_top
from benchmarks.report.sections import Table
from benchmarks.report.significance import against
from benchmarks.suite.methods import reads_sources
from benchmarks.suite.suite import Suite

LOSS_MARGIN = 2.0
EACH_BEST = "each family's best peer"
PARTIAL_TEXT = (
    "These have fewer tasks (every third, only those with sources, or what has run so far), so their means are not "
    "comparable with those above: each is compared on the campaigns that it shares with the named method."
)


def headline_text(roles: Roles) -> str:
    """Return what the figures of the headline are."""
    named = f"; the best single one is `{roles.peer}`" if roles.peer else ""
    return (
        f"Acceleration of `{roles.ours}`: the mean number of experiments of the other over its own, on the campaigns "
        "that both have; more than 1 is faster. Best peers are chosen with hindsight by experiments to the top 1 %, "
        f"among the methods of others that have all tasks{named}. `related` "
        "are the families whose sources measured the target's own quantity."
    )


def headline(part: Part, grid: Grid, roles: Roles, suite: Suite) -> Table:
    """Return the acceleration of ours over the baseline, the best peer, and the best peer of each family.

    Parameters
    ----------
    grid
        The campaigns of the methods that have all tasks, among which the best peers are found.
    """
    pairs = {f"`{other}`": part.grid([roles.ours, other]) for other in roles.comparators}
    best = best_by_family(grid, roles.ours) if roles.ours in grid.methods else {}
    body = []
    for group, families in groups(suite, transfers=reads_sources(roles.ours)).items():
        for name, pair in (*pairs.items(), (EACH_BEST, grid if best else None)):
            some = pair and pair.where(in_families(families))
            if not some or not some.tasks:
                continue
            cubes = [to_top(some), to_gap(some)]
            if name == EACH_BEST:
                cubes = [each_best(cube, roles.ours, best) for cube in cubes]
            figures = [str(faster(cube, roles.ours)) for cube in cubes]
            body.append([group, name, str(len(some.tasks)), str(len(some.seeds)), *figures])
    return Table(["tasks of", "over", "tasks", "seeds", "to top 1 %", "to 90 % of the gap"], body)


def groups(suite: Suite, *, transfers: bool) -> dict[str, frozenset[str]]:
    """Return the families of which figures are given together: all, each split, and, if sources matter, the related."""
    found = {"all": frozenset(entry.family for entry in suite.families)}
    related = frozenset(entry.family for entry in suite.families if not entry.across_targets)
    if transfers and related != found["all"]:
        found["related"] = related
    for split in ("report", "develop"):
        found[split] = frozenset(entry.family for entry in suite.families if entry.split == split)
    return found


def faster(cube: Cube, ours: str) -> Estimate:
    """Return the acceleration of ours over the other of two methods."""
    mine = cube.methods.index(ours)
    return estimate(cube, acceleration(1 - mine))[mine]


def each_best(cube: Cube, ours: str, best: Mapping[str, str]) -> Cube:
    """Return ours and, as if it were one method, the named method of each family."""
    chosen = [cube.methods.index(best[family]) for family, _ in cube.tasks]
    other = cube.values[chosen, np.arange(len(cube.tasks))]
    mine = cube.values[cube.methods.index(ours)]
    return Cube((ours, EACH_BEST), cube.tasks, cube.seeds, np.stack([mine, other]))


def beside_text(ours: str, margin: float) -> str:
    """Return the caption of the comparison with others, with the criterion for non-inferiority."""
    return (
        "Each row is a comparison on all campaigns that both have, so rows use different campaigns. The difference "
        f"is `{ours}` minus the other in experiments to the top 1 % (less is better for `{ours}`). Not inferior: the "
        f"one-sided 95 % bound of the difference lies below the margin ({margin:g}) that the suite fixes; better: "
        "below 0. p is of the signed-rank test over tasks, adjusted for the number of rows (Holm). Acceleration is "
        f"that of `{ours}`."
    )


def beside(part: Part, ours: str, others: Sequence[str], margin: float) -> Table:
    """Return ours beside each other method."""
    names = ["other", "tasks", "seeds", "its mean to top 1 %", f"`{ours}`", "difference", "bound (95 %)"]
    names += [f"`{ours}` is", "tasks won / tied / lost", "p (Holm)", "acceleration", "to 90 % of the gap"]
    grids = {other: part.grid([ours, other]) for other in others}
    there = {other: grid for other, grid in grids.items() if grid is not None}
    body = []
    for each in against([to_top(grid) for grid in there.values()], ours, margin):
        grid = there[each.other]
        top = to_top(grid)
        means = dict(zip(grid.methods, mean(top.by_task()), strict=True))
        verdict = "better" if each.better else "not inferior" if each.inferior_excluded else "not shown"
        body.append(
            [
                *(each.other, str(len(grid.tasks)), str(len(grid.seeds))),
                *(f"{means[each.other]:.1f}", f"{means[ours]:.1f}", str(each.difference), f"{each.bound:.2f}"),
                *(verdict, f"{each.wins} / {each.ties} / {each.losses}", f"{each.p:.2g}"),
                *(str(faster(top, ours)), str(faster(to_gap(grid), ours))),
            ]
        )
    none = [[other, "0", *["-"] * (len(names) - 2)] for other in grids if other not in there]
    return Table(names, body + none)


def partial(part: Part, roles: Roles) -> Iterator[str | Table]:
    """Return each method with fewer tasks compared with the baseline and the best peer."""
    yield PARTIAL_TEXT
    body, ahead = [], []
    for method in part.partial:
        for other in (name for name in roles.comparators if name != method):
            pair = part.grid([method, other])
            if pair is None:
                body.append([method, other, "0", *["-"] * 5])
                continue
            top = to_top(pair)
            means = dict(zip(pair.methods, mean(top.by_task()), strict=True))
            ratio = faster(top, method)
            if other == roles.peer and method != roles.ours and ratio.value > 1:
                ahead.append(method)
            counts = [str(len(pair.tasks)), str(len(pair.seeds))]
            figures = [f"{means[method]:.1f}", f"{means[other]:.1f}", str(ratio), str(faster(to_gap(pair), method))]
            body.append([method, other, *counts, *figures])
    names = ["method", "beside", "tasks", "seeds", "its mean to top 1 %", "the other's", "its acceleration"]
    yield Table([*names, "to 90 % of the gap"], body)
    if ahead:
        several = ", ".join(f"`{method}`" for method in ahead)
        yield f"Where they ran, these need fewer experiments than the best peer `{roles.peer}`: {several}."


def by_family(grid: Grid, roles: Roles, suite: Suite) -> Table:
    """Return the mean experiments to the top 1 % in each family, and the acceleration of ours over its best peer."""
    cube = to_top(grid)
    best = best_by_family(grid, roles.ours) if roles.ours in grid.methods else {}
    names = ["family", "split", "tasks", *grid.methods]
    if best:
        names += ["best peer", f"acceleration of `{roles.ours}` over it", "to 90 % of the gap"]
    body = []
    for family in sorted({family for family, _ in grid.tasks}):
        some = cube.where(in_families({family}))
        means = some.by_task().mean(axis=1)
        line = [family, suite.split(family), str(len(some.tasks))]
        line += [f"**{value:.1f}**" if value == means.min() else f"{value:.1f}" for value in means]
        if best:
            gap = to_gap(grid).where(in_families({family}))
            line += [best[family], *(str(faster(each_best(c, roles.ours, best), roles.ours)) for c in (some, gap))]
        body.append(line)
    return Table(names, body)


def lost(part: Part, ours: str) -> Iterator[str | Table]:
    """Return the tasks on which another method is ahead."""
    values = {key: campaign.measures.to_top for key, campaign in part.campaigns.items()}
    found = losses(values, ours, LOSS_MARGIN)
    if not found:
        yield f"On no task is the best other method ahead by more than {LOSS_MARGIN:g} experiments."
        return
    yield (
        "Tasks on which the best other method (chosen with hindsight, task by task, on the seeds that both have) is "
        f"ahead by more than {LOSS_MARGIN:g} experiments to the top 1 %: {len(found)} of {len(part.tasks(ours))}."
    )
    body = [
        ["/".join(loss.task), loss.other, str(loss.seeds), f"{loss.theirs:.1f}", f"{loss.ours:.1f}"] for loss in found
    ]
    yield Table(["task", "best other", "seeds", "its mean", f"`{ours}`"], body)
