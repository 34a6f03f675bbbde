"""Observations of past campaigns that a campaign also makes: their curves, and whether they were informative there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from designer.campaign.as_task import Results, results_of
from designer.campaign.file.opening import from_file, from_store
from designer.campaign.file.past_work_formats import form_of
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Seen
from designer.campaign.log.state import CampaignState
from designer.campaign.log.store import open_store
from designer.campaign.observing.observed_designs import ObservedDesigns, observed_designs
from designer.campaign.past_work import file_signatures
from designer.campaign.results.designs import coordinates_of
from designer.counting import count
from designer.objective import Target
from designer.observations.observation import Observation
from designer.priors.intermediate.regression import PRIOR_PROBABILITY, fit_observed
from designer.surrogates.data import TaskData
from designer.threads import one_thread

MAX_IN_MEMORY = 16


@dataclass(frozen=True, eq=False)
class PastObservations:
    """The observations of one past campaign that this campaign also makes.

    Parameters
    ----------
    results
        What the past campaign has measured.
    observations
        Those of this campaign that have the same name, kind and unit there.
    """

    results: Results
    observations: tuple[Observation, ...]
    _weights: dict[str, float | None] = field(default_factory=dict, init=False)

    @property
    def observed(self) -> list[Mapping[str, Seen]]:
        """What was observed of each design, without withdrawn measurements."""
        names = {each.name for each in self.observations}
        found = [each.observed for each in self.results.state.measurements.values() if not each.withdrawn]
        rows = [{name: seen for name, seen in row.items() if name in names and seen is not None} for row in found]
        return [row for row in rows if row]

    def weight(self, target: Target) -> float | None:
        """Return the probability that the observations were informative about a target; None of too few results."""
        if target.name not in self._weights:
            self._weights[target.name] = self._fitted(target)
        return self._weights[target.name]

    def _fitted(self, target: Target) -> float | None:
        state, space = self.results.state, self.results.space
        designs = observed_designs(space, self.observations, [target.name], state)
        made = [each for each in state.results if target.name in each.values and target.name not in each.censored]
        if designs is None or not made or all(each.name != target.name for each in self.results.targets):
            return None
        y = np.asarray(target.scaling.model(np.array([each.values[target.name] for each in made])))
        if not np.isfinite(y).all():
            return None
        coordinates = coordinates_of(space, [each.design for each in made])
        X = torch.as_tensor(space.encoder.encode(coordinates))
        one = TaskData(X, torch.as_tensor(y)[:, None], columns=space.encoder.columns)
        with one_thread():
            found = fit_observed(one, designs.of(list(space.keys(coordinates))))
        return None if found is None else found.weight

    def words(self, targets: Sequence[Target]) -> Iterator[str]:
        """Yield what is known from the past campaign, one sentence a target."""
        names = ", ".join(each.name for each in self.observations)
        begin = f"past campaign {self.results.name!r}: {names} of {count(len(self.observed), 'observed design')}"
        for target in targets:
            weight = self.weight(target)
            if weight is not None:
                yield f"{begin}, informative about {target.name} with a probability of {weight:.2f}"
                return
        yield f"{begin}, too few results with them to say whether they are informative"


def past_observations(spec: CampaignSpec) -> tuple[PastObservations, ...]:
    """Return the observations of the past campaigns that a campaign names, where it makes them as well.

    Raises
    ------
    InvalidInput
        If a past campaign cannot be read.
    """
    settings = spec.settings.prior
    if spec.given_prior is not None or not settings.learns or not spec.settings.observations:
        return ()
    places = tuple((spec.folder / path).resolve() for path in settings.tasks)
    found = _read(places, tuple(file_signatures(places)), spec.settings.observations)
    return tuple(each for each in found if not any(fnmatchcase(each.results.name, name) for name in settings.leave_out))


def words_on_observations(places: Sequence[Path], leave_out: Sequence[str] = ()) -> list[str]:
    """Return what past campaigns observed and whether it was informative there, one sentence for each of them.

    Parameters
    ----------
    places
        Campaign files and stores; other places hold no observations.
    leave_out
        Names (or patterns with ``*``) of campaigns that are not read.

    Raises
    ------
    InvalidInput
        If a past campaign cannot be read.
    """
    found = [PastObservations(each, each.observations) for each in _campaigns(places) if each.observations]
    used = [each for each in found if not any(fnmatchcase(each.results.name, name) for name in leave_out)]
    return [line for each in used if each.observed for line in each.words(each.results.targets)]


def observed_with_past(spec: CampaignSpec, state: CampaignState) -> ObservedDesigns | None:
    """Return the observations of a campaign that count, beside those of past campaigns; None where there are none."""
    past = past_observations(spec) if spec.settings.observations else ()
    curves = [row for each in past for row in each.observed]
    names = [target.name for target in spec.targets]
    found = observed_designs(spec.space, spec.settings.observations, names, state, curves)
    return found and replace(found, informative=prior_probabilities(past, spec.targets))


def prior_probabilities(past: Sequence[PastObservations], targets: Sequence[Target]) -> dict[str, float]:
    """Return the probability that observations are informative before a result, by target.

    The mean of `PRIOR_PROBABILITY` and of what the past campaigns found.
    """
    found = {}
    for target in targets:
        weights = [weight for each in past if (weight := each.weight(target)) is not None]
        if weights:
            found[target.name] = (PRIOR_PROBABILITY + sum(weights)) / (1 + len(weights))
    return found


@lru_cache(maxsize=MAX_IN_MEMORY)
def _read(
    places: tuple[Path, ...], signatures: tuple[tuple[str, int, int], ...], observations: tuple[Observation, ...]
) -> tuple[PastObservations, ...]:
    """Return the past observations in some places; `signatures` tell whether their files have changed."""
    found = []
    for results in _campaigns(places):
        there = {each.name: each for each in results.observations}
        same = tuple(each for each in observations if _is_same(each, there.get(each.name)))
        known = PastObservations(results, same)
        if same and known.observed:
            found.append(known)
    return tuple(found)


def _campaigns(places: Sequence[Path]) -> Iterator[Results]:
    for place in places:
        form = form_of(place)
        if form == "campaign":
            found = [results_of(from_file(place))]
        elif form == "store":
            store = open_store(place)
            found = [results_of(from_store(store, name, None, place.parent)) for name in store.names()]
        else:
            continue
        yield from (each for each in found if each is not None)


def _is_same(own: Observation, there: Observation | None) -> bool:
    return there is not None and (own.kind, own.unit) == (there.kind, there.unit)
