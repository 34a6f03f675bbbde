"""The posterior of a property: several models of it and their weights, and what they expect of designs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.stacking.components import Component, Designs
from designer.priors.stacking.given_outliers import GivenOutlier
from designer.priors.stacking.quantile_mixture import quantiles
from designer.surrogates.data import Quantity

LEVEL = 0.9
"""The probability with which a value is to lie in its interval, unless another is asked for."""


class Sight(Protocol):
    """From designs to what the models see of them."""

    def __call__(self, X: Tensor) -> Designs:
        """Return it for features of the task (``n x t``)."""
        ...

    def of_common(self, common: Tensor) -> Designs:
        """Return it for the features that past tasks have in common (``n x d``)."""
        ...

    def of_expected(self, M: Tensor, own: Tensor, X: Tensor) -> Designs:
        """Return it for what the sources expect (``n x s``), own features (``n x p``) and all features (``n x d``)."""
        ...


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is expected of ``n`` designs.

    Parameters
    ----------
    quantity
        What is predicted.
    value
        ``n`` medians, in the quantity's unit.
    lower, upper
        ``n``: the interval that a measurement falls into with probability `level`, half of the rest on each side.
    """

    quantity: Quantity
    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float = LEVEL


@dataclass(frozen=True, eq=False)
class QuantityModel:
    """The posterior of one quantity.

    Parameters
    ----------
    quantity
        What is predicted.
    components, weights
        The models and their weights, of sum 1.
    see
        From the task's features (``n x d``) to what the models see.
    measured
        How many measurements it is conditioned on: those in doubt are none of them.
    lowest
        What no value lies below; None where nothing is known of that.
    anchors
        Names of the past tasks that measured this very quantity.
    doubts
        Measurements that nothing foretells, by their row in the data.
    """

    quantity: Quantity
    components: tuple[Component, ...]
    weights: tuple[float, ...]
    see: Sight
    measured: int
    lowest: float | None = None
    anchors: tuple[str, ...] = ()
    doubts: tuple[GivenOutlier, ...] = ()

    def predict(self, X: Tensor, level: float = LEVEL) -> Prediction:
        """Return what is expected of features (``n x d``, the columns of the data it was conditioned on)."""
        return self.expect(self.see(X), level)

    def expect(self, designs: Designs, level: float = LEVEL) -> Prediction:
        """Return what is expected of designs as the models see them."""
        beliefs = [component.believe(designs) for component in self.components]
        tail = 0.5 * (1.0 - level)
        lower, value, upper = quantiles(beliefs, self.weights, (tail, 0.5, 1.0 - tail))
        if self.lowest is not None:
            lower, value, upper = (np.maximum(each, self.lowest) for each in (lower, value, upper))
        return Prediction(self.quantity, value, lower, upper, level)

    def median(self, designs: Designs) -> FloatArray:
        """Return the medians (``n``) alone."""
        beliefs = [component.believe(designs) for component in self.components]
        (value,) = quantiles(beliefs, self.weights, (0.5,))
        return value if self.lowest is None else np.maximum(value, self.lowest)

    @property
    def shares(self) -> tuple[tuple[str, float], ...]:
        """The models by name, and their weights, the heaviest first."""
        pairs = [(component.name, weight) for component, weight in zip(self.components, self.weights, strict=True)]
        return tuple(sorted(pairs, key=lambda pair: -pair[1]))
