"""Methods side by side: means, ranks and intervals over tasks and seeds.

The task is the unit of replication and seeds are nested in it, so intervals come from a hierarchical bootstrap: tasks
are drawn with replacement, then seeds within each drawn task, the same draw for every method (paired).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from designer.arrays import FloatArray


@dataclass(frozen=True)
class Cube:
    """One measure of every campaign: `values` is methods x tasks x seeds, without gaps."""

    methods: tuple[str, ...]
    tasks: tuple[tuple[str, str], ...]
    seeds: tuple[int, ...]
    values: FloatArray

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.methods), len(self.tasks), len(self.seeds)):
            raise ValueError("values must be methods x tasks x seeds")
        if not np.isfinite(self.values).all():
            raise ValueError("every campaign needs a value")

    def where(self, keep: Callable[[tuple[str, str]], bool]) -> Cube:
        """Return the cube of the tasks for which `keep` is true."""
        rows = [i for i, task in enumerate(self.tasks) if keep(task)]
        return Cube(self.methods, tuple(self.tasks[i] for i in rows), self.seeds, self.values[:, rows])

    def by_task(self) -> FloatArray:
        """Return methods x tasks: means over seeds."""
        return np.asarray(self.values.mean(axis=2))


def in_families(families: Container[str]) -> Callable[[tuple[str, str]], bool]:
    """Return the condition that a task (family, name) belongs to one of these families."""
    return lambda task: task[0] in families


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


Statistic = Callable[[FloatArray], FloatArray]
"""From methods x ... x tasks to methods x ...: dimensions between are those of the bootstrap."""
CHUNK = 250


def mean(by_task: FloatArray) -> FloatArray:
    """Return the mean over tasks of each method: methods x ... x tasks -> methods x ..."""
    return np.asarray(by_task.mean(axis=-1))


def average_rank(by_task: FloatArray) -> FloatArray:
    """Return the mean over tasks of each method's rank (1 is best, smaller measures are better, ties share a rank).

    >>> average_rank(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 9.0]])).tolist()
    [1.25, 1.75, 3.0]
    """
    return np.asarray(rankdata(by_task, axis=0).mean(axis=-1))


def acceleration(baseline: int) -> Statistic:
    """Return the statistic "experiments of the baseline method over experiments of each"."""

    def statistic(by_task: FloatArray) -> FloatArray:
        means = mean(by_task)
        return np.asarray(means[baseline] / means)

    return statistic


def enhancement(baseline: int) -> Statistic:
    """Return the statistic "mean of each method over the baseline's", for measures of which more is better."""

    def statistic(by_task: FloatArray) -> FloatArray:
        means = mean(by_task)
        return np.asarray(means / means[baseline])

    return statistic


def difference(baseline: int) -> Statistic:
    """Return the statistic "mean of each method minus the mean of the baseline"."""

    def statistic(by_task: FloatArray) -> FloatArray:
        means = mean(by_task)
        return np.asarray(means - means[baseline])

    return statistic


def estimate(cube: Cube, statistic: Statistic, *, draws: int = 2000, seed: int = 0) -> list[Estimate]:
    """Return the statistic of each method with its interval from the hierarchical bootstrap."""
    drawn = bootstrap(cube, statistic, draws=draws, seed=seed)
    value = statistic(cube.by_task())
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return [Estimate(float(v), float(a), float(b)) for v, a, b in zip(value, low, high, strict=True)]


def bootstrap(cube: Cube, statistic: Statistic, *, draws: int = 2000, seed: int = 0) -> FloatArray:
    """Return draws x methods: the statistic of each method in each draw of tasks, and of seeds within them."""
    rng = np.random.default_rng(seed)
    _, tasks, seeds = cube.values.shape
    which = np.empty((draws, tasks, 1), dtype=int)
    nested = np.empty((draws, tasks, seeds), dtype=int)
    for i in range(draws):
        which[i, :, 0] = rng.integers(tasks, size=tasks)
        nested[i] = rng.integers(seeds, size=(tasks, seeds))
    parts = np.array_split(np.arange(draws), max(1, draws // CHUNK))
    return np.concatenate([statistic(cube.values[:, which[part], nested[part]].mean(axis=-1)).T for part in parts])


@dataclass(frozen=True)
class Loss:
    """A task on which another method needs fewer experiments than ours: the means over the `seeds` that both have."""

    task: tuple[str, str]
    other: str
    seeds: int
    theirs: float
    ours: float


def losses(values: Mapping[tuple[str, str, str, int], float], ours: str, margin: float) -> list[Loss]:
    """Return the tasks on which ours is worse than the best other method by more than `margin`; worst first.

    Keys are (family, task, method, seed); the best other method is the one that is farthest ahead.

    >>> losses({("f", "a", "x", 0): 9.0, ("f", "a", "y", 0): 4.0, ("f", "a", "y", 1): 40.0}, "x", 2)
    [Loss(task=('f', 'a'), other='y', seeds=1, theirs=4.0, ours=9.0)]
    """
    mine = {(family, task, seed): value for (family, task, method, seed), value in values.items() if method == ours}
    pairs: dict[tuple[tuple[str, str], str], list[tuple[float, float]]] = {}
    for (family, task, method, seed), value in sorted(values.items()):
        if method != ours and (family, task, seed) in mine:
            pairs.setdefault(((family, task), method), []).append((value, mine[family, task, seed]))
    worst: dict[tuple[str, str], Loss] = {}
    for (key, method), both in pairs.items():
        theirs, own = map(float, np.mean(both, axis=0))
        before = worst.get(key)
        if own - theirs > (margin if before is None else before.ours - before.theirs):
            worst[key] = Loss(key, method, len(both), theirs, own)
    return sorted(worst.values(), key=lambda loss: loss.theirs - loss.ours)


def common(keys: Sequence[tuple[str, str, str, int]]) -> tuple[list[str], list[tuple[str, str]], list[int]]:
    """Return all methods, and the tasks and seeds of which every method has every campaign.

    Keys are (family, task, method, seed). While slow methods still run, fewer seeds may leave more tasks: of the
    first one, two, ... seeds that all methods share, those are taken that leave the most campaigns.

    >>> common([("f", "a", "x", 0), ("f", "a", "x", 1), ("f", "a", "y", 0), ("f", "b", "x", 0)])
    (['x', 'y'], [('f', 'a')], [0])
    """
    have = set(keys)
    methods = sorted({key[2] for key in have})
    shared = [seed for seed in sorted({key[3] for key in have}) if _seen(have, methods, seed)]
    choices = [(_complete(have, methods, shared[:count]), shared[:count]) for count in range(1, len(shared) + 1)]
    tasks, seeds = max(choices, key=lambda choice: len(choice[0]) * len(choice[1]), default=([], []))
    return methods, tasks, seeds


def _seen(have: set[tuple[str, str, str, int]], methods: list[str], seed: int) -> bool:
    return all(any(key[2] == method and key[3] == seed for key in have) for method in methods)


def _complete(have: set[tuple[str, str, str, int]], methods: list[str], seeds: list[int]) -> list[tuple[str, str]]:
    return sorted(
        task
        for task in {key[:2] for key in have}
        if all((*task, method, seed) in have for method in methods for seed in seeds)
    )
