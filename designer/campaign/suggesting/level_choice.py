"""The level at which the next design is measured: the one that tells most about its top-level value for its cost.

First designs are measured at the lower levels as well, from the cheapest one up: pairs of one design tell soonest
whether a level predicts the top one. Such pairs get at most `MAX_FIRST_SHARE` of what the top-level experiments cost,
and none once the results contradict the lower levels (`designer.priors.fidelity.level_prior`).

From then on the search finds the design that promises most at the top level. A result at a lower level explains a share
of the variance of its top-level value, and the level with the largest share for its cost is measured, where that is at
least `MIN_ADVANTAGE` times what the top level gives. A design is measured once at a level. Where the design that
promises most is to be measured at the top level, another one is measured at a lower level instead if its expected gain,
times the share, for its cost is at least `MIN_OTHER_ADVANTAGE` times that at the top level (an augmented expected
improvement), so that several cheap measurements come before a dear one. Lower levels get at most `MAX_SHARE` of what
the top-level experiments cost. Where the results contradict them, designs are those without lower levels, and all are
measured at the top level.

Reference: D. Huang, T. T. Allen, W. I. Notz, R. A. Miller, Sequential kriging optimization using multiple-fidelity
evaluations (Structural and Multidisciplinary Optimization 2006).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.acquisition.observed import Proposal
from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Design
from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import coordinates_of, lab_designs
from designer.campaign.suggesting.choice import Choice
from designer.campaign.suggesting.expected_costs import expected_cost
from designer.campaign.suggesting.spending import spending_of
from designer.space.fidelity.fidelity_levels import MIN_RESULTS, REJECTED_LOG_ODDS, at_level, fidelity_of, levels_of
from designer.space.fidelity.fidelity_parameter import FidelityParameter

if TYPE_CHECKING:
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

MIN_ADVANTAGE = 2.0
"""How many times as much as the top level a lower one must tell for its cost."""

MIN_OTHER_ADVANTAGE = 5.0
"""The same for another design than the one that is to be measured at the top level."""

MAX_FIRST_SHARE = 0.05
"""Of what top-level experiments cost: what lower levels may cost before they are used."""

MAX_SHARE = 1.0
"""The same from then on: lower levels cost no more than the experiments that are wanted."""

MIN_TOP = 8
"""Top-level experiments of which these shares may be spent in advance: it pays the pairs that decide."""

_ROUNDING = 1e-9

Further = Callable[[int, frozenset[Any]], Proposal | None]
"""Returns further designs by the posterior, as many as asked for, besides those with some keys; None without any."""

CONFIRMED = ("confirm", "replicate")
"""Beginnings of reasons of designs that are measured at the top level in any case."""


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
    left, levels, reasons = _left(spec, state), [], _reasons(spec, choice, fidelity)
    allowance = _share_left(spec, state, chosen.costs, MAX_SHARE)
    given = levels_of(spec.space, chosen.coordinates)
    for i in range(len(choice.designs)):
        level = int(given[i]) if i < own else 0
        if i >= own and _may_be_lower(choice, i):
            level = chosen.best(i, left, allowance)
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
    open_levels
        The lower levels at which each design was neither suggested nor measured.
    """

    coordinates: FloatArray
    shares: FloatArray
    costs: FloatArray
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
        coordinates = choice if isinstance(choice, np.ndarray) else coordinates_of(spec.space, choice.designs)
        number, done = len(fidelity.levels), _done(spec, state)
        keys = spec.space.keys(at_level(spec.space, coordinates))
        free = tuple(tuple(k for k in range(1, number) if (k, key) not in done) for key in keys)
        costs = _costs(spec, state, fidelity, coordinates)
        return cls(coordinates, posterior.explained_by_levels(coordinates, number), costs, free)

    def best(self, i: int, left: float, allowance: float) -> int:
        """Return the level that tells most about a design for its cost; the top one where none tells enough more."""
        values = self.shares[i] / self.costs[i]
        paid = [k for k in self.open_levels[i] if self.costs[i, k] <= min(allowance, left - self.costs[i, 0])]
        found = max(paid, key=lambda k: values[k], default=0)
        return found if found and values[found] >= MIN_ADVANTAGE * values[0] else 0


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
    """Return the choice with cheap measurements of other designs in place of those top-level ones that gain less."""
    cheapest = float((chosen.costs[:, 1:] / chosen.costs[:, :1]).min())
    if not at_top or MIN_OTHER_ADVANTAGE * cheapest >= 1.0:
        return choice
    lower = {key for level, key in _done(spec, state) if level}
    found = further(len(at_top), frozenset(lower | set(spec.space.keys(chosen.coordinates))))
    if found is None:
        return choice
    other = _Levels.of(spec, state, fidelity, found.coordinates, posterior)
    designs, reasons, scores = list(choice.designs), list(choice.reasons), list(choice.scores)
    for j, i in enumerate(at_top[: len(found.coordinates)]):
        level, top, score = other.best(j, left + float(chosen.costs[i, 0]), allowance), scores[i], found.scores[j]
        if not level or top is None or not math.isfinite(score):
            continue
        gain = score + math.log(other.shares[j, level] / other.costs[j, level])
        if gain < top + math.log(MIN_OTHER_ADVANTAGE / chosen.costs[i, 0]):
            continue
        (designs[i],) = _at(spec, found.coordinates[j : j + 1], [level])
        words = _words(fidelity, level, other.shares[j, level], other.costs[j])
        reasons[i], scores[i] = f"{words}, before a dearer measurement; {found.notes[j]}", score
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


def _reasons(spec: CampaignSpec, choice: Choice, fidelity: FidelityParameter) -> list[str]:
    """Return the reasons; those of designs that no past task chose say so."""
    if spec.learns:
        return list(choice.reasons)
    from designer.acquisition.reasons import BEFORE_RESULTS

    words = f"lower levels: chosen by their results, before the first one at {fidelity.top}"
    return [reason.replace(BEFORE_RESULTS, words) for reason in choice.reasons]


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
    """Return what may be spent on lower levels that are not used; 0 where they contradict the top one.

    It begins only where it pays enough results for a model.
    """
    evidence = None if posterior is None else posterior.conditioned.posterior.evidence
    if evidence is not None and (evidence.levels or 0.0) <= -REJECTED_LOG_ODDS:
        return 0.0
    allowance = _share_left(spec, state, costs, MAX_FIRST_SHARE)
    begun = any(level for level, _ in _done(spec, state))
    fewest = MIN_RESULTS * float(np.median(costs[:, 1:].min(axis=1)))
    return allowance if begun or allowance >= fewest else 0.0


def _share_left(spec: CampaignSpec, state: CampaignState, costs: FloatArray, share: float) -> float:
    """Return what is left for lower levels of a share of what the top-level experiments cost."""
    stated = spec.stated_cost
    assert stated is not None
    made = [each.design for each in state.suggestions.values() if each.withdrawn_because is None]
    coordinates = coordinates_of(spec.space, made)
    prices, levels = stated.values(coordinates), levels_of(spec.space, coordinates)
    top = max(float(prices[levels == 0].sum()), MIN_TOP * float(np.median(costs[:, 0])))
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
