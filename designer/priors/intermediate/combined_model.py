"""A model that knows more than a campaign's results, such as one of past tasks, given the observations of designs.

What the observations add to the results of the campaign is added to the model. With its posterior N(m, s^2) of a
target at a design, that of the results with observations N(m_z, s_z^2) and that of the same results without N(m_0,
s_0^2), precisions add up, as if the three were independent beyond these results:

    1 / t^2 = 1 / s_z^2 + (1 / s^2 - 1 / s_0^2),        mean = t^2 [m_z / s_z^2 + m / s^2 - m_0 / s_0^2].

Correlations of designs stay those of the model, so that covariances are multiplied by t(x) t(x') / s(x) s(x').

A model that knows less than the results, s > s_0, is taken to know as much, and m_0 counts as much as m at most: the
difference of two predictions from the same results is not magnified.

Reference: V. Tresp, A Bayesian committee machine, Neural Computation 12 (2000), for posteriors that share a prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import torch
from botorch.models.model import Model
from torch import Tensor

from designer.priors.intermediate.revised_model import UpdatableModel, single_moments
from designer.surrogates.normal import normal_of
from designer.surrogates.single_output import SingleOutput

Moments = tuple[Tensor, Tensor]
"""Means and variances."""

_MIN_VARIANCE = 1e-300


def combined(model: Moments, given: Moments, without: Moments) -> Moments:
    """Return the moments of a model given observations (shapes broadcast).

    Parameters
    ----------
    model
        Its own moments.
    given, without
        Those of the campaign's results with and without observations.
    """
    (mean, variance), (seen, narrow), (unseen, wide) = model, given, without
    least = 1e-12 * float(variance.detach().mean()) + _MIN_VARIANCE
    variance = torch.minimum(variance.clamp_min(least), wide)
    left = 1.0 / (1.0 / narrow + (1.0 / variance - 1.0 / wide))
    own, taken = left / narrow, (left / wide).clamp_max(1.0)
    return mean + own * (seen - mean) - taken * (unseen - mean), left


def wider(first: Moments, second: Moments) -> Moments:
    """Return of each design the moments of the larger variance."""
    is_wider = second[1] > first[1]
    return torch.where(is_wider, second[0], first[0]), torch.where(is_wider, second[1], first[1])


class CombinedModel(UpdatableModel):
    """A model given the observations of designs; those of further measurements stay unknown.

    Parameters
    ----------
    model
        Any of the package's models of one target: it has ``cross_moments``.
    given
        The posterior of the campaign's results with observations.
    without
        Models of the same results without observations, at least one: at a design the widest one counts.
    """

    _model: Any
    _given: Any

    def __init__(self, model: Model, given: SingleOutput, without: Sequence[Any]) -> None:
        super().__init__()
        self._model, self._given, self._without = model, given, tuple(without)

    @property
    def noise_variance(self) -> float:
        """The learned noise variance, in the target's unit squared."""
        return float(self._model.noise_variance)

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`)."""
        normal = normal_of(self._model.posterior(X))
        covariance, before = normal.covariance_matrix, normal.variance
        mean, variance = self._of(X, (normal.mean, before))
        scale = (variance / before.clamp_min(_MIN_VARIANCE)).sqrt()
        found = scale[..., :, None] * covariance * scale[..., None, :]
        if observation_noise is not False:
            noisy = normal_of(self._model.posterior(X, observation_noise=observation_noise))
            found = found + noisy.covariance_matrix - covariance
        return mean, found

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``...`` each) of `X` (``... x d``), without gradients."""
        with torch.no_grad():
            return self._of(X, self._model.marginals(X))

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means, variances (``n`` each) and covariances (``n x b``) of `X` (``n x d``) with `Z` (``b x d``)."""
        with torch.no_grad():
            mean, before, covariance = self._model.cross_moments(X, Z)
            there = self._model.marginals(Z)
            found, variance = self._of(X, (mean, before))
            scales = [
                (after / own.clamp_min(_MIN_VARIANCE)).sqrt()
                for after, own in ((variance, before), (self._of(Z, there)[1], there[1]))
            ]
            return found, variance, scales[0][:, None] * covariance * scales[1]

    def _of(self, X: Tensor, own: Moments) -> Moments:
        """Return the moments (``...`` each) of designs (``... x d``) from the model's own."""
        without = reduce(wider, (single_moments(each, X) for each in self._without))
        return combined(own, single_moments(self._given, X), without)
