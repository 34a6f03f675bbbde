"""Random, near and listed solutions of linear equations between the settings of parameters.

Where the solutions are few they are listed; else each combination of runs (0 or the range, one value of a list) is a
branch, see `designer.space.equalities.branch`. All solutions are whole numbers, so that equalities hold exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from designer.arrays import FloatArray, IndexArray, IntArray
from designer.space.equalities.branch import Branch, branch_of
from designer.space.equalities.counted import counted, has_solution
from designer.space.equalities.integers import Unsolved
from designer.space.equalities.listed_solutions import Equations, list_solutions
from designer.space.equalities.run_combinations import run_combinations
from designer.space.equalities.whole_settings import Settings, scaled_places

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

_POOL = 2048  # mixed solutions that are stored, from which draws begin
_POOL_NUMBERS = 100_000  # in all of them together
_MIN_POOL = 16  # of them in each branch
_MAX_STEPS = 30  # of hit-and-run from a stored solution to a drawn one
_OTHER_BRANCH = 0.125  # share of moves that go to another branch
_COMPARED = 64  # stored solutions among which the nearest one of another branch is looked for


class Solver(Protocol):
    """The solutions of one system of equations; all arrays are whole numbers, one column a parameter."""

    @property
    def rows(self) -> IntArray | None:
        """All solutions, where they are listed."""
        ...

    @property
    def freedom(self) -> int:
        """How many parameters can be chosen before the others follow; 0 where nothing can be chosen."""
        ...

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Return n random solutions."""
        ...

    def near(self, numbers: FloatArray) -> IntArray:
        """Return a solution near to each row of numbers."""
        ...

    def move(self, numbers: IntArray, radius: float, rng: np.random.Generator) -> IntArray:
        """Return another solution near to each given one; `radius` is a length in ranges."""
        ...


@lru_cache(maxsize=64)
def solver_of(equations: Equations) -> Solver | None:
    """Return the solver of equations; None where they have no solution.

    Raises
    ------
    Unsolved
        If none was found, though there may be one.
    """
    listed = list_solutions(equations)
    if listed is not None:
        return ListedSolver(equations.settings, listed) if len(listed) else None
    free = len(equations.settings) - int(np.linalg.matrix_rank(np.array(equations.rows, dtype=np.float64)))
    solver = counted(equations, free)
    if solver is not None:
        return solver if has_solution(solver) else None
    branches = find_branches(equations)
    return BranchSolver(equations.settings, branches) if branches else None


def _weights(settings: Sequence[Settings], numbers: IntArray, share: float) -> FloatArray:
    """Return how often each solution is drawn relative to the others, see `Settings.wanted`."""
    logs = np.zeros(len(numbers))
    for j, each in enumerate(settings):
        if each.log or each.has_zero:
            logs += np.log(each.wanted(share)[np.searchsorted(each.numbers, numbers[:, j])])
    weights: FloatArray = np.exp(logs - logs.max(initial=-np.inf))
    return weights


@dataclass(frozen=True, eq=False)
class ListedSolver:
    """Solutions that are all known."""

    settings: tuple[Settings, ...]
    listed: IntArray

    @property
    def rows(self) -> IntArray:
        """All solutions (``m x n``)."""
        return self.listed

    @cached_property
    def freedom(self) -> int:
        """The dimension of what the solutions span."""
        centred = self._places - self._places[:1]
        return int(np.linalg.matrix_rank(centred, tol=1e-9)) if len(centred) > 1 else 0

    @cached_property
    def _places(self) -> FloatArray:
        return scaled_places(self.settings, self.listed)

    @cached_property
    def _chances(self) -> FloatArray:
        weights = np.cumsum(_weights(self.settings, self.listed, self.freedom / len(self.settings)))
        chances: FloatArray = weights / weights[-1]
        return chances

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Return n random solutions, each alike; on log scales as evenly as they allow."""
        return self.listed[np.minimum(np.searchsorted(self._chances, rng.random(n)), len(self.listed) - 1)]

    def near(self, numbers: FloatArray) -> IntArray:
        """Return the nearest solution to each row."""
        return self.listed[self._nearest(scaled_places(self.settings, numbers), 1)[:, 0]]

    def _nearest(self, places: FloatArray, number: int) -> IndexArray:
        return np.asarray(self._tree.query(places, k=np.arange(1, number + 1))[1], dtype=np.intp)

    @cached_property
    def _tree(self) -> cKDTree[None, None]:
        from scipy.spatial import cKDTree

        return cKDTree(self._places)

    def move(self, numbers: IntArray, radius: float, rng: np.random.Generator) -> IntArray:
        """Return the solution nearest to a random place about each given one, but another one."""
        if len(self.listed) < 2:
            return numbers
        places = scaled_places(self.settings, numbers)
        target = places + rng.standard_normal(places.shape) * radius
        first, second = self.listed[self._nearest(target, 2)].transpose(1, 0, 2)
        moved: IntArray = np.where((first == numbers).all(axis=1)[:, None], second, first)
        return moved


def find_branches(equations: Equations) -> tuple[Branch, ...]:
    """Return the branches that have a solution; of very many combinations of runs, those of many random ones.

    Raises
    ------
    Unsolved
        If none was found, though there may be one.
    """
    log = tuple(each.log for each in equations.settings)
    found, unsolved = [], None
    for runs in run_combinations(equations):
        try:
            branch = branch_of(runs, equations.rows, equations.totals, log)
        except Unsolved as error:
            unsolved = error
        else:
            found += [branch] if branch is not None else []
    if not found and unsolved is not None:
        raise unsolved
    return tuple(found)


@dataclass(frozen=True, eq=False)
class BranchSolver:
    """Solutions that are too many to be listed."""

    settings: tuple[Settings, ...]
    branches: tuple[Branch, ...]

    @property
    def rows(self) -> None:
        """Nothing: the solutions are not listed."""
        return

    @cached_property
    def freedom(self) -> int:
        """The largest dimension of a branch; 1 where there are several branches of one solution."""
        return max(len(branch.basis) for branch in self.branches) or int(len(self.branches) > 1)

    @cached_property
    def _pool(self) -> tuple[tuple[IntArray, ...], IntArray, FloatArray, IntArray]:
        """Mixed solutions: their places by branch, and of all together the numbers, scaled places and branches."""
        rng = np.random.default_rng(0)
        pool = min(_POOL, _POOL_NUMBERS // len(self.settings))
        each = max(_MIN_POOL, pool // len(self.branches))
        places = [branch.mixed(each, rng) for branch in self.branches]
        numbers = np.concatenate([b.numbers(p) for b, p in zip(self.branches, places, strict=True)])
        owner = np.repeat(np.arange(len(self.branches)), each)
        return tuple(places), numbers, scaled_places(self.settings, numbers), owner

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Return n random solutions, equally many of each branch."""
        pool = self._pool[0]
        chosen = rng.integers(0, len(self.branches), n)
        result = np.empty((n, len(self.settings)), dtype=np.int64)
        for i, branch in enumerate(self.branches):
            rows = np.flatnonzero(chosen == i)
            if len(rows):
                start = pool[i][rng.integers(0, len(pool[i]), len(rows))]
                result[rows] = branch.numbers(branch.walk(start, min(6 + 2 * len(branch.basis), _MAX_STEPS), rng))
        return result

    def _places(self, numbers: IntArray) -> tuple[IntArray, IntArray]:
        """Return the branch of each solution and its places there."""
        owner = np.full(len(numbers), -1)
        places = np.zeros_like(numbers)
        for i, branch in enumerate(self.branches):
            open_rows = np.flatnonzero(owner < 0)
            here = (numbers[open_rows] - branch.first) // branch.step
            fits = ((here >= 0) & (here <= branch.last)).all(axis=1)
            fits &= (branch.numbers(here) == numbers[open_rows]).all(axis=1)
            owner[open_rows[fits]] = i
            places[open_rows[fits]] = here[fits]
        return owner, places

    def near(self, numbers: FloatArray) -> IntArray:
        """Return a solution near to each row: the nearest stored one, brought nearer within its branch."""
        _, stored, scaled, owner = self._pool
        wanted = scaled_places(self.settings, numbers)
        result = np.empty((len(numbers), len(self.settings)), dtype=np.int64)
        nearest = np.array([int(np.argmin(((scaled - row) ** 2).sum(axis=1))) for row in wanted], dtype=np.intp)
        for i, branch in enumerate(self.branches):
            rows = np.flatnonzero(owner[nearest] == i)
            if len(rows):
                start = (stored[nearest[rows]] - branch.first) // branch.step
                result[rows] = branch.numbers(branch.approach(start, numbers[rows]))
        return result

    def move(self, numbers: IntArray, radius: float, rng: np.random.Generator) -> IntArray:
        """Return each solution moved within its branch, some of them to another branch."""
        owner, places = self._places(numbers)
        result = numbers.copy()
        for i, branch in enumerate(self.branches):
            rows = np.flatnonzero(owner == i)
            if len(rows):
                result[rows] = branch.numbers(branch.move(places[rows], radius, rng))
        if len(self.branches) > 1:
            still = (result == numbers).all(axis=1)
            rows = np.flatnonzero(still | (rng.random(len(numbers)) < _OTHER_BRANCH))
            result[rows] = self._in_another_branch(numbers[rows], owner[rows], rng)
        return result

    def _in_another_branch(self, numbers: IntArray, owner: IntArray, rng: np.random.Generator) -> IntArray:
        _, stored, scaled, owners = self._pool
        offered = rng.integers(0, len(stored), (len(numbers), _COMPARED))
        distance = ((scaled[offered] - scaled_places(self.settings, numbers)[:, None, :]) ** 2).sum(axis=2)
        distance[owners[offered] == owner[:, None]] = np.inf
        best = np.argmin(distance, axis=1)
        rows = np.arange(len(numbers))
        found = np.isfinite(distance[rows, best])
        return np.where(found[:, None], stored[offered[rows, best]], numbers)
