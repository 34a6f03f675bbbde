"""What each row's result should be, as predicted from its design by a model that did not see it.

A forest of extremely randomised trees is fitted to results that are pulled in to five spreads around the median, so
that a gross error among the others misleads little; each row is predicted by the median of those trees that did
not see it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.tasks.quality.density import ANYTHING, Array, Marginal, anything, spans_decades

_TREES = 80
_MOST = 1500
_REACH = 5.0
_MARGINAL = 0.05
_LEAST = 12


@dataclass(frozen=True, eq=False)
class Expectation:
    """The predicted density of each row's result: a Student t around the prediction, and a little of the marginal.

    Parameters
    ----------
    marginal
        The density of the column whatever the design.
    log
        Whether the prediction is on a log scale.
    mean, scale
        Prediction and scale (n) on that scale; None where there are too few rows to learn from.
    """

    marginal: Marginal
    log: bool
    mean: Array | None
    scale: Array | None

    def logpdf(self, at: Array) -> Array:
        """Return the log density (per unit of the column) of one value for each row (n)."""
        marginal = np.exp(self.marginal.logpdf(at))
        if self.mean is None or self.scale is None:
            return np.log(marginal)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(at > 0, np.log(np.maximum(at, 1e-300)), np.nan) if self.log else at
            step = at if self.log else np.ones_like(at)
            density = np.nan_to_num(_student((z - self.mean) / self.scale) / self.scale / step)
        density = np.where(step > 0, density, 0.0)
        kept = 1 - _MARGINAL - ANYTHING
        return np.log(kept * density + _MARGINAL * marginal + ANYTHING * anything(at, self.marginal.wide))

    def surprise(self) -> Array:
        """Return how many scales each row lies from its prediction (n), NaN where there is none."""
        values = self.marginal.values
        if self.mean is None or self.scale is None:
            return np.full(len(values), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(values > 0, np.log(np.maximum(values, 1e-300)), np.nan) if self.log else values
        return np.asarray((z - self.mean) / self.scale, dtype=np.float64)


def expect(features: Array, values: Array, *, seed: int = 0, trusted: np.ndarray | None = None) -> Expectation:
    """Learn what results to expect.

    Parameters
    ----------
    features
        ``n x d``, finite.
    values
        The results (n), NaN where there is none.
    trusted
        The rows to learn from (n); all, unless given. The others are predicted all the same.
    """
    left_out = None if trusted is None else ~trusted
    marginal = Marginal.of(values, seed=seed, left_out=left_out)
    known = np.isfinite(values) if trusted is None else np.isfinite(values) & trusted
    log = spans_decades(values[known])
    if known.sum() < _LEAST or features.shape[1] == 0:
        return Expectation(marginal, log, None, None)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(np.isfinite(values), np.log(np.maximum(values, 1e-300)) if log else values, np.nan)
    z[~known & (z < -600)] = np.nan
    pulled = _pulled(z, known)
    mean, variance = _out_of_bag(features, pulled, known, seed)
    scale = np.sqrt(variance + 0.25 * np.median(variance) + 1e-12 * (1 + np.median(np.abs(pulled[known]))) ** 2)
    ratio = float(np.median(np.abs(pulled[known] - mean[known]) / scale[known])) / 0.6745
    return Expectation(marginal, log, mean, scale * max(ratio, 1e-3))


def _pulled(z: Array, known: np.ndarray) -> Array:
    centre = float(np.median(z[known]))
    low, high = np.quantile(z[known], [0.1, 0.9])
    spread = max(float(high - low) / 2.56, 1e-12 * (1 + abs(centre)))
    return np.clip(z, centre - _REACH * spread, centre + _REACH * spread)


def _out_of_bag(features: Array, z: Array, known: np.ndarray, seed: int) -> tuple[Array, Array]:
    """Return for each row the median and variance of the trees of a forest that did not see it."""
    from sklearn.ensemble import ExtraTreesRegressor

    rows = np.flatnonzero(known)
    if len(rows) > _MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _MOST, replace=False))
    share = min(1.0, max(0.33, 6 / features.shape[1]))
    forest = ExtraTreesRegressor(
        _TREES, min_samples_leaf=2, max_features=share, bootstrap=True, random_state=seed, n_jobs=1
    ).fit(features[rows], z[rows])
    trees = np.stack([tree.predict(features.astype(np.float32)) for tree in forest.estimators_])
    for tree, seen in zip(trees, forest.estimators_samples_, strict=True):
        tree[rows[seen]] = np.nan
    none = np.isnan(trees).all(axis=0)
    trees[:, none] = np.median(z[rows])
    return np.nanmedian(trees, axis=0), np.where(none, z[rows].var(), np.nanvar(trees, axis=0))


def _student(t: Array) -> Array:
    """Return the density of Student's t with 4 degrees of freedom."""
    return np.asarray(0.375 * (1 + t**2 / 4) ** -2.5, dtype=np.float64)
