"""Leakage between tasks: results that stand in two tasks, so that a prior of the one has seen those of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from designer.counting import agree
from designer.tasks.quality.findings import Finding
from designer.tasks.quality.sheet import Sheet
from designer.tasks.task import Task
from designer.tasks.task_view import pair, view_of

_MIN_EQUAL_RESULTS = 5
_MIN_SHARE = 0.1
_MAX_REPEATS = 2


def leaks(sheets: Sequence[Sheet], tasks: Sequence[Task | None]) -> Iterator[Finding]:
    """Go through the pairs of tasks that share designs with exactly equal results.

    Shared designs alone are no leakage: tasks are compared by them. At least `_MIN_EQUAL_RESULTS` shared designs and a
    tenth of the smaller task must have equal results, to 6 digits; tasks of one ``leave_out`` group are
    not compared.
    """
    ready = [(sheet, task) for sheet, task in zip(sheets, tasks, strict=True) if task is not None and len(task)]
    views = [view_of(task) for _, task in ready]
    for i, j in combinations(range(len(ready)), 2):
        one, other = ready[i][0], ready[j][0]
        if one.group is not None and one.group == other.group:
            continue
        both = pair(views[i], views[j])
        if not both.common:
            continue
        seen = {_key(x, y) for x, y in _distinctive(both.a[:, : both.own], views[i].values)}
        same = sum(_key(x, y) in seen for x, y in _distinctive(both.b[:, : both.own], views[j].values))
        smaller = min(len(views[i].values), len(views[j].values))
        if same >= max(_MIN_EQUAL_RESULTS, _MIN_SHARE * smaller) and np.ptp(views[i].values) > 0:
            what = f"{same} of its designs {agree(same, 'has', 'have')} exactly equal results as in task {one.task!r}"
            remedy = "put both into one group of leave_out in the card, so that neither is a source for the other"
            yield other.finding("leakage", what, remedy)


def _distinctive(designs: np.ndarray, values: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
    """Go through the designs and values of a task, without values that many designs have, such as 0."""
    often = Counter(f"{value:.6g}" for value in values)
    return ((x, float(y)) for x, y in zip(designs, values, strict=True) if often[f"{y:.6g}"] <= _MAX_REPEATS)


def _key(design: np.ndarray, value: float) -> tuple[bytes, str]:
    return (np.round(design, 9) + 0.0).tobytes(), f"{value:.6g}"
