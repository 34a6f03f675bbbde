"""Interfaces of priors: fitted once to past tasks, then conditioned on a new task's measurements in milliseconds.

Any class with these methods is a prior; no base class is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from botorch.models.model import Model

from designer.priors.evidence import PriorEvidence
from designer.surrogates.data import TaskData
from designer.surrogates.independent import joined

if TYPE_CHECKING:
    from designer.tasks import Task

E = TypeVar("E")


@runtime_checkable
class FittedPrior(Protocol):
    """A prior that is fitted to past tasks."""

    @property
    def kind(self) -> str:
        """The name of this kind of prior in campaign files."""
        ...

    def condition(self, data: TaskData) -> Model:
        """Return the posterior of the new task given its measurements so far.

        The model has one output a target of `data` (``m``), in the targets' own units; its ``posterior`` takes
        ``batch_shape x q x d`` features with the columns of `data`. A pure function of `data`: no randomness, and
        the same for measurements in any order. Data without measurements give the prior predictive.
        """
        ...

    def save(self, path: Path) -> None:
        """Write the prior to the folder `path`: weights as safetensors, all else as a JSON card."""
        ...


@dataclass(frozen=True, eq=False)
class ConditionedPrior:
    """A posterior, and the evidence for the prior from the same conditioning, computed on first use."""

    model: Model
    find_evidence: Callable[[], PriorEvidence | None] = lambda: None

    @cached_property
    def evidence(self) -> PriorEvidence | None:
        """Source weights and evidence; None where no past task is informative about any target."""
        return self.find_evidence()


@runtime_checkable
class SupportsEvidence(Protocol):
    """A fitted prior that reports which sources it uses and how well it predicts the measurements."""

    def conditioned(self, data: TaskData) -> ConditionedPrior:
        """Return what `FittedPrior.condition` returns, with the evidence for the prior."""
        ...


def conditioned_each(
    data: TaskData,
    experts: Callable[[TaskData], E],
    model: Callable[[E], Model],
    evidence: Callable[[E], PriorEvidence | None],
) -> ConditionedPrior:
    """Return the posterior that joins one model a target, and the evidence of the first target that has any.

    Parameters
    ----------
    experts
        Conditions the prior on the data of one target, once.
    model, evidence
        The model of a target's experts, and the evidence for the prior among them; None without informative sources.
    """
    found = [experts(data.target(i)) for i in range(data.targets)]

    def first_evidence() -> PriorEvidence | None:
        return next((each for each in map(evidence, found) if each is not None), None)

    return ConditionedPrior(joined([model(each) for each in found]), first_evidence)


def conditioned(prior: FittedPrior, data: TaskData) -> ConditionedPrior:
    """Return the posterior of any prior, with evidence where the prior reports it."""
    if isinstance(prior, SupportsEvidence):
        return prior.conditioned(data)
    return ConditionedPrior(prior.condition(data))


@runtime_checkable
class Prior(Protocol):
    """A kind of prior, before it is fitted."""

    def fit(self, tasks: Sequence[Task], *, seed: int) -> FittedPrior:
        """Learn from `tasks`, once; seconds to minutes. The same tasks and seed give the same fitted prior."""
        ...
