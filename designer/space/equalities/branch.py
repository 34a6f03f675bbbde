"""The solutions of linear equations within one run of settings of each parameter: a lattice cut by a box.

Random solutions come from hit-and-run on the lattice: from a solution, a random short vector of the lattice is
followed to a random place within the box. Nothing is rejected.

References
----------
S. Baumert et al., Discrete hit-and-run for sampling points from arbitrary distributions over subsets of integer
hyperrectangles, Oper. Res. 57 (2009) 727-739.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.space.equalities.integers import TOO_FINE, Unsolved, Vector, shifted, short_basis, solve
from designer.space.equalities.whole_settings import Run

_MAX_ENTRY = 2**58
_MAX_SECONDS = 2.0  # for one integer programme
_MAX_PAIRS = 480  # of vectors of the basis, of which sum and difference are directions as well
_STARTS = 8
_SWEEPS = 3
_INFEASIBLE = 2  # the status of a programme without a solution
NOT_FOUND = "no settings that satisfy it were found, though there may be some"
_MAX_STEPS = 400  # of hit-and-run for the mixed solutions that are stored


@dataclass(frozen=True, eq=False)
class Branch:
    """The whole solutions with one run of settings of each of n parameters.

    A solution is stored as its places in the runs (``w x n``, each from 0 to one less than the run's count).

    Parameters
    ----------
    runs
        The run of each parameter.
    log
        Whether each parameter is on a log scale, and its run above 0 (n).
    basis
        The short vectors (d x n) that lead from one solution to any other.
    start
        One solution (n).
    """

    runs: tuple[Run, ...]
    log: BoolArray
    basis: IntArray
    start: IntArray

    @cached_property
    def first(self) -> IntArray:
        """The number at place 0 of each parameter."""
        return np.array([run.first for run in self.runs], dtype=np.int64)

    @cached_property
    def step(self) -> IntArray:
        """The step of each parameter."""
        return np.array([run.step for run in self.runs], dtype=np.int64)

    @cached_property
    def last(self) -> IntArray:
        """The highest place of each parameter."""
        return np.array([run.count - 1 for run in self.runs], dtype=np.int64)

    def numbers(self, places: IntArray) -> IntArray:
        """Return the whole numbers at places (``w x n``)."""
        result: IntArray = self.first + self.step * places
        return result

    @cached_property
    def directions(self) -> IntArray:
        """The vectors that are followed: those of the basis, and sums and differences of two of them."""
        a, b = np.triu_indices(len(self.basis), 1)
        if len(a) > _MAX_PAIRS:
            chosen = np.random.default_rng(0).choice(len(a), _MAX_PAIRS, replace=False)
            a, b = a[chosen], b[chosen]
        vectors = np.concatenate([self.basis, self.basis[a] + self.basis[b], self.basis[a] - self.basis[b]])
        fitting: IntArray = vectors[(np.abs(vectors) <= self.last).all(axis=1)]
        return fitting

    def walk(self, places: IntArray, steps: int, rng: np.random.Generator) -> IntArray:
        """Return each solution after some random steps of hit-and-run (``w x n``)."""
        if not len(self.directions):
            return places
        for _ in range(steps):
            vector, back, ahead = self._lines(places, rng)
            target = self._target(places, vector, back, ahead, rng)
            places = places + target[:, None] * vector
        return places

    def _lines(self, places: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
        """Return a random direction for each solution, and how often it may be gone back (<= 0) and ahead."""
        vector = self.directions[rng.integers(0, len(self.directions), len(places))]
        return vector, *self._reach(places, vector)

    def _reach(self, places: IntArray, vector: IntArray) -> tuple[IntArray, IntArray]:
        size = np.where(vector == 0, 1, np.abs(vector))
        below, above = places // size, (self.last - places) // size
        far = np.iinfo(np.int64).max
        ahead = np.where(vector > 0, above, np.where(vector < 0, below, far)).min(axis=1)
        back = np.where(vector > 0, below, np.where(vector < 0, above, far)).min(axis=1)
        return -back, ahead

    def _target(
        self, places: IntArray, vector: IntArray, back: IntArray, ahead: IntArray, rng: np.random.Generator
    ) -> IntArray:
        """Return how far to go: evenly, or evenly on the scale of one of the parameters that are on a log scale."""
        even = rng.integers(back, ahead + 1)
        if not self.log.any():
            return even
        column = np.argmax(rng.random(vector.shape) * (vector != 0), axis=1)
        rows = np.flatnonzero(self.log[column])
        if len(rows):
            j = column[rows]
            at, speed = self.numbers(places[rows])[np.arange(len(rows)), j], (vector[rows, j] * self.step[j])
            ends = np.log(np.stack([at + back[rows] * speed, at + ahead[rows] * speed]).astype(np.float64))
            value = np.exp(rng.uniform(ends.min(axis=0), np.maximum(ends.max(axis=0), ends.min(axis=0) + 1e-12)))
            even[rows] = np.clip(np.rint((value - at) / speed), back[rows], ahead[rows]).astype(np.int64)
        return even

    def move(self, places: IntArray, radius: float, rng: np.random.Generator) -> IntArray:
        """Return each solution moved along a random direction by about `radius` ranges, by one step at least."""
        if not len(self.directions):
            return places
        vector, back, ahead = self._lines(places, rng)
        column = np.argmax(rng.random(vector.shape) * (vector != 0), axis=1)
        rows = np.arange(len(places))
        shift = rng.standard_normal(len(places)) * radius
        length = shift * self.last[column]
        if self.log.any():
            at = self.numbers(places)[rows, column].astype(np.float64)
            decades = np.log(self._top[column] / np.where(self.first > 0, self.first, 1)[column])
            length = np.where(self.log[column], at * np.expm1(shift * decades) / self.step[column], length)
        times = np.rint(length / vector[rows, column])
        times = np.where(times == 0, np.where(shift < 0, -1, 1), times)
        taken: IntArray = np.clip(times, back, ahead).astype(np.int64)
        blocked = taken == 0
        taken[blocked] = np.where(ahead > 0, 1, np.where(back < 0, -1, 0))[blocked]
        moved: IntArray = places + taken[:, None] * vector
        return moved

    @cached_property
    def _top(self) -> FloatArray:
        return self.numbers(self.last).astype(np.float64)

    def approach(self, places: IntArray, numbers: FloatArray) -> IntArray:
        """Return solutions nearer to given numbers (``w x n``), from other solutions, in units of the ranges."""
        wanted = (numbers - self.first) / self.step
        weight = 1.0 / np.maximum(self.last, 1) ** 2
        for _ in range(_SWEEPS):
            for vector in self.directions:
                back, ahead = self._reach(places, np.broadcast_to(vector, places.shape))
                times = ((wanted - places) * weight) @ vector / max(float((weight * vector) @ vector), 1e-300)
                places = places + np.clip(np.rint(times), back, ahead).astype(np.int64)[:, None] * vector
        return places

    def mixed(self, n: int, rng: np.random.Generator) -> IntArray:
        """Return n solutions (``n x parameters``) from everywhere in the branch."""
        starts = self._starts(rng)
        return self.walk(np.resize(starts, (n, starts.shape[1])), min(20 + 10 * len(self.basis), _MAX_STEPS), rng)

    def _starts(self, rng: np.random.Generator) -> IntArray:
        """Return solutions (up to 9 x n) far from each other, from which random steps begin."""
        found = [self.start]
        for _ in range(_STARTS if len(self.basis) else 0):
            try:
                extreme = _solution(self.start.tolist(), self.basis, self.last, rng.standard_normal(len(self.basis)))
            except Unsolved:
                continue  # one solution is enough to begin from
            if extreme is not None:
                found.append(extreme)
        return np.unique(np.array(found), axis=0)


def branch_of(
    runs: tuple[Run, ...], rows: tuple[tuple[int, ...], ...], totals: tuple[int, ...], log: tuple[bool, ...]
) -> Branch | None:
    """Return the branch of one run of each parameter; None where it has no solution.

    Raises
    ------
    Unsolved
        If that is not known.
    """
    first = [run.first for run in runs]
    free = [j for j, run in enumerate(runs) if run.count > 1]
    rest = [
        total - sum(a * f for a, f in zip(row, first, strict=True)) for row, total in zip(rows, totals, strict=True)
    ]
    solutions = solve([[row[j] * runs[j].step for j in free] for row in rows], rest, len(free))
    if solutions is None:
        return None
    last = np.array([runs[j].count - 1 for j in free], dtype=np.int64)
    weights = 1.0 / np.maximum(last, 1)
    basis = short_basis(solutions.basis, weights)
    origin = shifted(solutions.origin, basis, last / 2, weights)
    if any(abs(entry) > _MAX_ENTRY for vector in (origin, *basis) for entry in vector):
        raise Unsolved(TOO_FINE)
    vectors = np.array(basis, dtype=np.int64).reshape(len(basis), len(free))
    start = _solution(origin, vectors, last, np.zeros(len(basis)))
    if start is None:
        return None
    whole_start, whole_basis = np.zeros(len(runs), dtype=np.int64), np.zeros((len(basis), len(runs)), dtype=np.int64)
    whole_start[free], whole_basis[:, free] = start, vectors
    above = np.array([is_log and run.first > 0 for is_log, run in zip(log, runs, strict=True)])
    return Branch(runs, above, whole_basis, whole_start)


def _solution(origin: Vector, basis: IntArray, last: IntArray, objective: FloatArray) -> IntArray | None:
    """Return a solution within the box, one that is extreme for a linear objective unless that is 0; None without.

    Raises
    ------
    Unsolved
        If none was found, though there may be one.
    """
    start = np.array(origin, dtype=np.int64)
    if not objective.any() and ((start >= 0) & (start <= last)).all():
        return start
    if not len(basis):
        return None
    from scipy.optimize import Bounds, LinearConstraint, milp

    result = milp(
        objective,
        constraints=LinearConstraint(
            basis.T.astype(np.float64), -start.astype(np.float64), (last - start).astype(float)
        ),
        bounds=Bounds(-np.inf, np.inf),
        integrality=np.ones(len(basis), dtype=np.int64),
        options={"time_limit": _MAX_SECONDS},
    )
    if result.status == _INFEASIBLE:
        return None
    if result.x is not None:
        found: IntArray = start + np.rint(result.x).astype(np.int64) @ basis
        if ((found >= 0) & (found <= last)).all():
            return found
    raise Unsolved(NOT_FOUND)
