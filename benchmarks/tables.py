"""The tables of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.comparison import (
    Cube,
    Estimate,
    acceleration,
    average_rank,
    bootstrap,
    difference,
    enhancement,
    estimate,
    mean,
)
from benchmarks.comparison import losses as lost_tasks
from benchmarks.foresight import AFTER
from benchmarks.measures import REGRET_AT
from benchmarks.results import Campaign, Grid, Measure, Part, Results, Short
from benchmarks.sections import Table
from benchmarks.significance import against
from benchmarks.suite import Suite

LOSS_MARGIN = 2.0
OURS = "designer"
CONTROL_TEXT = (
    "Each row is a method whose sources were changed (`benchmarks/controls.py` says how), on the campaigns that it, "
    "the same method with its own sources, and the plain method share. Acceleration is that of the changed method over "
    "the plain one: about 1 is no harm. For `target-as-source` and `rescaled` more is wanted."
)
COST_TEXT = "CPU seconds of one suggestion, first experiments left out; peak resident memory of a campaign's process."
PARTIAL_TEXT = (
    "These run fewer seeds or tasks (every third, only those with sources, or what has run so far): each is compared "
    "on the campaigns that it shares with the others named here."
)
FORESIGHT_TEXT = (
    "What a method said of the experiment after 3, 5, 10 and 20 measurements, before its value was shown: negative log "
    "predictive density (in units of the standard deviation of the pool's values; less is better), and the share of "
    "values in the central 90 % interval (0.90 is right). All campaigns of a method, at the designs that it chose."
)


@dataclass(frozen=True)
class Roles:
    """Which methods a report is about.

    Parameters
    ----------
    ours
        The method that is judged.
    plain
        The method without transfer that acceleration is relative to; None where it has not run.
    peer
        The best method of others, by experiments to the top 1 %, chosen with hindsight; None where none has run.
    """

    ours: str
    plain: str | None
    peer: str | None

    @classmethod
    def of(cls, grid: Grid, ours: str, plain: str) -> Roles:
        """Find the best peer of a grid."""
        means = mean(to_top(grid).by_task())
        peers = [i for i, method in enumerate(grid.methods) if not is_ours(method) and method != ours]
        best = min(peers, key=lambda i: means[i], default=None)
        return cls(ours, plain if plain in grid.methods else None, None if best is None else grid.methods[best])

    @property
    def others(self) -> list[str]:
        """The three, without repeats."""
        return list(dict.fromkeys(name for name in (self.ours, self.plain, self.peer) if name is not None))


def is_ours(method: str) -> bool:
    """Return whether a method is one of this project's.

    >>> is_ours("designer"), is_ours("designer-transfer-gp"), is_ours("baybe")
    (True, True, False)
    """
    return method == OURS or method.startswith(f"{OURS}-")


def to_top(grid: Grid) -> Cube:
    """Return the experiments to the top 1 %."""
    return grid.cube(lambda campaign: campaign.measures.to_top)


def preamble(found: Results) -> str:
    """Return what the measures are."""
    suite = found.suite
    return (
        f"Simulated campaigns with a budget of {suite.budget} experiments; in the track `shared` the first "
        f"{suite.initial} are random and the same for every method. Replicates of one design are averaged. `to top 1 "
        "%` and `to 90 % of the gap` (of the way from the median design to the best) are restricted mean numbers of "
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
        text += f" With fewer campaigns, below: {', '.join(f'`{m}`' for m in part.partial)}."
    if roles.peer is not None:
        text += f" The best peer, chosen with hindsight by experiments to the top 1 %, is `{roles.peer}`."
    return text


def summary(grid: Grid, roles: Roles) -> Table:
    """Return the methods side by side, best first."""
    top = to_top(grid)
    columns: dict[str, list[str]] = {
        "to top 1 %": list(map(str, estimate(top, mean))),
        "to 90 % of the gap": list(map(str, estimate(grid.cube(lambda c: c.measures.to_gap), mean))),
    }
    for name in dict.fromkeys([roles.plain, roles.peer]):
        if name is not None:
            found = estimate(top, acceleration(grid.methods.index(name)))
            columns[f"acceleration over {name}"] = list(map(str, found))
    columns[f"enhancement at {_number(grid)}"] = list(map(str, enhancements(grid)))
    columns["rank (top 1 %)"] = list(map(str, estimate(top, average_rank)))
    columns["rank (regret)"] = list(map(str, estimate(grid.cube(lambda c: c.measures.mean_regret), average_rank)))
    budget = _budget(grid)
    for i, n in enumerate(REGRET_AT):
        if n <= budget:
            means = grid.cube(lambda c, i=i: c.measures.regret[i]).by_task().mean(axis=1)
            columns[f"regret at {n}"] = [f"{value:.3f}" for value in means]
    order = np.argsort(mean(top.by_task()), kind="stable")
    return Table(["method", *columns], [[grid.methods[i], *(column[i] for column in columns.values())] for i in order])


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


def margin_text(ours: str, margin: float) -> str:
    """Return how non-inferiority is judged."""
    return (
        f"The difference is `{ours}` minus the other in experiments to the top 1 % (less is better for `{ours}`). Not "
        f"inferior: the one-sided 95 % bound of the difference lies below the margin ({margin:g}) that the suite "
        "fixes; better: below 0. p is of the signed-rank test over tasks, adjusted for the number of methods (Holm)."
    )


def beside(grid: Grid, ours: str, margin: float) -> Table:
    """Return ours beside each other method."""
    body = []
    for each in against(to_top(grid), ours, margin):
        verdict = "better" if each.better else "not inferior" if each.inferior_excluded else "not shown"
        tasks = f"{each.wins} / {each.ties} / {each.losses}"
        body.append([each.other, str(each.difference), f"{each.bound:.2f}", verdict, tasks, f"{each.p:.2g}"])
    names = ["other", "difference", "bound (95 %)", f"`{ours}` is", "tasks won / tied / lost", "p (Holm)"]
    return Table(names, body)


def partial(part: Part, roles: Roles) -> Table:
    """Return each method that has fewer campaigns beside ours, the plain one and the best peer."""
    names = ["method", "tasks", "seeds", "its mean to top 1 %", *(f"`{name}`" for name in roles.others)]
    names += [f"acceleration over {name}" for name in roles.others] + ["its regret (mean)", f"`{roles.ours}` regret"]
    body = []
    for method in part.partial:
        grid = part.grid([method, *roles.others])
        if grid is None:
            body.append([method, "0", *["-"] * (len(names) - 2)])
            continue
        top = to_top(grid)
        at = {name: grid.methods.index(name) for name in grid.methods}
        means, regret = mean(top.by_task()), mean(grid.cube(lambda c: c.measures.mean_regret).by_task())
        ratios = [str(estimate(top, acceleration(at[name]))[at[method]]) for name in roles.others]
        figures = [f"{means[at[name]]:.1f}" for name in (method, *roles.others)]
        regrets = [f"{regret[at[name]]:.3f}" if name in at else "-" for name in (method, roles.ours)]
        body.append([method, str(len(grid.tasks)), str(len(grid.seeds)), *figures, *ratios, *regrets])
    return Table(names, body)


def by_family(grid: Grid, suite: Suite) -> Table:
    """Return the mean experiments to the top 1 % in each family."""
    cube = to_top(grid)
    body = []
    for family in sorted({family for family, _ in grid.tasks}):
        some = cube.where(lambda task, family=family: task[0] == family)
        means = some.by_task().mean(axis=1)
        cells = [f"**{value:.1f}**" if value == means.min() else f"{value:.1f}" for value in means]
        body.append([family, suite.split(family), str(len(some.tasks)), *cells])
    return Table(["family", "split", "tasks", *grid.methods], body)


def losses(grid: Grid, ours: str) -> Iterator[str | Table]:
    """Return the tasks on which another method is ahead."""
    lost = lost_tasks(to_top(grid), ours, LOSS_MARGIN)
    if not lost:
        yield f"On no task is the best other method ahead by more than {LOSS_MARGIN:g} experiments."
        return
    yield (
        f"Tasks on which the best other method (chosen with hindsight, task by task) is ahead by more than "
        f"{LOSS_MARGIN:g} experiments to the top 1 %: {len(lost)} of {len(grid.tasks)}."
    )
    body = [[f"{task[0]}/{task[1]}", best, f"{theirs:.1f}", f"{mine:.1f}"] for task, best, theirs, mine in lost]
    yield Table(["task", "best other", "its mean", f"`{ours}`"], body)


def foresight(part: Part) -> Table:
    """Return how well methods predicted; methods that predict nothing are left out."""
    body = []
    for method in part.methods:
        campaigns = {key: each for key, each in part.campaigns.items() if key[2] == method}
        cells = [
            [_nested(campaigns, lambda c, i=i, kind=kind: getattr(c.foresight, kind)[i]) for i in range(len(AFTER))]
            for kind in ("nlpd", "covered")
        ]
        if any(cell != "-" for row in cells for cell in row):
            body.append([method, *cells[0], *cells[1]])
    return Table(["method", *(f"NLPD at {n}" for n in AFTER), *(f"covered at {n}" for n in AFTER)], body)


def _nested(campaigns: dict[Short, Campaign], value: Measure, draws: int = 500) -> str:
    """Return the mean over tasks of means over seeds, with its interval; tasks may differ in their number of seeds."""
    by_task: dict[tuple[str, str], list[float]] = {}
    for key, campaign in campaigns.items():
        found = value(campaign)
        if not np.isnan(found):
            by_task.setdefault(key[:2], []).append(found)
    if not by_task:
        return "-"
    groups = [np.array(values) for values in by_task.values()]
    rng = np.random.default_rng(0)
    drawn = np.empty(draws)
    for i in range(draws):
        which = rng.integers(len(groups), size=len(groups))
        drawn[i] = np.mean([rng.choice(groups[j], size=len(groups[j])).mean() for j in which])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{np.mean([group.mean() for group in groups]):.2f} [{low:.2f}, {high:.2f}]"


def controls(found: Results, wanted: Sequence[tuple[str, str]], plain: str) -> Table:
    """Return each method under each control beside itself with its sources, and beside the plain method."""
    names = ["track", "control", "method", "tasks", "seeds", "changed", "own sources", f"`{plain}`"]
    names += [f"acceleration over {plain}", "difference", "bound (95 %)", "harm"]
    body: list[list[str]] = []
    for track, control in wanted:
        usual, changed = found.part(track), found.part(track, control)
        body += [
            [track, control, method, *_control(usual, changed, method, plain, found.suite.margin)]
            for method in changed.methods
        ]
    return Table(names, body)


def _control(usual: Part, changed: Part, method: str, plain: str, margin: float) -> list[str]:
    merged = {key: each for key, each in usual.campaigns.items() if key[2] in (method, plain)}
    merged |= {(*key[:2], "changed", key[3]): each for key, each in changed.campaigns.items() if key[2] == method}
    wanted = [name for name in (method, plain, "changed") if any(key[2] == name for key in merged)]
    grid = Part(merged).grid(wanted)
    if grid is None or plain not in wanted:
        return ["0", *["-"] * 8]
    top = to_top(grid)
    at = {name: grid.methods.index(name) for name in grid.methods}
    means = mean(top.by_task())
    apart = bootstrap(top, difference(at[plain]))[:, at["changed"]]
    bound = float(np.quantile(apart, 0.95))
    return [
        str(len(grid.tasks)),
        str(len(grid.seeds)),
        f"{means[at['changed']]:.1f}",
        f"{means[at[method]]:.1f}" if method in at else "-",
        f"{means[at[plain]]:.1f}",
        str(estimate(top, acceleration(at[plain]))[at["changed"]]),
        str(estimate(top, difference(at[plain]))[at["changed"]]),
        f"{bound:.2f}",
        "none beyond the margin" if bound < margin else "not excluded",
    ]


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
