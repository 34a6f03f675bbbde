"""The level at which the next design is measured: the one that tells most about its top-level value for its cost.

The search finds the design that promises most at the top level. A result at a lower level explains a share of the
variance of its top-level value (`designer.priors.fidelity.level_process`), and the level with the largest share for its
cost is measured, where that is at least `MIN_ADVANTAGE` times what the top level gives. A design is measured once at a
level, so that one which still promises most is measured at the top level in the end.

Until the top-level results show that lower levels predict them, these get at most `MAX_UNPROVEN_SHARE` of what the
top-level experiments cost, the first designs included: lower levels that do not predict the top one cost no more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import coordinates_of, lab_designs
from designer.campaign.suggesting.choice import Choice, initial_count
from designer.campaign.suggesting.expected_costs import expected_cost
from designer.campaign.suggesting.spending import spending_of
from designer.space.fidelity.fidelity_levels import MIN_RESULTS, at_level, fidelity_of, levels_of
from designer.space.fidelity.fidelity_parameter import FidelityParameter

if TYPE_CHECKING:
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

MIN_ADVANTAGE = 2.0
"""How many times as much as the top level a lower one must tell for its cost."""

MAX_UNPROVEN_SHARE = 0.1
"""Of what top-level experiments cost: what lower levels may cost before the results show that they predict them."""

FIRST_FACTOR = 2
"""First designs at a lower level for each that a campaign begins with at the top level."""

_SAMPLED = 256
_ROUNDING = 1e-9
PROVEN = math.log(3.0)
"""Log evidence for the lower levels from which their share is not limited."""

CONFIRMED = ("confirm", "replicate")
"""Beginnings of reasons of designs that are measured at the top level in any case."""


def with_levels(
    spec: CampaignSpec, state: CampaignState, choice: Choice, posterior: CampaignPosterior | None, own: int
) -> Choice:
    """Return a choice of top-level designs with the level at which each is to be measured.

    Parameters
    ----------
    posterior
        The posterior by which the designs were chosen; None for first designs.
    own
        How many of the first designs have the level that the campaign file says.
    """
    fidelity = fidelity_of(spec.space)
    if fidelity is None or spec.stated_cost is None or len(choice.designs) <= own:
        return choice
    coordinates = coordinates_of(spec.space, choice.designs)
    costs = _costs(spec, state, fidelity, coordinates)
    done, given = _done(spec, state), levels_of(spec.space, coordinates)
    allowance, left = _allowance(spec, state, posterior, costs), _left(spec, state)
    first = lower_first_designs(spec, state) if posterior is None else len(coordinates)
    levels, reasons = [], _reasons(spec, choice, fidelity, posterior)
    shares = _shares(spec, posterior, coordinates, len(fidelity.levels))
    for i, key in enumerate(spec.space.keys(coordinates)):
        level = int(given[i]) if i < own else 0
        if first > 0 and i >= own and not choice.reasons[i].startswith(CONFIRMED) and not _is_alone(choice, i):
            open_levels = [k for k in range(1, len(fidelity.levels)) if (k, key) not in done]
            paid = [k for k in open_levels if costs[i, k] <= min(allowance, left - costs[i, 0])]
            level = _best_level(shares[i], costs[i], paid)
        if level and i >= own:
            allowance, first = allowance - costs[i, level], first - 1
            share = None if posterior is None else float(shares[i, level])
            reasons[i] = "; ".join([_words(fidelity, level, share, costs[i]), reasons[i]])
        left -= costs[i, level]
        levels.append(level)
    found = np.concatenate(
        [at_level(spec.space, row[None], level) for row, level in zip(coordinates, levels, strict=True)]
    )
    return replace(choice, designs=tuple(lab_designs(spec.space, found)), reasons=tuple(reasons))


def _costs(
    spec: CampaignSpec, state: CampaignState, fidelity: FidelityParameter, coordinates: FloatArray
) -> FloatArray:
    """Return what one experiment of each design is expected to cost at each level (``n x levels``, the top first)."""
    known, number = expected_cost(spec, state), len(fidelity.levels)
    assert known is not None  # without a cost no level is chosen
    return np.stack([known.of_designs(at_level(spec.space, coordinates, level)) for level in range(number)], axis=1)


def _reasons(
    spec: CampaignSpec, choice: Choice, fidelity: FidelityParameter, posterior: CampaignPosterior | None
) -> list[str]:
    """Return the reasons; those of designs that no past task chose say so."""
    if posterior is None or spec.learns:
        return list(choice.reasons)
    from designer.acquisition.reasons import BEFORE_RESULTS

    words = f"lower levels: chosen by their results, before the first one at {fidelity.top}"
    return [reason.replace(BEFORE_RESULTS, words) for reason in choice.reasons]


def _is_alone(choice: Choice, i: int) -> bool:
    """Whether a design was chosen by the top-level results alone."""
    return bool(choice.plain) and choice.plain[i]


def _best_level(shares: FloatArray, costs: FloatArray, allowed: Sequence[int]) -> int:
    """Return the level that tells most for its cost; the top one where none tells enough more."""
    values = shares / costs
    best = max(allowed, key=lambda k: values[k], default=0)
    return best if best and values[best] >= MIN_ADVANTAGE * values[0] else 0


def _done(spec: CampaignSpec, state: CampaignState) -> set[tuple[int, bytes]]:
    """Return the level and the key at the top level of each design that was suggested, measured or failed."""
    designs = [each.design for each in state.suggestions.values()]
    designs += [*(each.design for each in state.results), *(each.design for each in state.failures)]
    coordinates = coordinates_of(spec.space, designs)
    keys = spec.space.keys(at_level(spec.space, coordinates))
    return set(zip(levels_of(spec.space, coordinates).tolist(), keys, strict=True))


def _shares(
    spec: CampaignSpec, posterior: CampaignPosterior | None, coordinates: FloatArray, levels: int
) -> FloatArray:
    """Return the share of the variance of each top-level value that a result at each level explains (``n x levels``).

    The mean over the goals; before there is a model 1 at every level.
    """
    if posterior is None:
        return np.ones((len(coordinates), levels))
    return posterior.explained_by_levels(coordinates, levels)


def _allowance(
    spec: CampaignSpec, state: CampaignState, posterior: CampaignPosterior | None, costs: FloatArray
) -> float:
    """Return what may be spent on lower levels now; infinite where they are known to predict the top one."""
    evidence = None if posterior is None else posterior.conditioned.posterior.evidence
    if evidence is not None and evidence.log_evidence >= PROVEN:
        return math.inf
    stated = spec.stated_cost
    assert stated is not None
    top = float(np.median(costs[:, 0]))
    made = [each.design for each in state.suggestions.values() if each.withdrawn_because is None]
    coordinates = coordinates_of(spec.space, made)
    prices, levels = stated.values(coordinates), levels_of(spec.space, coordinates)
    at_top = float(prices[levels == 0].sum()) + top * initial_count(spec)
    return MAX_UNPROVEN_SHARE * at_top - float(prices[levels > 0].sum())


def _left(spec: CampaignSpec, state: CampaignState) -> float:
    spending = spending_of(spec, state)
    return math.inf if spending is None else spending.left


def lower_first_designs(spec: CampaignSpec, state: CampaignState) -> int:
    """Return how many first designs are left to be measured at the cheapest lower level.

    Twice as many as a campaign begins with at the top level, but no more than `MAX_UNPROVEN_SHARE` allows, and none
    where that are too few for a model.
    """
    fidelity, stated = fidelity_of(spec.space), spec.stated_cost
    if fidelity is None or stated is None:
        return 0
    top = stated.typical
    coordinates = spec.space.sample(_SAMPLED, np.random.default_rng(0))
    cheapest = min(
        float(np.median(stated.of_designs(at_level(spec.space, coordinates, level))))
        for level in range(1, len(fidelity.levels))
    )
    wanted = min(
        FIRST_FACTOR * initial_count(spec), int(MAX_UNPROVEN_SHARE * top * initial_count(spec) / cheapest + _ROUNDING)
    )
    made = [each.design for each in state.suggestions.values()]
    made += [each.design for each in state.results if each.suggestion is None]
    begun = int((levels_of(spec.space, coordinates_of(spec.space, made)) > 0).sum())
    return max(wanted - begun, 0) if wanted >= MIN_RESULTS else 0


def _words(fidelity: FidelityParameter, level: int, share: float | None, costs: FloatArray) -> str:
    """Say why a level is measured: the share of the variance that it explains, and its cost."""
    cost = f"{100 * costs[level] / costs[0]:.3g} % of the cost at {fidelity.top}"
    if share is None:
        return f"at {fidelity.words[level]} for {cost}"
    return f"at {fidelity.words[level]}, which explains {100 * share:.0f} % of the variance for {cost}"
