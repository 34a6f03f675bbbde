"""The results that the models of a campaign are conditioned on: all, or as many as its time limit allows.

The time and the memory of an exact Gaussian process grow with the cube and the square of the number of results. Beyond
the number that `suggest_seconds` allows, models are conditioned on a subset (C. E. Rasmussen, C. K. I. Williams,
Gaussian Processes for Machine Learning (2006), 8.3.1): the best results of each goal, and a random sample of the
others. The number follows from the limit and not from a clock, so that the same results give the same suggestion on
every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import FloatArray, IndexArray
from designer.objective import Objective

_FIXED = 0.48  # seconds of a suggestion that do not depend on the number of results
_SHORTEST = 0.02  # seconds for the results where the limit allows no more
SECONDS_PER_CUBE = 1e-9
"""Seconds of the limit, a target and a cube of the number of results: conditioning and the search for outliers take
about a quarter of it on a processor of 2024, the search for designs more (`benchmarks/studies/time_limits.py`)."""

BEST_SHARE = 0.25
"""Share of a subset for the best results."""


def max_modelled(seconds: float, targets: int) -> int:
    """Return how many results the models of a campaign are conditioned on at most.

    >>> [max_modelled(seconds, 1) for seconds in (1, 60)]
    [804, 3904]
    """
    return int((max(seconds - _FIXED, _SHORTEST) / (SECONDS_PER_CUBE * targets)) ** (1 / 3))


def modelled_rows(objective: Objective, Y: FloatArray, seconds: float) -> IndexArray:
    """Return the rows (sorted) of results (``n x m``, in the targets' units) that models are conditioned on.

    The same results in any order of arrival give the same rows, if the rows of `Y` are in an order of their own.
    """
    most = max_modelled(seconds, Y.shape[1])
    if len(Y) <= most:
        return np.arange(len(Y))
    best = _best(objective, Y, int(BEST_SHARE * most))
    others = np.setdiff1d(np.arange(len(Y)), best, assume_unique=True)
    sample = np.random.default_rng(0).permutation(others)[: most - len(best)]
    return np.sort(np.concatenate([best, sample]))


def _best(objective: Objective, Y: FloatArray, count: int) -> IndexArray:
    """Return the rows of the best results, in turn by each goal."""
    orders: list[list[int]] = []
    for column in objective.goal_columns:
        target, values = objective.targets[column], Y[:, column]
        utility = target.utility(values)
        measured = np.flatnonzero(np.isfinite(values))
        orders.append(measured[np.argsort(-utility[measured], kind="stable")].tolist())
    chosen: dict[int, None] = {}
    for row in _in_turn(orders):
        if len(chosen) == count:
            break
        chosen[row] = None
    return np.fromiter(chosen, dtype=np.intp, count=len(chosen))


def _in_turn(orders: Sequence[Sequence[int]]) -> list[int]:
    """Return the first of each list, then the second of each, and so on."""
    longest = max(map(len, orders), default=0)
    return [order[i] for i in range(longest) for order in orders if i < len(order)]
