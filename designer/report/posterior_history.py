"""The posterior at each choice of the model, computed again from the campaign's events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.campaign.best import best_rows
from designer.campaign.levels.level_states import top_state
from designer.campaign.log.events import Cell, Recorded, Suggested
from designer.campaign.log.state import fold
from designer.campaign.results.designs import coordinates_of
from designer.campaign.results.measured_designs import allowed_mask, by_design
from designer.campaign.suggesting.stopping import spent
from designer.objective import Target
from designer.priors.evidence import PriorEvidence
from designer.report.content import PosteriorBest, Prediction

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

# A model is fitted again for each choice; of a long campaign only some choices are evaluated.
MAX_CHOICES, MIN_CHOICES = 40, 8
EFFORT = 300.0  # in models of a few results each


@dataclass(frozen=True)
class History:
    """Predictions before their results, by suggestion, and the design with the best posterior mean over time.

    `evaluated` of `choices` choices of the model were computed again. `evidence` holds the number of experiments and
    the evidence for past tasks after them.
    """

    predicted: Mapping[str, Mapping[str, Prediction]]
    posterior_best: tuple[PosteriorBest, ...]
    evidence: tuple[tuple[int, PriorEvidence], ...]
    evaluated: int
    choices: int


def history_of(campaign: Campaign) -> History:
    """Return the posterior at the model's choices, each from what was known when it was made."""
    choices = [event for event in campaign.events if isinstance(event, Suggested) and event.how != "initial"]
    predicted: dict[str, Mapping[str, Prediction]] = {}
    posterior_best: list[PosteriorBest] = []
    evidence: list[tuple[int, PriorEvidence]] = []
    evaluated = _spread(choices, _affordable([_results(campaign, event) for event in choices]))
    for event in evaluated:
        known = campaign.posterior_at(event.based_on)
        if known is None:
            continue
        for each, expected in zip(event.designs, expectations(known, [d.design for d in event.designs]), strict=True):
            predicted[each.id] = expected
        posterior_best += best_by_posterior(campaign, known, event.based_on)
        evidence += _evidence(campaign, known, event.based_on)
    last = campaign.posterior()
    if last is not None:
        posterior_best += best_by_posterior(campaign, last, campaign.state.position)
        evidence += _evidence(campaign, last, campaign.state.position)
    return History(predicted, tuple(posterior_best), tuple(evidence), len(evaluated), len(choices))


def _results(campaign: Campaign, event: Suggested) -> int:
    """Return about how many results a choice was based on."""
    return sum(isinstance(each, Recorded) for each in campaign.events[: event.based_on])


def _affordable(results: Sequence[int]) -> int:
    """Return how many of the choices can be evaluated with the effort of a report.

    The cost of a model of n results is about a constant plus a part that grows with n squared.
    """
    if not results:
        return 0
    costs = np.array([1.0 + (n / 60) ** 2 for n in results])
    return int(np.clip(EFFORT / costs.mean(), MIN_CHOICES, MAX_CHOICES))


def _spread(choices: list[Suggested], count: int) -> list[Suggested]:
    """Return all choices, or `count` of them evenly spread, with the last one."""
    if len(choices) <= count:
        return choices
    rows = np.unique(np.linspace(0, len(choices) - 1, count).round().astype(int))
    return [choices[row] for row in rows]


def _evidence(campaign: Campaign, known: CampaignPosterior, position: int) -> list[tuple[int, PriorEvidence]]:
    if known.evidence is None:
        return []
    return [(spent(fold(campaign.events[:position])), known.evidence)]


def expectations(known: CampaignPosterior, designs: Sequence[Mapping[str, Cell]]) -> list[dict[str, Prediction]]:
    """Return the predictions of a *measurement* of each design: the posterior with the noise."""
    mean, spread = known.predict(coordinates_of(known.space, designs), of_measurement=True)
    targets = known.objective.targets
    return [_predictions(targets, m, s) for m, s in zip(mean.tolist(), spread.tolist(), strict=True)]


def _predictions(targets: Sequence[Target], means: list[float], spreads: list[float]) -> dict[str, Prediction]:
    found = zip(targets, means, spreads, strict=True)
    return {target.name: Prediction(mean, spread, target.scaling) for target, mean, spread in found}


def best_by_posterior(campaign: Campaign, known: CampaignPosterior, position: int) -> list[PosteriorBest]:
    """Return the predictions for the design with the best posterior mean; nothing for a Pareto front."""
    if known.objective.mode == "pareto":
        return []
    state = fold(campaign.events[:position])
    groups = by_design(known.space, known.objective.targets, top_state(known.space, state).results)
    if not groups:
        return []
    mean, spread = known.predict(np.array([group.coordinates for group in groups]))
    measured = np.array([group.certain for group in groups])
    medians = known.objective.unit_values(mean)
    best = best_rows(known.objective, medians, goals_of=measured, allowed=allowed_mask(groups))
    targets = known.objective.targets
    return [PosteriorBest(spent(state), _predictions(targets, mean[i].tolist(), spread[i].tolist())) for i in best]
