"""The prior without past tasks: a Gaussian process of the new task alone, with which other priors are compared.

Its structure was chosen in docs/decisions/011-baseline-model.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botorch.models.model import Model
from torch import Tensor

from designer.priors.saving import SavedPrior, Serialized
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.independent import joined

if TYPE_CHECKING:
    from designer.tasks import Task


def baseline_model(one: TaskData) -> GaussianProcess:
    """Return the Gaussian process of one target's results alone, with inflated deviations."""
    return fit_gaussian_process(one, wide=True)


@dataclass(frozen=True)
class BaselinePrior(SavedPrior):
    """A prior without past tasks; at once a :class:`Prior` and its own :class:`FittedPrior`."""

    @property
    def kind(self) -> str:
        """The kind of prior, as in `prior: {kind: ...}`."""
        return "none"

    def fit(self, tasks: Sequence[Task] = (), *, seed: int = 0) -> BaselinePrior:
        """Return itself: it learns nothing from past tasks."""
        return self

    def condition(self, data: TaskData) -> Model:
        """Fit one model a target, each to the rows where that target was measured.

        One target gives that model itself, several :class:`designer.surrogates.independent.IndependentModels`.
        """
        return joined([baseline_model(data.target(i)) for i in range(data.targets)])

    def serialize(self) -> Serialized:
        """Return the card and the tensors from which the prior can be restored."""
        return {"kind": self.kind}, {}

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> BaselinePrior:
        """Return what `save` wrote."""
        return cls()
