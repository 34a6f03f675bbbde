"""The page of `benchmarks.studies.properties`: tables from its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.report import figures
from benchmarks.report.comparison import Cube, bootstrap, difference
from benchmarks.studies.properties_work import (
    GROUPS,
    LEVEL,
    METHODS,
    POOLED,
    POOLED_SHOTS,
    SHOTS,
    SLIP,
    SLIPPED,
    SLIPPED_SHOTS,
    Row,
)
from benchmarks.suite.provenance import provenance

PAGE = Path(__file__).parents[1] / "results" / "properties.md"
EASY = "ours, easy"
OURS, BLIND, *OTHERS = METHODS
CHOSEN_ON = ("shear modulus", "aflow_agl_thermal_expansion_300k", "matbench_dielectric")

NOTES = (
    "Error: mean absolute error over the mean absolute deviation of what is predicted, so 1 is no better than the",
    "mean. From one value no ranking can be learned, and all methods predict that value; they differ in the interval.",
    "Score: the weighted interval score of value and 90 % interval (Bracher et al. 2021), in that unit: proper, and",
    "equal to the error where the interval has no width. The mean gives no interval from one value.",
)
POOLING = (
    "Errors before anything is measured (k = 0) and after 20 values (easy: other tasks of the quantity are known). The",
    "others learn from these tasks' values and the given ones together; the Gaussian process from 1,000 of them.",
)
LOGARITHMIC = ("error", "score")
MEASURES = {
    "error": "error",
    "score": "score of value and interval",
    "covered": f"share inside the {LEVEL:.0%} interval",
}
MEANS = ("rank", "covered", "seconds")
NONE = "no interval"
UNBOUNDED = 1e12  # the score of an unbounded interval
_FINITE = 1e6

Subjects = Mapping[str, str]
Floats = npt.NDArray[np.float64]


def cube(
    rows: Sequence[Row], subjects: Subjects, methods: Sequence[str], k: int, measure: str, mode: str = "honest"
) -> Cube:
    """Return one measure by method, quantity and seed (tasks of a quantity averaged), without gaps.

    `mode`: which past tasks our methods use; the other methods use none. Errors and scores are given as logarithms.
    """
    modes = {method: "honest" if mode == "easy" and method != OURS else mode for method in methods}
    cells: dict[tuple[str, str, int], list[float]] = {}
    for row in rows:
        if row.k == k and row.mode == modes.get(row.method):
            value = float(getattr(row, measure))
            value = float(np.log(min(value, UNBOUNDED))) if measure in LOGARITHMIC else value
            cells.setdefault((row.method, subjects[row.task], row.seed), []).append(value)
    seeds = sorted({key[2] for key in cells})
    names = [
        name
        for name in dict.fromkeys(subjects.values())
        if all((method, name, seed) in cells for method in methods for seed in seeds)
    ]
    values = [[[np.mean(cells[method, name, seed]) for seed in seeds] for name in names] for method in methods]
    return Cube(tuple(methods), tuple(("", name) for name in names), tuple(seeds), np.array(values))


def ratio(found: Cube) -> tuple[Floats, Floats, Floats]:
    """Return ours over each method's, geometric means over quantities, and the ends of the 95 % intervals."""
    drawn = np.exp(-bootstrap(found, difference(0)))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return np.exp(-difference(0)(found.by_task())), low, high


def ratios(
    rows: Sequence[Row], subjects: Subjects, keep: Sequence[str], measure: str = "error", mode: str = "honest"
) -> Iterator[str]:
    """Yield a table: our error or score over that of the others, with 95 % intervals."""
    yield "| k | " + " | ".join(f"{other}" for other in METHODS[1:]) + " | quantities |"
    yield "|---:|" + "---|" * (len(METHODS) - 1) + "---:|"
    for k in SHOTS:
        found = cube(rows, subjects, METHODS, k, measure, mode).where(lambda task: task[1] in keep)
        value, low, high = ratio(found)
        cells = [
            f"{value[i]:.2f} [{low[i]:.2f}, {high[i]:.2f}]" if value[i] > 1 / _FINITE else NONE
            for i in range(1, len(METHODS))
        ]
        yield f"| {k} | " + " | ".join(cells) + f" | {len(found.tasks)} |"


def means(rows: Sequence[Row], subjects: Subjects, measure: str, k: int) -> dict[str, float]:
    """Return a measure of every method, honest, and of ours where one property is left out: means over quantities."""
    honest = cube(rows, subjects, METHODS, k, measure).by_task().mean(axis=1)
    easy = cube(rows, subjects, (OURS,), k, measure, "easy").by_task().mean(axis=1)
    values = np.concatenate([honest, easy])
    values = np.exp(values) if measure in LOGARITHMIC else values
    return dict(zip((*METHODS, EASY), values.tolist(), strict=True))


def levels(rows: Sequence[Row], subjects: Subjects, measure: str) -> Iterator[str]:
    """Yield a table of means over quantities."""
    yield "| k | " + " | ".join((*METHODS, EASY)) + " |"
    yield "|---:|" + "---:|" * (len(METHODS) + 1)
    for k in SHOTS:
        found = means(rows, subjects, measure, k).values()
        yield f"| {k} | " + " | ".join(f"{value:.2f}" if value < _FINITE else NONE for value in found) + " |"


def by_quantity(rows: Sequence[Row], subjects: Subjects, k: int) -> Iterator[str]:
    """Yield a table: each quantity's error by every method, how well it is ranked and covered, and the best method."""
    found = cube(rows, subjects, METHODS, k, "error")
    rank = cube(rows, subjects, METHODS, k, "rank").by_task()
    covered = cube(rows, subjects, (OURS,), k, "covered").by_task()
    errors = np.exp(found.by_task())
    yield "| quantity | " + " | ".join(METHODS) + " | rank, ours | rank, forest | in 90 % | best |"
    yield "|---|" + "---:|" * (len(METHODS) + 3) + "---|"
    for i, (_, name) in enumerate(found.tasks):
        best = METHODS[int(np.argmin(errors[:, i]))]
        line = [f"{value:.2f}" for value in errors[:, i]]
        numbers = f"{rank[0, i]:.2f} | {rank[2, i]:.2f} | {covered[0, i]:.0%}"
        yield f"| {name} | " + " | ".join(line) + f" | {numbers} | {best} |"


def losses(rows: Sequence[Row], subjects: Subjects) -> Iterator[str]:
    """Yield a table: where another method (ours without past tasks included) is better by more than 5 %."""
    yield "| k | quantity | better | its error | ours |"
    yield "|---:|---|---|---:|---:|"
    for k in SHOTS:
        found = cube(rows, subjects, METHODS, k, "error")
        errors = np.exp(found.by_task())
        for i, (_, name) in enumerate(found.tasks):
            best = int(np.argmin(errors[:, i]))
            if errors[0, i] > 1.05 * errors[best, i]:
                yield f"| {k} | {name} | {METHODS[best]} | {errors[best, i]:.2f} | {errors[0, i]:.2f} |"


def known(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a table: a quantity that another task measured, predicted by us and by models that pool its values."""
    methods = (OURS, *POOLED)
    yield "| k | task | " + " | ".join(methods) + " | rank, ours | in 90 %, ours | CPU s, ours | CPU s, forest |"
    yield "|---:|---|" + "---:|" * (len(methods) + 4)
    tasks = dict.fromkeys(row.task for row in rows if row.k == 0)
    for k in POOLED_SHOTS:
        errors = []
        for task in tasks:
            of = [[row for row in rows if _is(row, task, method, k)] for method in methods]
            errors.append([np.mean([row.error for row in each]) for each in of])
            rank, covered, ours = (np.mean([getattr(row, name) for row in of[0]]) for name in MEANS)
            cells = " | ".join(f"{error:.3f}" for error in errors[-1])
            forest = np.mean([row.seconds for row in of[1]])
            yield f"| {k} | {task} | {cells} | {rank:.2f} | {covered:.0%} | {ours:.1f} | {forest:.1f} |"
        if errors:
            mean = np.exp(np.log(errors).mean(axis=0))
            yield f"| {k} | *all {len(errors)}* | " + " | ".join(f"{value:.3f}" for value in mean) + " | | | | |"


def slipped(rows: Sequence[Row], subjects: Subjects) -> Iterator[str]:
    """Yield a table: errors where one of the given values is ten times too large, and where none is."""
    yield "| k | one value | " + " | ".join(METHODS) + " |"
    yield "|---:|---|" + "---:|" * len(METHODS)
    for k in SLIPPED_SHOTS:
        for mode, label in (("honest", "sound"), (SLIPPED, f"{SLIP:.0f} times too large")):
            found = np.exp(cube(rows, subjects, METHODS, k, "error", mode).by_task().mean(axis=1))
            yield f"| {k} | {label} | " + " | ".join(f"{value:.2f}" for value in found) + " |"


def _is(row: Row, task: str, method: str, k: int) -> bool:
    return (row.task, row.mode, row.method, row.k) == (task, "easy", method, k)


def whole(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a table: all values that are not held out, ours beside the forest on magpie features."""
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
    """Yield a summary of the tables in a few lines."""
    for measure, mode, title in (
        ("error", "honest", "Error, honest"),
        ("score", "honest", "Score of value and interval, honest"),
        ("error", "easy", "Error, one property left out (easy)"),
    ):
        found = {
            k: ratio(cube(rows, subjects, METHODS, k, measure, mode).where(lambda task: task[1] in rest))
            for k in SHOTS
            if k <= 20
        }
        for other in (*OTHERS, BLIND):
            parts = []
            for k, each in found.items():
                value, _, high = (one[METHODS.index(other)] for one in each)
                figure_text = f"{value:.2f}" if value > 1 / _FINITE else NONE
                parts.append(f"{figure_text}{'' if high < 1 else ' (not significant)'} at {k}")
            yield f"- {title}: over that of {other}, {', '.join(parts)}."
    covered = [cube(rows, subjects, (OURS,), k, "covered").by_task().mean() for k in SHOTS]
    yield f"- The 90 % intervals hold {min(covered):.0%} to {max(covered):.0%} of the values, over all k."
    whole_of = {(row.task, row.method): row.error for row in rows if row.k == -1}
    both = [task for task in subjects if (task, OURS) in whole_of and (task, OTHERS[0]) in whole_of]
    beyond = [task for task in both if whole_of[task, OURS] > 1.1 * whole_of[task, OTHERS[0]]]
    exceptions = f", not {', '.join(beyond)}" if beyond else ""
    count = f"{len(both) - len(beyond)} of {len(both)} tasks"
    yield f"- With all values, our error is within 10 % of that of magpie + forest in {count}{exceptions}."


def figure(rows: Sequence[Row], subjects: Subjects) -> str:
    """Return a picture of error, score and coverage by the number of given values, means over all quantities."""
    rows, panels = complete(rows, subjects), []
    for measure, title in MEASURES.items():
        found = [means(rows, subjects, measure, k) for k in SHOTS]
        curves = {
            method: np.array([each[method] if each[method] < _FINITE else np.nan for each in found])
            for method in (OURS, EASY, BLIND, *OTHERS)
        }
        reference = LEVEL if measure == "covered" else None
        panels.append(figures.Panel(title, SHOTS, curves, reference, measure in LOGARITHMIC))
    paint = figures.colours([*METHODS, EASY], OURS)
    return figures.shot_curves(panels, paint | {EASY: figures.OURS}, OURS) + "\n"


def complete(rows: Sequence[Row], subjects: Subjects) -> list[Row]:
    """Return the rows of the seeds that every task has whole."""
    wanted = {(task, mode, method, k) for task in subjects for mode, method, k in _kinds(rows)}
    seeds = sorted({row.seed for row in rows})
    have = {(row.task, row.mode, row.method, row.k, row.seed) for row in rows}
    good = [seed for seed in seeds if all((*each, seed) in have for each in wanted)]
    return [row for row in rows if row.k <= 0 or row.seed in good]


def _kinds(rows: Sequence[Row]) -> set[tuple[str, str, int]]:
    return {(row.mode, row.method, row.k) for row in rows if row.k > 0 and row.method not in POOLED}


def page(rows: Sequence[Row], subjects: Subjects, training: tuple[int, float], words: Sequence[str], about: str) -> str:
    """Return the page.

    Parameters
    ----------
    training
        The number of rows of the past tasks, and the CPU seconds of learning the prior.
    words, about
        The arguments of the command, and its docstring.
    """
    rows = complete(rows, subjects)
    seeds = sorted({row.seed for row in rows if row.k > 0})
    rest = [name for name in dict.fromkeys(subjects.values()) if name not in CHOSEN_ON]
    every = list(dict.fromkeys(subjects.values()))
    facts = provenance("python", "-m", "benchmarks.studies.properties", *words)
    spent = sum(row.seconds for row in rows)
    facts |= {
        "seeds": f"{len(seeds)} draws of the given values; one training of the networks (seed 0)",
        "CPU time": f"prior fit {training[1]:.0f} s ({training[0]:,} rows, once), all predictions {spent:.0f} s",
        "groups": "; ".join(f"{name}: {', '.join(tasks)}" for name, tasks in GROUPS.items()),
    }
    lines = ["# Properties from few measurements", "", about.partition("\n\n")[2].strip(), ""]
    lines += [f"- {key}: {value}" for key, value in facts.items()]
    lines += ["", *NOTES, ""]
    lines += [f"![Error, score and coverage by the number of given values]({PAGE.stem}.svg)", ""]
    lines += ["## In short", "", "On the quantities that settings were not chosen on; below 1 is better.", ""]
    lines += [*short(rows, subjects, rest), ""]
    for title, measure, mode in (
        ("Our error over that of the others, honest", "error", "honest"),
        ("Our score over that of the others, honest", "score", "honest"),
        ("Our error over that of the others, one property left out (easy)", "error", "easy"),
    ):
        lines += [f"## {title}", "", "Below 1 is better; geometric means over quantities,"]
        lines += ["95 % intervals by bootstrap over quantities and, within, draws.", ""]
        for which, keep in (("the quantities that settings were not chosen on", rest), ("all", every)):
            lines += [f"### On {which}", "", *ratios(rows, subjects, keep, measure, mode), ""]
    lines += ["## Errors", "", *levels(rows, subjects, "error"), ""]
    lines += ["## Scores", "", *levels(rows, subjects, "score"), ""]
    lines += ["## Rank correlation (Spearman)", "", *levels(rows, subjects, "rank"), ""]
    lines += [f"## Share of values inside the {LEVEL:.0%} interval", "", *levels(rows, subjects, "covered"), ""]
    lines += ["The forest's interval is the spread of its trees; it is not calibrated.", ""]
    lines += ["## Each quantity, 10 values", "", *by_quantity(rows, subjects, 10), ""]
    lines += ["## Where it loses", "", "By more than 5 %, mean over draws.", "", *losses(rows, subjects), ""]
    lines += ["## A quantity that another task measured", "", *POOLING, "", *known(rows), ""]
    lines += ["## One wrong value", "", "Means over quantities; the others sound.", "", *slipped(rows, subjects), ""]
    lines += ["## All values", ""]
    lines += ["At most 6,000 values given, all that are held out predicted; the prior without the group (honest).", ""]
    lines += [*whole(rows), ""]
    return "\n".join(lines)
