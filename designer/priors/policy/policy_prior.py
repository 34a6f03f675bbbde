"""The kind `policy`: the posterior of `auto`, and a learned policy that chooses which expert proposes each design.

Predictions, weights and evidence are those of `auto`. The policy only chooses the model whose improvement a search
maximises, where candidates are listed and there is one goal (`designer.acquisition.search_model`). The guard of `auto`
holds it: sources that it refuses are not used, a rejected prior leaves the experts without past tasks, and every third
design is chosen among these.

The network was trained on simulated campaigns by ``python -m benchmarks.studies.policy``
(docs/decisions/026-policy.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.priors import saving
from designer.priors.auto import AutoPrior, FittedAuto
from designer.priors.base import ConditionedPrior, conditioned
from designer.priors.policy.campaign_state import CampaignState, PastDesigns, campaign_state, past_designs
from designer.priors.policy.chosen_search import ChosenSearch, ExpertChoice
from designer.priors.policy.expert_scorer import ExpertScorer
from designer.priors.policy.search_experts import ALONE, DEFAULT_ALONE, Experts, experts_of
from designer.priors.saving import SavedPrior, Serialized
from designer.priors.serialization import below, under
from designer.priors.sources import Source
from designer.surrogates.data import TaskData
from designer.surrogates.forest import Forest

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "policy"
WEIGHTS = Path(__file__).parent / "weights"
"""The folder of the trained network."""

_SHOWN = 2
_NETWORK = "policy"


@dataclass(frozen=True)
class PolicyPrior:
    """The experts of `auto`, among which a learned policy chooses."""

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> FittedPolicy:
        """Fit all experts to past tasks; the policy is the one that comes with the package."""
        return FittedPolicy(AutoPrior().fit(tasks, seed=seed), trained_scorer())

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedPolicy:
        """Return the fitted prior that was saved."""
        return FittedPolicy(FittedAuto.from_saved(card, tensors), ExpertScorer(below(_NETWORK, tensors)))


@dataclass(frozen=True, eq=False)
class FittedPolicy(SavedPrior):
    """Fitted experts, and the policy that chooses among them."""

    auto: FittedAuto
    scorer: ExpertScorer

    @property
    def kind(self) -> str:
        """The kind of prior, as in `prior: {kind: ...}`."""
        return KIND

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources that the experts learned from."""
        return self.auto.sources

    def condition(self, data: TaskData) -> Model:
        """Return the posterior of a new task, that of `auto`; see `FittedPrior.condition`."""
        return self.auto.condition(data)

    def conditioned(self, data: TaskData) -> ConditionedPrior:
        """Return the posterior of a new task with the evidence for past tasks, those of `auto`."""
        return self.auto.conditioned(data)

    def chosen_search(
        self, one: TaskData, posterior: Model, forest: Forest, forest_weight: float, candidates: Tensor, sign: int
    ) -> ChosenSearch:
        """Return the model of the expert that the policy chooses; see `chosen_search.ChoosesExperts`."""
        experts = experts_of(one, posterior, forest, forest_weight)
        evidence = conditioned(self.auto, one).evidence
        state = campaign_state(
            one,
            experts,
            candidates,
            sign,
            self._past_designs(one, candidates),
            evidence.log_evidence if evidence else 0.0,
            without_past=False,
        )
        choice = self.choose(state, experts)
        alone = self.choose(state.without_past(), experts, ALONE)
        return ChosenSearch(experts.model(choice.expert), choice, experts.model(alone.expert), alone)

    def _past_designs(self, one: TaskData, candidates: Tensor) -> PastDesigns:
        return past_designs(self.auto.transfer, one, candidates)

    def choose(self, state: CampaignState, experts: Experts, allowed: Sequence[str] = ()) -> ExpertChoice:
        """Return the allowed expert (all, unless given) with the highest score, the default one among equals."""
        default = DEFAULT_ALONE if allowed else experts.default
        names = [name for name in state.names if name in allowed or not allowed]
        scores = self.scorer.scores(state)[[state.names.index(name) for name in names]]
        probabilities = torch.softmax(scores, 0).numpy()
        best = int(np.argmax(probabilities + 1e-9 * (np.array(names) == default)))
        other = int(np.argsort(-probabilities, kind="stable")[1 if best == int(probabilities.argmax()) else 0])
        influences = self.scorer.influences(state, state.names.index(names[best]), state.names.index(names[other]))
        shown = tuple(name for name, part in influences[:_SHOWN] if part > 0)
        return ExpertChoice(names[best], float(probabilities[best]), shown)

    def serialize(self) -> Serialized:
        """Return the experts and the network as card and tensors."""
        card, tensors = self.auto.serialize()
        return {**card, "kind": KIND}, {**tensors, **under(_NETWORK, self.scorer.tensors)}

    def with_scorer(self, scorer: ExpertScorer) -> FittedPolicy:
        """Return the same experts with another network."""
        return replace(self, scorer=scorer)


@cache
def trained_scorer() -> ExpertScorer:
    """Return the network that comes with the package.

    Raises
    ------
    InvalidPrior
        If its file is damaged.
    """
    return ExpertScorer(saving.read(WEIGHTS)[1])
