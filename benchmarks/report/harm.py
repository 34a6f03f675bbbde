"""The table of controls: what changed sources cost, beside no sources at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.report.comparison import Cube, Estimate, bootstrap, enhancement, mean
from benchmarks.report.results import Grid, Part, Results
from benchmarks.report.roles import to_gap, to_top
from benchmarks.report.sections import Table
from benchmarks.suite.suite import Suite

CHANGED = "changed"


def control_text(baseline: str, suite: Suite) -> str:
    """Return the caption of the table of controls, with the criterion for no harm."""
    return (
        "Each row is a method whose sources were changed (see `benchmarks/suite/controls.py`), on the campaigns "
        f"that it and `{baseline}` share: mean experiments to the top 1 %, how many more than `{baseline}` needs (with "
        "the one-sided 95 % bound of the hierarchical bootstrap), and the same to 90 % of the gap. No harm: at most "
        f"{suite.harm:.0%} more, with the bound under {suite.harm_bound:.0%}, as the suite fixes; for "
        "`target-as-source` and `rescaled` fewer are wanted. `own sources` is the method with its own sources, where "
        f"it has the same campaigns; `same designs` counts the campaigns that chose exactly what `{baseline}` chose."
    )


def controls(found: Results, wanted: Sequence[tuple[str, str]], baseline: str) -> Table:
    """Return each method under each control, compared with the baseline and with itself with its own sources."""
    names = ["track", "control", "method", "tasks", "seeds", CHANGED, "own sources", f"`{baseline}`"]
    names += [
        f"more than `{baseline}`",
        "bound (95 %)",
        "more to 90 % of the gap",
        "bound (95 %)",
        "same designs",
        "harm",
    ]
    body: list[list[str]] = []
    for track, control in wanted:
        usual, changed = found.part(track), found.part(track, control)
        body += [
            [track, control, method, *_control(usual, changed, method, baseline, found.suite)]
            for method in changed.methods
        ]
    return Table(names, body)


def _control(usual: Part, changed: Part, method: str, baseline: str, suite: Suite) -> list[str]:
    merged = {key: each for key, each in usual.campaigns.items() if key[2] == baseline}
    merged |= {(*key[:2], CHANGED, key[3]): each for key, each in changed.campaigns.items() if key[2] == method}
    grid = Part(merged).grid([CHANGED, baseline])
    if grid is None:
        return ["0", *["-"] * 10]
    means = dict(zip(grid.methods, mean(to_top(grid).by_task()), strict=True))
    top, top_bound = more(to_top(grid), baseline)
    gap, gap_bound = more(to_gap(grid), baseline)
    none = top.value <= suite.harm and top_bound < suite.harm_bound
    return [
        *(str(len(grid.tasks)), str(len(grid.seeds)), f"{means[CHANGED]:.1f}"),
        *(_own_sources(usual, method, grid), f"{means[baseline]:.1f}"),
        *(_percent(top), f"{top_bound:+.1%}", _percent(gap), f"{gap_bound:+.1%}", _same(grid, baseline)),
        "none" if none else "not excluded",
    ]


def more(cube: Cube, baseline: str) -> tuple[Estimate, float]:
    """Return how many more experiments the other of two methods needs than `baseline` (a share), and its 95 % bound."""
    at = cube.methods.index(baseline)
    ratio = enhancement(at)
    drawn = bootstrap(cube, ratio)[:, 1 - at] - 1
    low, bound, high = np.quantile(drawn, [0.025, 0.95, 0.975])
    return Estimate(float(ratio(cube.by_task())[1 - at]) - 1, float(low), float(high)), float(bound)


def _percent(value: Estimate) -> str:
    return f"{value.value:+.1%} [{value.low:+.1%}, {value.high:+.1%}]"


def _own_sources(usual: Part, method: str, grid: Grid) -> str:
    keys = [(*task, method, seed) for task in grid.tasks for seed in grid.seeds]
    if any(key not in usual.campaigns for key in keys):
        return "-"
    return f"{np.mean([usual.campaigns[key].measures.to_top for key in keys]):.1f}"


def _same(grid: Grid, baseline: str) -> str:
    pairs = [
        [grid.campaigns[(*task, method, seed)].row.chosen for method in (CHANGED, baseline)]
        for task in grid.tasks
        for seed in grid.seeds
    ]
    return f"{sum(one == other for one, other in pairs)} of {len(pairs)}"
