"""A random forest of one target as a botorch model: the second expert of a search without past tasks.

The posterior is the joint normal with the mean and the covariance of the trees' predictions: trees that were grown from
bootstrap samples of the measurements disagree where these say little. The trees are grown until every leaf holds one
value, so that their spread has the noise of measuring in it.

References: L. Breiman, Random forests, Machine Learning 45 (2001); F. Hutter, H. H. Hoos, K. Leyton-Brown, Sequential
model-based optimization for general algorithm configuration, LION 5 (2011), for the spread of trees as a deviation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.surrogates.data import TaskData
from designer.surrogates.held_out import HeldOut, held_out
from designer.surrogates.normal import with_noise
from designer.surrogates.outputs import OutputScale, winsorised
from designer.surrogates.single_output import SingleOutput

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

TREES = 100
MAX_SAMPLES = 500
"""Measurements that a tree is grown from at most: growing one costs more than their number."""

_DIGITS = 9  # of standardised outputs: equally good splits stay so in any unit
_MIN_HELD_OUT = 0.01  # variance of a held-out prediction, of standardised outputs: few trees may agree by chance
_JITTER = 1e-6  # of the outputs' variance: the trees' covariance has no more rank than there are trees


class Forest(SingleOutput):
    """The trees of a forest, for outputs standardised by `output`.

    Parameters
    ----------
    trees
        scikit-learn's fitted trees, each a function of ``n x d`` single precision features.
    output
        How values are standardised.
    data
        Features (``n x d``) and standardised values (``n``) of the measurements, for `held_out`.
    every
        Which of the trees are used: the first of each so many.

    ``posterior(X)`` takes ``batch_shape x q x d``, and has no gradient.
    """

    def __init__(
        self,
        trees: RandomForestRegressor,
        output: OutputScale,
        data: tuple[FloatArray, FloatArray] | None = None,
        *,
        every: int = 1,
    ) -> None:
        super().__init__()
        self._trees = [estimator.tree_ for estimator in trees.estimators_[::every]]
        self.output = output
        self._forest, self._data = trees, data

    def thinned(self) -> Forest:
        """Return the forest of every fourth tree, which cannot hold out measurements."""
        return Forest(self._forest, self.output, every=4)

    def held_out(self) -> HeldOut:
        """Predict every measurement by the trees whose bootstrap sample it is not in (out of bag).

        A measurement that every tree has seen is predicted by the mean of all values, with their variance.

        Raises
        ------
        ValueError
            If the forest does not have the measurements that it was fitted to.
        """
        if self._data is None:
            raise ValueError("the forest was made without its measurements, so that none can be held out")
        X, z = self._data
        values = np.stack([tree.predict(X.astype(np.float32))[:, 0] for tree in self._trees])
        unseen = np.ones(values.shape, dtype=bool)
        for row, seen in zip(unseen, self._forest.estimators_samples_, strict=True):
            row[seen] = False
        count = unseen.sum(0)
        shown = np.maximum(count, 1)
        mean = np.where(count > 0, (values * unseen).sum(0) / shown, z.mean())
        variance = np.where(count > 1, (unseen * (values - mean) ** 2).sum(0) / shown, z.var())
        return held_out(self.output, z, mean, np.maximum(variance, _MIN_HELD_OUT))

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means (``batch_shape x q``) and covariances (``batch_shape x q x q``) at ``batch_shape x q x d``.

        The noise of measuring is in the trees' spread: ``observation_noise=True`` adds nothing, a tensor
        (``... x q x 1``, unit squared) is added as given. No gradient.
        """
        values = self.predictions(X)
        mean = values.mean(0)
        away = (values - mean).movedim(0, -1)
        covariance = away @ away.transpose(-1, -2) / away.shape[-1]
        covariance = covariance + self._floor * torch.eye(X.shape[-2], dtype=torch.float64)
        return mean, with_noise(covariance, observation_noise) if isinstance(observation_noise, Tensor) else covariance

    def predictions(self, X: Tensor) -> Tensor:
        """Return the prediction of every tree (``trees x ...``, target's unit) at `X` (``... x d``)."""
        flat = np.ascontiguousarray(X.detach().reshape(-1, X.shape[-1]).numpy(), dtype=np.float32)
        values = np.stack([tree.predict(flat)[:, 0] for tree in self._trees])
        scaled = self.output.centre + self.output.scale * values
        return torch.from_numpy(scaled).reshape(len(self._trees), *X.shape[:-1])

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return marginal means and variances (each ``...``, target's unit) of `X` (``... x d``)."""
        values = self.predictions(X)
        return values.mean(0), values.var(0, unbiased=False) + self._floor

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (``n``) at `X` (``n x d``) and covariances (``n x b``) with `Z` (``b x d``)."""
        values, others = self.predictions(X), self.predictions(Z)
        mean = values.mean(0)
        covariance = (values - mean).T @ (others - others.mean(0)) / len(values)
        return mean, values.var(0, unbiased=False) + self._floor, covariance

    @property
    def _floor(self) -> float:
        return _JITTER * self.output.scale**2


def fit_forest(data: TaskData, *, seed: int = 0, trees: int = TREES) -> Forest:
    """Fit a forest to the data of one target (``m = 1``), at least two of them.

    The same data and seed give the same trees, rows in any order; gross values are winsorised as for the Gaussian
    process.

    Raises
    ------
    ValueError
        If there are fewer than two measurements.
    """
    one = data.target(0)
    if len(one.X) < 2:
        raise ValueError(f"a forest needs at least two measurements, not {len(one.X)}")
    y: FloatArray = winsorised(one.Y[:, 0].numpy())
    output = OutputScale.of(y)
    samples = MAX_SAMPLES if len(y) > MAX_SAMPLES else None
    from sklearn.ensemble import RandomForestRegressor  # slow to import; many campaigns have no forest

    forest = RandomForestRegressor(n_estimators=trees, max_samples=samples, random_state=seed)
    z: FloatArray = np.round(output.standardise(y), _DIGITS)
    forest.fit(one.X.numpy(), z)
    return Forest(forest, output, (one.X.numpy(), z))
