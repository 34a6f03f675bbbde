"""The choice of the next designs by the posterior: what is proposed, how probable it is that something better is left.

Reached only when a model is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from designer.acquisition.batch_rule import SharedSettings
from designer.acquisition.improvement_probability import probability_of_better
from designer.acquisition.initial import initial_designs
from designer.acquisition.observed import Observed, Proposal
from designer.acquisition.propose import log_acquisition, propose
from designer.acquisition.registered import ACQUISITIONS, AUTO, AcquisitionBuilder
from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.levels.level_states import lower_results, top_state
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.campaign_stages import pending_designs, waiting
from designer.campaign.results.designs import coordinates_of, lab_designs
from designer.campaign.suggesting.batch_settings import kept_words
from designer.campaign.suggesting.beliefs import DRAWN_FROM_BELIEFS, CurrentBeliefs, current_beliefs, remarks_on
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.campaign.suggesting.choice import Choice, Taken, initial_count, learned, seed_of
from designer.campaign.suggesting.past_tasks import prior_digest
from designer.campaign.suggesting.spending import affordable_settings
from designer.counting import count
from designer.deadline import Deadline
from designer.errors import BudgetSpent, NoDesignLeft
from designer.objective.design_costs import DesignCosts
from designer.priors.interleaving import baseline_part, interleaved
from designer.priors.policy.chosen_search import ChosenSearch
from designer.space.fidelity.fidelity_levels import at_level, fidelity_of
from designer.surrogates.feasibility import Feasibility
from designer.surrogates.independent import parts as target_models
from designer.threads import one_thread

if TYPE_CHECKING:
    from botorch.models.model import Model


MAX_LOWER = 64
"""Designs with results at lower levels from which the search starts."""

_WITHOUT_PAST = "chosen without past tasks, as every third design"
_WITH_BELIEFS = "chosen with the beliefs"
_WITHOUT_BELIEFS = "chosen without the beliefs, as every third design"


def propose_next(
    spec: CampaignSpec,
    state: CampaignState,
    known: CampaignPosterior,
    n: int,
    seed: int,
    taken: Taken,
    deadline: Deadline,
) -> Choice:
    """Return the `n` designs that the model would make next; every third one as if there were no past tasks.

    Parameters
    ----------
    known
        The posterior given the results of `state`.
    taken
        Designs that were suggested, measured, failed or withdrawn.
    deadline
        When the search ends; it began before the prior was conditioned.
    """
    proposer = _Proposer(spec, state, known, taken, seed, deadline)
    pending = at_level(spec.space, coordinates_of(spec.space, pending_designs(state)))
    shared, costs = affordable_settings(spec, state, n)
    batch = shared
    confirming = _to_confirm(spec, known, pending, taken, shared, costs)
    beliefs = current_beliefs(spec, state)
    parts: list[tuple[_Rule, Proposal]] = [] if confirming is None else [(_Rule(), confirming)]
    if confirming is not None:
        pending = np.concatenate([pending, confirming.coordinates])
        shared = shared.at(shared.of(spec.space, confirming.coordinates[0])) if shared.names else shared
        costs = costs.after(confirming.coordinates) if costs is not None else None
    search = searched_model(spec, known)
    plain, rest = baseline_part(known.choosing) if is_interleaved(spec) else None, n - len(parts)
    chosen_with = beliefs.used(n)[len(parts) :] if beliefs.are_used else None
    for rule, number in _rules(chosen_with, len(taken.keys), rest, informed=plain is not None):
        used = beliefs if rule.beliefs else None
        try:
            if rule.alone and plain:
                part = proposer.propose_without_past(
                    plain, baseline_part(search) or plain, pending, number, shared, costs, used
                )
            else:
                part = proposer.propose(known.choosing, search, pending, number, shared, costs, used)
        except NoDesignLeft:
            if not parts:
                raise
            break
        parts.append((rule, part))
        shared = shared.at(shared.of(spec.space, part.coordinates[0])) if shared.names else shared
        pending = np.concatenate([pending, part.coordinates])
        costs = costs.after(part.coordinates) if costs is not None else None
    designs = [(rule.alone, design) for rule, part in parts for design in lab_designs(spec.space, part.coordinates)]
    scores = [score for _, part in parts for score in part.scores]
    short = [f"only {len(designs)} of {n} designs: no more are left"] if len(designs) < n else []
    return Choice(
        designs=tuple(design for _, design in designs),
        how="model",
        scores=tuple(score if math.isfinite(score) else None for score in scores),
        reasons=tuple(
            _reason(note, search, rule, scored=math.isfinite(score))
            for rule, part in parts
            for note, score in zip(part.notes, part.scores, strict=True)
        ),
        remarks=(
            *short,
            *kept_words(spec, state, batch),
            *_of_time(spec, known, deadline),
            *(each.words for each in known.matched if not each.complete),
            *known.batch_effects,
            *map(str, known.flagged),
            *remarks_on(beliefs),
        ),
        prior=prior_digest(spec, known.prior),
        plain=tuple(alone for alone, _ in designs),
    )


def propose_besides(
    spec: CampaignSpec,
    state: CampaignState,
    known: CampaignPosterior,
    n: int,
    seed: int,
    taken: Taken,
    deadline: Deadline,
) -> Proposal | None:
    """Return up to `n` further designs by the posterior, none of those that are `taken`; None where none is left."""
    pending = at_level(spec.space, coordinates_of(spec.space, pending_designs(state)))
    shared, costs = affordable_settings(spec, state, n)
    proposer = _Proposer(spec, state, known, taken, seed, deadline)
    try:
        return proposer.propose(known.choosing, searched_model(spec, known), pending, n, shared, costs)
    except (NoDesignLeft, BudgetSpent):
        return None


def log_ratings(
    spec: CampaignSpec, state: CampaignState, known: CampaignPosterior, coordinates: FloatArray
) -> FloatArray:
    """Return the logarithm of what each design (``n x c``) is worth to the search of the next one, whatever it costs.

    Open suggestions without a result are rated as new designs are, and so are not pending.
    """
    left_out = frozenset(waiting(state))
    values = log_acquisition(
        searched_model(spec, known),
        known.space,
        known.modelled,
        Observed(known.coordinates, known.Y),
        coordinates_of(spec.space, [each.design for each in state.open if each.id not in left_out]),
        coordinates,
        seed_of(spec.settings.seed, len(state.suggestions)),
        feasibility=feasibility_of(spec, state, known),
    )
    return values + log_belief_weights(spec, state, coordinates)


def log_belief_weights(spec: CampaignSpec, state: CampaignState, coordinates: FloatArray) -> FloatArray:
    """Return the logarithm of what beliefs multiply the worth of designs (``n x c``) by; 0 where none are used."""
    beliefs = current_beliefs(spec, state)
    return beliefs.log_weights(coordinates) if beliefs.are_used else np.zeros(len(coordinates))


def is_interleaved(spec: CampaignSpec) -> bool:
    """Whether past tasks are left out of every third design; not so where a posterior uses lower levels alone."""
    return spec.learns or fidelity_of(spec.space) is None


def _of_time(spec: CampaignSpec, known: CampaignPosterior, deadline: Deadline) -> Iterator[str]:
    """Yield what the time limit left out of the model."""
    limit, used = f"suggest_seconds is {spec.settings.suggest_seconds:g}", len(known.measurements)
    if known.left_out:
        results = count(used + len(known.left_out), "result")
        yield f"the model uses {used} of {results}, the best ones among them: {limit}"
    if deadline.ended_fit:
        yield f"the time limit was reached while the model was fitted, which ended its fit early: {limit}"


@dataclass(frozen=True)
class _Rule:
    """How designs are chosen: without past tasks, and with beliefs; None where the campaign has no beliefs in use."""

    alone: bool = False
    beliefs: bool | None = None

    @property
    def words(self) -> list[str]:
        past = [_WITHOUT_PAST] if self.alone else []
        return past if self.beliefs is None else [*past, _WITH_BELIEFS if self.beliefs else _WITHOUT_BELIEFS]


def _rules(chosen_with: Sequence[bool] | None, made: int, n: int, *, informed: bool) -> list[tuple[_Rule, int]]:
    """Return how the next `n` designs are chosen, and how many in a row are chosen so.

    Parameters
    ----------
    chosen_with
        Which of them are chosen with beliefs; None where these are not used.
    made
        How many designs were made before, by which past tasks are left out of every third.
    informed
        Whether past tasks are used.
    """
    without_past = [alone for alone, number in interleaved(made, n) for _ in range(number)] if informed else [False] * n
    with_beliefs: Sequence[bool | None] = [None] * n if chosen_with is None else chosen_with
    rules = [_Rule(*each) for each in zip(without_past, with_beliefs, strict=True)]
    return [(rule, len(list(same))) for rule, same in groupby(rules)]


def _reason(note: str, search: Model, rule: _Rule, *, scored: bool) -> str:
    """Return the note of a design: past tasks and beliefs, the expert that a policy chose, and its own note."""
    chosen = [part for part in target_models(search) if isinstance(part, ChosenSearch)] if scored else []
    expert = [part.choice(without_past=rule.alone).words for part in chosen]
    return "; ".join([*rule.words, note, *expert])


def _to_confirm(
    spec: CampaignSpec,
    known: CampaignPosterior,
    pending: FloatArray,
    taken: Taken,
    shared: SharedSettings,
    costs: DesignCosts | None,
) -> Proposal | None:
    """Return the design of a possible discovery, to be measured once more; None where there is none to confirm.

    Only where a person or an instrument measures: a table or a function gives the same value again.
    """
    measured_again = spec.settings.measure is None or spec.settings.measure.kind == "command"
    if not known.discoveries or not measured_again:
        return None
    space = spec.space.fixed(shared.kept) if shared.kept else spec.space
    keys = space.keys(known.coordinates)
    barred = _forbidden(known, pending, taken.keys)
    for each in known.discoveries:
        coordinates = known.coordinates[each.row : each.row + 1]
        if keys[each.row] not in barred and bool(space.valid(coordinates)[0]) and _is_paid(costs, coordinates):
            name = known.measurements[each.row]
            return Proposal(coordinates, (-math.inf,), (f"confirm: {name} is real, or a slip; a replicate decides",))
    return None


def _is_paid(costs: DesignCosts | None, coordinates: FloatArray) -> bool:
    return costs is None or len(costs.affordable(coordinates)) == len(coordinates)


@dataclass(frozen=True, eq=False)
class _Proposer:
    """Proposes designs by any model of the campaign's targets: its own posterior, or the one without past tasks."""

    spec: CampaignSpec
    state: CampaignState
    known: CampaignPosterior
    taken: Taken
    seed: int
    deadline: Deadline

    @cached_property
    def feasibility(self) -> Feasibility | None:
        """Where experiments succeed, as `feasibility_of` says."""
        return feasibility_of(self.spec, self.state, self.known)

    def propose(
        self,
        model: Model,
        search: Model,
        pending: FloatArray,
        n: int,
        shared: SharedSettings,
        costs: DesignCosts | None,
        beliefs: CurrentBeliefs | None = None,
    ) -> Proposal:
        """Return the `n` designs with the highest acquisition under `search`; `model` decides about replicates."""
        known = self.known
        return propose(
            model,
            self.spec.space if self.spec.space.at_context else known.space,
            known.modelled,
            Observed(known.coordinates, known.Y),
            pending,
            n,
            self.seed,
            feasibility=self.feasibility,
            forbidden_keys=_forbidden(known, pending, self.taken.keys),
            replicates="auto" if has_noise(known) and not self.spec.settings.diversify_by else "never",
            deadline=self.deadline,
            acquisition=acquisition_of(self.spec),
            search=search,
            shared=shared,
            log_weights=None if beliefs is None else beliefs.log_weights,
            costs=costs,
            cells=self.spec.cells,
            further=self._lower_designs,
        )

    @property
    def _lower_designs(self) -> FloatArray | None:
        """The designs with results at lower levels, the latest ones; None without any."""
        made = [each.design for results in lower_results(self.spec.space, self.state).values() for each in results]
        if not made:
            return None
        space = self.spec.space
        coordinates = space.in_fixed(at_level(space, coordinates_of(space, made[-MAX_LOWER:])))
        return coordinates[space.valid(coordinates)]

    def propose_without_past(
        self,
        plain: Model,
        search: Model,
        pending: FloatArray,
        n: int,
        shared: SharedSettings,
        costs: DesignCosts | None,
        beliefs: CurrentBeliefs | None = None,
    ) -> Proposal:
        """Return designs chosen without past tasks; they fill the space until the first designs are made."""
        if learned(self.spec, self.state) >= initial_count(self.spec):
            return self.propose(plain, search, pending, n, shared, costs, beliefs)
        avoid = np.concatenate([self.taken.coordinates, pending])
        whole = self.spec.space if costs is None else costs.space_of(self.spec.space)
        space = whole.fixed(shared.kept) if shared.kept else whole
        if shared.names:
            first = initial_designs(space, 1, self.seed, avoid)
            space = whole.fixed(shared.of(space, first[0]))
        drawn = avoid[:0] if beliefs is None else beliefs.draw(space, n, self.seed, avoid)
        found = initial_designs(space, n - len(drawn), self.seed, avoid) if len(drawn) < n else avoid[:0]
        notes = (DRAWN_FROM_BELIEFS,) * len(drawn) + ("fills the space",) * len(found)
        chosen = np.concatenate([drawn, found])
        chosen = chosen if costs is None else costs.affordable(chosen)
        return Proposal(chosen, (-math.inf,) * len(chosen), notes[: len(chosen)])


def _forbidden(known: CampaignPosterior, pending: FloatArray, taken: frozenset[Any]) -> frozenset[Any]:
    """Return the keys of designs that may not even be replicated: all that are taken, but for the measured ones."""
    measured = frozenset(known.space.keys(known.coordinates))
    return (taken - measured) | frozenset(known.space.keys(pending))


def has_noise(known: CampaignPosterior) -> bool:
    """Whether noise was seen: a standard error was given, or one design gave two different results.

    Only then is a replicate ever proposed: a table or a simulator would say the same again.
    """
    if np.isfinite(known.Yvar).any():
        return True
    seen: dict[Any, FloatArray] = {}
    values = np.where(np.isfinite(known.measured), known.Y, np.nan)  # limits are no measured values
    for key, y in zip(known.space.keys(known.coordinates), values, strict=True):
        first = seen.setdefault(key, y)
        if (np.isfinite(first) & np.isfinite(y) & (first != y)).any():
            return True
    return False


def chance_of_better(spec: CampaignSpec, state: CampaignState, known: CampaignPosterior, margin: float) -> float:
    """Return the probability that a design is left that is better than the best one by more than `margin`."""
    pending = at_level(spec.space, coordinates_of(spec.space, (each.design for each in state.open)))
    refused = coordinates_of(spec.space, [each.design for each in state.failures])
    withdrawn = [each.design for each in state.suggestions.values() if each.withdrawn_because is not None]
    refused = np.concatenate([refused, coordinates_of(spec.space, withdrawn)])
    return probability_of_better(
        known.model,
        spec.space,
        known.modelled,
        Observed(known.coordinates, known.Y),
        pending,
        margin,
        seed_of(spec.settings.seed, len(state.suggestions)),
        feasibility=feasibility_of(spec, state, known),
        forbidden_keys=frozenset(spec.space.keys(refused)),
        deadline=Deadline(spec.settings.suggest_seconds),
    )


@one_thread()
def feasibility_of(spec: CampaignSpec, state: CampaignState, known: CampaignPosterior) -> Feasibility | None:
    """Return where experiments succeed; None if none has failed."""
    state = top_state(spec.space, state)
    if not state.failures:
        return None
    failed = coordinates_of(spec.space, (each.design for each in state.failures))
    coordinates = np.concatenate([known.coordinates, failed])
    succeeded = torch.arange(len(coordinates)) < len(known.coordinates)
    encoder = spec.space.encoder
    return Feasibility(torch.as_tensor(encoder.encode(coordinates)), succeeded, encoder.columns)


def searched_model(spec: CampaignSpec, known: CampaignPosterior) -> Model:
    """Return the model whose improvement is maximised: the posterior, for an acquisition function of one's own."""
    return known.search if acquisition_of(spec) is None else known.choosing


def acquisition_of(spec: CampaignSpec) -> AcquisitionBuilder | None:
    """Return what builds the campaign's acquisition function; None for the default."""
    name = spec.settings.acquisition
    return None if name == AUTO else ACQUISITIONS.load(name)
