"""A random forest of one target as a botorch model with a joint posterior: a second opinion on rough pools.

The trees are taken as draws of the unknown function: the mean is theirs, the covariance of two designs is that of the
trees' predictions there, with the spread within leaves on the diagonal (law of total variance); all of it is inflated,
where necessary, until the out-of-bag errors are as large as predicted.

References: L. Breiman, Random Forests, Machine Learning 45 (2001); F. Hutter, H. H. Hoos, K. Leyton-Brown, Sequential
Model-Based Optimization for General Algorithm Configuration (LION 2011), 4.1; F. Hutter et al., Algorithm Runtime
Prediction, Artificial Intelligence 206 (2014), 4.3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from botorch.acquisition.objective import PosteriorTransform
from botorch.posteriors.posterior import Posterior
from sklearn.ensemble import RandomForestRegressor
from torch import Tensor

from designer.surrogates.data import TaskData
from designer.surrogates.kernels import Array
from designer.surrogates.normal import normal_posterior, with_noise
from designer.surrogates.outputs import OutputScale
from designer.surrogates.prediction import HeldOut, held_out
from designer.surrogates.single import SingleOutput

_FLOOR = 1e-4  # of the outputs' variance: no forest is more certain than this
_MOST_INFLATION = 25.0
_DECIMALS = 10  # standardised outputs are rounded so that equal splits stay equal in other units
_CHUNK = 65_536


@dataclass(frozen=True)
class ForestSettings:
    """Number of trees, share of the features tried at a split, least measurements in a leaf, and the seed."""

    trees: int = 100
    features: float = 1.0
    leaf: int = 1
    seed: int = 0


class Forest(SingleOutput):
    """A fitted random forest.

    Parameters
    ----------
    X, y
        ``n x d`` features and ``n`` measured values (target's unit), n >= 1.

    The posterior is piecewise constant, so it has no gradients with respect to X: search pools with it, or refine by
    moves, never by gradients.
    """

    inputs: Tensor
    values: Tensor

    def __init__(self, X: Tensor, y: Tensor, settings: ForestSettings | None = None) -> None:
        super().__init__()
        settings = settings or ForestSettings()
        self.register_buffer("inputs", X)
        self.register_buffer("values", y)
        self.output = OutputScale.of(y.numpy())
        z = np.round(self.output.standardise(y.numpy()), _DECIMALS)
        forest = RandomForestRegressor(
            settings.trees,
            max_features=settings.features,
            min_samples_leaf=settings.leaf,
            random_state=settings.seed,
            n_jobs=1,
        )
        forest.fit(X.numpy(), z)
        self._trees = [tree.tree_ for tree in forest.estimators_]
        bags = [np.bincount(rows, minlength=len(z)) == 0 for rows in forest.estimators_samples_]
        self._calibrate(z, np.stack(bags))

    def _calibrate(self, z: Array, out: np.ndarray) -> None:
        """Compare each measurement with the trees that did not see it (`out`: trees x n), and inflate accordingly."""
        leaves, spread = self._leaves(self.inputs.numpy())
        count = out.sum(0)
        some = np.maximum(count, 1)
        mean = np.where(count > 0, (leaves * out).sum(0) / some, 0.0)
        between = np.where(count > 0, ((leaves - mean) ** 2 * out).sum(0) / some, 1.0)
        within = (spread * out).sum(0) / some + _FLOOR
        wanted = float(np.mean((z - mean) ** 2 / (between + within)))
        self._inflation = float(np.clip(wanted, 1.0, _MOST_INFLATION)) if len(z) > 1 else 1.0
        self._held_out = held_out(self.output, z, mean, self._inflation * (between + within))

    @property
    def noise_variance(self) -> float:
        """Mean squared spread within leaves, in the target's unit squared: what replicates and coarse leaves show."""
        _, spread = self._leaves(self.inputs.numpy())
        return float(spread.mean()) * self.output.scale**2

    def held_out(self) -> HeldOut:
        """Return the out-of-bag prediction of every measurement, in the order of ``inputs``."""
        return self._held_out

    def posterior(
        self,
        X: Tensor,
        output_indices: list[int] | None = None,
        observation_noise: bool | Tensor = False,
        posterior_transform: PosteriorTransform | None = None,
    ) -> Posterior:
        """Return the joint posterior at `X` (``batch_shape x q x d``), in the target's unit; without gradients.

        Spread within leaves counts as uncertainty of the function, so ``observation_noise=True`` changes nothing; a
        tensor (``... x q x 1``, unit squared) is added as given.
        """
        leaves, spread = self._leaves(X.detach().reshape(-1, X.shape[-1]).numpy())
        draws = torch.from_numpy(leaves).reshape(len(self._trees), *X.shape[:-1])
        mean = draws.mean(0)
        away = (draws - mean).movedim(0, -1)
        covariance = (away @ away.transpose(-1, -2)) / len(self._trees)
        diagonal = torch.from_numpy(spread.mean(0)).reshape(X.shape[:-1]) + _FLOOR
        covariance = self._inflation * self.output.scale**2 * (covariance + torch.diag_embed(diagonal))
        if isinstance(observation_noise, Tensor):
            covariance = with_noise(covariance, observation_noise)
        posterior = normal_posterior(self.output.centre + self.output.scale * mean, covariance)
        return posterior if posterior_transform is None else posterior_transform(posterior)

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return marginal means and variances (each ``...``, target's unit) of `X` (``... x d``), in chunks."""
        means, variances = [], []
        for chunk in torch.split(X.detach().reshape(-1, X.shape[-1]), _CHUNK):
            leaves, spread = self._leaves(chunk.numpy())
            means.append(torch.from_numpy(leaves.mean(0)))
            variances.append(torch.from_numpy(self._inflation * (leaves.var(0) + spread.mean(0) + _FLOOR)))
        shape = X.shape[:-1]
        mean, variance = torch.cat(means).reshape(shape), torch.cat(variances).reshape(shape)
        return self.output.centre + self.output.scale * mean, self.output.scale**2 * variance

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (``n``) at `X` (``n x d``) and covariances (``n x b``) with `Z` (``b x d``)."""
        base = torch.from_numpy(self._leaves(Z.detach().numpy())[0])
        base = base - base.mean(0)
        parts = []
        for chunk in torch.split(X.detach(), _CHUNK):
            leaves, spread = self._leaves(chunk.numpy())
            draws = torch.from_numpy(leaves)
            mean, within = draws.mean(0), torch.from_numpy(spread.mean(0))
            away = draws - mean
            variance = self._inflation * (away.square().mean(0) + within + _FLOOR)
            parts.append((mean, variance, self._inflation * (away.T @ base) / len(self._trees)))
        mean, variance, covariance = (torch.cat(part) for part in zip(*parts, strict=True))
        scale = self.output.scale
        return self.output.centre + scale * mean, scale**2 * variance, scale**2 * covariance

    def _leaves(self, X: Array) -> tuple[Array, Array]:
        """Return value and variance of the leaf of every row in every tree: twice ``trees x n``, standardised."""
        rows = np.ascontiguousarray(X, dtype=np.float32)
        leaf = [tree.apply(rows) for tree in self._trees]
        values = np.stack([tree.value[i, 0, 0] for tree, i in zip(self._trees, leaf, strict=True)])
        return values, np.stack([tree.impurity[i] for tree, i in zip(self._trees, leaf, strict=True)])


def fit_forest(data: TaskData, settings: ForestSettings | None = None) -> Forest:
    """Grow a forest on the data of one target (``m = 1``) with at least one measurement.

    A pure function of the data and the seed: rows in any order give the same forest.
    """
    one = data.target(0)
    if len(one.X) == 0:
        raise ValueError("a forest needs at least one measurement")
    return Forest(one.X, one.Y[:, 0], settings)
