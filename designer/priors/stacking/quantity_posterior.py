"""The posterior of one quantity: a mixture of several models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.stacking.components import Component, Designs
from designer.priors.stacking.property_posterior import LEVEL, Prediction, PropertyOutlier
from designer.priors.stacking.quantile_mixture import quantiles
from designer.surrogates.data import Quantity


class DesignEncoder(Protocol):
    """The map from features to what the models take."""

    def __call__(self, X: Tensor) -> Designs:
        """Return designs of features of the task (``n x t``)."""
        ...

    def of_common(self, common: Tensor) -> Designs:
        """Return designs of the features that past tasks have in common (``n x d``)."""
        ...

    def of_expected(self, M: Tensor, own: Tensor, X: Tensor) -> Designs:
        """Return designs of the sources' predictions (``n x s``), own features (``n x p``) and all (``n x d``)."""
        ...


@dataclass(frozen=True, eq=False)
class QuantityPosterior:
    """The posterior of one quantity (`designer.priors.stacking.property_posterior.PropertyPosterior`).

    Parameters
    ----------
    quantity
        What is predicted.
    components, weights
        The models and their weights, of sum 1.
    encode
        From the task's features (``n x d``) to what the models take.
    measured
        The number of measurements that it is conditioned on, without outliers.
    lowest
        The lower limit of all values; None without one.
    anchors
        Names of the past tasks that measured the same quantity.
    outliers
        Measurements that were left out, by their row in the data.
    """

    quantity: Quantity
    components: tuple[Component, ...]
    weights: tuple[float, ...]
    encode: DesignEncoder
    measured: int
    lowest: float | None = None
    anchors: tuple[str, ...] = ()
    outliers: tuple[PropertyOutlier, ...] = ()

    def predict(self, X: Tensor, level: float = LEVEL) -> Prediction:
        """Return predictions at features (``n x d``, the columns of the data it was conditioned on)."""
        return self.predict_designs(self.encode(X), level)

    def predict_designs(self, designs: Designs, level: float = LEVEL) -> Prediction:
        """Return predictions of encoded designs."""
        tail = 0.5 * (1.0 - level)
        lower, value, upper = self._quantiles(designs, (tail, 0.5, 1.0 - tail))
        return Prediction(self.quantity, value, lower, upper, level)

    def median(self, designs: Designs) -> FloatArray:
        """Return the medians (``n``) alone."""
        return self._quantiles(designs, (0.5,))[0]

    def _quantiles(self, designs: Designs, levels: Sequence[float]) -> list[FloatArray]:
        found = quantiles([component.predictive(designs) for component in self.components], self.weights, levels)
        return found if self.lowest is None else [np.maximum(each, self.lowest) for each in found]

    @property
    def shares(self) -> tuple[tuple[str, float], ...]:
        """The models by name and their weights, the largest first."""
        pairs = [(component.name, weight) for component, weight in zip(self.components, self.weights, strict=True)]
        return tuple(sorted(pairs, key=lambda pair: -pair[1]))
