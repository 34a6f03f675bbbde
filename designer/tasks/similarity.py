"""How near two tasks are: whether the one ranks designs as the other does.

The distance of two tasks is ``(1 - r) / 2`` with r a rank correlation: 0 where they rank designs alike, 0.5 where one
is not informative about the other, 1 where they rank in reverse. The correlation is found

* over the designs that were measured in both, where there are at least `MIN_SHARED` of them;
* else by cross-prediction: a forest of randomised trees learned from either task predicts the designs of the other, and
  r is the mean of the two rank correlations (Spearman) of what it predicts with what was measured.

Few data are weak evidence: r is multiplied by ``n / (n + 10)`` for the n designs that it is based on, so that a chance
agreement of five points does not count as similarity. Tasks that have no parameter in common, nor any element, have
distance 0.5.

References
----------
P. Geurts, D. Ernst, L. Wehenkel, Extremely randomized trees, Machine Learning 63 (2006) 3-42. The use of rank agreement
between tasks: M. Feurer et al., Practical transfer learning for Bayesian optimization, arXiv:1802.02219 (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from designer.arrays import FloatArray
from designer.tasks.task import Task
from designer.tasks.task_view import Pair, View, pair, view_of

MIN_SHARED = 20
"""Designs that both tasks must have measured before their values are compared directly."""
_PRIOR = 10.0
_MAX_ROWS = 300
_TREES = 60


@dataclass(frozen=True)
class Distance:
    """How far two tasks are from each other.

    Parameters
    ----------
    value
        0 (they rank designs alike) to 1 (in reverse); 0.5 where nothing is known.
    by
        ``shared designs``, ``cross-prediction`` or ``nothing in common``.
    shared
        How many distinct designs were measured in both.
    forward, backward
        The rank correlation of the second task's values with what the first predicts, and the reverse; both are that
        over the shared designs where these decide. NaN where there is none.
    apart
        How far their designs lie from each other, whatever was measured: the mean difference of the features' means
        in units of their pooled standard deviation; NaN where they have none in common. In the descriptors of the
        elements too, so two families of alloys are nearer than an alloy and an oxide.
    """

    value: float
    by: Literal["shared designs", "cross-prediction", "nothing in common"]
    shared: int
    forward: float
    backward: float
    apart: float


def task_distance(
    a: Task, b: Task, *, target: str | None = None, other_target: str | None = None, seed: int = 0
) -> Distance:
    """Return how near two tasks are in what was measured (the first target of each, unless named).

    Examples
    --------
    >>> import pandas as pd
    >>> from designer.objective import Target
    >>> from designer.space import DesignSpace
    >>> space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}])
    >>> def line(name, slope):
    ...     data = pd.DataFrame({"x": np.linspace(0, 1, 40), "y": slope * np.linspace(0, 1, 40)})
    ...     return Task(space=space, targets=[Target(name="y")], data=data, name=name)
    >>> near, far = task_distance(line("a", 1), line("b", 3)), task_distance(line("a", 1), line("c", -1))
    >>> round(near.value, 3), round(far.value, 3), near.by
    (0.1, 0.9, 'shared designs')
    """
    views = [view_of(t, name, max_designs=_MAX_ROWS, seed=seed) for t, name in ((a, target), (b, other_target))]
    return _distance(views[0], views[1], _fitting(seed))


def task_distances(tasks: Sequence[Task], *, seed: int = 0) -> dict[tuple[int, int], Distance]:
    """Return the distance of every pair of tasks (first targets), by their places in `tasks`, the lower one first."""
    views = [view_of(task, max_designs=_MAX_ROWS, seed=seed) for task in tasks]
    fit = _fitting(seed)
    return {(i, j): _distance(views[i], views[j], fit) for i, j in combinations(range(len(tasks)), 2)}


def distance_matrix(distances: dict[tuple[int, int], Distance], n: int) -> FloatArray:
    """Return the distances as a symmetric ``n x n`` matrix with 0 on its diagonal."""
    matrix = np.zeros((n, n))
    for (i, j), distance in distances.items():
        matrix[i, j] = matrix[j, i] = distance.value
    return matrix


Predictor = Callable[[FloatArray], FloatArray]


def _fitting(seed: int) -> Callable[[View, FloatArray, tuple[str, ...]], Predictor]:
    """Return what learns a task in some features; it learns each task in the same features once."""
    known: dict[tuple[int, tuple[str, ...]], Predictor] = {}

    def fit(view: View, features: FloatArray, names: tuple[str, ...]) -> Predictor:
        key = (id(view), names)
        if key not in known:
            from sklearn.ensemble import ExtraTreesRegressor

            trees = ExtraTreesRegressor(_TREES, min_samples_leaf=2, max_features=0.5, random_state=seed, n_jobs=1)
            known[key] = trees.fit(features, _ranks(view.values)).predict
        return known[key]

    return fit


def _distance(a: View, b: View, fit: Callable[[View, FloatArray, tuple[str, ...]], Predictor]) -> Distance:
    both = pair(a, b)
    if not both.common:
        return Distance(0.5, "nothing in common", 0, np.nan, np.nan, np.nan)
    rows = _shared(a, b, both)
    apart = _apart(both)
    if len(rows) >= MIN_SHARED:
        r = _correlation(a.values[rows[:, 0]], b.values[rows[:, 1]])
        return Distance(_from(r, len(rows)), "shared designs", len(rows), r, r, apart)
    forward = _correlation(b.values, fit(a, both.a, both.names)(both.b))
    backward = _correlation(a.values, fit(b, both.b, both.names)(both.a))
    # Either correlation stands on the data it was learned from and on those it was compared with: the fewer count.
    n = min(len(a.values), len(b.values))
    return Distance(_from((forward + backward) / 2, n), "cross-prediction", len(rows), forward, backward, apart)


def _from(r: float, n: int) -> float:
    return float((1 - r * n / (n + _PRIOR)) / 2)


def _shared(a: View, b: View, both: Pair) -> np.ndarray:
    """Return the rows of the designs that are in both (``s x 2``).

    Only where the common parameters are all there are: a design is not the same while another setting may differ.
    """
    if not _same_parameters(a, b):
        return np.empty((0, 2), dtype=np.intp)
    place = {row.tobytes(): i for i, row in enumerate(_rounded(both.a[:, : both.own]))}
    found = [
        (place[row.tobytes()], j) for j, row in enumerate(_rounded(both.b[:, : both.own])) if row.tobytes() in place
    ]
    return np.array(found, dtype=np.intp).reshape(-1, 2)


def _same_parameters(a: View, b: View) -> bool:
    same = set(a.numbers) == set(b.numbers) and set(a.choices) == set(b.choices) and set(a.shares) == set(b.shares)
    return same and (a.elements is None) == (b.elements is None)


def _rounded(features: FloatArray) -> FloatArray:
    return np.round(features, 9) + 0.0


def _ranks(values: FloatArray) -> FloatArray:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values) / len(values), dtype=np.float64)


def _correlation(measured: FloatArray, predicted: FloatArray) -> float:
    """Return Spearman's rank correlation; 0 where either side does not vary or has fewer than three values."""
    from scipy.stats import rankdata

    if len(measured) < 3 or np.ptp(measured) == 0 or np.ptp(predicted) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(measured), rankdata(predicted))[0, 1])


def _apart(both: Pair) -> float:
    pooled = np.concatenate([both.a, both.b])
    varied = np.flatnonzero(np.ptp(pooled, axis=0) > 0)
    if not len(varied):
        return 0.0
    difference = np.abs(both.a[:, varied].mean(axis=0) - both.b[:, varied].mean(axis=0))
    return float(np.mean(difference / pooled[:, varied].std(axis=0)))
