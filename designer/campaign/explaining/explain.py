"""Explain a suggestion from its event and from what was known when it was made.

Imported only when an explanation is requested, since it loads torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.observed import Observed
from designer.acquisition.propose import Known, acquisition_context, features
from designer.acquisition.reasons import is_reduction
from designer.arrays import FloatArray
from designer.campaign.best import best_rows, ranked_values
from designer.campaign.explaining.belief_effects import belief_effect
from designer.campaign.explaining.explanation import (
    Best,
    Expectation,
    Explanation,
    Influences,
    Neighbour,
    RunnerUpDesign,
)
from designer.campaign.explaining.influences import influences_of
from designer.campaign.explaining.positions import axis_positions, made_designs
from designer.campaign.file.contexts import at_context, context_of_design
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.levels.level_states import top_state
from designer.campaign.log.events import Design, Suggested, SuggestedDesign
from designer.campaign.log.state import CampaignState, Suggestion
from designer.campaign.results.designs import coordinates_of, lab_designs
from designer.campaign.results.measured_designs import MeasuredDesign, allowed_mask, by_design
from designer.campaign.robust_words import robust_words
from designer.campaign.suggesting.batch_settings import shared_of
from designer.campaign.suggesting.beliefs import CurrentBeliefs, current_beliefs
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.campaign.suggesting.choice import seed_of
from designer.campaign.suggesting.proposer import acquisition_of, feasibility_of, searched_model
from designer.campaign.suggesting.replay import simulations_of
from designer.campaign.suggesting.spending import affordable_settings
from designer.campaign.tier_words import tier_chances
from designer.campaign.wording import design_text, setting_text
from designer.deadline import Deadline
from designer.interpretation.distances import distances, parameter_distances
from designer.interpretation.forecast import Forecast, forecast_of
from designer.interpretation.runner_up import find_runner_up
from designer.objective import Target
from designer.objective.design_costs import DesignCosts
from designer.objective.tiers import tier_text
from designer.priors.interleaving import baseline_part
from designer.space import DesignSpace
from designer.threads import one_thread
from designer.units.limits import Side

if TYPE_CHECKING:
    from botorch.models.model import Model


Z90 = 1.6448536269514722  # half the width of a normal distribution's central 90 % interval, in standard deviations
NEAREST = 3


@dataclass(frozen=True, eq=False)
class Moment:
    """A suggestion and what was known when it was made.

    Parameters
    ----------
    spec, state
        The campaign's before the event.
    event
        The event that holds the suggestion.
    known
        The posterior; None where there were too few results for a model.
    now
        The suggestion with its present status.
    measured_since
        By target, the mean of the suggestion's measurements that count now.
    """

    spec: CampaignSpec
    state: CampaignState
    event: Suggested
    known: CampaignPosterior | None
    now: Suggestion
    measured_since: Mapping[str, float]

    @property
    def pending(self) -> list[Design]:
        """The designs that were pending: open suggestions, and those before it in its batch."""
        before = [each.design for each in self.event.designs[: self._index]]
        return [*(dict(each.design) for each in self.state.open), *before]

    @property
    def scored(self) -> bool:
        """Whether the acquisition function chose it."""
        return self.event.how == "model" and self.event.designs[self._index].score is not None

    @property
    def chosen(self) -> SuggestedDesign:
        """The suggestion as the event has it, with its score."""
        return self.event.designs[self._index]

    @property
    def plain(self) -> bool:
        """Whether it was chosen by the model without past tasks."""
        return self.event.designs[self._index].plain

    @property
    def beliefs(self) -> CurrentBeliefs | None:
        """The beliefs with which it was chosen; None where it was chosen without."""
        beliefs = current_beliefs(self.spec, self.state)
        return beliefs if self.scored and beliefs.used(len(self.event.designs))[self._index] else None

    def in_context(self) -> Moment:
        """Return the moment with the space of the suggestion's context; itself without contexts."""
        space = self.spec.space
        return replace(self, spec=at_context(self.spec, context_of_design(space, self.now.design)))

    @property
    def space_of_batch(self) -> DesignSpace:
        """The space of other designs of its batch: the settings that a batch shares are those of this one."""
        space = self.spec.space
        if not space.shared_parameters or len(self.event.designs) < 2:
            return space
        return space.fixed(shared_of(space, coordinates_of(space, [self.now.design])[0]))

    @property
    def costs(self) -> DesignCosts | None:
        """What designs cost and what could be spent on this one; None where no cost is stated."""
        _, costs = affordable_settings(self.spec, self.state, len(self.event.designs))
        before = [each.design for each in self.event.designs[: self._index]]
        return None if costs is None else costs.after(coordinates_of(self.spec.space, before))

    @property
    def _index(self) -> int:
        return next(i for i, each in enumerate(self.event.designs) if each.id == self.now.id)


def explain(moment: Moment) -> Explanation:
    """Return the explanation of a suggestion. A pure function of the events."""
    spec, state, now = moment.spec, moment.state, moment.now
    x = coordinates_of(spec.space, [now.design])
    measured = top_state(spec.space, state).results
    groups = by_design(spec.space, spec.objective.targets, measured)
    known = moment.known
    explanation = Explanation(
        suggestion=now.id,
        design=dict(now.design),
        text=design_text(spec.space, now.design),
        how=now.how,
        note=now.note,
        position=moment.event.based_on,
        status=now.status,
        results=len(state.results),
        failures=len(state.failures),
        targets=spec.objective.targets,
        nearest=_nearest(spec, state, groups, x[0]),
        places=axis_positions(spec.space, x[0], coordinates_of(spec.space, made_designs(state))),
    )
    if known is None:
        return explanation
    expected = _expected(known, x, moment.measured_since)
    moment = moment.in_context()
    if moment.spec.space.at_context:  # the best is that of this context
        groups = by_design(moment.spec.space, spec.objective.targets, measured)
    best = _best(known, _of_cell(spec, groups, x), x[0])
    context, kinds = _context(moment, known, known.model)
    forecast = forecast_of(context, features(spec.space.encoder, x)[0])
    explanation = _with_forecast(explanation, moment, expected, best, forecast, known)
    mean, sd = known.predict(x)
    chances = tier_chances(spec.objective, mean[0].tolist(), sd[0].tolist())
    explanation = replace(explanation, tiers=tuple((tier_text(target), chance) for target, chance in chances))
    if not moment.scored:
        return explanation
    search = replace(context, model=_deciding(moment, searched_model(spec, known)))
    return _with_choice(explanation, moment, known, search, kinds, x[0])


def _with_forecast(
    explanation: Explanation,
    moment: Moment,
    expected: tuple[Expectation, ...],
    best: Best | None,
    forecast: Forecast,
    known: CampaignPosterior,
) -> Explanation:
    limited = any(target.constrained for target in moment.spec.objective.targets)
    return replace(
        explanation,
        expected=expected,
        best=best,
        beat=forecast.improvement,
        fail=1.0 - forecast.success if moment.state.failures else None,
        within=forecast.feasible if limited else None,
        explore=forecast.exploration if moment.scored else 1.0,
        exploit=forecast.exploitation if moment.scored else 0.0,
        prior=known.evidence,
        simulated=simulations_of(moment.spec),
        flagged=known.flagged,
        above=_above(known, coordinates_of(moment.spec.space, [moment.now.design])),
        reduction=_reduction(moment),
        robust=robust_words(moment.spec.space, moment.spec.objective),
    )


def _above(known: CampaignPosterior, x: FloatArray) -> float | None:
    """Return the probability that a design lies above the boundary; None where the goal is another."""
    if known.objective.mode != "boundary":
        return None
    return float(known.probability_above(x, known.objective.goal_columns[0])[0])


def _reduction(moment: Moment) -> float | None:
    """Return the share of variance that the result was expected to take away; None where that did not decide."""
    chosen = moment.chosen
    return math.exp(min(chosen.score, 0.0)) if chosen.score is not None and is_reduction(chosen.note) else None


def _with_choice(
    explanation: Explanation,
    moment: Moment,
    known: CampaignPosterior,
    context: AcquisitionContext,
    sorted_out: Known,
    x: FloatArray,
) -> Explanation:
    spec = moment.spec
    beliefs, costs, limit, around = moment.beliefs, moment.costs, spec.settings.suggest_seconds, moment.space_of_batch
    if costs is not None:
        around = costs.space_of(around)
    effect = None
    if beliefs is not None:
        effect = belief_effect(beliefs, x, around, context, sorted_out, _seed(moment), Deadline(limit))
    explanation = replace(explanation, beliefs=effect)
    weights = None if beliefs is None else beliefs.log_weights
    other = find_runner_up(x, around, context, sorted_out, _seed(moment), Deadline(limit), weights, costs)
    goals = {spec.objective.targets[i].name: i for i in spec.objective.goal_columns}
    influences: tuple[Influences, ...] = influences_of(known, x, list(goals.values()), _seed(moment))
    if other is None:
        return replace(explanation, influences=influences)
    design = lab_designs(spec.space, other.coordinates[None])[0]
    scales = [goal.scaling for goal in spec.objective.goals]
    found = zip(goals, scales, other.thresholds, strict=True)
    thresholds = {name: scale.unit(value) for name, scale, value in found if value is not None}
    return replace(
        explanation,
        influences=influences,
        runner_up=RunnerUpDesign(
            design,
            design_text(spec.space, design),
            float(np.exp(min(other.log_ratio, 700.0))),
            thresholds,
            other.success,
            other.different,
        ),
    )


def _seed(moment: Moment) -> int:
    return seed_of(moment.spec.settings.seed, len(moment.state.suggestions))


def _context(moment: Moment, known: CampaignPosterior, model: Model) -> tuple[AcquisitionContext, Known]:
    """Return the context of the acquisition function when the design was chosen, and the designs known then.

    Parameters
    ----------
    model
        Of the targets; its part without past tasks is used for a design that was chosen without them.
    """
    spec, state = moment.spec, moment.state
    data = Observed(known.coordinates, known.Y)
    pending = coordinates_of(spec.space, moment.pending)
    taken = [dict(each.design) for each in state.suggestions.values()]
    taken += [dict(each.design) for each in state.failures]
    keys = frozenset(spec.space.keys(coordinates_of(spec.space, taken)))
    sorted_out = Known.of(spec.space, data, pending, keys)
    feasibility = feasibility_of(spec, state, known)
    with one_thread():
        context = acquisition_context(
            _deciding(moment, model),
            spec.space,
            known.modelled,
            data,
            sorted_out,
            _seed(moment),
            feasibility,
            spec.space.encoder,
            acquisition_of(spec),
            spec.cells,
        )
    return context, sorted_out


def _deciding(moment: Moment, model: Model) -> Model:
    """Return a model, or its part without past tasks for a design that was chosen without them."""
    return (baseline_part(model) if moment.plain else None) or model


def _expected(known: CampaignPosterior, x: FloatArray, since: Mapping[str, float]) -> tuple[Expectation, ...]:
    mean, sd = known.predict(x, of_measurement=True)
    informed = [bool(np.isfinite(column).any()) or known.evidence is not None for column in known.Y.T]
    return tuple(
        Expectation(
            t.name, t.scaling.unit(m), t.scaling.half_width(m, s), *t.scaling.interval(m, s, Z90), since.get(t.name)
        )
        for t, m, s, shown in zip(known.objective.targets, mean[0].tolist(), sd[0].tolist(), informed, strict=True)
        if shown
    )


def _of_cell(spec: CampaignSpec, groups: Sequence[MeasuredDesign], x: FloatArray) -> Sequence[MeasuredDesign]:
    """Return the measured designs of the same cell as ``x``; all where the space has no cells."""
    if spec.cells is None or not groups:
        return groups
    own = int(spec.cells.of(x)[0])
    cells = spec.cells.of(np.array([group.coordinates for group in groups])).tolist()
    return [group for group, cell in zip(groups, cells, strict=True) if cell == own]


def _best(known: CampaignPosterior, groups: Sequence[MeasuredDesign], x: FloatArray) -> Best | None:
    """Return the best measured design; of several on a front, the nearest one."""
    compared = bool(groups) and known.objective.preference is not None
    predicted = known.predict(np.array([group.coordinates for group in groups]))[0] if compared else None
    means = ranked_values(known.objective, groups, predicted)
    rows = best_rows(known.objective, means, allowed=allowed_mask(groups)) if groups else []
    if not rows:
        return None
    away = distances(known.space, x[None], np.array([groups[i].coordinates for i in rows]))[0]
    made = groups[rows[int(np.argmin(away))]]
    values, censored = _values(known.objective.targets, made)
    return Best(made.label, dict(made.design), values, censored)


def _values(targets: Sequence[Target], made: MeasuredDesign) -> tuple[dict[str, float], dict[str, Side]]:
    """Return the means by target, and the sides of those that are limits."""
    names = [target.name for target in targets]
    numbers = [target.name for target in targets if not target.is_preference]
    found = dict(zip(names, made.means.tolist(), strict=True))
    values = {name: found[name] for name in numbers if np.isfinite(found[name])}
    return values, {name: side for name, side in zip(names, made.sides, strict=True) if side is not None}


def _nearest(
    spec: CampaignSpec, state: CampaignState, groups: Sequence[MeasuredDesign], x: FloatArray
) -> tuple[Neighbour, ...]:
    """Return the nearest designs that were made, failed ones included."""
    space = spec.space
    made: list[tuple[str, Design, tuple[dict[str, float], dict[str, Side]], str | None]] = [
        (group.label, dict(group.design), _values(spec.objective.targets, group), None) for group in groups
    ]
    made += [
        (failure.suggestion or "an attached design", dict(failure.design), ({}, {}), failure.reason)
        for failure in state.failures
    ]
    if not made:
        return ()
    coordinates = coordinates_of(space, (design for _, design, _, _ in made))
    away = distances(space, x[None], coordinates)[0]
    order = np.argsort(away, kind="stable")[:NEAREST]
    apart = parameter_distances(space, x[None], coordinates[order])[0]
    return tuple(
        Neighbour(
            label=made[i][0],
            design=made[i][1],
            distance=float(away[i]),
            differs=tuple(
                f"{parameter.name} {setting_text(parameter, made[i][1])}"
                for parameter, distance in zip(space.parameters, by_parameter, strict=True)
                if distance > 0
            ),
            values=made[i][2][0],
            censored=made[i][2][1],
            failed=made[i][3],
        )
        for i, by_parameter in zip(order.tolist(), apart, strict=True)
    )
