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
from designer.surrogates.independent import joined, parts
from designer.surrogates.robust.leave_one_out import MAX_REFITTED

if TYPE_CHECKING:
    from designer.tasks import Task


def baseline_model(one: TaskData) -> GaussianProcess:
    """Return the Gaussian process of one target's results alone, with inflated deviations."""
    return fit_gaussian_process(one, wide=True)


def _fitted(one: TaskData, near: Model | None) -> GaussianProcess:
    if isinstance(near, GaussianProcess) and len(one.X) > MAX_REFITTED:
        return fit_gaussian_process(one, wide=True, start=near.hyperparameters)
    return baseline_model(one)


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

    def condition(self, data: TaskData, near: Model | None = None) -> Model:
        """Fit one model a target, each to the rows where that target was measured.

        One target gives that model itself, several :class:`designer.surrogates.independent.IndependentModels`.

        Parameters
        ----------
        near
            The posterior of nearly the same data. The hyperparameters of more than `MAX_REFITTED` results are sought
            from its own; those of fewer are not, so that they do not depend on it.
        """
        known = parts(near) if near is not None else [None] * data.targets
        return joined([_fitted(data.target(i), each) for i, each in enumerate(known)])

    def serialize(self) -> Serialized:
        """Return the card and the tensors from which the prior can be restored."""
        return {"kind": self.kind}, {}

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> BaselinePrior:
        """Return what `save` wrote."""
        return cls()
