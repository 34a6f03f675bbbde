"""Tasks that hold each other's results: what is learned from the one has then already seen the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from designer.tasks.quality.findings import Finding
from designer.tasks.quality.sheet import Sheet
from designer.tasks.task import Task
from designer.tasks.task_view import pair, view_of

_LEAST = 5
_PART = 0.1
_FEW = 2


def leaks(sheets: Sequence[Sheet], tasks: Sequence[Task | None]) -> Iterator[Finding]:
    """Go through the pairs of tasks that share designs with the very same results.

    Shared designs alone are no leak: they are what tasks are compared by. At least `_LEAST` shared designs and a tenth
    of the smaller task must have equal results, to 6 digits; tasks of one ``leave_out`` group are left apart anyway.
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
        seen = {_key(x, y) for x, y in _telling(both.a[:, : both.own], views[i].values)}
        same = sum(_key(x, y) in seen for x, y in _telling(both.b[:, : both.own], views[j].values))
        smaller = min(len(views[i].values), len(views[j].values))
        if same >= max(_LEAST, _PART * smaller) and np.ptp(views[i].values) > 0:
            what = f"{same} of its designs have the very same results as in task {one.task!r}"
            remedy = "put both into one group of leave_out in the card, so that neither is learned for the other"
            yield other.finding("leakage", what, remedy)


def _telling(designs: np.ndarray, values: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
    """Go through the designs and values of a task, without values that many designs have, such as 0."""
    often = Counter(f"{value:.6g}" for value in values)
    return ((x, float(y)) for x, y in zip(designs, values, strict=True) if often[f"{y:.6g}"] <= _FEW)


def _key(design: np.ndarray, value: float) -> tuple[bytes, str]:
    return (np.round(design, 9) + 0.0).tobytes(), f"{value:.6g}"
