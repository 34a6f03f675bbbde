"""RF-EI: expected improvement from the spread of the trees of a scikit-learn random forest (words one-hot)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sklearn
from scipy.stats import norm
from sklearn.ensemble import RandomForestRegressor

from benchmarks.pools import Candidates


class ForestChooser:
    """A forest of 100 full trees grown anew before each experiment."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        self._candidates = candidates
        self._x = candidates.features()
        self._rng = np.random.default_rng([seed, 2])

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the candidate of the largest expected improvement; ties are broken at random."""
        left = np.setdiff1d(np.arange(len(self._x)), measured)
        utility = self._candidates.utility(y)
        forest = RandomForestRegressor(n_estimators=100, random_state=int(self._rng.integers(2**31)))
        forest.fit(self._x[list(measured)], utility)
        trees = np.stack([tree.predict(self._x[left]) for tree in forest.estimators_])
        improvement = _expected_improvement(trees.mean(axis=0), trees.std(axis=0), utility.max())
        best = np.flatnonzero(improvement >= improvement.max() * (1 - 1e-12))
        return int(left[self._rng.choice(best)])


def _expected_improvement(mean: np.ndarray, spread: np.ndarray, best: float) -> np.ndarray:
    spread = np.maximum(spread, 1e-12 * max(1.0, abs(best)))
    z = (mean - best) / spread
    return spread * (z * norm.cdf(z) + norm.pdf(z))


def versions() -> dict[str, str]:
    """Return the version of scikit-learn."""
    return {"scikit-learn": sklearn.__version__}


def begin(candidates: Candidates, seed: int) -> ForestChooser:
    """Start a campaign."""
    return ForestChooser(candidates, seed)
