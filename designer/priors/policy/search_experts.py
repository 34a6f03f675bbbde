"""The experts among which the policy chooses: models of one target, each of which could propose the next design.

Every expert is a weighted mixture of a few components, which are fitted once for all experts. The names are those that
notes and reports show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.priors.informed import InformedModel, PriorMean
from designer.priors.interleaving import InterleavedMixture
from designer.surrogates.data import TaskData
from designer.surrogates.forest import Forest, fit_forest
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.held_out import HeldOut
from designer.surrogates.model_mixture import Mixture
from designer.surrogates.single_output import SingleOutput

ALONE = ("gp", "forest", "gp-and-forest")
"""The experts without past tasks."""

WITH_PAST = ("transfer-gp", "auto", "transfer-forest", "transfer-mean")
"""The experts with past tasks."""

DEFAULT = "auto"
"""The expert that is used where the policy does not choose, with past tasks."""

DEFAULT_ALONE = "gp-and-forest"
"""The same without past tasks."""

_TREES = 25  # of `transfer-forest`: growing trees is most of the cost of a state

GREEDY = 0.05
"""Factor on the deviations of `transfer-mean`: its improvement is largest where its mean is."""


class TransferForest(SingleOutput):
    """A random forest over the design's own features, and over the mean and the deviations that past tasks predict."""

    def __init__(self, forest: Forest, prior_mean: PriorMean) -> None:
        super().__init__()
        self._forest, self._prior_mean = forest, prior_mean

    @classmethod
    def fit(cls, one: TaskData, prior_mean: PriorMean) -> TransferForest:
        """Fit the forest to the data of one target, at least two of them."""
        extended = _extended(one.X, prior_mean)
        # The columns describe own features only; a forest reads none of them.
        columns = (*one.columns, *[one.columns[0]] * (extended.shape[-1] - len(one.columns)))
        return cls(fit_forest(replace(one, X=extended, columns=columns), trees=_TREES), prior_mean)

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`); no gradient."""
        return self._forest.joint_moments(_extended(X, self._prior_mean), observation_noise)

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return marginal means and variances (each ``...``, target's unit) of `X` (``... x d``)."""
        return self._forest.marginals(_extended(X, self._prior_mean))

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (``n``) at `X` (``n x d``) and covariances (``n x b``) with `Z` (``b x d``)."""
        return self._forest.cross_moments(_extended(X, self._prior_mean), _extended(Z, self._prior_mean))

    def held_out(self) -> HeldOut:
        """Predict every measurement by the trees that did not see it."""
        return self._forest.held_out()


def _extended(X: Tensor, prior_mean: PriorMean) -> Tensor:
    with torch.no_grad():
        mean, features = prior_mean(X)
    # The first of the further features is the mean of the sources, which the slope of the prior mean only scales.
    return torch.cat([X, features if features.shape[-1] else mean[..., None]], dim=-1)


class GreedyModel(SingleOutput):
    """A model with narrow deviations: its expected improvement is largest where its mean is best."""

    def __init__(self, model: InformedModel) -> None:
        super().__init__()
        self._model = model

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`)."""
        mean, covariance = self._model.joint_moments(X, observation_noise)
        return mean, GREEDY**2 * covariance

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return marginal means and variances (each ``...``, target's unit) of `X` (``... x d``)."""
        mean, variance = self._model.marginals(X)
        return mean, GREEDY**2 * variance

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (``n``) at `X` (``n x d``) and covariances (``n x b``) with `Z` (``b x d``)."""
        mean, variance, covariance = self._model.cross_moments(X, Z)
        return mean, GREEDY**2 * variance, GREEDY**2 * covariance

    def held_out(self) -> HeldOut:
        """Predict every measurement from all the others, with the deviations of the model itself."""
        return self._model.held_out()


Component = GaussianProcess | Forest | InformedModel | TransferForest | GreedyModel


@dataclass(frozen=True)
class Expert:
    """A mixture of components.

    Parameters
    ----------
    name
        The name that is shown.
    weights
        The weights of its components by their names, of sum 1.
    """

    name: str
    weights: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Experts:
    """All experts of one target given its data, the components that they share, and the default one.

    Parameters
    ----------
    experts
        In the order of `ALONE`, then `WITH_PAST`; those of the latter only where past tasks are used.
    components
        The fitted models by name.
    auto
        The weights of the components in the search of the kind `auto`.
    """

    experts: tuple[Expert, ...]
    components: Mapping[str, Component]
    auto: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the experts."""
        return tuple(expert.name for expert in self.experts)

    @property
    def default(self) -> str:
        """The expert that the kind `auto` is."""
        return DEFAULT if DEFAULT in self.names else DEFAULT_ALONE

    def model(self, name: str) -> Model:
        """Return the model of an expert."""
        (expert,) = (each for each in self.experts if each.name == name)
        used = [(self.components[key], weight) for key, weight in expert.weights.items() if weight > 0]
        return used[0][0] if len(used) == 1 else Mixture([model for model, _ in used], [weight for _, weight in used])


def experts_of(one: TaskData, posterior: Model, forest: Forest, forest_weight: float) -> Experts:
    """Return the experts of one target.

    Parameters
    ----------
    one
        The data of the target (``m = 1``), at least two measurements.
    posterior
        Of the kind `auto`: the baseline model, or its mixture with models that learned from past tasks.
    forest, forest_weight
        Fitted to the same data, and its weight beside the baseline model.
    """
    mixed = posterior.components if isinstance(posterior, InterleavedMixture) else ((1.0, posterior),)
    baseline = mixed[0][1]
    assert isinstance(baseline, GaussianProcess)
    informed = dict(zip(("same", "opposite"), mixed[1:], strict=False))
    components: dict[str, Component] = {"gp": baseline, "forest": forest}
    alone = {"gp": 1.0 - forest_weight, "forest": forest_weight}
    experts = [Expert("gp", {"gp": 1.0}), Expert("forest", {"forest": 1.0}), Expert("gp-and-forest", alone)]
    auto = {name: mixed[0][0] * weight for name, weight in alone.items()}
    if informed:
        models = {name: model for name, (_, model) in informed.items() if isinstance(model, InformedModel)}
        weights = {name: weight for name, (weight, _) in informed.items()}
        total = sum(weights.values())
        likelier = models[max(weights, key=lambda name: weights[name])]
        components |= models
        components["transfer-forest"] = TransferForest.fit(one, likelier.prior_mean)
        components["transfer-mean"] = GreedyModel(likelier)
        auto |= weights
        experts += [
            Expert("transfer-gp", {name: weight / total for name, weight in weights.items()}),
            Expert("auto", auto),
            Expert("transfer-forest", {"transfer-forest": 1.0}),
            Expert("transfer-mean", {"transfer-mean": 1.0}),
        ]
    return Experts(tuple(experts), components, auto)


def shares(experts: Experts) -> np.ndarray:
    """Return for each expert (``e``) how much of the weight in `auto` its components have in common with it."""
    return np.array(
        [sum(min(w, experts.auto.get(k, 0.0)) for k, w in each.weights.items()) for each in experts.experts]
    )
