"""How much the beliefs of an expert changed a suggestion: the design without them, and both acquisition values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from designer.acquisition.builder import build_acquisition
from designer.acquisition.propose import Known, features
from designer.acquisition.reasons import best_first
from designer.acquisition.search import Search
from designer.campaign.explaining.explanation import BeliefEffect
from designer.campaign.results.designs import lab_designs
from designer.campaign.suggesting.beliefs import CurrentBeliefs
from designer.campaign.wording import design_text
from designer.deadline import Deadline
from designer.threads import one_thread

if TYPE_CHECKING:
    from designer.acquisition.context import AcquisitionContext
    from designer.arrays import FloatArray
    from designer.space import DesignSpace

_STARTS = 8


@one_thread()
def belief_effect(
    beliefs: CurrentBeliefs,
    chosen: FloatArray,
    space: DesignSpace,
    context: AcquisitionContext,
    known: Known,
    seed: int,
    deadline: Deadline,
) -> BeliefEffect:
    """Return what beliefs changed in the choice of one design (``c``).

    Parameters
    ----------
    space
        That of the designs which could have been chosen in its place.
    context, known
        What the choice was made from; designs chosen earlier in its batch are pending.
    """
    acquisition = build_acquisition(context)
    starts = known.measured[best_first(context)[:_STARTS]]
    near = space.in_fixed(starts) if len(starts) else starts
    search = Search(space, space.encoder.encode, known.taken, near, np.random.default_rng(seed), deadline)
    found = search.run(acquisition, 1)
    if not len(found.coordinates):
        return BeliefEffect(beliefs.lines)
    other = found.coordinates[0]
    with torch.no_grad():
        own, best = acquisition(features(space.encoder, np.stack([chosen, other]))[:, None, :]).tolist()
    if own >= best or space.keys(chosen[None]) == space.keys(other[None]):
        return BeliefEffect(beliefs.lines)
    (design,) = lab_designs(space, other[None])
    return BeliefEffect(beliefs.lines, design, design_text(space, design), math.exp(own - best))
