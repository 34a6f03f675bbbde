"""Numeric parameters that linear equalities join: they are drawn, moved and settled together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray, IntArray
from designer.space.equalities.listed_solutions import Equations
from designer.space.equalities.solvers import Solver

_MAX_MOBILITY = 4.0


@dataclass(frozen=True, eq=False)
class EqualitySystem:
    """The settings of some numeric parameters that satisfy linear equalities exactly.

    Parameters
    ----------
    columns
        The n coordinates of the parameters in the space.
    equations
        The equalities, in whole numbers.
    solver
        Their solutions.
    """

    columns: tuple[int, ...]
    equations: Equations
    solver: Solver

    @property
    def mobility(self) -> float:
        """How often a random move changes these parameters, relative to a single number; 0 where nothing can move."""
        return min(float(self.solver.freedom), _MAX_MOBILITY)

    @property
    def rows(self) -> FloatArray | None:
        """All settings (``m x n``) where they are listed, else None."""
        rows = self.solver.rows
        return None if rows is None else self._values(rows)

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n random settings (``n x columns``)."""
        return self._values(self.solver.draw(n, rng))

    def settle(self, values: FloatArray) -> FloatArray:
        """Return settings near to given values (``m x n``); those that satisfy the equalities stay."""
        numbers = self._numbers(values)
        whole = np.where(np.abs(numbers) < 2.0**62, np.rint(numbers), 0.0).astype(np.int64)
        fits = (numbers == whole).all(axis=1)
        for j, settings in enumerate(self.equations.settings):
            fits &= settings.contains(whole[:, j])
        for row, total in zip(self.equations.rows, self.equations.totals, strict=True):
            fits[fits] = whole[fits] @ np.array(row, dtype=np.int64) == total
        off = np.flatnonzero(~fits)
        result = values.copy()
        if len(off):
            result[off] = self._values(self.solver.near(np.nan_to_num(numbers[off])))
        return result

    def move(self, values: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return other settings near to given ones (``m x n``), with the same equalities."""
        numbers = np.rint(self._numbers(values)).astype(np.int64)
        return self._values(self.solver.move(numbers, radius, rng))

    def _values(self, numbers: IntArray) -> FloatArray:
        columns = [s.lattice.values(numbers[:, j].astype(np.float64)) for j, s in enumerate(self.equations.settings)]
        return np.column_stack(columns)

    def _numbers(self, values: FloatArray) -> FloatArray:
        columns = [s.lattice.indices(values[:, j]) for j, s in enumerate(self.equations.settings)]
        return np.column_stack(columns)
