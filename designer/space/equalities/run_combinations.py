"""Combinations of runs of settings (0 or a range, one value of a list) that equations may be solved in."""

from __future__ import annotations

import itertools
import math

import numpy as np

from designer.arrays import FloatArray
from designer.space.equalities.branch import NOT_FOUND
from designer.space.equalities.integers import Unsolved
from designer.space.equalities.listed_solutions import Equations
from designer.space.equalities.whole_settings import Run

_MAX_LISTED = 256
_RANDOM = 128  # combinations that are drawn where there are too many to list
_SOLVED = 64  # and of those that integer programmes find
_MAX_RUNS = 4000  # of all parameters, in an integer programme
_MAX_SECONDS = 1.0  # for one of them
_INFEASIBLE = 2

Runs = tuple[Run, ...]


def run_combinations(equations: Equations) -> list[Runs]:
    """Return combinations of one run of each parameter, all that may have a solution or many of them.

    Where there are too many to list, integer programmes with random objectives find some in which the equations hold
    (without steps), and others are drawn at random. None at all where the equations hold in none.

    Raises
    ------
    Unsolved
        If no programme was solved.
    """
    runs = [each.runs for each in equations.settings]
    if math.prod(len(each) for each in runs) <= _MAX_LISTED:
        return list(itertools.product(*runs))
    rng = np.random.default_rng(0)
    drawn = [tuple(each[int(rng.integers(len(each)))] for each in runs) for _ in range(_RANDOM)]
    if sum(map(len, runs)) > _MAX_RUNS:
        return list(dict.fromkeys(drawn))
    solved: dict[Runs, None] = {}
    for _ in range(_SOLVED):
        found = _feasible_runs(equations, rng.standard_normal(sum(map(len, runs))))
        if found is None:
            return []
        solved[found] = None
    return list(solved | dict.fromkeys(drawn))


def _feasible_runs(equations: Equations, objective: FloatArray) -> Runs | None:
    """Return runs within whose ends the equations hold, the best by an objective over all runs; None where none do.

    The unknowns are one 0/1 number for each run, and for each run what the parameter has above its lowest number.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, hstack, identity

    owner = np.array([j for j, each in enumerate(equations.settings) for _ in each.runs])
    runs = [run for each in equations.settings for run in each.runs]
    first = np.array([run.first for run in runs], dtype=np.float64)
    length = np.array([run.last - run.first for run in runs], dtype=np.float64)
    rows = np.array(equations.rows, dtype=np.float64)[:, owner]
    scale = np.maximum(np.abs(rows * np.maximum(np.abs(first), first + length)).max(axis=1), 1.0)
    totals = np.array(equations.totals, dtype=np.float64) / scale
    size = len(runs)
    one_each = csr_array((np.ones(size), (owner, np.arange(size))), shape=(len(equations.settings), size))
    nothing = csr_array((len(equations.settings), size))
    equal = csr_array(np.hstack([rows * first, rows * length]) / scale[:, None])
    result = milp(
        np.concatenate([objective, np.zeros(size)]),
        constraints=[
            LinearConstraint(equal, totals - 1e-9, totals + 1e-9),
            LinearConstraint(hstack([one_each, nothing]), 1, 1),
            LinearConstraint(hstack([identity(size), -identity(size)]), 0, np.inf),
        ],
        bounds=Bounds(0, 1),
        integrality=np.repeat([1, 0], size),
        options={"time_limit": _MAX_SECONDS},
    )
    if result.status == _INFEASIBLE:
        return None
    if result.x is None:
        raise Unsolved(NOT_FOUND)
    chosen = np.flatnonzero(np.rint(result.x[:size]) == 1)
    return tuple(runs[k] for k in chosen)
