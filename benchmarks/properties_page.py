"""The page of `benchmarks.properties`: tables from its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.comparison import Cube, bootstrap, difference
from benchmarks.origin import origin
from benchmarks.properties_work import GROUPS, LEVEL, SHOTS, Row

PAGE = Path(__file__).parent / "results" / "properties.md"
OURS, BLIND, OTHERS = "ours", "ours without past tasks", ("magpie + forest", "magpie + GP", "mean")
CHOSEN_ON = ("shear modulus", "aflow_agl_thermal_expansion_300k", "matbench_dielectric")

Subjects = Mapping[str, str]


def cube(rows: Sequence[Row], subjects: Subjects, methods: Sequence[str], k: int, measure: str, mode: str) -> Cube:
    """Return one measure by method, quantity and seed (tasks of a quantity averaged), without gaps."""
    cells: dict[tuple[str, str, int], list[float]] = {}
    for row in rows:
        if row.k == k and row.mode == mode and row.method in methods:
            value = float(np.log(row.error)) if measure == "error" else float(getattr(row, measure))
            cells.setdefault((row.method, subjects[row.task], row.seed), []).append(value)
    seeds = sorted({key[2] for key in cells})
    names = [
        name
        for name in dict.fromkeys(subjects.values())
        if all((method, name, seed) in cells for method in methods for seed in seeds)
    ]
    values = [[[np.mean(cells[method, name, seed]) for seed in seeds] for name in names] for method in methods]
    return Cube(tuple(methods), tuple(("", name) for name in names), tuple(seeds), np.array(values))


def ratios(rows: Sequence[Row], subjects: Subjects, keep: Sequence[str]) -> Iterator[str]:
    """Yield a table: our error over that of the others, geometric means over quantities with 95 % intervals."""
    methods = (OURS, BLIND, *OTHERS)
    yield "| k | " + " | ".join(f"{other}" for other in methods[1:]) + " | quantities |"
    yield "|---:|" + "---|" * (len(methods) - 1) + "---:|"
    for k in SHOTS:
        found = cube(rows, subjects, methods, k, "error", "honest").where(lambda task: task[1] in keep)
        drawn = np.exp(-bootstrap(found, difference(0)))  # ours over the other's
        value = np.exp(-difference(0)(found.by_task()))
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        cells = [f"{value[i]:.2f} [{low[i]:.2f}, {high[i]:.2f}]" for i in range(1, len(methods))]
        yield f"| {k} | " + " | ".join(cells) + f" | {len(found.tasks)} |"


def levels(rows: Sequence[Row], subjects: Subjects, measure: str, digits: int = 2) -> Iterator[str]:
    """Yield a table: a measure of every method, mean over quantities."""
    methods = (OURS, BLIND, *OTHERS)
    yield "| k | " + " | ".join(methods) + " | ours, easy |"
    yield "|---:|" + "---:|" * (len(methods) + 1)
    for k in SHOTS:
        found = cube(rows, subjects, methods, k, measure, "honest").by_task().mean(axis=1)
        easy = cube(rows, subjects, (OURS,), k, measure, "easy").by_task().mean(axis=1)
        found, easy = (np.exp(found), np.exp(easy)) if measure == "error" else (found, easy)
        yield f"| {k} | " + " | ".join(f"{value:.{digits}f}" for value in (*found, *easy)) + " |"


def by_quantity(rows: Sequence[Row], subjects: Subjects, k: int) -> Iterator[str]:
    """Yield a table: each quantity's error by every method, how well it is ranked and covered, and where we lose."""
    methods = (OURS, BLIND, *OTHERS)
    found = cube(rows, subjects, methods, k, "error", "honest")
    rank = cube(rows, subjects, methods, k, "rank", "honest").by_task()
    covered = cube(rows, subjects, (OURS,), k, "covered", "honest").by_task()
    errors = np.exp(found.by_task())
    yield "| quantity | " + " | ".join(methods) + " | rank, ours | rank, forest | in 90 % | best |"
    yield "|---|" + "---:|" * (len(methods) + 3) + "---|"
    for i, (_, name) in enumerate(found.tasks):
        best = methods[int(np.argmin(errors[:, i]))]
        line = [f"{value:.2f}" for value in errors[:, i]]
        numbers = f"{rank[0, i]:.2f} | {rank[2, i]:.2f} | {covered[0, i]:.0%}"
        yield f"| {name} | " + " | ".join(line) + f" | {numbers} | {best} |"


def losses(rows: Sequence[Row], subjects: Subjects) -> Iterator[str]:
    """Yield a table: where another method (ours without past tasks included) is better by more than 5 %."""
    methods = (OURS, BLIND, *OTHERS)
    yield "| k | quantity | better | its error | ours |"
    yield "|---:|---|---|---:|---:|"
    for k in SHOTS:
        found = cube(rows, subjects, methods, k, "error", "honest")
        errors = np.exp(found.by_task())
        for i, (_, name) in enumerate(found.tasks):
            best = int(np.argmin(errors[:, i]))
            if errors[0, i] > 1.05 * errors[best, i]:
                yield f"| {k} | {name} | {methods[best]} | {errors[best, i]:.2f} | {errors[0, i]:.2f} |"


def unmeasured(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a table: what is foretold before anything is measured, where another task measured the same quantity."""
    yield "| task | error | rank | in 90 % |"
    yield "|---|---:|---:|---:|"
    for row in rows:
        if row.k == 0:
            yield f"| {row.task} | {row.error:.2f} | {row.rank:.2f} | {row.covered:.0%} |"


def whole(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a table: all values that are not set aside, ours beside the forest on magpie features."""
    ours = {row.task: row for row in rows if row.k == -1 and row.method == OURS}
    forest = {row.task: row for row in rows if row.k == -1 and row.method == OTHERS[0]}
    yield "| task | ours | magpie + forest | ratio | in 90 % | CPU s, ours | CPU s, forest |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    both = [task for task in ours if task in forest]
    for task in both:
        a, b = ours[task], forest[task]
        cells = f"{a.error:.3f} | {b.error:.3f} | {a.error / b.error:.2f} | {a.covered:.0%}"
        yield f"| {task} | {cells} | {a.seconds:.0f} | {b.seconds:.0f} |"
    if both:
        mean = np.exp(np.mean([np.log(ours[task].error / forest[task].error) for task in both]))
        covered = np.mean([ours[task].covered for task in both])
        yield f"| *all {len(both)}* | | | {mean:.2f} | {covered:.0%} | | |"


def short(rows: Sequence[Row], subjects: Subjects, rest: Sequence[str]) -> Iterator[str]:
    """Yield what the tables say, in a few lines."""
    for other in (*OTHERS, BLIND):
        parts = []
        for k in (k for k in SHOTS if 1 < k <= 20):
            found = cube(rows, subjects, (OURS, other), k, "error", "honest").where(lambda task: task[1] in rest)
            drawn = np.exp(-bootstrap(found, difference(0)))[:, 1]
            ratio = float(np.exp(-difference(0)(found.by_task()))[1])
            parts.append(f"{ratio:.2f}{'' if np.quantile(drawn, 0.975) < 1 else ' (not significant)'} at {k}")
        yield f"- Error over that of {other}, on the quantities that settings were not chosen on: {', '.join(parts)}."
    covered = [cube(rows, subjects, (OURS,), k, "covered", "honest").by_task().mean() for k in SHOTS]
    yield f"- The 90 % intervals hold {min(covered):.0%} to {max(covered):.0%} of the values, over all k."
    whole_of = {(row.task, row.method): row.error for row in rows if row.k == -1}
    both = [task for task in subjects if (task, OURS) in whole_of and (task, OTHERS[0]) in whole_of]
    beyond = [task for task in both if whole_of[task, OURS] > 1.1 * whole_of[task, OTHERS[0]]]
    said = f", not {', '.join(beyond)}" if beyond else ""
    count = f"{len(both) - len(beyond)} of {len(both)} tasks"
    yield f"- With all values, our error is within 10 % of that of magpie + forest in {count}{said}."


def complete(rows: Sequence[Row], subjects: Subjects) -> list[Row]:
    """Return the rows of the seeds that every task has whole."""
    wanted = {(task, mode, method, k) for task in subjects for mode, method, k in _kinds(rows)}
    seeds = sorted({row.seed for row in rows})
    have = {(row.task, row.mode, row.method, row.k, row.seed) for row in rows}
    good = [seed for seed in seeds if all((*each, seed) in have for each in wanted)]
    return [row for row in rows if row.k <= 0 or row.seed in good]


def _kinds(rows: Sequence[Row]) -> set[tuple[str, str, int]]:
    return {(row.mode, row.method, row.k) for row in rows if row.k > 0}


def page(rows: Sequence[Row], subjects: Subjects, taught: tuple[int, float], words: Sequence[str], about: str) -> str:
    """Return the page.

    Parameters
    ----------
    taught
        The number of rows that the prior learned from, and the CPU seconds it took.
    words, about
        What the command was given, and what it does: its docstring.
    """
    rows = complete(rows, subjects)
    seeds = sorted({row.seed for row in rows if row.k > 0})
    rest = [name for name in dict.fromkeys(subjects.values()) if name not in CHOSEN_ON]
    every = list(dict.fromkeys(subjects.values()))
    facts = origin("python", "-m", "benchmarks.properties", *words)
    spent = sum(row.seconds for row in rows)
    facts |= {
        "seeds": f"{len(seeds)} draws of the given values; one training of the networks (seed 0)",
        "CPU time": f"learning the prior {taught[1]:.0f} s ({taught[0]:,} rows, once), all predictions {spent:.0f} s",
        "groups": "; ".join(f"{name}: {', '.join(tasks)}" for name, tasks in GROUPS.items()),
    }
    lines = ["# Properties from few measurements", "", about.partition("\n\n")[2].strip(), ""]
    lines += [f"- {key}: {value}" for key, value in facts.items()]
    lines += ["", "Error: mean absolute error over the mean absolute deviation of what is predicted, so 1 is no better"]
    lines += ["than knowing the mean. From one value nothing can be ranked, and all methods say that value.", ""]
    lines += ["## In short", "", *short(rows, subjects, rest), ""]
    lines += ["## Our error over that of the others, honest", "", "Below 1 is better; geometric means over quantities,"]
    lines += ["95 % intervals by bootstrap over quantities and, within, draws.", ""]
    lines += ["### On the quantities that settings were not chosen on", "", *ratios(rows, subjects, rest), ""]
    lines += ["### On all", "", *ratios(rows, subjects, every), ""]
    lines += ["## Errors", "", *levels(rows, subjects, "error"), ""]
    lines += ["## Rank correlation (Spearman)", "", *levels(rows, subjects, "rank"), ""]
    lines += [f"## Share of values inside the {LEVEL:.0%} interval", "", *levels(rows, subjects, "covered"), ""]
    lines += ["The forest's interval is the spread of its trees; it was not made to be one.", ""]
    lines += ["## Each quantity, 10 values", "", *by_quantity(rows, subjects, 10), ""]
    lines += ["## Where it loses", "", "By more than 5 %, mean over draws.", "", *losses(rows, subjects), ""]
    lines += ["## Before anything is measured", "", "Only where another task measured the same quantity (easy).", ""]
    lines += [*unmeasured(rows), "", "## All values", ""]
    lines += ["At most 6,000 values given, all that are set aside predicted; the prior without the group (honest).", ""]
    lines += [*whole(rows), ""]
    return "\n".join(lines)
