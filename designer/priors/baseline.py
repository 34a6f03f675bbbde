"""The prior that knows no past tasks: strong models of the new task alone. The baseline every other
prior must beat; how its model was chosen stands in docs/decisions/011-plain-surrogate.md."""

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


def plain_model(one: TaskData) -> GaussianProcess:
    """Return the model of one target's results alone, with deviations as wide as results will turn out to need."""
    return fit_gaussian_process(one, wide=True)


@dataclass(frozen=True)
class PlainPrior(SavedPrior):
    """A prior without past tasks; at once a :class:`Prior` and its own :class:`FittedPrior`."""

    @property
    def kind(self) -> str:
        return "none"

    def fit(self, tasks: Sequence[Task] = (), *, seed: int = 0) -> PlainPrior:
        """Return itself: there is nothing to learn, whatever tasks there are."""
        return self

    def condition(self, data: TaskData) -> Model:
        """Fit one model a target, each to the rows where that target was measured.

        One target gives that model itself, several :class:`designer.surrogates.independent.IndependentModels`.
        """
        return joined([plain_model(data.target(i)) for i in range(data.targets)])

    def serialize(self) -> Serialized:
        """Return the card and the tensors from which the prior can be restored."""
        return {"kind": self.kind}, {}

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> PlainPrior:
        """Return what `save` wrote."""
        return cls()
