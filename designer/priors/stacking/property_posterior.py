"""Posteriors of properties: predictions of single designs with intervals, for use without a campaign.

A prior over properties (kind ``properties``) is fitted, conditioned and saved as every prior is. Its posterior is one
`PropertyPosterior` for each quantity, not a botorch model: it gives medians and intervals in the quantity's unit, from
distributions that are neither normal nor joint, so that no acquisition function works on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from torch import Tensor

from designer.arrays import FloatArray
from designer.surrogates.data import Quantity, TaskData

if TYPE_CHECKING:
    from designer.tasks import Task

LEVEL = 0.9
"""Probability of the interval, unless another is given."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predictions of ``n`` designs.

    Parameters
    ----------
    quantity
        What is predicted.
    value
        ``n`` medians, in the quantity's unit.
    lower, upper
        ``n``: the interval that contains a measurement with probability `level`, with equal tails.
    """

    quantity: Quantity
    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float = LEVEL


@dataclass(frozen=True)
class PropertyOutlier:
    """A measurement that neither the others nor past tasks predict: the posterior is not conditioned on it.

    Parameters
    ----------
    row
        Its place in the data.
    value, low, high
        The value, and the limits of what is no outlier, in the quantity's unit.
    """

    row: int
    value: float
    low: float
    high: float

    @property
    def beyond(self) -> float:
        """How far the value lies outside the limits, in units of their distance."""
        return max(self.low - self.value, self.value - self.high) / max(self.high - self.low, 1e-300)


class PropertyPosterior(Protocol):
    """The posterior of one quantity."""

    @property
    def quantity(self) -> Quantity:
        """What is predicted."""
        ...

    @property
    def measured(self) -> int:
        """The number of measurements that it is conditioned on, without outliers."""
        ...

    @property
    def outliers(self) -> tuple[PropertyOutlier, ...]:
        """The measurements that were left out, by their row in the data."""
        ...

    def predict(self, X: Tensor, level: float = LEVEL) -> Prediction:
        """Return predictions at features (``n x d``, the columns of the data)."""
        ...


@runtime_checkable
class FittedPropertyPrior(Protocol):
    """A prior over properties that has learned from past tasks."""

    @property
    def kind(self) -> str:
        """The name of this kind of prior."""
        ...

    def condition(self, data: TaskData) -> tuple[PropertyPosterior, ...]:
        """Return the posterior of each target of `data`: a pure function of it, for any order of measurements.

        Raises
        ------
        InvalidPrior
            If the designs have nothing in common with those of past tasks.
        InvalidData
            If nothing was measured of a quantity that no past task measured.
        """
        ...

    def save(self, path: Path) -> None:
        """Write the prior to the folder `path`: weights as safetensors, all else as a JSON card."""
        ...


@runtime_checkable
class PropertyPriorKind(Protocol):
    """A way to learn a prior over properties."""

    def fit(self, tasks: Sequence[Task], *, seed: int) -> FittedPropertyPrior:
        """Learn from `tasks`, once. The same tasks and seed give the same fitted prior."""
        ...
