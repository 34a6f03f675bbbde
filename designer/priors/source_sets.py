"""Priors that are learned from sets of sources: the sources of each quantity, and all of them.

A new task uses what was learned from the sources of its own quantity; one of another quantity, from all.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar

from botorch.models.model import Model
from torch import Tensor

from designer.priors.alignment import CommonFeatures
from designer.priors.conditioning import condition_each, mix_by_evidence
from designer.priors.informed import InformedModel
from designer.priors.saving import SavedPrior, Serialized
from designer.priors.serialization import below, sources_card, sources_from, sources_tensors, under
from designer.priors.sources import Source, gather, name_of
from designer.surrogates.data import TaskData

if TYPE_CHECKING:
    from designer.tasks import Task


class Learned(Protocol):
    """What was learned from one set of sources."""

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """(task, quantity) of the sources."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Return what stands in the card, but for the names."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """Return all other numbers."""
        ...

    @classmethod
    def from_saved(
        cls, names: tuple[tuple[str, str], ...], entry: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> Self:
        """Return what `as_dict` and `tensors` gave."""
        ...


L = TypeVar("L", bound=Learned)
Learn = Callable[[CommonFeatures, Sequence[Source], Sequence[str]], L]
"""From common features, sources, and the group of near copies that each belongs to."""


@dataclass(frozen=True, eq=False)
class FittedSets(SavedPrior, Generic[L]):
    """A fitted prior of this form (`designer.priors.base.FittedPrior`).

    Parameters
    ----------
    common, sources
        The common features, and the sources that were learned from.
    learned
        What was learned from the sources of each quantity, and from all.
    """

    common: CommonFeatures
    sources: tuple[Source, ...]
    learned: tuple[L, ...]
    seed: int = 0

    KIND: ClassVar[str]
    LEARNED: ClassVar[type[Any]]

    @property
    def kind(self) -> str:
        """The kind of prior, as in `prior: {kind: ...}`."""
        return self.KIND

    @classmethod
    def fit(cls, tasks: Sequence[Task], learn: Learn[L], seed: int) -> Self:
        """Return what `learn` makes of each set of sources of tasks, in any order."""
        ordered = sorted(tasks, key=name_of)
        common, sources = gather(ordered)
        groups = {name_of(task): task.group or name_of(task) for task in ordered}
        learned = [learn(common, chosen, [groups[source.name] for source in chosen]) for chosen in source_sets(sources)]
        return cls(common, sources, tuple(learned), seed)

    @abstractmethod
    def informed(self, one: TaskData) -> tuple[InformedModel, ...]:
        """Return the models of one target that assume the sign of past tasks, and the opposite sign.

        Empty, where past tasks are not informative about it.
        """

    def condition(self, data: TaskData) -> Model:
        """Return the posterior of a new task; see `FittedPrior.condition`."""
        return condition_each(data, lambda one: mix_by_evidence(self.informed(one), one))

    def index_of(self, sources: Sequence[Source]) -> int:
        """Return which of `learned` was learned from these sources."""
        names = names_of(sources)
        return next(i for i, each in enumerate(self.learned) if each.names == names)

    def serialize(self) -> Serialized:
        """Return the card and the tensors from which the prior can be restored."""
        tensors = sources_tensors(self.sources)
        for i, each in enumerate(self.learned):
            tensors |= under(f"learned.{i}", each.tensors())
        card = {
            "kind": self.kind,
            "seed": self.seed,
            "tasks": sources_card(self.sources),
            "common": self.common.as_dict(),
            "learned": [{"from": each.names, **each.as_dict()} for each in self.learned],
        }
        return card, tensors

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Self:
        """Return what `save` wrote."""
        learned = []
        for i, entry in enumerate(card["learned"]):
            names = tuple((str(task), str(quantity)) for task, quantity in entry["from"])
            learned.append(cls.LEARNED.from_saved(names, entry, below(f"learned.{i}", tensors)))
        sources = sources_from(card["tasks"], tensors)
        return cls(CommonFeatures.from_dict(card["common"]), sources, tuple(learned), int(card["seed"]))


def source_sets(sources: Sequence[Source]) -> list[tuple[Source, ...]]:
    """Return the sets of sources that a new task may learn from: those of each quantity, and all."""
    sets = [tuple(s for s in sources if s.measures(one.quantity)) for one in sources]
    distinct = {tuple(id(s) for s in each): each for each in [*sets, tuple(sources)] if each}
    return list(distinct.values())


def names_of(sources: Sequence[Source]) -> tuple[tuple[str, str], ...]:
    """Return (task, quantity) of sources: what tells one set of them from another."""
    return tuple((source.name, source.quantity.name) for source in sources)
