"""Measures of one campaign on one pool. Utilities are such that larger is better.

A campaign that never reaches a threshold counts as `budget + 1` experiments (restricted mean; see Royston and Parmar,
BMC Medical Research Methodology 2013, 13, 152): an honest lower bound, the same for every method.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

REGRET_AT = (5, 10, 20, 40)


@dataclass(frozen=True)
class Measures:
    """What one campaign achieved.

    Parameters
    ----------
    to_top, to_gap
        Experiments to the top 1 % of the pool, and to 90 % of the gap between the median design and the best;
        `budget + 1` where it was never reached.
    regret
        Normalised regret after 5, 10, 20 and 40 experiments.
    mean_regret
        Normalised regret, averaged over all experiments of the budget.
    share
        Share of the best 5 % of the pool that was found after 5, 10, 20 and 40 experiments.
    """

    to_top: float
    to_gap: float
    regret: tuple[float, ...]
    mean_regret: float
    share: tuple[float, ...]


def measure(pool: np.ndarray, path: Sequence[float], budget: int) -> Measures:
    """Return the measures of a campaign that saw the utilities `path`, one an experiment, in a pool of utilities.

    A campaign that ended early keeps its best design to the end of the budget.
    """
    regret = regret_curve(pool, path, budget)
    return Measures(
        to_top=experiments_to(path, top_threshold(pool), budget),
        to_gap=experiments_to(path, gap_threshold(pool), budget),
        regret=tuple(float(regret[min(n, budget) - 1]) for n in REGRET_AT),
        mean_regret=float(regret.mean()),
        share=tuple(found_share(pool, path[: min(n, budget)]) for n in REGRET_AT),
    )


def experiments_to(path: Sequence[float], threshold: float, budget: int) -> int:
    """Return the number of experiments until `threshold` is reached, or ``budget + 1``.

    >>> experiments_to([1.0, 3.0, 5.0], 3.0, budget=40), experiments_to([1.0, 2.0], 3.0, budget=40)
    (2, 41)
    """
    reached = np.flatnonzero(np.asarray(path[:budget]) >= threshold)
    return int(reached[0]) + 1 if len(reached) else budget + 1


def top_threshold(pool: np.ndarray, share: float = 0.01) -> float:
    """Return the utility of the worst design of the best `share` of the pool, at least one design.

    >>> float(top_threshold(np.arange(250.0)))
    247.0
    """
    count = max(1, math.ceil(share * len(pool)))
    return float(np.sort(pool)[-count])


def found_share(pool: np.ndarray, path: Sequence[float], share: float = 0.05) -> float:
    """Return which part of the best `share` of the pool (at least one design, ties included) is among `path`.

    Random experiments find ``n / len(pool)`` of it on average; how many times that a method finds is its enhancement
    factor (Liang et al., npj Computational Materials 2021, 7, 188).

    >>> found_share(np.arange(40.0), [39.0, 1.0, 2.0])
    0.5
    """
    threshold = top_threshold(pool, share)
    return float((np.asarray(path) >= threshold).sum() / (pool >= threshold).sum())


def gap_threshold(pool: np.ndarray, share: float = 0.9) -> float:
    """Return the utility at the fraction `share` between the median design and the best.

    >>> float(gap_threshold(np.array([0.0, 1.0, 11.0])))
    10.0
    """
    middle = float(np.median(pool))
    return middle + share * (float(np.max(pool)) - middle)


def regret_curve(pool: np.ndarray, path: Sequence[float], budget: int) -> np.ndarray:
    """Return the normalised regret (budget) after each experiment.

    It is the way still to go from the best design measured so far to the best of the pool, in units of the way from
    the median design to the best; nothing better than the median design counts as 1.

    >>> regret_curve(np.array([0.0, 1.0, 11.0]), [0.0, 6.0, 11.0], budget=4).tolist()
    [1.0, 0.5, 0.0, 0.0]
    """
    best, middle = float(np.max(pool)), float(np.median(pool))
    if best == middle:
        return np.zeros(budget)
    if not len(path):
        return np.ones(budget)
    so_far = np.maximum.accumulate(np.asarray(path[:budget], dtype=float))
    so_far = np.concatenate([so_far, np.full(budget - len(so_far), so_far[-1])])
    return np.minimum(1.0, (best - so_far) / (best - middle))
