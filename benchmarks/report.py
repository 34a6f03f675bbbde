"""The report of a suite: what was compared, on what, how it ended, and where ours loses."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import figures, tables
from benchmarks.results import Grid, Part, Results
from benchmarks.sections import Figure, Section, Table
from benchmarks.significance import Ranking, ranking
from benchmarks.tables import Roles

TRACK_TITLES = {
    "shared": "Track `shared`: the same first experiments for all",
    "own": "Track `own`: each method's own first experiments",
}
SPLITS = {"report": "no setting was chosen on these", "develop": "models were chosen on these"}
LEAST_TASKS = 5


def report(found: Results, *, ours: str, plain: str, origin: dict[str, str]) -> list[Section]:
    """Return the report.

    Parameters
    ----------
    ours
        The method that is judged.
    plain
        The method without transfer that acceleration is relative to.
    origin
        What produced the results: command, machine, commit and so on, printed as they are.
    """
    paint = figures.colours(found.methods, ours)
    sections = [Section(1, f"Suite `{found.suite.suite}`", (tables.preamble(found),))]
    for track, control in found.parts:
        if control == "none":
            sections += _track(found, track, ours, plain, paint)
    controls = [each for each in found.parts if each[1] != "none"]
    if controls:
        sections.append(Section(2, "Controls", (tables.CONTROL_TEXT, tables.controls(found, controls, plain))))
    sections.append(Section(2, "What ran", (tables.ran(found),)))
    sections.append(Section(2, "Cost and failures", (tables.COST_TEXT, tables.cost(found))))
    machines = sorted({each.row.machine for each in found.campaigns.values() if each.row.machine})
    stated = {**origin, "campaigns ran on": "; ".join(machines) or "not recorded"}
    sections.append(Section(2, "Origin", (Table(["", ""], [[key, value] for key, value in stated.items()]),)))
    return sections


def _track(found: Results, track: str, ours: str, plain: str, paint: dict[str, str]) -> list[Section]:
    part = found.part(track)
    title = TRACK_TITLES[track]
    grid = part.grid(part.whole)
    if grid is None:
        return [Section(2, title, ("No campaign is shared by the methods so far.",))]
    roles = Roles.of(grid, ours, plain)
    sections = [Section(2, title, tuple(_overview(found, part, grid, roles, paint)))]
    for split, meaning in SPLITS.items():
        some = grid.where(lambda task, split=split: found.suite.split(task[0]) == split)
        if some.tasks and len(some.tasks) < len(grid.tasks):
            text = f"{len(some.tasks)} tasks."
            sections.append(Section(3, f"`{track}`: split `{split}` ({meaning})", (text, tables.summary(some, roles))))
    if len(grid.methods) > 1 and len(grid.tasks) > 1:
        sections.append(Section(3, f"`{track}`: ranks", tuple(_ranks(part, grid, paint))))
    if ours in grid.methods and len(grid.methods) > 1:
        margin = found.suite.margin
        text = tables.margin_text(ours, margin)
        sections.append(Section(3, f"`{track}`: `{ours}` beside each", (text, tables.beside(grid, ours, margin))))
    if part.partial:
        table = tables.partial(part, roles)
        sections.append(Section(3, f"`{track}`: methods with fewer campaigns", (tables.PARTIAL_TEXT, table)))
    sections.append(
        Section(3, f"`{track}`: experiments to the top 1 %, by family", (tables.by_family(grid, found.suite),))
    )
    if ours in grid.methods and len(grid.methods) > 1:
        sections.append(Section(3, f"`{track}`: where `{ours}` loses", tuple(tables.losses(grid, ours))))
    foresight = tables.foresight(part)
    if foresight.body:
        blocks = (tables.FORESIGHT_TEXT, foresight)
        sections.append(Section(3, f"`{track}`: predictions one step ahead", blocks))
    return sections


def _overview(
    found: Results, part: Part, grid: Grid, roles: Roles, paint: dict[str, str]
) -> Iterator[str | Table | Figure]:
    yield tables.grid_text(found, grid, part, roles)
    yield tables.summary(grid, roles)
    yield Figure(
        figures.regret_curves(grid, paint, roles.ours),
        "Normalised regret: 0 at the best design of the pool, 1 at the median one; mean over tasks and seeds. Bands "
        "are 95 % intervals of the hierarchical bootstrap (tasks, then seeds).",
    )
    yield Figure(
        figures.task_dots(grid, paint, roles.ours),
        f"Experiments to the top 1 % on each task; the dotted line is {found.suite.budget + 1}: never reached.",
    )


def _ranks(part: Part, grid: Grid, paint: dict[str, str]) -> Iterator[str | Table | Figure]:
    yield from _ranking(grid, paint, f"{len(grid.tasks)} tasks")
    everything = part.grid(part.methods) if part.partial else None
    if everything is not None and len(everything.tasks) >= LEAST_TASKS:
        text = (
            f"All methods, on the {len(everything.tasks)} tasks and {len(everything.seeds)} seeds that all of them have"
        )
        yield from _ranking(everything, paint, text)


def _ranking(grid: Grid, paint: dict[str, str], text: str) -> Iterator[str | Table | Figure]:
    for name, cube in (
        ("experiments to the top 1 %", grid.cube(lambda campaign: campaign.measures.to_top)),
        ("regret averaged over the budget", grid.cube(lambda campaign: campaign.measures.mean_regret)),
    ):
        found = ranking(cube)
        yield f"{text}; ranks by {name}. {_said(found)}"
        yield Figure(
            figures.rank_diagram(found, paint), f"Average ranks by {name}; bars join methods that do not differ (5 %)."
        )


def _said(found: Ranking) -> str:
    order = ", ".join(f"{method} {rank:.2f}" for method, rank in zip(found.methods, found.ranks, strict=True))
    alike = "; ".join(" ... ".join((found.methods[a], found.methods[b])) for a, b in found.groups)
    return (
        f"Friedman p = {found.friedman:.2g}, critical difference (Nemenyi, 5 %) {found.critical_difference:.2f}. "
        f"{order}. Not told apart: {alike or 'none'}."
    )
