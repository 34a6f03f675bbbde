"""The Markdown report of a suite: what was compared, on what, how it ended, and where ours loses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.campaigns import Row
from benchmarks.comparison import Cube, Estimate, acceleration, average_rank, common, estimate, losses, mean
from benchmarks.measures import REGRET_AT, Measures, measure
from benchmarks.pools import Pool
from benchmarks.suite import Suite

LOSS_MARGIN = 2.0


@dataclass(frozen=True)
class Results:
    """The rows of a suite with their measures, and the part of them that all methods share."""

    suite: Suite
    rows: dict[tuple[str, str, str, int], Row]
    measures: dict[tuple[str, str, str, int], Measures]
    methods: tuple[str, ...]
    tasks: tuple[tuple[str, str], ...]
    seeds: tuple[int, ...]

    def cube(self, value: str, position: int | None = None) -> Cube:
        """Return one measure by name (and position, for `regret`) of all shared campaigns."""
        array = np.array(
            [
                [[self._value((*task, method, seed), value, position) for seed in self.seeds] for task in self.tasks]
                for method in self.methods
            ]
        )
        return Cube(self.methods, self.tasks, self.seeds, array)

    def _value(self, key: tuple[str, str, str, int], value: str, position: int | None) -> float:
        found = getattr(self.measures[key], value)
        return float(found if position is None else found[position])


def results(
    suite: Suite,
    rows: Iterable[Row],
    pools: Sequence[Pool],
    methods: Sequence[str] = (),
    *,
    track: str = "shared",
    control: str = "none",
) -> Results:
    """Measure the rows of a suite, in one track and under one control.

    Raises
    ------
    ValueError
        If a row was measured on another pool than the one that is loaded now, or no campaign is shared.
    """
    known = {(pool.family, pool.task): pool for pool in pools}
    kept: dict[tuple[str, str, str, int], Row] = {}
    measured: dict[tuple[str, str, str, int], Measures] = {}
    for row in rows:
        pool = known.get((row.family, row.task))
        if pool is None or (methods and row.method not in methods) or (row.track, row.control) != (track, control):
            continue
        if row.pool != pool.digest() or row.budget != suite.budget:
            raise ValueError(f"{row.key}: the result is of another pool or budget; run it again")
        key = row.key[:4]
        kept[key] = row
        measured[key] = measure(pool.utility, pool.candidates.utility(np.array(row.y)), row.budget)
    shared, tasks, seeds = common(list(kept))
    if not tasks:
        raise ValueError("no campaign is shared by all methods")
    return Results(suite, kept, measured, tuple(shared), tuple(tasks), tuple(seeds))


def markdown(found: Results, *, ours: str, baseline: str, origin: dict[str, str]) -> str:
    """Return the report.

    Parameters
    ----------
    ours
        The method whose losses are listed.
    baseline
        The method that acceleration factors are relative to.
    origin
        What produced the results: command, machine, commit and so on, printed as they are.
    """
    parts = [
        f"# Suite `{found.suite.suite}`",
        _preamble(found),
        "## All tasks",
        _summary(found, baseline, found.tasks),
    ]
    for split in ("report", "develop"):
        tasks = [task for task in found.tasks if found.suite.split(task[0]) == split]
        if tasks and len(tasks) < len(found.tasks):
            text = "no setting was chosen on these" if split == "report" else "models were chosen on these"
            parts += [f"## Split `{split}` ({text})", _summary(found, baseline, tasks)]
    parts += ["## Experiments to the top 1 %, by family", _by_family(found)]
    if ours in found.methods:
        parts += [f"## Where `{ours}` loses", _losses(found, ours)]
    parts += ["## Cost and failures", _cost(found), "## Origin", _table(["", ""], [[k, v] for k, v in origin.items()])]
    return "\n\n".join(parts) + "\n"


def _preamble(found: Results) -> str:
    families = {family for family, _ in found.tasks}
    suite = found.suite
    return (
        f"{len(found.tasks)} tasks of {len(families)} families, seeds {', '.join(map(str, found.seeds))}, budget "
        f"{suite.budget} experiments, of which the first {suite.initial} are random and the same for every method. "
        "Replicates of one design are averaged. `to top 1 %` and `to 90 % of the gap` are restricted mean numbers of "
        f"experiments ({suite.budget + 1} where never reached); regret is 0 at the best design of the pool and 1 at "
        "the median one. Brackets are 95 % intervals of a hierarchical bootstrap (tasks, then seeds, paired over "
        "methods). Ranks are of the mean over seeds, by experiments to the top 1 % and by regret averaged over the "
        "budget. Smaller is better, except for the acceleration factor."
    )


def _summary(found: Results, baseline: str, tasks: Sequence[tuple[str, str]]) -> str:
    def over(value: str, position: int | None = None) -> Cube:
        return found.cube(value, position).where(lambda task: task in set(tasks))

    to_top, to_gap = over("to_top"), over("to_gap")
    columns: dict[str, list[Estimate]] = {
        "to top 1 %": estimate(to_top, mean),
        "to 90 % of the gap": estimate(to_gap, mean),
    }
    if baseline in found.methods:
        against = acceleration(found.methods.index(baseline))
        columns[f"acceleration over {baseline} (top 1 %)"] = estimate(to_top, against)
    columns |= {
        "rank (top 1 %)": estimate(to_top, average_rank),
        "rank (regret)": estimate(over("mean_regret"), average_rank),
    }
    regrets = [over("regret", i).by_task().mean(axis=1) for i in range(len(REGRET_AT))]
    order = np.argsort([entry.value for entry in columns["to top 1 %"]], kind="stable")
    body = [
        [found.methods[i], *(str(column[i]) for column in columns.values()), *(f"{r[i]:.3f}" for r in regrets)]
        for i in order
    ]
    return _table(["method", *columns, *(f"regret at {n}" for n in REGRET_AT)], body)


def _by_family(found: Results) -> str:
    cube = found.cube("to_top")
    body = []
    for family in sorted({family for family, _ in found.tasks}):
        part = cube.where(lambda task, family=family: task[0] == family)
        means = part.by_task().mean(axis=1)
        cells = [f"**{value:.1f}**" if value == means.min() else f"{value:.1f}" for value in means]
        body.append([family, found.suite.split(family), str(len(part.tasks)), *cells])
    return _table(["family", "split", "tasks", *found.methods], body)


def _losses(found: Results, ours: str) -> str:
    lost = losses(found.cube("to_top"), ours, LOSS_MARGIN)
    if not lost:
        return f"On no task is the best other method ahead by more than {LOSS_MARGIN:g} experiments."
    text = (
        f"Tasks on which the best other method (chosen with hindsight) is ahead by more than {LOSS_MARGIN:g} "
        f"experiments to the top 1 %: {len(lost)} of {len(found.tasks)}."
    )
    body = [[f"{task[0]}/{task[1]}", best, f"{theirs:.1f}", f"{mine:.1f}"] for task, best, theirs, mine in lost]
    return f"{text}\n\n{_table(['task', 'best other', 'its mean', f'`{ours}`'], body)}"


def _cost(found: Results) -> str:
    body = []
    for method in found.methods:
        rows = [row for key, row in sorted(found.rows.items()) if key[2] == method]
        seconds = np.concatenate([np.array(row.seconds) for row in rows])
        errors = sorted({row.error for row in rows if row.error})
        versions = next((row.versions for row in rows if row.versions), {})
        body.append(
            [
                method,
                str(len(rows)),
                f"{np.median(seconds):.3f}" if len(seconds) else "-",
                f"{np.quantile(seconds, 0.95):.3f}" if len(seconds) else "-",
                f"{max(row.memory_mb for row in rows):.0f}",
                f"{sum(bool(row.error) for row in rows)}" + "".join(f"; {error}" for error in errors),
                ", ".join(f"{name} {version}" for name, version in versions.items()),
            ]
        )
    names = ["method", "campaigns", "CPU s a suggestion (median)", "(95 %)", "peak MB", "ended by an error", "versions"]
    return _table(names, body)


def _table(names: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in body]
    return "\n".join(lines)
