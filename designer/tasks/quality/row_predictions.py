"""Leave-one-out predictions of the number in each row, from the rest of its design.

A forest of extremely randomised trees is fitted to numbers that are winsorised at five spreads around the median, so
that a gross error has little influence; each row is predicted by the median of those trees that were fitted without it.
The weight of the prediction, against the marginal density of the column, is learned too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.tasks.quality.density import ANYTHING, Marginal, anything, spans_decades

_TREES = 60
_MAX_TRAINING_ROWS = 1500
_MAX_SPREADS = 5.0
_WEIGHTS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
"""The weights that a prediction may get; the rest is the marginal density of the column."""
_MIN_ROWS = 12
Rows = IntArray


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees, and the rows to which each was fitted."""

    trees: tuple[Any, ...]
    seen: BoolArray
    middle: float
    spread: float
    min_variance: float
    ratio: float

    def predict(self, features: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        """Return leave-one-out prediction and scale of some rows (features ``len(rows) x d``)."""
        features = np.ascontiguousarray(features, dtype=np.float32)
        votes = np.stack([tree.predict(features)[:, 0] for tree in self.trees])
        votes[self.seen[:, rows]] = np.nan
        none = np.isnan(votes).all(axis=0)
        votes[:, none] = self.middle
        variance = np.where(none, self.spread, np.nanvar(votes, axis=0))
        return np.nanmedian(votes, axis=0), np.sqrt(variance + self.min_variance) * self.ratio


@dataclass(frozen=True, eq=False)
class RowPredictions:
    """The density of each row's number: a Student t around the prediction, the marginal, and a broad background.

    Parameters
    ----------
    marginal
        The marginal density of the column.
    log
        Whether the prediction is on a log scale.
    forest
        The model; None where there are too few rows, or no features.
    mean, scale
        Prediction and scale (n) of each row on that scale; None without a forest.
    weight
        The weight of the prediction.
    """

    marginal: Marginal
    log: bool
    forest: Forest | None = None
    mean: FloatArray | None = None
    scale: FloatArray | None = None
    weight: float = 0.0

    def logpdf(self, at: FloatArray) -> FloatArray:
        """Return the log density (per unit of the column) of one value for each row (n)."""
        return self._mixed(at, self.marginal.logpdf(at), self.mean, self.scale)

    def logpdf_with(self, at: FloatArray, features: FloatArray, rows: Rows) -> FloatArray:
        """Return the log density of values of some rows (``len(rows)``), predicted from other features."""
        marginal = self.marginal.logpdf_of(at, rows)
        if self.forest is None:
            return marginal
        return self._mixed(at, marginal, *self.forest.predict(features, rows))

    def _mixed(
        self, at: FloatArray, marginal: FloatArray, mean: FloatArray | None, scale: FloatArray | None
    ) -> FloatArray:
        if mean is None or scale is None:
            return marginal
        near = self._near(at, mean, scale)
        kept = 1 - ANYTHING
        mixed = self.weight * near + (1 - self.weight) * np.exp(marginal)
        return np.log(kept * mixed + ANYTHING * anything(at, self.marginal.wide))

    def _near(self, at: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(at > 0, np.log(np.maximum(at, 1e-300)), np.nan) if self.log else at
            step = at if self.log else np.ones_like(at)
            density = np.nan_to_num(_student((z - mean) / scale) / scale / step)
        return np.where(step > 0, density, 0.0)

    def surprise(self) -> FloatArray:
        """Return the standardised residual of each row (n), NaN where there is no prediction."""
        values = self.marginal.values
        if self.mean is None or self.scale is None:
            return np.full(len(values), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(values > 0, np.log(np.maximum(values, 1e-300)), np.nan) if self.log else values
        return np.asarray((z - self.mean) / self.scale, dtype=np.float64)


def predict_rows(
    features: FloatArray, values: FloatArray, *, seed: int = 0, trusted: np.ndarray | None = None, apart: bool = False
) -> RowPredictions:
    """Return the leave-one-out predictions of a column.

    Parameters
    ----------
    features
        ``n x d``, finite.
    values
        The numbers (n), NaN where there is none.
    trusted
        The rows to fit (n); all, unless given. All rows are predicted.
    apart
        Whether each row is predicted by trees that were fitted without its neighbours in the table too: rows of a run
        with the same fault would otherwise confirm each other.
    """
    left_out = None if trusted is None else ~trusted
    marginal = Marginal.of(values, seed=seed, left_out=left_out)
    known = np.isfinite(values) if trusted is None else np.isfinite(values) & trusted
    log = spans_decades(values[known])
    if known.sum() < _MIN_ROWS or features.shape[1] == 0:
        return RowPredictions(marginal, log)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(np.isfinite(values), np.log(np.maximum(values, 1e-300)) if log else values, np.nan)
    z[~known & (z < -600)] = np.nan
    forest, mean, scale = _fitted(features, _winsorised(z, known), known, seed, apart=apart)
    unweighted = RowPredictions(marginal, log, forest, mean, scale)
    near, whatever = unweighted._near(values, mean, scale)[known], np.exp(marginal.logpdf(values)[known])
    fits = [float(np.log(w * near + (1 - w) * whatever + 1e-300).sum()) for w in _WEIGHTS]
    return RowPredictions(marginal, log, forest, mean, scale, _WEIGHTS[int(np.argmax(fits))])


def _winsorised(z: FloatArray, known: np.ndarray) -> FloatArray:
    centre = float(np.median(z[known]))
    low, high = np.quantile(z[known], [0.1, 0.9])
    spread = max(float(high - low) / 2.56, 1e-12 * (1 + abs(centre)))
    return np.clip(z, centre - _MAX_SPREADS * spread, centre + _MAX_SPREADS * spread)


def _fitted(
    features: FloatArray, z: FloatArray, known: np.ndarray, seed: int, *, apart: bool
) -> tuple[Forest, FloatArray, FloatArray]:
    """Return a forest, and the prediction and scale of each row by those of its trees that were fitted without it."""
    from sklearn.tree import ExtraTreeRegressor

    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(known)
    if len(rows) > _MAX_TRAINING_ROWS:
        rows = np.sort(rng.choice(rows, _MAX_TRAINING_ROWS, replace=False))
    share = min(1.0, max(0.33, 6 / features.shape[1]))
    inputs = np.ascontiguousarray(features, dtype=np.float32)
    seen = np.zeros((_TREES, len(z)), dtype=np.bool_)
    grown = []
    for i in range(_TREES):
        drawn = _window(rows, rng) if apart else rng.choice(rows, len(rows))
        seen[i, drawn] = True
        tree = ExtraTreeRegressor(min_samples_leaf=2, max_features=share, random_state=int(rng.integers(2**31)))
        grown.append(tree.fit(inputs[drawn], z[drawn], check_input=False))
    trees = tuple(tree.tree_ for tree in grown)
    raw = Forest(trees, seen, float(np.median(z[rows])), float(z[rows].var()), 0.0, 1.0)
    mean, scale = raw.predict(features, np.arange(len(z)))
    min_variance = 0.25 * float(np.median(scale**2)) + 1e-12 * (1 + float(np.median(np.abs(z[known])))) ** 2
    wide = np.sqrt(scale**2 + min_variance)
    ratio = max(float(np.median(np.abs(z[known] - mean[known]) / wide[known])) / 0.6745, 1e-3)
    return Forest(trees, seen, raw.middle, raw.spread, min_variance, ratio), mean, wide * ratio


def _window(rows: Rows, rng: np.random.Generator) -> Rows:
    """Return the rows without a quarter of them that stand together."""
    start = int(rng.integers(len(rows)))
    return np.roll(rows, -start)[len(rows) // 4 :]


def _student(t: FloatArray) -> FloatArray:
    """Return the density of Student's t with 4 degrees of freedom."""
    return np.asarray(0.375 * (1 + t**2 / 4) ** -2.5, dtype=np.float64)
