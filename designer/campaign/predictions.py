"""Predictions of designs that are given in lab units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from designer.campaign.results import design_tables, frames
from designer.campaign.results.designs import coordinates_of
from designer.campaign.suggesting.next_designs import MIN_RESULTS
from designer.counting import agree, count
from designer.errors import Fault, InvalidData
from designer.objective import Objective
from designer.space import DesignSpace

if TYPE_CHECKING:
    import pandas as pd

    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior


def predictions(
    space: DesignSpace,
    objective: Objective,
    designs: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    posterior: Callable[[], CampaignPosterior | None],
    results: int,
) -> pd.DataFrame:
    """Return what the model expects of designs; see `designer.Campaign.predict`.

    Parameters
    ----------
    posterior
        Returns the posterior, None while there are too few of the `results`; called once the designs are read.
    """
    frame = design_tables.as_frame(designs)
    coordinates = coordinates_of(space, design_tables.read_design_frame(space, frame))
    known = posterior()
    if known is None:
        what = f"there {agree(results, 'is', 'are')} {count(results, 'result')}, too few for a model"
        raise InvalidData(Fault(what, f"record at least {MIN_RESULTS}"))
    found = frames.of_predictions(frame.index, objective.targets, *known.predict(coordinates))
    for i, target in enumerate(objective.targets):
        if target.goal == "boundary":
            from designer.campaign.suggesting.remaining_uncertainty import side_of

            above = known.probability_above(coordinates, i)
            found[target.name + frames.ABOVE] = above
            found[target.name + frames.SIDE] = [side_of(each) for each in above.tolist()]
    return found
