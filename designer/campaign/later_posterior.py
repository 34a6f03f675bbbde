"""The posterior of a campaign from that of an earlier state, where only suggestions and observations were added."""

from __future__ import annotations

from dataclasses import replace

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.past_observations import observed_with_past
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior, campaign_posterior

_OF_RESULTS = ("_discoveries", "_allowed", "unrevised", "unrevised_search", "evidence", "flagged", "_calibrations")
"""What a posterior has computed from results alone."""


def later_posterior(
    spec: CampaignSpec, state: CampaignState, before: tuple[CampaignState, CampaignPosterior] | None
) -> CampaignPosterior:
    """Return `campaign_posterior`; what rests on results alone is taken from another state with the same results.

    Parameters
    ----------
    before
        Another state of the campaign and its posterior; None without one.
    """
    if before is None or not _same_results(spec, state, *before):
        return campaign_posterior(spec, state)
    known = before[1]
    found = replace(known, observed=observed_with_past(spec, state))
    vars(found).update({name: vars(known)[name] for name in _OF_RESULTS if name in vars(known)})
    return found


def _same_results(spec: CampaignSpec, state: CampaignState, before: CampaignState, known: CampaignPosterior) -> bool:
    """Whether two states have the same results and the same spec; results that are compared never count as the same."""
    if spec.objective.preference is not None or spec.space is not known.space:
        return False
    return state.spec == before.spec and state.results == before.results
