"""What a search needs to know of a learned policy: that a prior has one, and the model and the note of its choice.

Campaigns without the policy load this module and nothing else of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from botorch.models.model import Model
from torch import Tensor

from designer.priors.interleaving import InterleavedMixture
from designer.priors.policy import NOTE
from designer.surrogates.data import TaskData

if TYPE_CHECKING:
    from designer.surrogates.forest import Forest


@runtime_checkable
class ChoosesExperts(Protocol):
    """A fitted prior that chooses the model by which designs are proposed."""

    def chosen_search(
        self, one: TaskData, posterior: Model, forest: Forest, forest_weight: float, candidates: Tensor, sign: int
    ) -> ChosenSearch:
        """Return the model whose improvement the search maximises.

        Parameters
        ----------
        one
            The data of the goal (``m = 1``), at least three measurements.
        posterior
            Of this target, as the prior conditioned it.
        forest, forest_weight
            A forest of the same data, and its weight beside the baseline model.
        candidates
            ``N x d`` features of the listed designs that are not measured.
        sign
            1 where larger values are better, -1 where smaller ones are.
        """
        ...


@dataclass(frozen=True)
class ExpertChoice:
    """The expert that proposes, and the features that moved the policy to it."""

    expert: str
    probability: float
    features: tuple[str, ...]

    @property
    def words(self) -> str:
        """A note for people.

        >>> ExpertChoice("forest", 0.52, ("roughness",)).words
        'the policy chose the expert forest (probability 0.52), most by: roughness'
        """
        by = f", most by: {' and '.join(self.features)}" if self.features else ""
        return f"{NOTE} {self.expert} (probability {self.probability:.2f}){by}"


class ChosenSearch(InterleavedMixture):
    """The model of the chosen expert, with that of the expert chosen for designs without past tasks beside it."""

    def __init__(self, model: Model, choice: ExpertChoice, alone: Model, alone_choice: ExpertChoice) -> None:
        super().__init__([model], [1.0])
        self._alone = (alone,)
        self._choices = {False: choice, True: alone_choice}

    @property
    def baseline(self) -> Model:
        """The model by which every third design is chosen."""
        return self._alone[0]

    def choice(self, *, without_past: bool) -> ExpertChoice:
        """Return which expert proposes, and why."""
        return self._choices[without_past]
