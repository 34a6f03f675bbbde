"""What the observations of an open suggestion changed: the prediction of its target with them and without them.

Reached only when a model is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from designer.acquisition.moments import moments, single_output
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.campaign_stages import undecided
from designer.campaign.results.designs import coordinates_of
from designer.campaign.results.frames import Z95
from designer.campaign.staging.relation_words import relation_words
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.campaign.wording import amount, percent
from designer.observations.curves.curve import Curve
from designer.observations.observation import Observation
from designer.threads import one_thread

MAX_NEIGHBOURS = 3


@dataclass(frozen=True)
class NearResult:
    """A result whose observations are near: its id, the first of them (None for a curve), and its target's value."""

    measurement: str
    observed: float | None
    value: float

    @property
    def words(self) -> str:
        """The same in a few words."""
        seen = "" if self.observed is None else f" ({amount(self.observed)})"
        return f"{self.measurement}{seen}: {amount(self.value)}"


@dataclass(frozen=True)
class ObservationEffect:
    """What observations say about one target of an open suggestion.

    Parameters
    ----------
    suggestion, observed
        Its id, and its observations in words.
    target, unit
        The goal's name and unit.
    without, given
        The 95 % intervals of the target without the observations and given them, in its unit.
    weight
        The probability that the observations are informative about the target.
    nearest
        The results with the nearest values of the first observation.
    learned_from
        The past campaigns that tell how the target depends on the observations, each in a sentence.
    """

    suggestion: str
    observed: str
    target: str
    unit: str | None
    without: tuple[float, float]
    given: tuple[float, float]
    weight: float
    nearest: tuple[NearResult, ...]
    learned_from: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The same in one sentence."""
        unit = f" {self.unit}" if self.unit else ""
        given, without = (f"{amount(low)} to {amount(high)}{unit}" for low, high in (self.given, self.without))
        near = ", ".join(each.words for each in self.nearest)
        text = f"{self.suggestion} has {self.observed}; {self.target} is then {given}, and {without} without it"
        text += f" (95 % intervals; informative with a probability of {percent(self.weight)})"
        return "; ".join([text, *self.learned_from, *([f"nearest results {near}"] if near else [])])

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        learned = {"learned_from": list(self.learned_from)} if self.learned_from else {}
        return {
            "suggestion": self.suggestion,
            "observed": self.observed,
            "target": self.target,
            "without": list(self.without),
            "given": list(self.given),
            "informative": self.weight,
            "nearest": [
                {"id": near.measurement, "observed": near.observed, "value": near.value} for near in self.nearest
            ],
            **learned,
        }


@one_thread()
def observation_effects(
    spec: CampaignSpec, state: CampaignState, known: CampaignPosterior
) -> tuple[ObservationEffect, ...]:
    """Return what the observations of each open suggestion without a result say about the first goal.

    Nothing for those whose observations too few results have.
    """
    revised = known.revised_targets
    if revised is None:
        return ()
    column = known.objective.goal_columns[0]
    target = known.objective.targets[column]
    found = []
    for name in sorted(undecided(state)):
        observed = _observed(spec.settings.observations, state, name)
        names = [each.name for each, _ in observed]
        regression = revised.regression(column, names)
        if not observed or regression is None:
            continue
        design = coordinates_of(known.space, [state.suggestions[name].design])
        X = torch.as_tensor(known.space.encoder.encode(design))
        intervals = []
        for model in (known.unrevised, known.model):
            at = moments(single_output(model, column), X, X[:0])
            low, high = target.scaling.interval(float(at.mean[0]), math.sqrt(max(float(at.variance[0]), 0.0)), Z95)
            intervals.append((float(low), float(high)))
        words = ", ".join(f"{each.name} {_shown(each, value)}" for each, value in observed)
        near = nearest_results(known, state, name, observed[0][0].name, target.name)
        found.append(
            ObservationEffect(
                name, words, target.name, target.unit, intervals[0], intervals[1], regression.weight, near,
                tuple(relation_words(known, column, names)),
            )
        )  # fmt: skip
    return tuple(found)


def _shown(observation: Observation, seen: float | Curve) -> str:
    if isinstance(seen, Curve):
        return seen.words_in(observation.unit, observation.axis.unit if observation.axis else None)
    return f"{amount(seen)} {observation.unit}" if observation.unit else amount(seen)


def _observed(
    observations: Sequence[Observation], state: CampaignState, suggestion: str
) -> list[tuple[Observation, float | Curve]]:
    """Return the observations of a suggestion that gave a value: the mean of each, of a curve the last one."""
    found: list[tuple[Observation, float | Curve]] = []
    for each in observations:
        seen = [value for one in state.of(suggestion) if (value := one.observed.get(each.name)) is not None]
        numbers = [value for value in seen if not isinstance(value, Curve)]
        if numbers:
            found.append((each, math.fsum(numbers) / len(numbers)))
        elif seen:
            found.append((each, seen[-1]))
    return found


def nearest_results(
    known: CampaignPosterior, state: CampaignState, suggestion: str, observation: str, target: str
) -> tuple[NearResult, ...]:
    """Return the results with the nearest values of an observation, of a curve the nearest features, nearest first."""
    designs = known.observed
    if designs is None:
        return ()
    measured = [each for each in state.results if target in each.values and each.observed.get(observation) is not None]
    made = [state.suggestions[suggestion].design, *(each.design for each in measured)]
    keys = list(known.space.keys(coordinates_of(known.space, made)))
    Z = designs.of(keys)[:, list(designs.places([observation]))]
    found = []
    for each, row in zip(measured, Z[1:], strict=True):
        seen, distance = each.observed[observation], float(np.sqrt(np.nansum((row - Z[0]) ** 2)))
        number = None if seen is None or isinstance(seen, Curve) else seen
        found.append((distance, NearResult(each.id, number, each.values[target])))
    found.sort(key=lambda pair: (pair[0], pair[1].measurement))
    return tuple(each for _, each in found[:MAX_NEIGHBOURS])
