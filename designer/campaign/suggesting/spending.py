"""What a campaign has spent of its cost budget, and what is left.

An experiment costs what its result says, else what the campaign file states; a failed one costs the same. Attached
results are not counted, as in a budget of experiments. The experiments of open suggestions are committed, at the cost
that is expected of them (`designer.campaign.suggesting.expected_costs`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from designer.acquisition.batch_rule import SharedSettings
from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Cell
from designer.campaign.log.state import CampaignState, Failure, Measurement
from designer.campaign.observing.campaign_stages import observation_costs, undecided
from designer.campaign.results.designs import coordinates_of
from designer.campaign.suggesting.batch_settings import batch_settings, shared_settings
from designer.campaign.suggesting.expected_costs import ExpectedCost, expected_cost
from designer.campaign.suggesting.stopping import MAX_LISTED, Spending
from designer.errors import NoDesignLeft
from designer.objective.cost import ROUNDING, StatedCost
from designer.objective.design_costs import DesignCosts
from designer.space.listing import list_designs


def spending_of(spec: CampaignSpec, state: CampaignState) -> Spending | None:
    """Return what the campaign has spent and what it is committed to; None where its file states no cost."""
    stated, expected = spec.stated_cost, expected_cost(spec, state)
    if stated is None or expected is None:
        return None
    left_out = undecided(state)
    waiting = [
        each.design
        for each in state.open
        if each.id not in left_out
        for _ in range(spec.settings.replicates - sum(bool(result.values) for result in state.of(each.id)))
    ]
    begun = _begun(state)
    prices = _batch_prices(spec, state, stated)
    unbegun = set(prices) - {each.position for each in state.suggestions.values() if each.id in begun}
    observed = {each.name: each.cost for each in spec.settings.observations if each.cost is not None}
    return Spending(
        spent=math.fsum([*(cost for _, cost in costs_of_results(spec, state)), *observation_costs(state, observed)]),
        committed=math.fsum([*_expected(expected, waiting), *(prices[position] for position in unbegun)]),
        budget=spec.settings.max_cost,
    )


def costs_of_results(spec: CampaignSpec, state: CampaignState) -> list[tuple[int, float]]:
    """Return the position and the cost of each result and failure of a suggestion, oldest first.

    The first one of a batch also has what the batch costs besides its experiments.
    """
    stated = spec.stated_cost
    if stated is None:
        return []
    done: list[Measurement | Failure] = [each for each in state.measurements.values() if each.is_experiment]
    done = sorted([*done, *state.failures], key=lambda each: each.position)
    done = [each for each in done if each.suggestion is not None]
    prices = _batch_prices(spec, state, stated)
    costs = _costs(spec, [each.design for each in done])
    found = []
    for each, cost in zip(done, costs, strict=True):
        assert each.suggestion is not None
        batch = state.suggestions[each.suggestion].position
        found.append((each.position, (cost if each.cost is None else each.cost) + prices.pop(batch, 0.0)))
    return found


def stated_costs(spec: CampaignSpec, designs: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """Return the stated cost of each design; None without one, as may be of a design that is outside the space."""
    stated = spec.stated_cost
    if stated is None or not designs:
        return [None] * len(designs)
    costs = stated.values(coordinates_of(spec.space, [dict(each) for each in designs]))
    return [float(cost) if math.isfinite(cost) and cost > 0 else None for cost in costs]


def _costs(spec: CampaignSpec, designs: Sequence[Mapping[str, Cell]]) -> list[float]:
    """Return the stated cost of each design, 0 without one."""
    return [cost or 0.0 for cost in stated_costs(spec, designs)]


def _expected(expected: ExpectedCost, designs: Sequence[Mapping[str, Cell]]) -> list[float]:
    """Return the expected cost of each design, 0 where none is stated."""
    coordinates = coordinates_of(expected.stated.space, [dict(each) for each in designs])
    costs = expected.stated.values(coordinates) * expected.factors(coordinates) if len(designs) else np.empty(0)
    return [float(cost) if math.isfinite(cost) and cost > 0 else 0.0 for cost in costs]


def _begun(state: CampaignState) -> set[str | None]:
    """Return the suggestions that have a result or a failure, withdrawn ones included."""
    measured = {each.suggestion for each in state.measurements.values()}
    return measured | {each.suggestion for each in state.failures}


def _batch_prices(spec: CampaignSpec, state: CampaignState, stated: StatedCost) -> dict[int, float]:
    """Return what each batch costs besides its experiments, by the position of its event.

    Batches that were withdrawn whole before a result have none.
    """
    made = _begun(state)
    counted = [each for each in state.suggestions.values() if each.withdrawn_because is None or each.id in made]
    prices = dict.fromkeys(sorted({each.position for each in counted}), stated.cost.batch)
    if not any(each.change_cost for each in spec.space.shared_parameters):
        return prices
    remaining = sorted({each.position for each in counted if each.withdrawn_because is None})
    settings = zip(remaining, batch_settings(spec.space, state), strict=True)
    for (_, before), (position, after) in pairwise(settings):
        prices[position] += sum(
            each.change_cost or 0.0 for each in spec.space.shared_parameters if before[each.name] != after[each.name]
        )
    return prices


def design_costs(spec: CampaignSpec, state: CampaignState, shared: SharedSettings) -> DesignCosts | None:
    """Return what designs of the next batch cost and what may be spent on them; None where the file states no cost.

    What the batch costs besides, changes of all settings that may change included, is taken off what is left.
    """
    expected, spending = expected_cost(spec, state), spending_of(spec, state)
    if expected is None or spending is None:
        return None
    changes = sum(cost for name, cost in shared.costs.items() if name not in shared.frozen) if shared.current else 0.0
    replicates = spec.settings.replicates

    def of(coordinates: FloatArray) -> FloatArray:
        return replicates * expected.of_designs(coordinates)

    left = spending.left
    if spending.budget is not None:
        left += ROUNDING * spending.budget - expected.stated.cost.batch - changes
    return DesignCosts(
        of=of,
        limit=lambda most: expected.limit(most / replicates),
        left=left,
        per_batch=expected.stated.cost.batch,
    )


def affordable_settings(spec: CampaignSpec, state: CampaignState, n: int) -> tuple[SharedSettings, DesignCosts | None]:
    """Return the settings that the next batch of `n` designs shares, and the costs of its designs.

    Settings whose change cannot be paid keep what they are.
    """
    shared = shared_settings(spec, state, n)
    costs = design_costs(spec, state, shared)
    if costs is None or not shared.costs or shared.current is None:
        return shared, costs
    try:
        costs.space_of(spec.space)
    except NoDesignLeft:
        shared = replace(shared, frozen=frozenset(shared.names))
        costs = design_costs(spec, state, shared)
    return shared, costs


def can_pay(spec: CampaignSpec, state: CampaignState) -> bool:
    """Whether the cost budget can pay a further design; True without one."""
    if spec.settings.max_cost is None:
        return True
    _, costs = affordable_settings(spec, state, 1)
    assert costs is not None  # the settings refuse a budget of cost without a cost
    designs = list_designs(spec.space, MAX_LISTED)
    if designs is not None:
        taken = [*(each.design for each in state.suggestions.values()), *(each.design for each in state.results)]
        keys = set(spec.space.keys(coordinates_of(spec.space, [dict(each) for each in taken])))
        free = designs[[key not in keys for key in spec.space.keys(designs)]]
        return not len(free) or bool((costs.of(free) <= costs.left).any())
    try:
        return len(costs.space_of(spec.space).sample(1, np.random.default_rng(0))) > 0
    except NoDesignLeft:
        return False
