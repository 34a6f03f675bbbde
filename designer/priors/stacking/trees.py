"""Extremely randomised trees on own features and predictions of past tasks, calibrated on out-of-bag errors.

References: P. Geurts, D. Ernst, L. Wehenkel, Extremely randomized trees, Machine Learning 63 (2006); L. Breiman,
Random forests, Machine Learning 45 (2001), for out-of-bag errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.ensemble import ExtraTreesRegressor

from designer.arrays import FloatArray
from designer.priors.stacking.components import Designs, StudentT, log_t
from designer.priors.stacking.warps import Warp

MIN_MEASUREMENTS = 24
"""Measurements from which trees are fitted."""

_TREES = 150
_SHARE = 0.6
_ROWS = 16_384


@dataclass(frozen=True, eq=False)
class TreesComponent:
    """Fitted trees.

    Parameters
    ----------
    forest
        scikit-learn's.
    floor, slope, dof
        The squared scale of an error is ``floor + slope * variance between trees``; its Student t has `dof`.
    """

    forest: Any
    warp: Warp
    floor: float
    slope: float
    dof: float

    @property
    def name(self) -> str:
        """Its name with its scale."""
        return f"trees on {self.warp.form} scale"

    def predictive(self, designs: Designs) -> StudentT:
        """Return the predictive distributions of designs."""
        means, spreads = [], []
        for start in range(0, len(designs), _ROWS):
            mean, spread = _moments(self.forest, _table(designs.at(slice(start, start + _ROWS))))
            means.append(mean)
            spreads.append(spread)
        mean, spread = np.concatenate(means), np.concatenate(spreads)
        return self._student_t(mean, spread)

    def _student_t(self, mean: FloatArray, spread: FloatArray) -> StudentT:
        return StudentT(mean, np.sqrt(self.floor + self.slope * spread), np.full(len(mean), self.dof), self.warp)


def fit_trees(designs: Designs, y: FloatArray, warp: Warp) -> tuple[TreesComponent, StudentT]:
    """Return trees fitted to measurements, and the out-of-bag predictive distributions of these."""
    u = warp(y)
    forest = ExtraTreesRegressor(_TREES, max_features=_SHARE, bootstrap=True, random_state=0, n_jobs=1)
    table = _table(designs)
    forest.fit(table, u)
    total, squares, count = (np.zeros(len(u)) for _ in range(3))
    for tree, rows in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        out = np.bincount(rows, minlength=len(u)) == 0
        if out.any():
            value = tree.predict(table[out], check_input=False)
            total[out] += value
            squares[out] += value**2
            count[out] += 1
    seen = np.maximum(count, 1)
    mean = np.where(count > 0, total / seen, u.mean())
    spread = np.where(count > 1, np.maximum(squares / seen - (total / seen) ** 2, 0.0), u.var())
    component = TreesComponent(forest, warp, *_spread_of_errors(u - mean, spread))
    return component, component._student_t(mean, spread)


def _spread_of_errors(errors: FloatArray, spread: FloatArray) -> tuple[float, float, float]:
    """Return floor, slope and degrees of freedom under which the errors are most probable."""
    size = max(float(errors.var()), 1e-12)
    usual = max(float(spread.mean()), 1e-12)

    def objective(parameters: FloatArray) -> float:
        floor, slope, dof = np.exp(parameters)
        scale = np.sqrt(size * floor + size / usual * slope * spread)
        density = log_t(errors / scale, dof) - np.log(scale)
        return float(-density.sum() + (parameters[2] - np.log(8.0)) ** 2 + 0.1 * (parameters[:2] ** 2).sum())

    bounds = [(-8.0, 2.0), (-8.0, 3.0), (np.log(2.1), np.log(200.0))]
    found = np.exp(minimize(objective, np.log([0.3, 0.5, 8.0]), method="L-BFGS-B", bounds=bounds).x)
    return float(size * found[0]), float(size / usual * found[1]), float(found[2])


def _moments(forest: Any, table: np.ndarray) -> tuple[FloatArray, FloatArray]:
    total, squares = np.zeros(len(table)), np.zeros(len(table))
    for tree in forest.estimators_:
        value = tree.predict(table, check_input=False)
        total += value
        squares += value**2
    mean = total / len(forest.estimators_)
    return mean, np.maximum(squares / len(forest.estimators_) - mean**2, 0.0)


def _table(designs: Designs) -> np.ndarray:
    parts = [designs.X.numpy(), designs.inputs.M.numpy()]
    return np.ascontiguousarray(np.concatenate(parts, axis=1), dtype=np.float32)
