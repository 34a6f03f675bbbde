"""The advice on every open suggestion of a campaign in stages, and the first measurement of new ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.campaign_stages import following_stage, observed_of, stages_of, undecided, waiting
from designer.campaign.staging.step import NextStep
from designer.campaign.suggesting.choice import Choice
from designer.campaign.suggesting.next_designs import choose, model_decides
from designer.errors import NoDesignLeft

if TYPE_CHECKING:
    from designer.campaign.staging.observation_effects import ObservationEffect
    from designer.campaign.staging.stage_rule import Alternative, StageRule
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

Posterior = Callable[[], "CampaignPosterior"]


def next_steps(spec: CampaignSpec, state: CampaignState, posterior: Posterior) -> tuple[NextStep, ...]:
    """Return what to measure next of each open suggestion, oldest first; nothing without stages.

    Until a model chooses designs, every one has all its observations and then its targets measured: by these results
    the campaign learns whether the observations are informative. From then on a suggestion with observations goes on
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
    from designer.campaign.staging.stage_rule import Alternative, StageRule, steps_by_model

    rule = StageRule(spec, state, posterior())
    return steps_by_model(rule, _alternative(rule, posterior) if undecided(state) else Alternative())


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


def _alternative(rule: StageRule, posterior: Posterior) -> Alternative:
    """Return what the best new design promises; nothing where none is left."""
    try:
        return rule.first_steps(choose(rule.spec, rule.state, 1, posterior).designs)[1]
    except NoDesignLeft:
        return rule.first_steps([])[1]


def with_first_steps(spec: CampaignSpec, state: CampaignState, choice: Choice, posterior: Posterior) -> Choice:
    """Return a choice of new designs with the first measurement of each, and with the advice on open suggestions."""
    if not stages_of(spec.settings.observations):
        return choice
    if not model_decides(spec, state, posterior):
        names = stages_of(spec.settings.observations)[0].names
        reasons = tuple(f"{reason}; {_first(NextStep('', 'observe', names))}" for reason in choice.reasons)
        return replace(choice, reasons=reasons)
    from designer.campaign.staging.relation_words import relation_words
    from designer.campaign.staging.stage_rule import StageRule, steps_by_model

    rule = StageRule(spec, state, posterior())
    first, alternative = rule.first_steps(choice.designs)
    reasons = tuple(f"{reason}; {_first(step)}" for reason, step in zip(choice.reasons, first, strict=True))
    advice = steps_by_model(rule, alternative)
    learned = relation_words(rule.known, rule.known.objective.goal_columns[0], rule.stages[0].names)
    remarks = (*choice.remarks, *(step.words for step in advice), *learned)
    return replace(choice, reasons=reasons, remarks=remarks)


def _first(step: NextStep) -> str:
    what = " and ".join(step.names)
    return f"measure {what} first" if step.kind == "observe" else f"measure {what} at once"


def _in_order(spec: CampaignSpec, state: CampaignState) -> tuple[NextStep, ...]:
    """Return the steps before a model chooses designs: the observations of each stage, and then the targets."""
    targets = tuple(target.name for target in spec.targets)
    found = []
    for name in waiting(state):
        following = following_stage(stages_of(spec.settings.observations), observed_of(state, name))
        found.append(NextStep.in_order(name, None if following is None else following.names, targets))
    return tuple(found)
