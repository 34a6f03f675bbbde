"""Observations of past campaigns that a campaign also makes: their curves, and whether they were informative there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from designer.arrays import FloatArray
from designer.campaign.as_task import Results, results_of
from designer.campaign.file.opening import from_file, from_store
from designer.campaign.file.past_work_formats import form_of
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Design, Seen
from designer.campaign.log.state import CampaignState, Measurement
from designer.campaign.log.store import open_store
from designer.campaign.observing.observed_designs import (
    ColumnScale,
    ObservedDesigns,
    means_by_design,
    numbers_of,
    observed_designs,
)
from designer.campaign.past_work import file_signatures
from designer.campaign.results.designs import coordinates_of
from designer.counting import count
from designer.objective import Target
from designer.observations.observation import Observation
from designer.priors.intermediate.observed_mixture import fit_observed
from designer.priors.intermediate.past_relation import PastResults
from designer.priors.intermediate.regression import PRIOR_PROBABILITY
from designer.priors.sources import ROWS, kept_rows
from designer.surrogates.data import Quantity, TaskData
from designer.threads import one_thread
from designer.units import convert_many, convertible

MAX_IN_MEMORY = 16
MAX_RELATIONS = 3
"""Past campaigns whose relation of the target to the observations is used, at most."""
MIN_WEIGHT = 0.5
"""Probability that observations were informative in a past campaign from which its relation is used."""


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
    _found: dict[Quantity, tuple[TaskData, tuple[Any, ...]] | None] = field(default_factory=dict, init=False)
    _weights: dict[Quantity, float | None] = field(default_factory=dict, init=False)
    _latest: dict[Quantity, PastResults] = field(default_factory=dict, init=False)

    @cached_property
    def made(self) -> tuple[Measurement, ...]:
        """The measurements with these observations, without withdrawn ones."""
        names = {each.name for each in self.observations}
        found = [each for each in self.results.state.measurements.values() if not each.withdrawn]
        return tuple(each for each in found if any(each.observed.get(name) is not None for name in names))

    @cached_property
    def observed(self) -> list[Mapping[str, Seen]]:
        """What was observed in each measurement."""
        names = {each.name for each in self.observations}
        rows = [each.observed for each in self.made]
        return [{name: seen for name, seen in row.items() if name in names and seen is not None} for row in rows]

    def weight(self, target: Target) -> float | None:
        """Return the probability that the observations were informative about a target; None of too few results."""
        quantity = _quantity(target)
        if quantity not in self._weights:
            self._weights[quantity] = self._fitted(target)
        return self._weights[quantity]

    def _fitted(self, target: Target) -> float | None:
        _, numbers = numbers_of(self.observations, self.observed)
        found = self.with_observations(target, numbers)
        if found is None:
            return None
        one, Z = found
        with one_thread():
            regression = fit_observed(one, ColumnScale.of(Z).own(Z))
        return None if regression is None else regression.weight

    def with_observations(self, target: Target, numbers: FloatArray) -> tuple[TaskData, FloatArray] | None:
        """Return the results of a target, in its unit, and the observations of their designs; None without any.

        Of more than `ROWS` results with observations the same ones are used, in any order.

        Parameters
        ----------
        numbers
            ``n x k`` observations, one row for each of `observed`; replicates are averaged.
        """
        quantity = _quantity(target)
        if quantity not in self._found:
            self._found[quantity] = self._results(target)
        found = self._found[quantity]
        if found is None:
            return None
        one, keys = found
        rows = means_by_design(self._keys, numbers)
        return one, np.array([rows[key] for key in keys])

    def related(
        self, target: Target, numbers: FloatArray, probability: float, scale: ColumnScale
    ) -> PastResults | None:
        """Return the results of a target for relations to observations; None without any.

        The latest ones are kept while they are the same, with what was learned from them.

        Parameters
        ----------
        numbers
            As in `with_observations`.
        probability, scale
            That the relation holds in a new campaign, and by which that one standardises observations.
        """
        found = self.with_observations(target, numbers)
        if found is None:
            return None
        one, Z = found
        quantity = _quantity(target)
        latest = self._latest.get(quantity)
        made = PastResults(self.results.name, one, Z, probability, scale.centre, scale.deviation)
        if latest is not None and latest.Z.tobytes() == Z.tobytes():
            made = latest if latest.same_units(made) else replace(made, learned=latest.learned)
        self._latest[quantity] = made
        return made

    @cached_property
    def _keys(self) -> tuple[Any, ...]:
        """The design of each measurement with observations."""
        return self._keys_of([dict(each.design) for each in self.made])

    def _keys_of(self, designs: Sequence[Design]) -> tuple[Any, ...]:
        space = self.results.space
        return tuple(space.keys(coordinates_of(space, designs)))

    def _results(self, target: Target) -> tuple[TaskData, tuple[Any, ...]] | None:
        """Return the results of observed designs and the designs' keys; None without any, or in another quantity."""
        state, space, name = self.results.state, self.results.space, target.name
        unit = next((each.unit for each in self.results.targets if each.name == name), target.unit)
        made = [each for each in state.results if name in each.values and name not in each.censored]
        keys = self._keys_of([dict(each.design) for each in made])
        known = set(self._keys)
        places = [i for i, key in enumerate(keys) if key in known]
        if not places or not convertible(unit, target.unit):
            return None
        values = convert_many(np.array([made[i].values[name] for i in places]), unit, target.unit)
        y = torch.as_tensor(np.asarray(target.scaling.model(values)))
        if not bool(torch.isfinite(y).all()):
            return None
        X = torch.as_tensor(space.encoder.encode(coordinates_of(space, [dict(made[i].design) for i in places])))
        rows = kept_rows(X, y)[:ROWS]
        one = TaskData(X[rows], y[rows][:, None], columns=space.encoder.columns)
        return one, tuple(keys[places[i]] for i in rows)

    def words(self, targets: Sequence[Target]) -> Iterator[str]:
        """Yield what is known from the past campaign, one sentence a target."""
        names = ", ".join(each.name for each in self.observations)
        begin = f"past campaign {self.results.name!r}: {names} of {count(len(self.observed), 'observed design')}"
        for target in targets:
            weight = self.weight(target)
            if weight is not None:
                text = f"{begin}, informative about {target.name} with a probability of {weight:.2f}"
                if weight >= MIN_WEIGHT and (found := self._found[_quantity(target)]) is not None:
                    text += f"; {count(len(found[1]), 'result')} of it tell how {target.name} depends on {names}"
                yield text
                return
        yield f"{begin}, too few results with them to say whether they are informative"


def _quantity(target: Target) -> Quantity:
    return Quantity(target.name, target.unit, scale=target.scale)


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
    found = _read(places, tuple(file_signatures(places)), _ByContent.of(spec.settings.observations))
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
    names = [target.name for target in spec.targets]
    rows = [each.observed for each in past]
    found = observed_designs(spec.space, spec.settings.observations, names, state, rows)
    if found is None or not past:
        return found
    results = {target.name: related_results(past, found.past_rows, target, found.scale) for target in spec.targets}
    return replace(found, informative=prior_probabilities(past, spec.targets), past=results)


def related_results(
    past: Sequence[PastObservations], rows: Sequence[FloatArray], target: Target, scale: ColumnScale
) -> tuple[PastResults, ...]:
    """Return the results of the past campaigns in which the observations were probably informative about a target.

    The relation found in a past campaign has the share that its weight has in `prior_probabilities`. Of more than
    `MAX_RELATIONS` those with the largest weights are used.

    Parameters
    ----------
    rows
        The observations of each past campaign (``n x k``), one row for each of its `PastObservations.observed`.
    scale
        By which this campaign standardises observations.
    """
    weighted = [
        (weight, *pair) for pair in zip(past, rows, strict=True) if (weight := pair[0].weight(target)) is not None
    ]
    used = sorted(
        (each for each in weighted if each[0] >= MIN_WEIGHT), key=lambda each: (-each[0], each[1].results.name)
    )
    share = 1.0 / (1 + len(weighted))
    made = [campaign.related(target, rows, weight * share, scale) for weight, campaign, rows in used[:MAX_RELATIONS]]
    return tuple(each for each in made if each is not None)


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


@dataclass(frozen=True)
class _ByContent:
    """The observations of a campaign, compared by their content: one with columns has no hash of its own."""

    content: tuple[str, ...]
    observations: tuple[Observation, ...] = field(compare=False)

    @classmethod
    def of(cls, observations: Sequence[Observation]) -> _ByContent:
        return cls(tuple(each.model_dump_json() for each in observations), tuple(observations))


@lru_cache(maxsize=MAX_IN_MEMORY)
def _read(
    places: tuple[Path, ...], signatures: tuple[tuple[str, int, int], ...], own: _ByContent
) -> tuple[PastObservations, ...]:
    """Return the past observations in some places; `signatures` tell whether their files have changed."""
    found = []
    for results in _campaigns(places):
        there = {each.name: each for each in results.observations}
        same = tuple(each for each in own.observations if _is_same(each, there.get(each.name)))
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
