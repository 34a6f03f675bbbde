"""The designs evaluated in a search, with upper bounds of their acquisition values."""

from __future__ import annotations

import math
from collections.abc import Callable, Set
from typing import Any

import numpy as np
import torch

from designer.acquisition.functions import Acquisition
from designer.arrays import BoolArray, FloatArray, IndexArray
from designer.deadline import Deadline
from designer.objective.design_costs import DesignCosts
from designer.space import DesignSpace

Encode = Callable[[FloatArray], FloatArray]
LogWeights = Callable[[FloatArray], FloatArray]
"""A term (``n``) of designs (``n x c``) that is added to their log acquisition."""
BLOCK = 2048
SCREENED = 32_768


class Archive:
    """Designs with upper bounds of their acquisition, searched lazily.

    The improvement by a design does not rise when more designs are pending, so an earlier value is an upper bound: the
    best design is found when its present value is above the bounds of all others (the lazy greedy
    algorithm; M. Minoux, "Accelerated greedy algorithms for maximizing submodular set functions", 1978).

    Parameters
    ----------
    space, encode
        The space of the designs, and the function from coordinates to features.
    taken
        Keys of designs that are excluded.
    coordinates
        ``n x c`` designs to begin with.
    log_weights
        What is added to the acquisition of a design and to its bounds; nothing unless given.
    costs
        What designs cost; what cannot be paid is left out, and `ranking` prefers cheap ones among those of large gain.
    """

    def __init__(
        self,
        space: DesignSpace,
        encode: Encode,
        taken: Set[Any],
        coordinates: FloatArray,
        log_weights: LogWeights | None = None,
        costs: DesignCosts | None = None,
    ) -> None:
        self._space, self._encode, self._design_costs = space, encode, costs
        self._left = math.inf if costs is None else costs.left
        self._costs = self._costs_of(coordinates)
        self._taken = set(taken)
        self._log_weights = log_weights
        self.coordinates = coordinates
        self.bounds: FloatArray = np.full(len(coordinates), -np.inf)
        self._checked = np.zeros(len(coordinates), dtype=bool)
        self.scored = 0

    def _costs_of(self, coordinates: FloatArray) -> FloatArray:
        """Return the costs (``n``) of designs, 0 where nothing is stated."""
        if self._design_costs is None or not len(coordinates):
            return np.zeros(len(coordinates))
        return self._design_costs.of(coordinates)

    def _paid(self, values: FloatArray, rows: IndexArray) -> FloatArray:
        """Return values of designs, minus infinity where they cannot be paid."""
        result: FloatArray = np.where(self._costs[rows] <= self._left, values, -np.inf)
        return result

    def ranking(self) -> FloatArray:
        """Return the order in which designs are preferred: by their bounds, or by these for their costs."""
        return self.bounds if self._design_costs is None else self._design_costs.ranking(self.bounds, self._costs)

    def features(self, rows: IndexArray) -> torch.Tensor:
        """Return the features of some designs."""
        return torch.as_tensor(self._encode(self.coordinates[rows]), dtype=torch.float64)

    def screen(self, acquisition: Acquisition, deadline: Deadline | None) -> bool:
        """Bound all designs by the acquisition's screen, in chunks; return False if the time limit is reached.

        Lists of more than `SCREENED` designs by the coarse screen: only the leading ones are scored anyway.
        """
        bound = acquisition.coarse_screen if len(self.coordinates) > SCREENED else acquisition.screen
        for start in range(0, len(self.coordinates), SCREENED):
            if deadline is not None and deadline.passed:
                return False
            rows = np.arange(start, min(start + SCREENED, len(self.coordinates)))
            with torch.no_grad():
                values = self._weighted(bound(self.features(rows)).numpy(), self.coordinates[rows])
                self.bounds[rows] = self._paid(values, rows)
        return True

    def _weighted(self, values: FloatArray, coordinates: FloatArray) -> FloatArray:
        """Return values (``n``) of designs (``n x c``) with their log weights added."""
        return values if self._log_weights is None else values + self._log_weights(coordinates)

    def add(self, acquisition: Acquisition, coordinates: FloatArray, limit: int) -> None:
        """Score new designs without the excluded ones; of more than `limit` only the best by the screen."""
        kept = []
        for i, key in enumerate(self._space.keys(coordinates)):
            if key not in self._taken:
                self._taken.add(key)
                kept.append(i)
        if len(kept) > limit:
            with torch.no_grad():
                X = torch.as_tensor(self._encode(coordinates[kept]), dtype=torch.float64)
                screened = self._weighted(acquisition.screen(X).numpy(), coordinates[kept])
                leading = np.argsort(-screened, kind="stable")[:limit]
            kept = [kept[i] for i in np.sort(leading)]
        first = len(self.coordinates)
        self.coordinates = np.concatenate([self.coordinates, coordinates[kept]])
        self._costs = np.concatenate([self._costs, self._costs_of(coordinates[kept])])
        self.bounds = np.concatenate([self.bounds, np.full(len(kept), -np.inf)])
        self._checked = np.concatenate([self._checked, np.ones(len(kept), dtype=bool)])
        if kept:
            self._score(acquisition, np.arange(first, len(self.coordinates)))

    def rescore(self, acquisition: Acquisition, limit: int) -> None:
        """Score the best `limit` designs again, and drop the others."""
        rows = np.argsort(-self.bounds, kind="stable")[:limit]
        rows = np.sort(rows[self.bounds[rows] > -np.inf])
        self.bounds[:] = -np.inf
        self._score(acquisition, rows)

    def _score(self, acquisition: Acquisition, rows: IndexArray) -> None:
        if not len(rows):
            return
        with torch.no_grad():
            values = acquisition(self.features(rows)[:, None, :]).numpy()
        values = self._weighted(values, self.coordinates[rows])
        self.scored += len(rows)
        self.bounds[rows] = self._paid(np.where(np.isfinite(values), values, np.finfo(float).min), rows)

    def best(self, acquisition: Acquisition, deadline: Deadline | None) -> tuple[int, float] | None:
        """Return the row and the present value of the best design, or None if none is left.

        At most ``acquisition.effort`` designs are scored, those with the highest bounds first; fewer where the best
        value is above the bounds of all others and the acquisition's screen is a bound. With costs, as many again for
        the design that is best for its cost.
        """
        fresh = np.zeros(len(self.bounds), dtype=bool)
        best: tuple[int, float] | None = None
        while fresh.sum() < acquisition.effort:
            if best is not None and deadline is not None and deadline.passed:
                break
            rows = self._next(fresh, min(BLOCK, acquisition.effort))
            if not len(rows):
                break
            if best is not None and acquisition.screen_bounds and best[1] >= self.bounds[rows].max():
                break
            self._score(acquisition, rows)
            fresh[rows] = True
            top = int(rows[np.argmax(self.bounds[rows])])
            if best is None or self.bounds[top] > best[1]:
                best = top, float(self.bounds[top])
        if best is None or self._design_costs is None:
            return best
        return self._best_for_cost(acquisition, deadline, fresh, self._design_costs)

    def _best_for_cost(
        self, acquisition: Acquisition, deadline: Deadline | None, fresh: BoolArray, costs: DesignCosts
    ) -> tuple[int, float]:
        """Return the row and the value of the first design by `ranking`, given which designs are scored."""
        limit = fresh.sum() + acquisition.effort
        known = np.where(fresh, self.bounds, -np.inf)
        while fresh.sum() < limit and not (deadline is not None and deadline.passed):
            promised = np.where(fresh, -np.inf, costs.ranking(np.minimum(self.bounds, known.max()), self._costs))
            reached = costs.ranking(known, self._costs).max()
            rows = np.argsort(-promised, kind="stable")[:BLOCK]
            rows = np.sort(rows[promised[rows] > reached])
            unchecked = rows[~self._checked[rows]]
            if len(unchecked):
                self._check(unchecked)
                rows = rows[self.bounds[rows] > -np.inf]
            if not len(rows):
                if len(unchecked):
                    continue
                break
            self._score(acquisition, rows)
            fresh[rows] = True
            known = np.where(fresh, self.bounds, -np.inf)
        row = int(costs.ranking(known, self._costs).argmax())
        return row, float(self.bounds[row])

    def _next(self, fresh: BoolArray, size: int) -> IndexArray:
        """Return the designs with the highest bounds that are not fresh, none of them taken or invalid."""
        while True:
            open_bounds = np.where(fresh, -np.inf, self.bounds)
            count = min(size, len(open_bounds))
            rows = np.sort(np.argpartition(-open_bounds, count - 1)[:count]) if count else np.empty(0, dtype=np.intp)
            rows = rows[open_bounds[rows] > -np.inf]
            unchecked = rows[~self._checked[rows]]
            if not len(unchecked):
                return rows
            self._check(unchecked)

    def _check(self, rows: IndexArray) -> None:
        coordinates = self.coordinates[rows]
        bad = ~self._space.valid(coordinates)
        for i, key in enumerate(self._space.keys(coordinates)):
            bad[i] |= key in self._taken
        self._checked[rows] = True
        self.bounds[rows[bad]] = -np.inf

    def leading(self, n: int) -> FloatArray:
        """Return the designs with the `n` highest bounds that may be chosen."""
        while True:
            rows = np.argsort(-self.bounds, kind="stable")[:n]
            rows = rows[self.bounds[rows] > -np.inf]
            unchecked = rows[~self._checked[rows]]
            if not len(unchecked):
                return self.coordinates[rows]
            self._check(unchecked)

    def take(self, row: int) -> None:
        """Mark a design as chosen; those that cannot be paid beside it are left out."""
        self.bounds[row] = -np.inf
        if self._design_costs is not None:
            self._left -= float(self._costs[row])
            self.bounds[self._costs > self._left] = -np.inf
