"""The observations of a campaign's designs as numbers: one row a design, one column a number of an observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.campaign.log.events import Design, Seen
from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import coordinates_of
from designer.observations.curves.common_axis import curve_features
from designer.observations.curves.curve import Curve
from designer.observations.observation import Observation
from designer.space import DesignSpace

if TYPE_CHECKING:
    from designer.priors.intermediate.past_relation import PastResults

MIN_RESULTS = 3
"""Designs with a result from which observations are standardised over these alone.

So that a further observation does not change the regression of the results."""


@dataclass(frozen=True, eq=False)
class ColumnScale:
    """Means and standard deviations (``k`` each) of the columns of some observations, over their finite values.

    The deviation of a column that is ``constant`` is 1.
    """

    centre: FloatArray
    deviation: FloatArray
    constant: BoolArray

    @classmethod
    def of(cls, Z: FloatArray) -> ColumnScale:
        """Return that of observations (``n x k``)."""
        known = np.isfinite(Z)
        counts = np.maximum(known.sum(axis=0), 1)
        centre = np.where(known, Z, 0.0).sum(axis=0) / counts
        away = np.where(known, Z - centre, 0.0)
        largest = np.maximum(np.abs(away).max(axis=0), 1e-300)
        deviation = largest * np.sqrt(((away / largest) ** 2).sum(axis=0) / counts)
        constant = deviation <= 1e-12 * np.maximum(np.abs(centre), 1e-300)
        return cls(centre, np.where(constant, 1.0, deviation), constant)

    def own(self, Z: FloatArray) -> FloatArray:
        """Return the observations that this is the scale of standardised; constant ones are 0."""
        return np.where(self.constant & np.isfinite(Z), 0.0, self.others(Z))

    def others(self, Z: FloatArray) -> FloatArray:
        """Return other observations (``n x k``) on this scale."""
        return np.asarray((Z - self.centre) / self.deviation)


@dataclass(frozen=True, eq=False)
class ObservedDesigns:
    """The observed designs of a campaign, each once, in a canonical order.

    Parameters
    ----------
    columns
        The observation of each of the ``k`` columns.
    coordinates
        ``p x c``.
    Z
        ``p x k`` observations, standardised over the designs with a result, or over all where fewer than
        `MIN_RESULTS` have one; replicates are averaged, NaN where one is missing.
    scale
        By which they are standardised.
    measured
        By target, which of the designs (``p``) have a result of it.
    informative
        By target the probability that observations are informative before a result, where past campaigns say so.
    past_rows
        Of each past campaign with the same observations these, one row a measurement.
    past
        By target the results of past campaigns whose relation to the observations may hold here.
    """

    columns: tuple[str, ...]
    coordinates: FloatArray
    Z: FloatArray
    scale: ColumnScale
    measured: Mapping[str, frozenset[Any]]
    keys: tuple[Any, ...]
    informative: Mapping[str, float] = field(default_factory=dict)
    past_rows: tuple[FloatArray, ...] = ()
    past: Mapping[str, tuple[PastResults, ...]] = field(default_factory=dict)

    @property
    def has_relations(self) -> bool:
        """Whether results of past campaigns tell how a target depends on the observations."""
        return any(self.past.values())

    def of(self, keys: Sequence[Any]) -> FloatArray:
        """Return the observations (``n x k``) of designs by their keys, NaN where there are none."""
        rows = dict(zip(self.keys, self.Z, strict=True))
        missing = np.full(len(self.columns), np.nan)
        return np.array([rows.get(key, missing) for key in keys]).reshape(-1, len(self.columns))

    def without_result(self, target: str) -> list[int]:
        """Return the rows of the designs that have no result of a target."""
        return [i for i, key in enumerate(self.keys) if key not in self.measured[target]]

    def places(self, names: Sequence[str]) -> tuple[int, ...]:
        """Return the columns of some observations."""
        return tuple(i for i, name in enumerate(self.columns) if name in names)


def observed_designs(
    space: DesignSpace,
    observations: Sequence[Observation],
    targets: Sequence[str],
    state: CampaignState,
    past: Sequence[Sequence[Mapping[str, Seen]]] = (),
) -> ObservedDesigns | None:
    """Return the observations that count; None where there are none. A pure function of the state.

    Parameters
    ----------
    targets
        The names of the targets.
    past
        Observations of designs in each past campaign, with whose curves the features are fitted.
    """
    names = {each.name for each in observations}
    counted = [each for each in state.measurements.values() if not each.withdrawn]
    observed = [each for each in counted if any(each.observed.get(name) is not None for name in names)]
    if not observed:
        return None
    rows = [[each.observed for each in observed], *past]
    columns, numbers = numbers_of(observations, [row for campaign in rows for row in campaign])
    own, *others = np.split(numbers, np.cumsum([len(campaign) for campaign in rows])[:-1])
    keys = _keys(space, [each.design for each in observed])
    designs: dict[Any, Design] = {}
    for key, each in zip(keys, observed, strict=True):
        designs.setdefault(key, dict(each.design))
    by_design = means_by_design(keys, own)
    order = sorted(by_design)
    Z = np.array([by_design[key] for key in order])
    results = [each for each in counted if each.values]
    of_results = _keys(space, [each.design for each in results])
    reference = np.isin(np.arange(len(order)), [i for i, key in enumerate(order) if key in set(of_results)])
    scale = ColumnScale.of(Z[reference] if reference.sum() >= MIN_RESULTS else Z)
    measured = {
        name: frozenset(key for key, each in zip(of_results, results, strict=True) if name in each.values)
        for name in targets
    }
    coordinates = coordinates_of(space, [designs[key] for key in order])
    return ObservedDesigns(columns, coordinates, scale.own(Z), scale, measured, tuple(order), past_rows=tuple(others))


def means_by_design(keys: Sequence[Any], numbers: FloatArray) -> dict[Any, FloatArray]:
    """Return the mean (``k``) of the observations (``n x k``) of each design, NaN where there is none."""
    rows: dict[Any, list[FloatArray]] = {}
    for key, row in zip(keys, numbers, strict=True):
        rows.setdefault(key, []).append(row)
    return {key: _mean(np.array(found)) for key, found in rows.items()}


def numbers_of(
    observations: Sequence[Observation], observed: Sequence[Mapping[str, Seen]]
) -> tuple[tuple[str, ...], FloatArray]:
    """Return the observation of each column (``k``), and the numbers (``n x k``) of observations, NaN where missing.

    A scalar has one column, and a curve one for each of its features, which are fitted on all curves of `observed`. A
    pure function of these, in any order of the rows but for rounding.
    """
    columns: list[str] = []
    blocks: list[FloatArray] = []
    for each in observations:
        seen = [row.get(each.name) for row in observed]
        block = _features(each, seen) if each.is_curve else _numbers(seen)
        columns += [each.name] * block.shape[1]
        blocks.append(block)
    return tuple(columns), np.hstack(blocks)


def _numbers(seen: Sequence[Seen]) -> FloatArray:
    return np.array([[value if isinstance(value, float | int) else np.nan] for value in seen], dtype=float)


def _features(observation: Observation, seen: Sequence[Seen]) -> FloatArray:
    """Return the features (``n x k``) of the curves among observations; none where no curve is among them."""
    places = [i for i, each in enumerate(seen) if isinstance(each, Curve)]
    if not places:
        return np.full((len(seen), 1), np.nan)
    order = sorted(places, key=lambda i: _points(seen[i]))
    found = curve_features([curve for i in order if isinstance(curve := seen[i], Curve)], observation)
    block = np.full((len(seen), found.shape[1]), np.nan)
    block[order] = found
    return block


def _points(curve: Seen) -> tuple[tuple[float, ...], tuple[float, ...]]:
    assert isinstance(curve, Curve)
    return curve.x, curve.y


def _keys(space: DesignSpace, designs: Sequence[Mapping[str, Any]]) -> list[Any]:
    return list(space.keys(coordinates_of(space, designs)))


def _mean(rows: FloatArray) -> FloatArray:
    """Return the mean of each column (``k``) over its finite values, NaN where there is none; in any order of rows."""
    known = np.isfinite(rows)
    total = np.sort(np.where(known, rows, 0.0), axis=0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
