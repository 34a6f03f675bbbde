"""Settings that all designs of a batch share (``vary: per_batch``): those of earlier batches, and what may change.

A batch is what one request suggests. Batches that were withdrawn whole do not count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from designer.acquisition.batch_rule import Settings, SharedSettings
from designer.campaign.file.settings import Settings as CampaignSettings
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Design
from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import coordinates_of
from designer.campaign.suggesting.stopping import spent
from designer.counting import count
from designer.errors import Fault, InvalidData, InvalidSpace, NoDesignLeft
from designer.space import DesignSpace


def batch_settings(space: DesignSpace, state: CampaignState) -> list[Settings]:
    """Return the shared settings of each batch, oldest first; of its first suggestion that was not withdrawn."""
    first: dict[int, Mapping[str, Any]] = {}
    for each in state.suggestions.values():
        if each.withdrawn_because is None:
            first.setdefault(each.position, each.design)
    designs = [first[position] for position in sorted(first)]
    return [shared_of(space, row) for row in coordinates_of(space, designs)]


def shared_of(space: DesignSpace, row: Any) -> Settings:
    """Return the shared settings of one design (``c`` coordinates)."""
    return SharedSettings(tuple(parameter.name for parameter in space.shared_parameters)).of(space, row)


def changes(batches: Sequence[Settings], name: str) -> int:
    """Return how often the setting of a parameter changed from a batch to the next."""
    return sum(before[name] != after[name] for before, after in pairwise(batches))


def shared_settings(spec: CampaignSpec, state: CampaignState, n: int) -> SharedSettings:
    """Return which settings the next batch of `n` designs shares, those that may not change, and what a change costs.

    With a budget, the changes that a parameter has left are spread over it: a setting may have changed once more than
    its share of the experiments made. Settings that are not possible, in an amended space or this context, may change.
    """
    parameters = spec.space.shared_parameters
    if not parameters:
        return SharedSettings()
    batches = batch_settings(spec.space, state)
    possible = batches and _is_possible(spec.space, batches[-1])
    frozen = frozenset(
        parameter.name
        for parameter in parameters
        if possible
        and parameter.at_most_changes is not None
        and changes(batches, parameter.name) >= _allowed(parameter.at_most_changes, spec.settings, state, n)
    )
    return SharedSettings(
        names=tuple(parameter.name for parameter in parameters),
        current=batches[-1] if possible else None,
        frozen=frozen,
        costs={each.name: each.change_cost for each in parameters if each.change_cost},
    )


def _is_possible(space: DesignSpace, settings: Settings) -> bool:
    """Whether designs with these settings may be suggested: they may not after an amendment, or in another context."""
    if not all(each.valid(np.array([settings[each.name]]))[0] for each in space.shared_parameters):
        return False
    if not space.constraints:
        return True
    try:
        return len(space.fixed(settings).sample(1, np.random.default_rng(0))) > 0
    except (InvalidSpace, NoDesignLeft):
        return False


def kept_words(spec: CampaignSpec, state: CampaignState, shared: SharedSettings) -> list[str]:
    """Say which settings the next batch keeps because their changes are used up for now."""
    batches = batch_settings(spec.space, state) if shared.frozen else []
    return [
        f"{each.name} keeps its setting: {changes(batches, each.name)} of {count(each.at_most_changes, 'change')} made"
        for each in spec.space.shared_parameters
        if each.name in shared.frozen and each.at_most_changes is not None
    ]


def _allowed(limit: int, settings: CampaignSettings, state: CampaignState, n: int) -> int:
    """Return how many changes may have been made with the next batch."""
    if settings.max_experiments is None:
        return limit
    waiting = len(state.open)
    return min(limit, math.ceil(limit * min(1.0, (spent(state) + waiting + n) / settings.max_experiments)))


def of_one_setting(space: DesignSpace, designs: Sequence[Design]) -> list[Design]:
    """Return those of the designs whose shared settings are those of the first one."""
    if not space.shared_parameters or not designs:
        return list(designs)
    rows = [shared_of(space, row) for row in coordinates_of(space, designs)]
    return [design for design, settings in zip(designs, rows, strict=True) if settings == rows[0]]


def refuse_several(space: DesignSpace, designs: Sequence[Design]) -> None:
    """Refuse replicates that differ in a setting that all designs of a batch share.

    Raises
    ------
    InvalidData
        With each such parameter.
    """
    rows = [shared_of(space, row) for row in coordinates_of(space, designs)]
    faults = [
        Fault(
            f"the replicates differ in {parameter.name!r}, which is one for a batch", "request them one after another"
        )
        for parameter in space.shared_parameters
        if len({settings[parameter.name] for settings in rows}) > 1
    ]
    if faults:
        raise InvalidData(faults)
