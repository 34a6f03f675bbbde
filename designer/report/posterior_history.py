"""What the model believed at each choice it made: the campaign's events played again, choice by choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.campaign.best import best_rows
from designer.campaign.log.events import Recorded, Suggested
from designer.campaign.log.state import fold
from designer.campaign.results.designs import coordinates_of
from designer.campaign.results.measured_designs import by_design
from designer.campaign.suggesting.stopping import spent
from designer.priors.evidence import PriorEvidence
from designer.report.content import Belief, Prediction

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

# A model is fitted again for each choice that is played; a long campaign is played at some of its choices only.
MAX_CHOICES, MIN_CHOICES = 40, 8
EFFORT = 300.0  # models of a few results each


@dataclass(frozen=True)
class History:
    """Predictions made before their results came, by suggestion, and the best design by the model over time.

    `played` of `choices` choices of the model were played again. `evidence` is that for a learned prior, after how many
    experiments.
    """

    predicted: Mapping[str, Mapping[str, Prediction]]
    beliefs: tuple[Belief, ...]
    evidence: tuple[tuple[int, PriorEvidence], ...]
    played: int
    choices: int


def history_of(campaign: Campaign) -> History:
    """Play the model's choices again, each from what was known when it was made."""
    choices = [event for event in campaign.events if isinstance(event, Suggested) and event.how != "initial"]
    predicted: dict[str, Mapping[str, Prediction]] = {}
    beliefs: list[Belief] = []
    evidence: list[tuple[int, PriorEvidence]] = []
    played = _spread(choices, _affordable([_results(campaign, event) for event in choices]))
    for event in played:
        known = campaign.posterior_at(event.based_on)
        if known is None:
            continue
        for each, expected in zip(event.designs, expectations(known, [d.design for d in event.designs]), strict=True):
            predicted[each.id] = expected
        beliefs += belief_of(campaign, known, event.based_on)
        evidence += _evidence(campaign, known, event.based_on)
    last = campaign.posterior()
    if last is not None:
        beliefs += belief_of(campaign, last, campaign.state.position)
        evidence += _evidence(campaign, last, campaign.state.position)
    return History(predicted, tuple(beliefs), tuple(evidence), len(played), len(choices))


def _results(campaign: Campaign, event: Suggested) -> int:
    """Return about how many results a choice was based on."""
    return sum(isinstance(each, Recorded) for each in campaign.events[: event.based_on])


def _affordable(results: Sequence[int]) -> int:
    """Return how many of the choices, evenly spread, can be played for the effort of a report.

    A model of n results costs about a constant and a part that grows with n squared.
    """
    if not results:
        return 0
    costs = np.array([1.0 + (n / 60) ** 2 for n in results])
    return int(np.clip(EFFORT / costs.mean(), MIN_CHOICES, MAX_CHOICES))


def _spread(choices: list[Suggested], most: int) -> list[Suggested]:
    """Return all choices, or `most` of them evenly spread, the last one included."""
    if len(choices) <= most:
        return choices
    places = np.unique(np.linspace(0, len(choices) - 1, most).round().astype(int))
    return [choices[place] for place in places]


def _evidence(campaign: Campaign, known: CampaignPosterior, position: int) -> list[tuple[int, PriorEvidence]]:
    if known.evidence is None:
        return []
    return [(spent(fold(campaign.events[:position])), known.evidence)]


def expectations(known: CampaignPosterior, designs: list[Mapping[str, float | str]]) -> list[dict[str, Prediction]]:
    """Return what a *measurement* of each design is expected to give: the model's uncertainty and the noise."""
    mean, spread = known.predict(coordinates_of(known.space, designs), of_measurement=True)
    names = [target.name for target in known.objective.targets]
    return [_predictions(names, m, s) for m, s in zip(mean.tolist(), spread.tolist(), strict=True)]


def _predictions(names: list[str], means: list[float], spreads: list[float]) -> dict[str, Prediction]:
    return {name: Prediction(mean, spread) for name, mean, spread in zip(names, means, spreads, strict=True)}


def belief_of(campaign: Campaign, known: CampaignPosterior, position: int) -> list[Belief]:
    """Return what the model expects of the design that it holds for best, if there is one such design.

    A Pareto front has no single best design, and gives nothing.
    """
    if known.objective.mode == "pareto":
        return []
    state = fold(campaign.events[:position])
    groups = by_design(known.space, known.objective.targets, state.results)
    if not groups:
        return []
    mean, spread = known.predict(np.array([group.coordinates for group in groups]))
    best = best_rows(known.objective, mean, goals_of=np.array([group.means for group in groups]))
    names = [target.name for target in known.objective.targets]
    return [Belief(spent(state), _predictions(names, mean[i].tolist(), spread[i].tolist())) for i in best]
