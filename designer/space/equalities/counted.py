"""Solutions of linear equations that are counted, not listed, and drawn one parameter after another.

For each parameter in turn it is counted backwards how many ways the parameters behind it have to make up what is left
of the totals; a solution is then drawn forwards with those odds, so that every draw is a solution and none is rejected.

References
----------
A. Nijenhuis and H. S. Wilf, Combinatorial Algorithms, 2nd ed., Academic Press (1978), chapter 13 (random selection
from a counted recursive structure).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.space.equalities.listed_solutions import Equations
from designer.space.equalities.whole_settings import Settings, scaled_places

_MAX_WORK = 3_000_000  # sums of one parameter's settings and what is left
_MAX_LEFT = 300_000  # different totals that are left behind one parameter
_MAX_KEY = 2**62
_BLOCK = 2_000_000  # odds that are held at once

_Odds = Callable[[int, slice], FloatArray]
"""How often each setting of a parameter (by its index) is chosen, for some rows: ``rows x settings``, or one row."""


@dataclass(frozen=True, eq=False)
class CountedSolver:
    """Solutions that are drawn by counts.

    Parameters
    ----------
    settings
        The n parameters.
    coefficients
        What one unit of each parameter adds to the key of the totals.
    total
        The key of the totals.
    left
        For each of the n parameters and behind the last one, the ascending keys that can still be made up.
    counts
        In how many ways, weighed by how often each setting is wanted.
    free
        How many parameters can be chosen before the others follow.
    """

    settings: tuple[Settings, ...]
    coefficients: tuple[int, ...]
    total: int
    left: tuple[IntArray, ...]
    counts: tuple[FloatArray, ...]
    free: int

    @property
    def rows(self) -> None:
        """Nothing: the solutions are not listed."""
        return

    @property
    def freedom(self) -> int:
        """How many parameters can be chosen before the others follow."""
        return self.free

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Return n random solutions, each as often as its settings are wanted."""
        return self._chosen(n, lambda j, rows: self.settings[j].wanted(self.free_share)[None, :], rng)

    @property
    def free_share(self) -> float:
        """The share of the parameters that can be chosen freely."""
        return self.free / len(self.settings)

    def near(self, numbers: FloatArray) -> IntArray:
        """Return a solution near to each row of numbers."""
        return self._about(numbers, 1e-3, np.random.default_rng(0))

    def move(self, numbers: IntArray, radius: float, rng: np.random.Generator) -> IntArray:
        """Return a random solution about each given one; the radius is that of single parameters, in ranges."""
        return self._about(numbers.astype(np.float64), radius, rng)

    def _about(self, numbers: FloatArray, radius: float, rng: np.random.Generator) -> IntArray:
        places = scaled_places(self.settings, numbers)

        def closeness(j: int, rows: slice) -> FloatArray:
            own = self.settings[j].scaled(self.settings[j].numbers)
            gap = np.abs(own[None, :] - places[rows, j, None])
            nearest = gap.min(axis=1, keepdims=True)
            close: FloatArray = np.exp(-0.5 * ((gap - nearest) / max(radius, 1e-3)) ** 2) + 1e-9
            return close

        return self._chosen(len(numbers), closeness, rng)

    def _chosen(self, n: int, odds: _Odds, rng: np.random.Generator) -> IntArray:
        """Return n solutions (``n x parameters``), each setting chosen by its odds where the rest can be made up."""
        result = np.empty((n, len(self.settings)), dtype=np.int64)
        block = max(1, _BLOCK // max(each.size for each in self.settings))
        for start in range(0, n, block):
            rows = slice(start, min(start + block, n))
            key = np.full(rows.stop - start, self.total, dtype=np.int64)
            for j, each in enumerate(self.settings):
                behind = key[:, None] - self.coefficients[j] * each.numbers[None, :]
                keys, counts = self.left[j + 1], self.counts[j + 1]
                place = np.minimum(np.searchsorted(keys, behind), len(keys) - 1)
                chance = np.where(keys[place] == behind, counts[place], 0.0) * odds(j, rows)
                cumulative = np.cumsum(chance, axis=1)
                target = (1.0 - rng.random(len(key))) * cumulative[:, -1]
                chosen = (cumulative < target[:, None]).sum(axis=1)
                result[rows, j] = each.numbers[chosen]
                key = behind[np.arange(len(key)), chosen]
        return result


def counted(equations: Equations, free: int) -> CountedSolver | None:
    """Return the solver that counts the solutions; None where the counts are too many.

    A system without a solution has no key at all in front of its first parameter; see `has_solution`.
    """
    mixed = _one_equation(equations)
    if mixed is None:
        return None
    coefficients, total = mixed
    left, counts = [np.zeros(1, dtype=np.int64)], [np.ones(1)]
    share = free / len(equations.settings)
    for j in reversed(range(len(coefficients))):
        each = equations.settings[j]
        if len(left[0]) * each.size > _MAX_WORK:
            return None
        sums = (left[0][:, None] + coefficients[j] * each.numbers[None, :]).ravel()
        weights = (counts[0][:, None] * each.wanted(share)[None, :]).ravel()
        keys, place = np.unique(sums, return_inverse=True)
        number = np.bincount(place.reshape(-1), weights=weights, minlength=len(keys))
        kept = _can_be_left(equations, coefficients, total, keys, j)
        if kept.sum() > _MAX_LEFT:
            return None
        left, counts = [keys[kept], *left], [number[kept] / max(number[kept].max(initial=0.0), 1e-300), *counts]
    return CountedSolver(equations.settings, coefficients, total, tuple(left), tuple(counts), free)


def has_solution(solver: CountedSolver) -> bool:
    """Whether the totals can be made up at all."""
    return bool(np.isin(solver.total, solver.left[0]))


def _one_equation(equations: Equations) -> tuple[tuple[int, ...], int] | None:
    """Return one equation with the same solutions: each further one counts in units beyond the ones before it."""
    coefficients, total, unit = [0] * len(equations.settings), 0, 1
    for row, each_total in zip(equations.rows, equations.totals, strict=True):
        ends = [sorted((a * s.lowest, a * s.highest)) for a, s in zip(row, equations.settings, strict=True)]
        low, high = sum(end[0] for end in ends), sum(end[1] for end in ends)
        if not low <= each_total <= high:
            low, high = min(low, each_total), max(high, each_total)
        coefficients = [old + unit * a for old, a in zip(coefficients, row, strict=True)]
        total += unit * each_total
        unit *= 2 * max(abs(low), abs(high)) + 1
        if unit > _MAX_KEY:
            return None
    return tuple(coefficients), total


def _can_be_left(equations: Equations, coefficients: tuple[int, ...], total: int, keys: IntArray, j: int) -> BoolArray:
    """Return which keys (a mask) the parameters before j may leave of the total, by their ranges."""
    low = high = 0
    for coefficient, each in zip(coefficients[:j], equations.settings[:j], strict=True):
        ends = sorted((coefficient * each.lowest, coefficient * each.highest))
        low, high = low + ends[0], high + ends[1]
    return (keys >= total - high) & (keys <= total - low)
