"""What to make next: a pure function of a campaign's spec, its state and the number of designs asked for.

The first designs are the user's own or the runs of a classical design, then designs that fill the space; after that a
model decides. All chance comes from the campaign's seed and the number of designs suggested so far, so the same events
always give the same answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.file.classical_runs import PlannedRun
from designer.campaign.file.contexts import Context, at_context
from designer.campaign.file.corrections import known_suggestion
from designer.campaign.file.settings import MAX_BATCH
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.levels.level_states import lower_results, top_state
from designer.campaign.log.events import Design, Suggested, SuggestedDesign
from designer.campaign.log.ids import suggestion_id
from designer.campaign.log.state import CampaignState
from designer.campaign.log.versions import versions
from designer.campaign.proposing.proposals import origins
from designer.campaign.proposing.trained_generators import generator_digests
from designer.campaign.results.designs import coordinates_of, lab_designs
from designer.campaign.suggesting.batch_settings import (
    kept_words,
    of_one_setting,
    refuse_several,
    shared_of,
    shared_settings,
)
from designer.campaign.suggesting.beliefs import (
    DRAWN_FROM_BELIEFS,
    NO_BELIEFS,
    CurrentBeliefs,
    current_beliefs,
    remarks_on,
)
from designer.campaign.suggesting.choice import Choice, Taken, initial_count, learned, seed_of, taken_designs
from designer.campaign.suggesting.expected_costs import expected_cost
from designer.campaign.suggesting.level_choice import first_designs_below, first_reason, with_levels
from designer.campaign.suggesting.preference_model import ComparedDesigns
from designer.campaign.suggesting.spending import affordable_settings
from designer.deadline import Deadline, ends_fits
from designer.errors import BudgetSpent, Fault, InvalidData, NoDesignLeft
from designer.space import CategoricalParameter, DesignSpace
from designer.space.fidelity.fidelity_levels import at_level, fidelity_of

if TYPE_CHECKING:
    from designer.acquisition.observed import Proposal
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

MIN_RESULTS = 2
OWN_DESIGN = "one of the campaign's own first designs"
FEASIBLE_FIRST = "feasible first"
"""The beginning of the reason of a design that is chosen for the probability that it meets its limits."""


def choose(
    spec: CampaignSpec,
    state: CampaignState,
    n: int,
    posterior: Callable[[], CampaignPosterior],
    context: Context | None = None,
) -> Choice:
    """Return `n` designs to make next; fewer only where no more are left.

    Parameters
    ----------
    posterior
        Returns the posterior at `state`, always the same; called only where it is needed.
    context
        The context for which they are chosen, as `designer.campaign.file.contexts.read_context` returns it.

    Raises
    ------
    NoDesignLeft
        If there is none at all.
    """
    deadline = Deadline(spec.settings.suggest_seconds)
    with ends_fits(deadline):
        own = at_context(spec, context or {})
        below = _first_below(own, state, n, posterior)
        left = n - len(below.designs)
        if not left:
            return _with_costs(spec, state, _with_origins(spec, state, below))
        chosen = _chosen(own, _searched(spec, state, posterior), left, posterior, deadline)
        if fidelity_of(spec.space) is not None and not below.designs:
            chosen = _at_levels(own, state, chosen, posterior, deadline)
        return _with_costs(spec, state, _with_origins(spec, state, below.and_then(chosen)))


def _first_below(
    spec: CampaignSpec, state: CampaignState, n: int, posterior: Callable[[], CampaignPosterior]
) -> Choice:
    """Return those of the next `n` designs that are first designs at the cheapest level; none without a fidelity."""
    nothing = Choice((), "initial", (), ())
    if fidelity_of(spec.space) is None:
        return nothing
    taken = taken_designs(spec, state)
    if _own_designs(spec, state, taken):
        return nothing
    known = posterior() if lower_results(spec.space, state) else None
    level, number = first_designs_below(spec, state, known)
    if not number:
        return nothing
    taken = replace(taken, coordinates=at_level(spec.space, taken.coordinates))
    try:
        found = _filled(spec, state, min(n, number), [], taken, ())
    except NoDesignLeft:
        return nothing
    coordinates = at_level(spec.space, coordinates_of(spec.space, found.designs), level)
    designs = tuple(lab_designs(spec.space, coordinates))
    reasons = tuple(
        f"{first_reason(spec, state, design, level)}; {reason}"
        for design, reason in zip(designs, found.reasons, strict=True)
    )
    return replace(found, designs=designs, reasons=reasons)


def _chosen(
    spec: CampaignSpec, state: CampaignState, n: int, posterior: Callable[[], CampaignPosterior], deadline: Deadline
) -> Choice:
    taken = taken_designs(spec, state)
    own = _of_one_batch_of(spec, _own_designs(spec, state, taken))[:n]
    own = own[: len(_paid(spec, state, [each.design for each in own]))]
    if own or not model_decides(spec, state, posterior):
        unmatched = _unmatched(posterior()) if spec.settings.initial is None and spec.learns else ()
        return _filled(spec, state, n, own, taken, unmatched)
    from designer.campaign.suggesting.proposer import propose_next

    seed = seed_of(spec.settings.seed, len(state.suggestions))
    return propose_next(spec, state, posterior(), n, seed, taken, deadline)


def _searched(spec: CampaignSpec, state: CampaignState, posterior: Callable[[], CampaignPosterior]) -> CampaignState:
    """Return the state by which designs are chosen: the top level's alone until lower ones are used."""
    if fidelity_of(spec.space) is None or (lower_results(spec.space, state) and posterior().uses_levels):
        return state
    return top_state(spec.space, state)


def _at_levels(
    spec: CampaignSpec,
    state: CampaignState,
    choice: Choice,
    posterior: Callable[[], CampaignPosterior],
    deadline: Deadline,
) -> Choice:
    """Return the choice with the level at which each design is to be measured."""
    known = posterior() if lower_results(spec.space, state) else None
    own = sum(reason == OWN_DESIGN for reason in choice.reasons)
    if known is None or not known.uses_levels or choice.how != "model":
        return with_levels(spec, state, choice, known, own)
    from designer.campaign.suggesting.proposer import propose_besides

    def further(n: int, keys: frozenset[Any]) -> Proposal | None:
        seed, taken = seed_of(spec.settings.seed, len(state.suggestions)), taken_designs(spec, state)
        return propose_besides(spec, state, known, n, seed, replace(taken, keys=taken.keys | keys), deadline)

    return with_levels(spec, state, choice, known, own, further)


def _with_origins(spec: CampaignSpec, state: CampaignState, choice: Choice) -> Choice:
    """Return the choice with the origin of each proposed formula behind its reason."""
    known = origins(spec, state)
    if not known:
        return choice
    reasons = [
        "; ".join([reason, *(known[str(value)] for value in design.values() if str(value) in known)])
        for reason, design in zip(choice.reasons, choice.designs, strict=True)
    ]
    return replace(choice, reasons=tuple(reasons))


def _with_costs(spec: CampaignSpec, state: CampaignState, choice: Choice) -> Choice:
    """Return the choice with the expected gain and the cost of each design behind its reason."""
    expected = expected_cost(spec, state)
    if expected is None:
        return choice
    if not choice.designs:
        raise BudgetSpent("no design that was found can be paid with what the cost budget has left")
    coordinates = coordinates_of(spec.space, choice.designs)
    costs, stated = expected.of_designs(coordinates), expected.stated.of_designs(coordinates)
    words = [
        f"cost {cost:.4g}" if cost == before else f"cost {cost:.4g} expected from true costs ({before:.4g} stated)"
        for cost, before in zip(costs.tolist(), stated.tolist(), strict=True)
    ]
    each = zip(choice.reasons, choice.scores, words, strict=True)
    reasons = tuple("; ".join([reason, *_gain_words(spec, reason, score), cost]) for reason, score, cost in each)
    return replace(choice, reasons=reasons)


def _gain_words(spec: CampaignSpec, reason: str, score: float | None) -> list[str]:
    """Return the expected gain of a single goal, where its logarithm is the score: not with the weight of a belief."""
    objective = spec.objective
    is_gain = objective.mode == "single" and not objective.explores and not spec.settings.beliefs
    if score is None or not is_gain or reason.startswith(FEASIBLE_FIRST):
        return []
    goal = objective.goals[0]
    unit = "decades" if goal.is_log else goal.unit or ""
    return [f"expected gain {math.exp(score):.2g} {unit}".rstrip()]


def _of_one_batch(
    spec: CampaignSpec,
    state: CampaignState,
    n: int,
    own: FloatArray,
    avoid: FloatArray,
    seed: int,
    beliefs: CurrentBeliefs = NO_BELIEFS,
) -> DesignSpace:
    """Return the space of first designs of one batch: settings that it shares are those of the user's own designs.

    Without these they are those of the design that fills the space best, or of one drawn from `beliefs`, where they may
    change.
    """
    from designer.acquisition.initial import initial_designs

    shared, costs = affordable_settings(spec, state, n)
    space = spec.space if costs is None else costs.after(own).space_of(spec.space)
    if not shared.names:
        return space
    if not len(own):
        kept = space.fixed(shared.kept) if shared.kept else space
        own = beliefs.draw(kept, 1, seed, avoid) if beliefs.bound else own
        own = own if len(own) else initial_designs(kept, 1, seed, avoid)
    return space.fixed(shared_of(space, own[0]))


def _paid(spec: CampaignSpec, state: CampaignState, designs: Sequence[Design]) -> list[Design]:
    """Return the first designs that the cost budget can pay together; all without one."""
    if spec.settings.max_cost is None or not designs:
        return list(designs)
    _, costs = affordable_settings(spec, state, len(designs))
    assert costs is not None  # the settings refuse a budget of cost without a cost
    return list(designs)[: len(costs.affordable(coordinates_of(spec.space, designs)))]


def repeated(space: DesignSpace, state: CampaignState, names: Sequence[str]) -> Choice:
    """Return the designs of suggestions once more.

    Raises
    ------
    UnknownSuggestion
        If there is no such suggestion.
    InvalidData
        If one was withdrawn: it never returns; if they differ in settings that a batch shares.
    """
    found = [known_suggestion(state, name) for name in names]
    faults = [
        Fault(f"{each.id} was withdrawn, and a withdrawn design is never suggested again", "leave it out")
        for each in found
        if each.withdrawn_because is not None
    ]
    if faults:
        raise InvalidData(faults)
    designs = tuple(dict(each.design) for each in found)
    refuse_several(space, designs)
    return Choice(designs, "replicate", (None,) * len(names), tuple(f"replicate of {name}" for name in names))


def suggested(spec: CampaignSpec, state: CampaignState, choice: Choice, at: datetime) -> Suggested:
    """Return the event that suggests what was chosen at `state`."""
    plain = choice.plain or (False,) * len(choice.designs)
    model = choice.how == "model"
    molecules = model and any(isinstance(p, CategoricalParameter) and p.molecules for p in spec.space.parameters)
    each = zip(choice.designs, choice.scores, choice.reasons, plain, strict=True)
    designs = tuple(
        SuggestedDesign(
            id=suggestion_id(state.next_suggestion + i), design=design, score=score, note=reason, plain=alone
        )
        for i, (design, score, reason, alone) in enumerate(each)
    )
    learned_from = {**({"prior": choice.prior} if choice.prior else {}), **generator_digests(spec)}
    return Suggested(
        at=at,
        designs=designs,
        based_on=state.position,
        how=choice.how,
        notes=choice.remarks,
        versions={**versions(model=model, molecules=molecules), **learned_from},
    )


def model_decides(spec: CampaignSpec, state: CampaignState, posterior: Callable[[], CampaignPosterior]) -> bool:
    """Whether a model chooses the next designs.

    It does once the first designs are made and there are results, and from the beginning where past tasks inform the
    goals and the file does not say how many first designs there shall be.
    """
    if not _has_comparisons(spec, state):
        return False
    lower, state = lower_results(spec.space, state), top_state(spec.space, state)
    if lower and posterior().uses_levels:
        return True
    attached = sum(each.suggestion is None for each in state.results)
    if len(state.suggestions) + attached >= initial_count(spec) and learned(spec, state) >= MIN_RESULTS:
        return True
    return spec.settings.initial is None and spec.learns and posterior().informed


def can_predict(spec: CampaignSpec, state: CampaignState, posterior: Callable[[], CampaignPosterior]) -> bool:
    """Whether there are enough results for a model, or past tasks inform it."""
    if not _has_comparisons(spec, state):
        return False
    lower, state = lower_results(spec.space, state), top_state(spec.space, state)
    if lower and posterior().uses_levels:
        return True
    return len(state.results) >= MIN_RESULTS or (spec.learns and posterior().informed)


def _has_comparisons(spec: CampaignSpec, state: CampaignState) -> bool:
    """Whether a goal whose results are compared has a comparison to learn from; all other goals need none."""
    if spec.objective.preference is None:
        return True
    return len(ComparedDesigns.of(spec.space, state).pairs) > 0


def _own_designs(spec: CampaignSpec, state: CampaignState, taken: Taken) -> list[PlannedRun]:
    """Return the listed first designs, or runs of the classical design, that were not made yet."""
    designs = spec.initial_designs
    keys = spec.space.keys(coordinates_of(spec.space, designs))
    listed = [
        PlannedRun(design, OWN_DESIGN) for design, key in zip(designs, keys, strict=True) if key not in taken.keys
    ]
    return listed + _runs_left(spec, state)


def _runs_left(spec: CampaignSpec, state: CampaignState) -> list[PlannedRun]:
    """Return the runs of the classical design without those that were suggested or attached: one for each of these."""
    runs = spec.classical_runs
    if not runs:
        return []
    made = [each.design for each in state.suggestions.values()]
    made += [each.design for each in state.results if each.suggestion is None]
    times = Counter(spec.space.keys(coordinates_of(spec.space, made)))
    left = []
    keys = spec.space.keys(coordinates_of(spec.space, [each.design for each in runs]))
    for run, key in zip(runs, keys, strict=True):
        if times[key]:
            times[key] -= 1
        else:
            left.append(run)
    return left


def _of_one_batch_of(spec: CampaignSpec, runs: Sequence[PlannedRun]) -> list[PlannedRun]:
    """Return those of the runs whose shared settings are those of the first one."""
    designs = {id(each) for each in of_one_setting(spec.space, [run.design for run in runs])}
    return [run for run in runs if id(run.design) in designs]


def _unmatched(posterior: CampaignPosterior) -> tuple[str, ...]:
    """Return which targets past tasks are not used for, since none measured them."""
    return tuple(each.words for each in posterior.matched if not each.used)


def _filled(
    spec: CampaignSpec, state: CampaignState, n: int, own: Sequence[PlannedRun], taken: Taken, remarks: Sequence[str]
) -> Choice:
    """Return the planned designs and, beside them, designs from the beliefs and designs that fill the space."""
    designs = [each.design for each in own]
    reasons = [each.reason for each in own]
    beliefs = current_beliefs(spec, state)
    if len(own) < n:
        mine = coordinates_of(spec.space, designs)
        avoid = np.concatenate([taken.coordinates, mine])
        try:
            from_beliefs = sum(beliefs.used(n)[len(own) :])
            found = _first_designs(spec, state, n, mine, avoid, beliefs if from_beliefs else NO_BELIEFS, from_beliefs)
            designs += lab_designs(spec.space, np.concatenate(found))
            reasons += [*([DRAWN_FROM_BELIEFS] * len(found[0])), *(["fills the space"] * len(found[1]))]
        except NoDesignLeft:
            if not own:
                raise
        designs = _paid(spec, state, designs)
    reasons = reasons[: len(designs)]
    why = "no more could be found" if spec.settings.max_cost is None else "no more could be found or paid"
    short = [] if len(designs) == n else [f"only {len(designs)} of {n} designs: {why}"]
    if len(state.results) >= MIN_RESULTS and not _has_comparisons(spec, state):
        remarks = (*remarks, "no two results were compared yet, and without comparisons designs fill the space")
    kept = [] if own else kept_words(spec, state, shared_settings(spec, state, n))
    notes = (*short, *remarks, *kept, *remarks_on(beliefs))
    return Choice(tuple(designs), "initial", (None,) * len(designs), tuple(reasons), notes)


def _first_designs(
    spec: CampaignSpec,
    state: CampaignState,
    n: int,
    own: FloatArray,
    avoid: FloatArray,
    beliefs: CurrentBeliefs,
    from_beliefs: int,
) -> tuple[FloatArray, FloatArray]:
    """Return first designs of a batch of `n` beside the user's `own`: drawn from the beliefs, and filling the space."""
    from designer.acquisition.initial import initial_designs

    seed = seed_of(spec.settings.seed, len(state.suggestions))
    space = _of_one_batch(spec, state, n, own, avoid, seed, beliefs)
    drawn = beliefs.draw(space, from_beliefs, seed, avoid) if from_beliefs else avoid[:0]
    left = n - len(own) - len(drawn)
    if not left:
        return drawn, avoid[:0]
    try:
        return drawn, initial_designs(space, left, seed, np.concatenate([avoid, drawn]))
    except NoDesignLeft:
        if not len(drawn):
            raise
        return drawn, avoid[:0]


def number_of_designs(n: Any) -> int:
    """Return how many designs are asked for, as a whole number.

    Raises
    ------
    InvalidData
        If it is no whole number from 1 to `MAX_BATCH`.
    """
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
        raise InvalidData(Fault(f"{n!r} is no number of designs", "give a whole number above 0"))
    if int(n) > MAX_BATCH:
        what = f"{n} designs are too many for one suggestion"
        raise InvalidData(Fault(what, f"ask for at most {MAX_BATCH}, and again after that"))
    return int(n)
