"""Whether an observation is made to learn whether it is informative."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.campaign_stages import Stage, tried
from designer.campaign.suggesting.cheap_spending import FIRST_SHARE, affordable
from designer.campaign.suggesting.expected_costs import expected_cost
from designer.observations.observation import MIN_PAIRS


def target_costs(spec: CampaignSpec, state: CampaignState, coordinates: FloatArray) -> FloatArray:
    """Return the cost (``n``) of the targets of designs; 1 where the campaign states none."""
    expected = expected_cost(spec, state)
    return np.ones(len(coordinates)) if expected is None else expected.of_designs(coordinates)


def may_be_tried(state: CampaignState, stage: Stage, cost: float, before: int = 0, *, first: bool = False) -> bool:
    """Whether a stage is observed of one more design, although it is unknown whether it is informative.

    That of `MIN_PAIRS` designs in any case, and of others where all together cost little beside the targets. That of
    the first design of a campaign only where it costs little beside its target: that one is measured in any case, and
    may be all that a campaign needs.

    Parameters
    ----------
    cost
        Of the targets of one design.
    before
        Designs of which the stage is observed before this one, besides those of which it was.
    first
        Whether this is the first of the designs that are chosen together, open suggestions included.
    """
    if first and not state.results and stage.cost > FIRST_SHARE * cost:
        return False
    made = tried(state, stage) + before
    return made < MIN_PAIRS or made < affordable(stage.cost, len(state.results), cost)


def stages_to_try(state: CampaignState, stages: Sequence[Stage | None], costs: FloatArray) -> list[Stage | None]:
    """Return the stage that is observed next of each of some designs before a model chooses; None for the targets.

    Parameters
    ----------
    stages
        The stage that follows for each design; None where nothing is left to observe.
    costs
        Of their targets.
    """
    found: list[Stage | None] = []
    for stage, cost in zip(stages, costs.tolist(), strict=True):
        before = sum(each is not None and each.number == getattr(stage, "number", None) for each in found)
        is_tried = stage is not None and may_be_tried(state, stage, cost, before, first=not found)
        found.append(stage if is_tried else None)
    return found
