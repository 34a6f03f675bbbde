"""The advice on every open suggestion of a campaign in stages, and the first measurement of new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Design
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.campaign_stages import following_stage, observed_of, stages_of, undecided, waiting
from designer.campaign.results.designs import coordinates_of
from designer.campaign.staging.learning import stages_to_try, target_costs
from designer.campaign.staging.step import NextStep
from designer.campaign.suggesting.choice import Choice
from designer.campaign.suggesting.next_designs import choose, model_decides
from designer.errors import NoDesignLeft

if TYPE_CHECKING:
    from designer.campaign.staging.observation_effects import ObservationEffect
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

Posterior = Callable[[], "CampaignPosterior"]


def next_steps(spec: CampaignSpec, state: CampaignState, posterior: Posterior) -> tuple[NextStep, ...]:
    """Return what to measure next of each open suggestion, oldest first; nothing without stages.

    Until a model chooses designs, the first ones have their observations and then their targets measured, and others
    where all observations together cost little: by these results the campaign learns whether the observations are
    informative. From then on a suggestion with observations goes on
    where that promises more for its cost than the best new design.

    Parameters
    ----------
    posterior
        Returns the posterior at `state`; called only where it is needed.
    """
    if not stages_of(spec.settings.observations) or not waiting(state):
        return ()
    if not model_decides(spec, state, posterior):
        return _in_order(spec, state)
    from designer.campaign.staging.stage_rule import StageRule, steps_by_model

    new = _new_design(spec, state, posterior) if undecided(state) else ()
    return steps_by_model(StageRule(spec, state, posterior()), new)[0]


def effects_of(
    spec: CampaignSpec, state: CampaignState, posterior: Callable[[], CampaignPosterior | None]
) -> tuple[ObservationEffect, ...]:
    """Return what the observations of each open suggestion without a result say about the first goal.

    Parameters
    ----------
    posterior
        Returns the posterior at `state`, None while there are too few results; called only where it is needed.
    """
    known = posterior() if undecided(state) else None
    if known is None:
        return ()
    from designer.campaign.staging.observation_effects import observation_effects

    return observation_effects(spec, state, known)


def _new_design(spec: CampaignSpec, state: CampaignState, posterior: Posterior) -> tuple[Design, ...]:
    """Return the best new design; nothing where none is left."""
    try:
        return choose(spec, state, 1, posterior).designs
    except NoDesignLeft:
        return ()


def with_first_steps(spec: CampaignSpec, state: CampaignState, choice: Choice, posterior: Posterior) -> Choice:
    """Return a choice of new designs with the first measurement of each, and with the advice on open suggestions."""
    if not stages_of(spec.settings.observations):
        return choice
    if not model_decides(spec, state, posterior):
        begun = zip(choice.reasons, _first_steps(spec, state, choice), strict=True)
        return replace(choice, reasons=tuple(f"{reason}; {_first(step)}" for reason, step in begun))
    from designer.campaign.staging.relation_words import relation_words
    from designer.campaign.staging.stage_rule import StageRule, steps_by_model

    rule = StageRule(spec, state, posterior())
    advice, first = steps_by_model(rule, choice.designs)
    reasons = tuple(f"{reason}; {_first(step)}" for reason, step in zip(choice.reasons, first, strict=True))
    learned = relation_words(rule.known, rule.known.objective.goal_columns[0], rule.stages[0].names)
    remarks = (*choice.remarks, *(step.words for step in advice), *learned)
    return replace(choice, reasons=reasons, remarks=remarks)


def _first_steps(spec: CampaignSpec, state: CampaignState, choice: Choice) -> Iterator[NextStep]:
    """Yield the first measurement of each design that no model chose, after those of the open suggestions."""
    targets, stages = tuple(target.name for target in spec.targets), stages_of(spec.settings.observations)
    open_names = waiting(state)
    designs = [*(state.suggestions[each].design for each in open_names), *choice.designs]
    following = [following_stage(stages, observed_of(state, name)) for name in open_names]
    costs = target_costs(spec, state, coordinates_of(spec.space, designs))
    found = stages_to_try(state, [*following, *([stages[0]] * len(choice.designs))], costs)
    for stage in found[len(open_names) :]:
        yield NextStep.in_order("", None if stage is None else stage.names, targets)


def _first(step: NextStep) -> str:
    what = " and ".join(step.names)
    return f"measure {what} first" if step.kind == "observe" else f"measure {what} at once"


def _in_order(spec: CampaignSpec, state: CampaignState) -> tuple[NextStep, ...]:
    """Return the steps before a model chooses designs: the observations of each stage, and then the targets."""
    targets, names = tuple(target.name for target in spec.targets), waiting(state)
    stages = stages_of(spec.settings.observations)
    following = [following_stage(stages, observed_of(state, name)) for name in names]
    costs = target_costs(spec, state, coordinates_of(spec.space, [state.suggestions[each].design for each in names]))
    found = stages_to_try(state, following, costs)
    return tuple(
        NextStep.in_order(name, None if stage is None else stage.names, targets)
        for name, stage in zip(names, found, strict=True)
    )
