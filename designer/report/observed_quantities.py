"""The observations of a campaign against its goal, for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from designer.campaign.campaign import Campaign
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.campaign_stages import undecided
from designer.objective import Objective
from designer.observations.curves.common_axis import aligned, curve_features, on_common_axis, without_baseline
from designer.observations.curves.curve import Curve
from designer.observations.curves.reference_curves import reference_curve
from designer.observations.observation import Axis, Observation
from designer.report.content import ObservedCurve, ObservedQuantity
from designer.units import with_unit


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
        if each.is_curve:
            found = curves_of(each, state, campaign.objective, tuple(words))
            if found is not None:
                yield found
                words = []
        elif pairs or made:
            yield ObservedQuantity(each.name, each.unit, tuple(pairs), tuple(made), tuple(words))
            words = []


def curves_of(
    observation: Observation, state: CampaignState, objective: Objective, words: tuple[str, ...] = ()
) -> ObservedQuantity | None:
    """Return the curves of an observation; None where there are none."""
    goal = objective.goals[0].name
    curves = tuple(_curves(observation, state, goal, sorted(undecided(state))))
    if not curves:
        return None
    axis = observation.axis or Axis()
    default = "distance (pixels)" if observation.is_image else "position"
    label = with_unit(axis.name or default, axis.unit)
    return ObservedQuantity(
        observation.name,
        observation.unit,
        (),
        (),
        words,
        curves,
        label,
        _reference(observation, objective, curves[0].x),
    )


def _reference(observation: Observation, objective: Objective, x: Sequence[float]) -> ObservedCurve | None:
    """Return the curve on an axis (``g``) that a target matches; None where there is none."""
    for target in objective.targets:
        if target.reference is not None and target.curve == observation.name:
            y = without_baseline(aligned(reference_curve(target.reference), np.array(x)), observation)
            return ObservedCurve("reference", tuple(x), tuple(y.tolist()))
    return None


def _curves(
    observation: Observation, state: CampaignState, goal: str, waiting: Sequence[str]
) -> Iterator[ObservedCurve]:
    """Yield the curves of the results and then those of the open suggestions, on one axis."""
    named: list[tuple[str, Curve, float | None]] = []
    for result in state.results:
        seen = result.observed.get(observation.name)
        if isinstance(seen, Curve) and goal in result.values:
            named.append((result.id, seen, result.values[goal]))
    for name in waiting:
        for result in state.of(name):
            seen = result.observed.get(observation.name)
            if isinstance(seen, Curve):
                named.append((name, seen, None))
    if not named:
        return
    shown = [curve for _, curve, _ in named]
    x, Y = on_common_axis(shown, observation)
    features = curve_features(shown, observation) if observation.is_image else None
    for i, ((name, curve, value), y) in enumerate(zip(named, Y, strict=True)):
        preview = "" if curve.image is None else curve.image.preview
        numbers = () if features is None else tuple(features[i].tolist())
        yield ObservedCurve(name, tuple(x.tolist()), tuple(y.tolist()), value, preview, numbers)
