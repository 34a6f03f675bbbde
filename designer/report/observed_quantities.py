"""The observations of a campaign against its goal, for the report."""

from __future__ import annotations

from collections.abc import Iterator

from designer.campaign.campaign import Campaign
from designer.campaign.observing.campaign_stages import undecided
from designer.report.content import ObservedQuantity


def observed_quantities(campaign: Campaign) -> Iterator[ObservedQuantity]:
    """Yield each observation with its values beside those of the first goal; the first one says what follows."""
    state, goal = campaign.state, campaign.objective.goals[0].name
    waiting = sorted(undecided(state))
    words = [each.words for each in campaign.observation_effects()]
    words += [each.words for each in campaign.next_steps()]
    for each in campaign.settings.observations:
        pairs = [
            (observed, result.values[goal])
            for result in state.results
            if goal in result.values and isinstance(observed := result.observed.get(each.name), float)
        ]
        made = [
            (name, observed)
            for name in waiting
            for result in state.of(name)
            if isinstance(observed := result.observed.get(each.name), float)
        ]
        if pairs or made:
            yield ObservedQuantity(each.name, each.unit, tuple(pairs), tuple(made), tuple(words))
            words = []
