"""When a campaign has done enough, and the reason in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.file.settings import Settings
from designer.campaign.levels.level_states import top_state
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.campaign_stages import spent_on_observations, undecided
from designer.campaign.results.designs import coordinates_of
from designer.campaign.results.measured_designs import MeasuredDesign, by_design
from designer.campaign.robust_words import has_setting_errors
from designer.campaign.wording import amount, percent
from designer.counting import agree, count
from designer.objective import Objective, Target
from designer.space import DesignSpace
from designer.space.cells import Cells
from designer.space.listing import list_designs

if TYPE_CHECKING:
    from designer.campaign.suggesting.remaining_uncertainty import Remaining

_ROUNDING = 1e-9
_DRAWN = 2000  # designs by which the cells that hold any are found

MAX_LISTED = 20_000
"""Designs of a space that are listed to see whether any is left; it takes some milliseconds."""


@dataclass(frozen=True)
class Verdict:
    """Whether to stop, and why or why not.

    `rule` names what decided: ``budget``, ``cost``, ``reach``, ``probability``, ``uncertainty`` or ``space``; None
    while the campaign goes on.
    """

    stop: bool
    reason: str
    rule: str | None = None


@dataclass(frozen=True)
class Spending:
    """What a campaign has spent, and what its open suggestions will cost, in the unit of its cost.

    `budget` is None without a budget of cost.
    """

    spent: float
    committed: float
    budget: float | None = None

    @property
    def left(self) -> float:
        """What may be spent on further experiments; infinite without a budget."""
        return math.inf if self.budget is None else self.budget - self.spent - self.committed

    @property
    def words(self) -> str:
        """What was spent, in words."""
        of_budget = "" if self.budget is None else f" of {cost_words(self.budget)}"
        waiting = f", {cost_words(self.committed)} for open suggestions" if self.committed else ""
        left = f", {cost_words(max(self.left, 0.0))} left" if self.budget is not None else ""
        return f"cost: {cost_words(self.spent)}{of_budget} spent{waiting}{left}"


def cost_words(cost: float) -> str:
    """Return a cost as text, without the digits that sums leave behind.

    >>> cost_words(0.1 + 0.2), cost_words(12345678.0)
    ('0.3', '12345678')
    """
    return f"{cost:.10g}"


def spent(state: CampaignState) -> int:
    """Return how many experiments of the budget were made: results and failures of suggestions.

    Attached results are not counted; failed experiments are. Observations before the targets count as the experiments
    that they cost together, where the campaign states no other cost.
    """
    results = sum(each.suggestion is not None and each.is_experiment for each in state.measurements.values())
    results += sum(each.suggestion is not None for each in state.failures)
    return results + int(spent_on_observations(state) + _ROUNDING)


def verdict(
    settings: Settings,
    objective: Objective,
    space: DesignSpace,
    state: CampaignState,
    probability: Callable[[float], float] | None = None,
    predicted: Callable[[], str | None] | None = None,
    remaining: Callable[[], Sequence[Remaining]] | None = None,
    spending: Spending | None = None,
    can_pay: Callable[[], bool] | None = None,
    *,
    can_ask: bool = True,
) -> Verdict:
    """Say whether the campaign is done.

    Parameters
    ----------
    probability
        Returns the probability that a design is left that is better than the best one by more than the given margin;
        asked only where the campaign has a rule about it; None where there is no model yet.
    predicted
        Returns in words that a design is predicted to reach the target: in each context, or in spite of the errors of
        its settings; asked only where the space has contexts or such errors; None where there is no model yet.
    remaining
        Returns what is still uncertain over the space; asked only where the goal is a map or a boundary; None where
        there is no model yet.
    spending
        What was spent of the cost budget; None where no cost is stated.
    can_pay
        Returns whether a further design can be paid.
    can_ask
        Whether a model that is missing has too few results; else it is not asked, and rules that need it are not named.
        Then it is not judged either whether an open space is exhausted, whose proposals may not be known.
    """
    made = spent(state)
    may_be_exhausted = can_ask or not any(parameter.is_open for parameter in space.parameters)
    groups = by_design(space, objective.targets, top_state(space, state).results)
    of_budget = (
        f"{made} of {count(settings.max_experiments, 'experiment')} made"
        if settings.max_experiments
        else f"{count(made, 'experiment')} made"
    )
    if settings.stop.reach:
        by_model = bool(space.context_parameters) or has_setting_errors(space)
        words = predicted() if by_model and predicted is not None and objective.reachable else None
        if words is not None:
            return Verdict(True, f"the target is reached after {count(made, 'experiment')}: {words}", "reach")
        allowed = [group for group in groups if group.allowed]
        in_cells = _reached_in_cells(settings, objective, space, allowed) if settings.diversify_by else None
        if in_cells is not None:
            return Verdict(True, f"the target is reached after {count(made, 'experiment')} {in_cells}", "reach")
        hit = None if by_model or settings.diversify_by else _reached(objective, allowed)
        if hit is not None:
            words = _result_words(objective, hit)
            return Verdict(True, f"the target is reached after {count(made, 'experiment')}: {words}", "reach")
    if settings.max_experiments is not None and made >= settings.max_experiments:
        return Verdict(True, f"the budget of {count(settings.max_experiments, 'experiment')} is used up", "budget")
    unpaid = _cost_verdict(state, spending, can_pay)
    if unpaid is not None:
        return unpaid
    if objective.explores:
        explored = _by_uncertainty(settings, of_budget, remaining, can_ask=can_ask)
        return _with_space(explored, space, state, of_budget) if may_be_exhausted else explored
    left_out = _forbidden_hit(settings, objective, space, groups)
    not_reached, margin = _not_reached(settings, objective), _margin(settings, objective)
    decided = _by_probability(settings, of_budget, not_reached, margin, probability, can_ask=can_ask)
    if not decided.stop and may_be_exhausted and is_exhausted(space, state):
        if not state.open:
            return Verdict(True, f"every design of the space was made or withdrawn ({of_budget}){left_out}", "space")
        decided = replace(decided, reason=f"{decided.reason}; every design of the space was suggested")
    return decided if decided.stop else replace(decided, reason=f"{decided.reason}{left_out}")


def _reached_in_cells(
    settings: Settings, objective: Objective, space: DesignSpace, groups: Sequence[MeasuredDesign]
) -> str | None:
    """Say that in each cell a measured design reaches the target; None where none does in one of them.

    Cells in which none of some thousand designs of the space lies do not count.
    """
    if not groups or not objective.reachable:
        return None
    cells = Cells(space, settings.diversify_by)
    hits = np.asarray(objective.reached(np.array([group.certain for group in groups])), dtype=np.bool_)
    reached = set(cells.of(np.array([group.coordinates for group in groups]))[hits].tolist())
    if not reached:
        return None
    drawn = space.pool.coordinates if space.pool is not None else space.sample(_DRAWN, np.random.default_rng(0))
    needed = set(cells.of(np.asarray(drawn)).tolist())
    return f"in each of {count(len(needed), 'cell')}" if needed <= reached else None


def _with_space(decided: Verdict, space: DesignSpace, state: CampaignState, of_budget: str) -> Verdict:
    """Return a verdict, or that no design is left."""
    if decided.stop or not is_exhausted(space, state):
        return decided
    if not state.open:
        return Verdict(True, f"every design of the space was made or withdrawn ({of_budget})", "space")
    return replace(decided, reason=f"{decided.reason}; every design of the space was suggested")


def _by_uncertainty(
    settings: Settings, of_budget: str, remaining: Callable[[], Sequence[Remaining]] | None, *, can_ask: bool
) -> Verdict:
    """Say whether the rule on what is still uncertain holds, if the campaign has it."""
    stop = settings.stop
    if (stop.deviation is None and stop.uncertain_share is None) or (remaining is None and not can_ask):
        return Verdict(False, f"goes on: {of_budget}")
    if remaining is None:
        return Verdict(False, f"goes on: {of_budget}; too few results to estimate what is still uncertain")
    (found,) = remaining()
    if stop.uncertain_share is not None and found.uncertain_share is not None:
        value, level = found.uncertain_share, stop.uncertain_share
        text, limit = f"{percent(value)} of the space is uncertain", percent(level)
    else:
        assert stop.deviation is not None
        value, level = found.deviation, stop.deviation
        unit = " decades" if found.is_log else f" {found.unit}" if found.unit else ""
        text, limit = f"{found.target} is known ± {amount(value, value)}{unit} on average", f"{level:g}{unit}"
    if value <= level:
        return Verdict(True, f"{text}, at most {limit} ({of_budget})", "uncertainty")
    return Verdict(False, f"goes on: {of_budget}; {text}, more than {limit}")


def _cost_verdict(
    state: CampaignState, spending: Spending | None, can_pay: Callable[[], bool] | None
) -> Verdict | None:
    """Say that the cost budget is spent, or cannot pay a further design; None while it can."""
    if spending is None or spending.budget is None:
        return None
    words = f"the cost budget of {cost_words(spending.budget)} is spent: {cost_words(spending.spent)}"
    if spending.spent >= spending.budget:
        return Verdict(True, words, "cost")
    if not state.open and can_pay is not None and not can_pay():
        return Verdict(True, f"{words}, and no design left costs {cost_words(spending.left)} or less", "cost")
    return None


def _by_probability(
    settings: Settings,
    of_budget: str,
    not_reached: str,
    by: str,
    probability: Callable[[float], float] | None,
    *,
    can_ask: bool,
) -> Verdict:
    """Say whether the rule on the probability of a better design holds, if the campaign has it."""
    level, margin = settings.stop.probability_of_better_than, settings.stop.margin
    if level is None or (probability is None and not can_ask):
        return Verdict(False, f"goes on: {of_budget}{not_reached}")
    if probability is None:
        return Verdict(False, f"goes on: {of_budget}; too few results to estimate the probability of a better design")
    chance = probability(margin)
    text = f"the probability of a design better than the best{by} is {chance:.2g}"
    if chance < level:
        return Verdict(True, f"{text}, below {level:g} ({of_budget})", "probability")
    return Verdict(False, f"goes on: {of_budget}; {text}, not below {level:g}")


def _margin(settings: Settings, objective: Objective) -> str:
    """Return the margin in words, nothing where it is 0; that of a goal on a log scale is in decades."""
    if not settings.stop.margin:
        return ""
    decades = objective.mode == "single" and objective.goals[0].is_log
    return f" by more than {settings.stop.margin:g}{' decades' if decades else ''}"


def _not_reached(settings: Settings, objective: Objective) -> str:
    return "; the target is not reached" if settings.stop.reach and objective.reachable else ""


def _forbidden_hit(
    settings: Settings, objective: Objective, space: DesignSpace, groups: Sequence[MeasuredDesign]
) -> str:
    """Say which measured design would reach the target if the space did not forbid it; nothing if none would."""
    forbidden = [group for group in groups if not group.allowed]
    hit = _reached(objective, forbidden) if settings.stop.reach else None
    if hit is None:
        return ""
    violations = "; ".join(space.violations(hit.coordinates))
    return f"; {_result_words(objective, hit)}, and does not count: {violations}"


def is_exhausted(space: DesignSpace, state: CampaignState) -> bool:
    """Whether every design of the space was suggested, measured, failed or withdrawn; not known of a large space."""
    designs = [each.design for each in state.suggestions.values()]
    designs += [*(each.design for each in state.results), *(each.design for each in state.failures)]
    if not designs:
        return False
    everything = list_designs(space, MAX_LISTED)
    if everything is None:
        return False
    taken = set(space.keys(coordinates_of(space, designs)))
    return taken.issuperset(space.keys(everything))


def over_budget(settings: Settings, state: CampaignState) -> str | None:
    """Say by how many experiments the open suggestions are more than the budget has left; None if they are not."""
    if settings.max_experiments is None:
        return None
    made, each = spent(state), settings.replicates
    left_out = undecided(state)
    decided = [one.id for one in state.open if one.id not in left_out]
    waiting = sum(each - sum(bool(result.values) for result in state.of(name)) for name in decided)
    more = made + waiting - settings.max_experiments
    if more <= 0 or (each > 1 and more < each):  # the last design of a budget may have all its replicates
        return None
    of_budget = f"{made} of {count(settings.max_experiments, 'experiment')} made"
    return f"{of_budget} and {waiting} open: {more} more than the budget"


def _reached(objective: Objective, groups: Sequence[MeasuredDesign]) -> MeasuredDesign | None:
    """Return the first design that reaches the target, on the mean of its replicates; None if none does."""
    if not groups or not objective.reachable:
        return None
    Y: FloatArray = np.array([group.certain for group in groups])
    hits = np.flatnonzero(np.asarray(objective.reached(Y)))
    return groups[int(hits[0])] if len(hits) else None


def _result_words(objective: Objective, group: MeasuredDesign) -> str:
    """Say what a measured design gave, for the targets that count."""
    values = [
        f"{target.name} = {side or ''}{value:g}{f' {target.unit}' if target.unit else ''}{_aim(target)}"
        for target, value, side in zip(objective.targets, group.means, group.sides, strict=True)
        if target.reachable or target.constrained
    ]
    has = agree(len(group.suggestions or group.measurements), "has", "have")
    return f"{group.label} {has} {', '.join(values)}{_certainty(objective, group)}"


def _certainty(objective: Objective, group: MeasuredDesign) -> str:
    """Say on how many measurements the goals' values rest: one alone may be a lucky one."""
    fewest = int(min(group.counts[column] for column in objective.goal_columns))
    return ", measured once" if fewest == 1 else f", the mean of {fewest} measurements"


def _aim(target: Target) -> str:
    if target.goal == "match":
        return f" (wanted: {target.value:g} ± {target.tolerance:g})"
    if target.reach is not None:
        return f" (wanted: {target.reach:g} or {'less' if target.sign < 0 else 'more'})"
    return ""
