"""The level at which the next design is measured: the one that is worth most for its cost.

Where the cheapest level costs so little that a twenty-fifth of the top-level experiments pays `MIN_PREDICTED` results
there, the first designs are measured there: these show whether results at this level predict each other. Other first
designs are measured at the lower levels as well, from the cheapest one up: pairs of one design show soonest whether a
level predicts the top one. Such pairs get at most `FIRST_SHARE` of what the top-level experiments cost, twice as much
while the evidence is in favour of the lower levels, and nothing more once it is not
(`designer.priors.fidelity.level_prior`).

Where lower levels are used, the search finds the design that promises most at the top level, and the one that promises
most of those not measured at a lower level yet. Measuring the first one at the top level, and either of them at a lower
level first, are compared by their index (`designer.acquisition.levels.level_index`). A design is measured once at a
level. Lower levels get a share of what the top-level experiments cost that grows with the evidence for them. Where they
are not used, designs are those without lower levels, and all are measured at the top level.

Reference: M. L. Weitzman, Optimal search for the best alternative, Econometrica 47 (1979).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.acquisition.levels.level_index import gap_of, relative_index
from designer.acquisition.observed import Proposal
from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.levels.level_states import top_state
from designer.campaign.log.events import Design
from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import coordinates_of, lab_designs
from designer.campaign.suggesting.cheap_spending import FIRST_SHARE, MAX_SHARE, MIN_WANTED, USED_IN_ADVANCE, affordable
from designer.campaign.suggesting.choice import Choice
from designer.campaign.suggesting.expected_costs import expected_cost
from designer.campaign.suggesting.spending import spending_of
from designer.space.fidelity.fidelity_levels import MIN_PREDICTED, MIN_RESULTS, at_level, fidelity_of, levels_of
from designer.space.fidelity.fidelity_parameter import FidelityParameter

if TYPE_CHECKING:
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

MIN_ADVANTAGE = 2.0
"""How many times the cost of a first design at a lower level the top level must cost."""

MAX_FIRST = 20
"""First designs at the cheapest level before others."""

PROMISING_SHARE = 0.08
"""Of what top-level experiments cost: what lower levels may cost while there is some evidence for them."""

USED_SHARE = 0.1
"""The same where they are used, times the Bayes factor for them."""

_ROUNDING = 1e-9
_SOME = 200

Further = Callable[[int, frozenset[Any]], Proposal | None]
"""Returns further designs by the posterior, as many as asked for, besides those with some keys; None without any."""

CONFIRMED = ("confirm", "replicate")
"""Beginnings of reasons of designs that are measured at the top level in any case."""


def first_designs_below(
    spec: CampaignSpec, state: CampaignState, posterior: CampaignPosterior | None
) -> tuple[int, int]:
    """Return the cheapest level, and how many more first designs are measured there before others; 0 where none.

    Parameters
    ----------
    posterior
        The posterior given the results so far; None before there are any at lower levels.
    """
    fidelity = fidelity_of(spec.space)
    is_used = posterior is not None and posterior.uses_levels
    if fidelity is None or spec.stated_cost is None or is_used or top_state(spec.space, state).results:
        return 0, 0
    costs = np.median(_costs(spec, state, fidelity, _some_designs(spec)), axis=0)
    level = int(np.argmin(costs[1:])) + 1
    budgeted = (_left(spec, state) - costs[0]) / costs[level] + _ROUNDING
    paid = int(min(affordable(float(costs[level]), 0, float(costs[0])), budgeted))
    if paid < MIN_PREDICTED:
        return 0, 0
    made = sum(k == level for k, _ in _done(spec, state))
    wanted = MIN_PREDICTED if made < MIN_PREDICTED else min(paid, MAX_FIRST)
    return level, max(wanted - made, 0)


def with_levels(
    spec: CampaignSpec,
    state: CampaignState,
    choice: Choice,
    posterior: CampaignPosterior | None,
    own: int,
    further: Further | None = None,
) -> Choice:
    """Return a choice of top-level designs with the level at which each is to be measured.

    Parameters
    ----------
    posterior
        The posterior given the results so far; None before there are any at lower levels.
    own
        How many of the first designs have the level that the campaign file says.
    further
        Searches for further designs; None where the posterior does not use lower levels.
    """
    fidelity = fidelity_of(spec.space)
    if fidelity is None or spec.stated_cost is None or len(choice.designs) <= own:
        return choice
    if further is None or posterior is None:
        return _paired(spec, state, fidelity, choice, posterior, own)
    chosen = _Levels.of(spec, state, fidelity, choice, posterior)
    left, levels = _left(spec, state), []
    reasons = [_without_past(spec, fidelity, reason) for reason in choice.reasons]
    allowance = _share_left(spec, state, chosen.costs, _used_share(posterior), USED_IN_ADVANCE)
    given = levels_of(spec.space, chosen.coordinates)
    for i in range(len(choice.designs)):
        level = int(given[i]) if i < own else 0
        if i >= own and _may_be_lower(choice, i):
            level, _ = chosen.best(i, left, allowance, choice.scores[i])
        if level and i >= own:
            reasons[i] = "; ".join([_words(fidelity, level, chosen.shares[i, level], chosen.costs[i]), reasons[i]])
        left -= float(chosen.costs[i, level])
        allowance -= float(chosen.costs[i, level]) if level else 0.0
        levels.append(level)
    at_top = [i for i, level in enumerate(levels) if not level and i >= own and _may_be_lower(choice, i)]
    choice = replace(choice, designs=_at(spec, chosen.coordinates, levels), reasons=tuple(reasons))
    return _with_cheaper(spec, state, fidelity, choice, chosen, at_top, left, allowance, posterior, further)


def _paired(
    spec: CampaignSpec,
    state: CampaignState,
    fidelity: FidelityParameter,
    choice: Choice,
    posterior: CampaignPosterior | None,
    own: int,
) -> Choice:
    """Return the same designs in the same order, each at the lower levels first that can be paid."""
    coordinates = coordinates_of(spec.space, choice.designs)
    costs, done, given = _costs(spec, state, fidelity, coordinates), _done(spec, state), levels_of(
        spec.space, coordinates
    )  # fmt: skip
    allowance, left = _allowance(spec, state, posterior, costs), _left(spec, state)
    places: list[tuple[int, int, str]] = []
    for i, key in enumerate(spec.space.keys(at_level(spec.space, coordinates))):
        for k in np.argsort(costs[i, 1:], kind="stable") + 1:
            cheap = MIN_ADVANTAGE * costs[i, k] <= costs[i, 0] and costs[i, k] <= min(allowance, left - costs[i, 0])
            if i >= own and cheap and (int(k), key) not in done and _may_be_lower(choice, i):
                places.append((i, int(k), f"{_words(fidelity, int(k), None, costs[i])}; {choice.reasons[i]}"))
                allowance, left = allowance - costs[i, k], left - costs[i, k]
        places.append((i, int(given[i]) if i < own else 0, choice.reasons[i]))
        left -= costs[i, 0]
    places = places[: len(choice.designs)]
    rows = [i for i, _, _ in places]
    return replace(
        choice,
        designs=_at(spec, coordinates[rows], [level for _, level, _ in places]),
        reasons=tuple(reason for _, _, reason in places),
        scores=tuple(choice.scores[i] for i in rows),
        plain=tuple(choice.plain[i] for i in rows) if choice.plain else (),
    )


@dataclass(frozen=True, eq=False)
class _Levels:
    """What each level tells about some designs, and what it costs.

    Parameters
    ----------
    coordinates
        ``n x c`` designs.
    shares, costs
        ``n x levels``, the top level first: the share of the variance that is explained, and the cost.
    deviations
        ``n`` standard deviations at the top level; NaN where there is no single goal.
    open_levels
        The lower levels at which each design was neither suggested nor measured.
    """

    coordinates: FloatArray
    shares: FloatArray
    costs: FloatArray
    deviations: FloatArray
    open_levels: tuple[tuple[int, ...], ...]

    @classmethod
    def of(
        cls,
        spec: CampaignSpec,
        state: CampaignState,
        fidelity: FidelityParameter,
        choice: Choice | FloatArray,
        posterior: CampaignPosterior,
    ) -> _Levels:
        from designer.acquisition.levels.level_shares import deviations_of, explained_by_levels

        coordinates = choice if isinstance(choice, np.ndarray) else coordinates_of(spec.space, choice.designs)
        number, done = len(fidelity.levels), _done(spec, state)
        keys = spec.space.keys(at_level(spec.space, coordinates))
        free = tuple(tuple(k for k in range(1, number) if (k, key) not in done) for key in keys)
        costs = _costs(spec, state, fidelity, coordinates)
        X, model, goals = spec.space.encoder.encode(coordinates), posterior.conditioned.model, posterior.objective
        shares = explained_by_levels(model, goals.goal_columns, X, number)
        is_single = goals.mode == "single"
        deviations = deviations_of(model, goals.goal_columns[0], X) if is_single else np.full(len(X), np.nan)
        return cls(coordinates, shares, costs, deviations, free)

    def best(self, i: int, left: float, allowance: float, score: float | None) -> tuple[int, float]:
        """Return the level of the largest index for a design, and that index over the one of the top level.

        Parameters
        ----------
        left, allowance
            What may be spent, and what may be spent at lower levels.
        score
            The logarithm of the design's expected gain, where it is known.
        """
        gap = gap_of(math.nan if score is None else score, float(self.deviations[i]))
        found = (0, 1.0)
        for k in self.open_levels[i]:
            if self.costs[i, k] <= min(allowance, left - self.costs[i, 0]):
                index = relative_index(float(self.shares[i, k]), float(self.costs[i, k] / self.costs[i, 0]), gap)
                found = max(found, (k, index), key=lambda each: each[1])
        return found


def _with_cheaper(
    spec: CampaignSpec,
    state: CampaignState,
    fidelity: FidelityParameter,
    choice: Choice,
    chosen: _Levels,
    at_top: Sequence[int],
    left: float,
    allowance: float,
    posterior: CampaignPosterior,
    further: Further,
) -> Choice:
    """Return the choice with other designs at a lower level in place of those top-level ones of a smaller index."""
    if not at_top or allowance < float(chosen.costs[:, 1:].min()):
        return choice
    lower = {key for level, key in _done(spec, state) if level}
    found = further(len(at_top), frozenset(lower | set(spec.space.keys(chosen.coordinates))))
    if found is None:
        return choice
    other = _Levels.of(spec, state, fidelity, found.coordinates, posterior)
    designs, reasons, scores = list(choice.designs), list(choice.reasons), list(choice.scores)
    for j, i in enumerate(at_top[: len(found.coordinates)]):
        top, score = scores[i], found.scores[j]
        level, index = other.best(j, left + float(chosen.costs[i, 0]), allowance, score)
        if not level or top is None or not math.isfinite(score):
            continue
        if score + math.log(index / other.costs[j, 0]) < top - math.log(chosen.costs[i, 0]):
            continue
        (designs[i],) = _at(spec, found.coordinates[j : j + 1], [level])
        words = _words(fidelity, level, other.shares[j, level], other.costs[j])
        note = _without_past(spec, fidelity, found.notes[j])
        reasons[i], scores[i] = f"{words}, before a dearer measurement; {note}", score
        left += float(chosen.costs[i, 0] - other.costs[j, level])
        allowance -= float(other.costs[j, level])
    return replace(choice, designs=tuple(designs), reasons=tuple(reasons), scores=tuple(scores))


def _at(spec: CampaignSpec, coordinates: FloatArray, levels: Sequence[int]) -> tuple[Design, ...]:
    """Return designs (``n x c``) at their levels, in lab units."""
    rows = [at_level(spec.space, row[None], level) for row, level in zip(coordinates, levels, strict=True)]
    return tuple(lab_designs(spec.space, np.concatenate(rows)))


def _may_be_lower(choice: Choice, i: int) -> bool:
    """Whether a design may be measured at a lower level: it is neither confirmed nor chosen without past tasks."""
    return not choice.reasons[i].startswith(CONFIRMED) and not (choice.plain and choice.plain[i])


def _costs(
    spec: CampaignSpec, state: CampaignState, fidelity: FidelityParameter, coordinates: FloatArray
) -> FloatArray:
    """Return what one experiment of each design is expected to cost at each level (``n x levels``, the top first)."""
    known, number = expected_cost(spec, state), len(fidelity.levels)
    assert known is not None  # without a cost no level is chosen
    return np.stack([known.of_designs(at_level(spec.space, coordinates, level)) for level in range(number)], axis=1)


def first_reason(spec: CampaignSpec, state: CampaignState, design: Design, level: int) -> str:
    """Return why one of the first designs is measured at the cheapest level."""
    fidelity = fidelity_of(spec.space)
    assert fidelity is not None
    (costs,) = _costs(spec, state, fidelity, coordinates_of(spec.space, [design]))
    return _words(fidelity, level, None, costs)


def _without_past(spec: CampaignSpec, fidelity: FidelityParameter, reason: str) -> str:
    """Return a reason that names the lower levels and not past tasks, where the campaign has none."""
    if spec.learns:
        return reason
    from designer.acquisition.reasons import BEFORE_RESULTS

    words = f"lower levels: chosen by their results, before the first one at {fidelity.top}"
    return reason.replace(BEFORE_RESULTS, words)


def _done(spec: CampaignSpec, state: CampaignState) -> set[tuple[int, bytes]]:
    """Return the level and the key at the top level of each design that was suggested, measured or failed."""
    designs = [each.design for each in state.suggestions.values()]
    designs += [*(each.design for each in state.results), *(each.design for each in state.failures)]
    coordinates = coordinates_of(spec.space, designs)
    keys = spec.space.keys(at_level(spec.space, coordinates))
    return set(zip(levels_of(spec.space, coordinates).tolist(), keys, strict=True))


def _allowance(
    spec: CampaignSpec, state: CampaignState, posterior: CampaignPosterior | None, costs: FloatArray
) -> float:
    """Return what may be spent on lower levels that are not used; 0 where the evidence is against them.

    It begins only where it pays enough results for a model.
    """
    odds = _log_odds(posterior)
    if odds is not None and odds <= 0.0 and len(top_state(spec.space, state).results) >= MIN_RESULTS:
        return 0.0
    share = PROMISING_SHARE if odds is not None and odds > 0.0 else FIRST_SHARE
    allowance = _share_left(spec, state, costs, share)
    begun = any(level for level, _ in _done(spec, state))
    fewest = MIN_RESULTS * float(np.median(costs[:, 1:].min(axis=1)))
    return allowance if begun or allowance >= fewest else 0.0


def _log_odds(posterior: CampaignPosterior | None) -> float | None:
    """Return the log evidence for lower levels; None before enough is measured there."""
    evidence = None if posterior is None else posterior.conditioned.posterior.evidence
    return None if evidence is None else evidence.levels


def _used_share(posterior: CampaignPosterior) -> float:
    """Return the share for lower levels that are used: it grows with the evidence for them."""
    odds = math.exp(min(_log_odds(posterior) or 0.0, -math.log(USED_SHARE)))
    return min(USED_SHARE * odds, MAX_SHARE)


def _some_designs(spec: CampaignSpec) -> FloatArray:
    """Return designs by which the costs of levels are compared."""
    if spec.space.pool is not None:
        return spec.space.pool.coordinates[:_SOME]
    return spec.space.sample(_SOME, np.random.default_rng(0))


def _share_left(
    spec: CampaignSpec, state: CampaignState, costs: FloatArray, share: float, least: int = MIN_WANTED
) -> float:
    """Return what is left for lower levels of a share of what the top-level experiments cost, at least so many."""
    stated = spec.stated_cost
    assert stated is not None
    made = [each.design for each in state.suggestions.values() if each.withdrawn_because is None]
    coordinates = coordinates_of(spec.space, made)
    prices, levels = stated.values(coordinates), levels_of(spec.space, coordinates)
    top = max(float(prices[levels == 0].sum()), least * float(np.median(costs[:, 0])))
    return share * top - float(prices[levels > 0].sum()) + _ROUNDING


def _left(spec: CampaignSpec, state: CampaignState) -> float:
    spending = spending_of(spec, state)
    return math.inf if spending is None else spending.left


def _words(fidelity: FidelityParameter, level: int, share: float | None, costs: FloatArray) -> str:
    """Say why a level is measured: the share of the variance that it explains, and its cost."""
    cost = f"{100 * costs[level] / costs[0]:.3g} % of the cost at {fidelity.top}"
    if share is None:
        return f"at {fidelity.words[level]} for {cost}, to see whether it predicts {fidelity.top}"
    return f"at {fidelity.words[level]}, which explains {100 * share:.0f} % of the variance for {cost}"
