"""The stages of a campaign: which observations come before the targets, and which of them were made of a design."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from designer.campaign.log.events import Cell
from designer.campaign.log.state import CampaignState
from designer.observations.observation import Observation


@dataclass(frozen=True)
class Stage:
    """Observations that are made together, and what they cost together."""

    number: int
    observations: tuple[Observation, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the observations."""
        return tuple(each.name for each in self.observations)

    @property
    def cost(self) -> float:
        """What they cost together."""
        return math.fsum(each.cost or 0.0 for each in self.observations)

    def without(self, made: Set[str]) -> Stage | None:
        """Return the stage without the observations that were made; None where none is left."""
        left = tuple(each for each in self.observations if each.name not in made)
        return Stage(self.number, left) if left else None


def stages_of(observations: Sequence[Observation]) -> tuple[Stage, ...]:
    """Return the stages of a campaign, the first one first; none where no observation has a stage.

    >>> cheap, dear = (Observation(name=name, stage=i, cost=i) for i, name in ((1, "a"), (2, "b")))
    >>> [stage.names for stage in stages_of([dear, cheap])]
    [('a',), ('b',)]
    """
    numbers = sorted({each.stage for each in observations if each.stage is not None})
    return tuple(Stage(n, tuple(each for each in observations if each.stage == n)) for n in numbers)


def first_stage(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """Return the observations that are made first; none where no observation has a stage."""
    return next((stage.observations for stage in stages_of(observations)), ())


def following_stage(stages: Sequence[Stage], made: Set[str]) -> Stage | None:
    """Return the next stage with observations that were not tried, those alone; None where none is left."""
    left = (stage.without(made) for stage in stages)
    return next((stage for stage in left if stage is not None), None)


def waiting(state: CampaignState) -> list[str]:
    """Return the ids of the open suggestions without a result, oldest first."""
    return [each.id for each in state.open if not any(result.values for result in state.of(each.id))]


def observed_of(state: CampaignState, suggestion: str) -> frozenset[str]:
    """Return the observations of a suggestion that were tried."""
    return frozenset(name for each in state.of(suggestion) for name in each.observed)


def tried(state: CampaignState, stage: Stage) -> int:
    """Return of how many suggestions the observations of a stage were tried."""
    found: dict[str, set[str]] = {}
    for each in state.measurements.values():
        if each.suggestion is not None and not each.withdrawn:
            found.setdefault(each.suggestion, set()).update(each.observed)
    return sum(names.issuperset(stage.names) for names in found.values())


def undecided(state: CampaignState) -> frozenset[str]:
    """Return the open suggestions of which there are observations and no result: whether to go on is not decided."""
    return frozenset(name for name in waiting(state) if observed_of(state, name))


def pending_designs(state: CampaignState) -> list[Mapping[str, Cell]]:
    """Return the designs whose results are expected: those of the open suggestions, but for undecided ones."""
    left_out = undecided(state)
    return [each.design for each in state.open if each.id not in left_out]


def spent_on_observations(state: CampaignState) -> float:
    """Return the experiments that the observations of suggestions cost together; 0 where the campaign states a cost."""
    if state.spec.get("cost") is not None:
        return 0.0
    costs = {each["name"]: each.get("cost") or 0.0 for each in state.spec.get("observations") or ()}
    return math.fsum(observation_costs(state, costs))


def observation_costs(state: CampaignState, costs: Mapping[str, float]) -> list[float]:
    """Return the cost of each observation of a suggestion that was tried, by the costs of the observations' names."""
    made = [each for each in state.measurements.values() if each.suggestion is not None and not each.withdrawn]
    return [costs[name] for each in made for name in each.observed if name in costs]
