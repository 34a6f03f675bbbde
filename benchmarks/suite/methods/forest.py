"""RF-EI: expected improvement from the spread of the trees of a scikit-learn random forest (words one-hot).

Where nothing is measured, the first 3 designs are random: the smallest number for which trees differ much.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sklearn
from scipy.stats import norm
from sklearn.ensemble import RandomForestRegressor

from benchmarks.suite.methods.starting import RandomStart
from benchmarks.suite.pools import Candidates
from designer.arrays import FloatArray

FIRST = 3


class ForestChooser:
    """A forest of 100 full trees grown anew before each experiment."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        self._candidates = candidates
        self._x = candidates.features()
        self._rng = np.random.default_rng([seed, 2])
        self._start = RandomStart(len(self._x), FIRST, np.random.default_rng([seed, 4]))
        self._forest: RandomForestRegressor | None = None

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the candidate of the largest expected improvement; ties are broken at random."""
        first = self._start.next(measured)
        if first is not None:
            return first
        left = np.setdiff1d(np.arange(len(self._x)), measured)
        utility = self._candidates.utility(y)
        forest = RandomForestRegressor(n_estimators=100, random_state=int(self._rng.integers(2**31)))
        forest.fit(self._x[list(measured)], utility)
        self._forest = forest
        trees = np.stack([tree.predict(self._x[left]) for tree in forest.estimators_])
        improvement = _expected_improvement(trees.mean(axis=0), trees.std(axis=0), utility.max())
        best = np.flatnonzero(improvement >= improvement.max() * (1 - 1e-12))
        return int(left[self._rng.choice(best)])

    def predict(self, row: int) -> tuple[float, float] | None:
        """Return mean and spread of the trees at `row`; None for a value to match, and where all trees agree.

        Each leaf of a full tree holds one measurement, so the spread has their noise in it.
        """
        if self._forest is None or self._candidates.goal == "match":
            return None
        trees = np.array([tree.predict(self._x[row : row + 1])[0] for tree in self._forest.estimators_])
        sign = 1.0 if self._candidates.goal == "maximize" else -1.0
        return (sign * float(trees.mean()), float(trees.std())) if trees.std() > 0 else None


def _expected_improvement(mean: FloatArray, spread: FloatArray, best: float) -> FloatArray:
    spread = np.maximum(spread, 1e-12 * max(1.0, abs(best)))
    z = (mean - best) / spread
    return spread * (z * norm.cdf(z) + norm.pdf(z))


def versions() -> dict[str, str]:
    """Return the version of scikit-learn."""
    return {"scikit-learn": sklearn.__version__}


def begin(candidates: Candidates, seed: int) -> ForestChooser:
    """Start a campaign."""
    return ForestChooser(candidates, seed)
