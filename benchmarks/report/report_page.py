"""The report of a suite: methods, tasks, comparisons, and the tasks on which ours loses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks.report import family_ratios, figures, harm, oracle_choice, predictions, ranking, tables
from benchmarks.report.comparison import in_families
from benchmarks.report.results import Grid, Part, Results
from benchmarks.report.roles import Roles, is_ours
from benchmarks.report.sections import Figure, Section, Table
from benchmarks.report.significance import Ranking, rank_methods

TRACK_TITLES = {
    "shared": "Track `shared`: the same first experiments for all",
    "own": "Track `own`: each method's own first experiments",
}
SPLITS = {"report": "no setting was chosen on these", "develop": "models were chosen on these"}
MIN_TASKS = 5
CURVES = (
    "Normalised regret: 0 at the best design of the pool, 1 at the median one; mean over tasks and seeds. Bands are "
    "95 % intervals of the hierarchical bootstrap (tasks, then seeds)."
)
Named = tuple[str, Iterable[str | Table | Figure]]


def report(found: Results, *, ours: str, baseline: str, provenance: dict[str, str]) -> list[Section]:
    """Return the report.

    Parameters
    ----------
    ours
        The method under test.
    baseline
        The method without past tasks that acceleration and controls are relative to.
    provenance
        Provenance of the results: command, machine, commit, ..., printed unchanged.
    """
    paint = figures.colours(found.methods, ours)
    sections = [Section(1, f"Suite `{found.suite.suite}`", (tables.preamble(found),))]
    sections.append(Section(2, "What ran", (tables.RAN_TEXT, tables.ran(found))))
    for track, control in found.parts:
        if control == "none":
            sections += _track(found, track, ours, baseline, paint)
    changed = [each for each in found.parts if each[1] != "none"]
    if changed:
        text = harm.control_text(baseline, found.suite)
        sections.append(Section(2, "Controls", (text, harm.controls(found, changed, baseline))))
    sections.append(Section(2, "Cost and failures", (tables.COST_TEXT, tables.cost(found))))
    machines = sorted({each.row.machine for each in found.campaigns.values() if each.row.machine})
    stated = {**provenance, "campaigns ran on": "; ".join(machines) or "not recorded"}
    sections.append(Section(2, "Provenance", (Table(["", ""], [[key, value] for key, value in stated.items()]),)))
    return sections


def _track(found: Results, track: str, ours: str, baseline: str, paint: dict[str, str]) -> list[Section]:
    part = found.part(track)
    title = TRACK_TITLES[track]
    judged = [method for method in part.whole if method in (ours, baseline) or not is_ours(method)]
    grid = part.grid(judged or part.whole)
    if grid is None:
        return [Section(2, title, ("No campaign is shared by the methods so far.",))]
    roles = Roles.of(part, grid, ours, baseline)
    blocks = [*_splits(found, grid, roles), *_comparisons(found, part, grid, roles, paint)]
    return [
        Section(2, title, tuple(_overview(found, part, grid, roles, paint))),
        *(Section(3, f"`{track}`: {name}", tuple(given)) for name, given in blocks),
    ]


def _splits(found: Results, grid: Grid, roles: Roles) -> Iterator[Named]:
    for split, meaning in SPLITS.items():
        some = grid.where(in_families(found.suite.families_of(split)))
        if some.tasks and len(some.tasks) < len(grid.tasks):
            yield f"split `{split}` ({meaning})", [f"{len(some.tasks)} tasks.", tables.summary(some, roles)]


def _comparisons(found: Results, part: Part, grid: Grid, roles: Roles, paint: dict[str, str]) -> Iterator[Named]:
    ours, suite = roles.ours, found.suite
    judged = ours in part.methods and len(part.methods) > 1
    if len(part.methods) > 1 and len(grid.tasks) > 1:
        yield "ranks", _ranks(part, grid, paint)
    if judged:
        for method in dict.fromkeys((ours, roles.baseline)):
            ratios = family_ratios.family_ratios(part, method or "", suite)
            if ratios.body:
                yield f"`{method}` by family", [family_ratios.TEXT, ratios]
        yield from _beside(part, ours, suite.margin)
    if part.partial:
        yield "methods with fewer tasks", _partial(part, roles, paint)
    yield "experiments to the top 1 %, by family", [ranking.by_family(grid, roles, suite)]
    if judged:
        yield f"where `{ours}` loses", ranking.lost(part, ours)
        who = oracle_choice.chosen(part, ours, roles.baseline)
        if who.body:
            yield "who could choose", [oracle_choice.TEXT, who]
        crossed = oracle_choice.crosswise(part, suite, ours, roles.baseline)
        if crossed.body:
            yield (
                "settings chosen crosswise",
                [oracle_choice.CROSSWISE.format(ours=ours, baseline=roles.baseline), crossed],
            )
    table = predictions.predictions(part, ours)
    if table.body:
        yield "predictions one step ahead", [predictions.TEXT.format(ours=ours), table]


def _beside(part: Part, ours: str, margin: float) -> Iterator[Named]:
    others = [method for method in part.methods if method != ours]
    for name, some in (
        (f"`{ours}` beside each method of others", [method for method in others if not is_ours(method)]),
        (f"`{ours}` beside our other methods (ablation)", [method for method in others if is_ours(method)]),
    ):
        if some:
            yield name, [ranking.beside_text(ours, margin), ranking.beside(part, ours, some, margin)]


def _overview(
    found: Results, part: Part, grid: Grid, roles: Roles, paint: dict[str, str]
) -> Iterator[str | Table | Figure]:
    yield tables.grid_text(found, grid, part, roles)
    yield tables.summary(grid, roles)
    headline = ranking.headline(part, grid, roles, found.suite)
    if headline.body:
        yield ranking.headline_text(roles)
        yield headline
    yield Figure(figures.regret_curves(grid, paint, roles.ours), CURVES)
    yield Figure(
        figures.task_dots(grid, paint, roles.ours),
        f"Experiments to the top 1 % on each task; the dotted line is {found.suite.budget + 1}: never reached.",
    )


def _partial(part: Part, roles: Roles, paint: dict[str, str]) -> Iterator[str | Table | Figure]:
    yield from ranking.partial(part, roles)
    everything = part.grid(part.methods)
    if everything is not None and len(everything.tasks) >= MIN_TASKS:
        caption = f"All methods, on the {_counts(everything)} that all of them have. {CURVES}"
        yield Figure(figures.regret_curves(everything, paint, roles.ours), caption)


def _counts(grid: Grid) -> str:
    return f"{len(grid.tasks)} tasks and {len(grid.seeds)} {'seeds' if len(grid.seeds) > 1 else 'seed'}"


def _ranks(part: Part, grid: Grid, paint: dict[str, str]) -> Iterator[str | Table | Figure]:
    if len(grid.methods) > 1:
        yield from _ranking(grid, paint, f"The methods with all tasks, on {_counts(grid)}")
    if not part.partial:
        return
    everything = part.grid(part.methods)
    tasks = len(everything.tasks) if everything is not None else 0
    if everything is None or tasks < MIN_TASKS:
        left = ", ".join(f"`{method}`" for method in part.partial)
        yield f"Not ranked, since all methods share {tasks} tasks only, which is too few: {left}."
        return
    yield from _ranking(everything, paint, f"All methods, on the {_counts(everything)} that all of them have")


def _ranking(grid: Grid, paint: dict[str, str], text: str) -> Iterator[str | Table | Figure]:
    for name, cube in (
        ("experiments to the top 1 %", grid.cube(lambda campaign: campaign.measures.to_top)),
        ("regret averaged over the budget", grid.cube(lambda campaign: campaign.measures.mean_regret)),
    ):
        found = rank_methods(cube)
        yield f"{text}; ranks by {name}. {_said(found)}"
        yield Figure(
            figures.rank_diagram(found, paint), f"Average ranks by {name}; bars join methods that do not differ (5 %)."
        )


def _said(found: Ranking) -> str:
    order = ", ".join(f"{method} {rank:.2f}" for method, rank in zip(found.methods, found.ranks, strict=True))
    alike = "; ".join(" ... ".join((found.methods[a], found.methods[b])) for a, b in found.groups)
    return (
        f"Friedman p = {found.friedman:.2g}, critical difference (Nemenyi, 5 %) {found.critical_difference:.2f}. "
        f"{order}. Not significantly different: {alike or 'none'}."
    )
