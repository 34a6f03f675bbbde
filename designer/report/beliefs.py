"""What the model believed at each choice it made: the campaign's events played again, choice by choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.campaign.best import best_rows
from designer.campaign.designs import coordinates_of
from designer.campaign.events import Suggested
from designer.campaign.measured import by_design
from designer.campaign.state import fold
from designer.campaign.stopping import spent
from designer.report.content import Belief, Prediction

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.modelling import Knowledge

# A model is fitted again for each choice that is played; a long campaign is played at this many of its choices.
MOST_CHOICES = 40


@dataclass(frozen=True)
class History:
    """Predictions made before their results came, by suggestion, and the best design by the model over time.

    `played` of `choices` choices of the model were played again.
    """

    predicted: Mapping[str, Mapping[str, Prediction]]
    beliefs: tuple[Belief, ...]
    played: int
    choices: int


def history_of(campaign: Campaign) -> History:
    """Play the model's choices again, each from what was known when it was made."""
    choices = [event for event in campaign.events if isinstance(event, Suggested) and event.how != "initial"]
    predicted: dict[str, Mapping[str, Prediction]] = {}
    beliefs: list[Belief] = []
    played = _spread(choices)
    for event in played:
        known = campaign.knowledge_at(event.based_on)
        if known is None:
            continue
        for each, expected in zip(event.designs, expectations(known, [d.design for d in event.designs]), strict=True):
            predicted[each.id] = expected
        beliefs += belief_of(campaign, known, event.based_on)
    last = campaign.knowledge()
    if last is not None:
        beliefs += belief_of(campaign, last, campaign.state.position)
    return History(predicted, tuple(beliefs), len(played), len(choices))


def _spread(choices: list[Suggested]) -> list[Suggested]:
    """Return all choices, or `MOST_CHOICES` of them evenly spread, the last one included."""
    if len(choices) <= MOST_CHOICES:
        return choices
    places = np.unique(np.linspace(0, len(choices) - 1, MOST_CHOICES).round().astype(int))
    return [choices[place] for place in places]


def expectations(known: Knowledge, designs: list[Mapping[str, float | str]]) -> list[dict[str, Prediction]]:
    """Return what a *measurement* of each design is expected to give: the model's uncertainty and the noise."""
    import torch

    from designer.acquisition.threads import one_thread

    X = torch.as_tensor(known.space.encoder.encode(coordinates_of(known.space, designs)), dtype=torch.float64)
    with torch.no_grad(), one_thread():
        posterior: Any = known.model.posterior(X.unsqueeze(-2), observation_noise=True)
        mean, variance = posterior.mean.squeeze(-2), posterior.variance.squeeze(-2)
    spread = variance.clamp_min(0.0).sqrt()
    names = [target.name for target in known.objective.targets]
    return [_predictions(names, m, s) for m, s in zip(mean.tolist(), spread.tolist(), strict=True)]


def _predictions(names: list[str], means: list[float], spreads: list[float]) -> dict[str, Prediction]:
    return {name: Prediction(mean, spread) for name, mean, spread in zip(names, means, spreads, strict=True)}


def belief_of(campaign: Campaign, known: Knowledge, position: int) -> list[Belief]:
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
