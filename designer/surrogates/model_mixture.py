"""A weighted mixture of models of one target, as one botorch model.

Its posterior is the joint normal with the mixture's exact means and covariances. The mixture itself is not normal:
quantities that are expectations, such as the expected improvement, are exactly the weighted sums of the components'
(`Mixture.components`).

References: Y. Yao, A. Vehtari, D. Simpson, A. Gelman, Using Stacking to Average Bayesian Predictive Distributions,
Bayesian Analysis 13 (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.arrays import FloatArray
from designer.surrogates.normal import normal_of
from designer.surrogates.single_output import SingleOutput

_STEPS = 200
_SUM_TOLERANCE = 1e-9


@runtime_checkable
class MarginalModel(Protocol):
    """A model of one target that knows its marginals at many designs cheaply."""

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (each ``...``) of `X` (``... x d``)."""
        ...


class Mixture(SingleOutput):
    """Models of one target, each with a weight.

    Parameters
    ----------
    models
        Models with one output each, whose posteriors are normal.
    weights
        Non-negative, of sum 1.

    Raises
    ------
    ValueError
        If there are no models, or the weights do not fit them.
    """

    weights: Tensor
    _components: tuple[Model, ...]

    def __init__(self, models: Sequence[Model], weights: Sequence[float] | FloatArray) -> None:
        super().__init__()
        values = torch.as_tensor(np.asarray(weights, dtype=np.float64))
        if len(models) == 0 or values.shape != (len(models),):
            raise ValueError(
                f"{len(models)} models and weights of shape {tuple(values.shape)}: give one for each model"
            )
        if not bool((values >= 0).all()) or abs(float(values.sum()) - 1.0) > _SUM_TOLERANCE:
            raise ValueError(f"weights {values.tolist()} must be non-negative and of sum 1")
        if any(model.num_outputs != 1 for model in models):
            raise ValueError("a mixture takes models of one output each")
        self._models = torch.nn.ModuleList(models)
        self._components = tuple(models)
        self.register_buffer("weights", values)

    @property
    def components(self) -> tuple[tuple[float, Model], ...]:
        """The weights and their models."""
        return tuple(zip(self.weights.tolist(), self._components, strict=True))

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return the mixture's means and covariances at `X` (`SingleOutput.joint_moments`)."""
        parts = [normal_of(model.posterior(X, observation_noise=observation_noise)) for model in self._components]
        means = torch.stack([part.mean for part in parts])
        covariances = torch.stack([part.covariance_matrix for part in parts])
        weights = self.weights.reshape(-1, *[1] * (means.ndim - 1))
        mean = (weights * means).sum(0)
        away = means - mean
        covariance = (weights[..., None] * (covariances + away[..., :, None] * away[..., None, :])).sum(0)
        return mean, covariance

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mixture's marginal means and variances (each ``...``) of `X` (``... x d``)."""
        parts = [_marginals(model, X) for model in self._components]
        mean = sum(w * m for w, (m, _) in zip(self.weights, parts, strict=True))
        second = sum(w * (v + (m - mean) ** 2) for w, (m, v) in zip(self.weights, parts, strict=True))
        return torch.as_tensor(mean), torch.as_tensor(second)

    def condition_on_observations(self, X: Tensor, Y: Tensor | None = None, **kwargs: Tensor) -> Mixture:
        """Return the mixture of the conditioned components, weights unchanged.

        Without `Y` (pending designs) every component is conditioned on its own mean there. Forests cannot be.
        """
        values = [_marginals(m, X)[0][:, None] if Y is None else Y for m in self._components]
        conditioned = [
            m.condition_on_observations(X, y, **kwargs) for m, y in zip(self._components, values, strict=True)
        ]
        return Mixture(conditioned, self.weights.numpy())


def _marginals(model: Model, X: Tensor) -> tuple[Tensor, Tensor]:
    if isinstance(model, MarginalModel):
        return model.marginals(X)
    with torch.no_grad():
        normal = normal_of(model.posterior(X[..., None, :]))
    return normal.mean[..., 0], normal.variance[..., 0]


def stacking_weights(log_densities: FloatArray, *, floor: float = 0.1, counts: FloatArray | None = None) -> FloatArray:
    """Return the weights under which the mixture predicts held-out measurements best, kept away from 0.

    Parameters
    ----------
    log_densities
        ``k x n`` log densities of ``n`` measurements, each predicted by ``k`` models that did not see it.
    floor
        Share that is given to all models alike, whatever the evidence: the mixture of the best weights and the
        uniform ones. It keeps a model that erred by chance in play.
    counts
        ``k`` pseudo-counts, as of measurements that each model alone predicted: a Dirichlet prior of the weights.

    The objective is concave, and the solution does not depend on the order of models or measurements. Without
    measurements the weights are equal, or in proportion to the pseudo-counts.

    >>> stacking_weights(np.array([[-1.0, -1.0], [-9.0, -9.0]]), floor=0.1).round(3).tolist()
    [0.95, 0.05]
    """
    k, n = log_densities.shape
    weights = np.full(k, 1.0 / k) if counts is None else np.asarray(counts / counts.sum())
    if n == 0:
        return weights
    given = np.zeros(k) if counts is None else counts
    densities = np.exp(log_densities - log_densities.max(axis=0))
    for _ in range(_STEPS):  # expectation-maximisation: every step raises the score
        shares = weights[:, None] * densities
        weights = ((shares / shares.sum(axis=0)).sum(axis=1) + given) / (n + given.sum())
    return np.asarray(floor / k + (1.0 - floor) * weights / weights.sum())
