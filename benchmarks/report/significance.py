"""Whether methods differ: over tasks, which are the unit of replication; seeds are averaged within them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, studentized_range, wilcoxon

from benchmarks.report.comparison import Cube, Estimate, average_rank, bootstrap, difference

ALPHA = 0.05


@dataclass(frozen=True)
class Ranking:
    """Average ranks of methods, and which of them differ (Demsar, JMLR 2006, 7, 1).

    Parameters
    ----------
    methods, ranks
        Best first.
    friedman
        The p value of the Friedman test that all methods are alike.
    critical_difference
        Ranks that differ by more differ at the level of 5 % (Nemenyi).
    groups
        First and last position of each longest run of methods that do not differ.
    """

    methods: tuple[str, ...]
    ranks: tuple[float, ...]
    friedman: float
    critical_difference: float
    groups: tuple[tuple[int, int], ...]


def rank_methods(cube: Cube) -> Ranking:
    """Rank methods by a measure of which smaller is better; needs at least two methods and two tasks."""
    by_task = cube.by_task()
    ranks = average_rank(by_task)
    order = np.argsort(ranks, kind="stable")
    best_first = [float(ranks[i]) for i in order]
    width = critical_difference(len(cube.methods), len(cube.tasks))
    return Ranking(
        tuple(cube.methods[i] for i in order),
        tuple(best_first),
        _friedman(by_task),
        width,
        tuple(groups(best_first, width)),
    )


def critical_difference(methods: int, tasks: int) -> float:
    """Return the critical difference of average ranks (Nemenyi).

    Demsar's table gives q = 2.569 for four methods; with 14 tasks the critical difference is 1.25.

    >>> round(critical_difference(4, 14), 2), round(critical_difference(5, 30), 2)
    (1.25, 1.11)
    """
    q = float(studentized_range.ppf(1 - ALPHA, methods, np.inf)) / math.sqrt(2)
    return q * math.sqrt(methods * (methods + 1) / (6 * tasks))


def groups(ranks: list[float], width: float) -> list[tuple[int, int]]:
    """Return the longest runs (first, last) of ranks in order that lie within `width`; single ones are left out.

    >>> groups([1.0, 1.5, 2.4, 4.0], 1.5)
    [(0, 2)]
    >>> groups([1.0, 2.0, 3.0], 1.2)
    [(0, 1), (1, 2)]
    """
    found: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = max(i for i in range(first, len(ranks)) if ranks[i] - ranks[first] <= width)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def _friedman(by_task: np.ndarray) -> float:
    """Return the p value of the Friedman test (with two methods: of the sign-rank test, its kin)."""
    if len(by_task) == 2:
        return _wilcoxon(by_task[0] - by_task[1])
    if (rankdata(by_task, axis=0) == rankdata(by_task, axis=0)[0]).all():
        return 1.0
    return float(friedmanchisquare(*by_task).pvalue)


def _wilcoxon(differences: np.ndarray) -> float:
    """Return the p value of the signed-rank test; 1 where nothing differs."""
    if not np.any(differences):
        return 1.0
    return float(wilcoxon(differences, zero_method="zsplit", method="approx").pvalue)


@dataclass(frozen=True)
class Against:
    """One method beside another.

    Parameters
    ----------
    other
        The other method.
    difference
        Ours minus the other's, in experiments to the top 1 %: less is better.
    bound
        The upper end of the one-sided 95 % interval of that difference.
    inferior_excluded
        Whether the bound lies below the margin: not inferior.
    better
        Whether the bound lies below nought.
    wins, ties, losses
        Tasks.
    p
        Of the signed-rank test over tasks, adjusted for the number of comparisons (Holm).
    """

    other: str
    difference: Estimate
    bound: float
    inferior_excluded: bool
    better: bool
    wins: int
    ties: int
    losses: int
    p: float


def against(pairs: Sequence[Cube], ours: str, margin: float) -> list[Against]:
    """Compare `ours` with the other method of each cube (of two methods), of a measure of which smaller is better."""
    found = [_against(cube, ours, margin) for cube in pairs]
    adjusted = holm([each.p for each in found])
    return [replace(each, p=p) for each, p in zip(found, adjusted, strict=True)]


def _against(cube: Cube, ours: str, margin: float) -> Against:
    mine = cube.methods.index(ours)
    (other,) = (i for i in range(len(cube.methods)) if i != mine)
    by_task = cube.by_task()
    apart = by_task[mine] - by_task[other]
    drawn = bootstrap(cube, difference(other))[:, mine]
    low, bound, high = np.quantile(drawn, [0.025, 0.95, 0.975])
    return Against(
        cube.methods[other],
        Estimate(float(apart.mean()), float(low), float(high)),
        float(bound),
        bool(bound < margin),
        bool(bound < 0),
        int((apart < 0).sum()),
        int((apart == 0).sum()),
        int((apart > 0).sum()),
        _wilcoxon(apart),
    )


def holm(p_values: list[float]) -> list[float]:
    """Return p values adjusted for their number (Holm, Scandinavian Journal of Statistics 1979, 6, 65).

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    so_far = 0.0
    for place, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        so_far = max(so_far, min(1.0, (len(p_values) - place) * p_values[i]))
        adjusted[i] = so_far
    return adjusted
