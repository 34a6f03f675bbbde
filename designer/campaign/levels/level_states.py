"""The state of a campaign with a fidelity, by level: results at the top level are those that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from designer.campaign.log.state import CampaignState, Measurement
from designer.space import DesignSpace
from designer.space.fidelity.fidelity_levels import fidelity_of


def top_state(space: DesignSpace, state: CampaignState) -> CampaignState:
    """Return the state with the suggestions, results and failures of the top level alone; itself without a fidelity."""
    fidelity = fidelity_of(space)
    if fidelity is None:
        return state
    (column,) = fidelity.lab_columns

    def is_top(design: Mapping[str, Any]) -> bool:
        return bool(design.get(column, fidelity.top) == fidelity.top)

    return replace(
        state,
        suggestions={name: each for name, each in state.suggestions.items() if is_top(each.design)},
        measurements={name: each for name, each in state.measurements.items() if is_top(each.design)},
        failures=tuple(each for each in state.failures if is_top(each.design)),
    )


def lower_results(space: DesignSpace, state: CampaignState) -> dict[str, tuple[Measurement, ...]]:
    """Return the results at each lower level that has any, from the least reliable level up."""
    fidelity = fidelity_of(space)
    if fidelity is None:
        return {}
    (column,) = fidelity.lab_columns
    found = {
        level: tuple(each for each in state.results if each.design.get(column) == level) for level in fidelity.lower
    }
    return {level: results for level, results in found.items() if results}


def level_counts(space: DesignSpace, state: CampaignState) -> dict[str, int]:
    """Return the number of results at each level, the top one last; nothing without a fidelity."""
    fidelity = fidelity_of(space)
    if fidelity is None:
        return {}
    (column,) = fidelity.lab_columns
    levels = [str(each.design.get(column, fidelity.top)) for each in state.results]
    return {level: levels.count(level) for level in fidelity.levels}


def at_own_level(
    space: DesignSpace, state: CampaignState, measurement: str, design: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the corrected design of a measurement with the level that it has, where the correction names none."""
    fidelity, old = fidelity_of(space), state.measurements.get(measurement)
    if fidelity is None or old is None or {fidelity.name, *fidelity.lab_columns} & set(design):
        return design
    (column,) = fidelity.lab_columns
    return {**design, column: old.design[column]}


def level_of(space: DesignSpace, design: Mapping[str, Any]) -> str | None:
    """Return the level of a design; None without a fidelity."""
    fidelity = fidelity_of(space)
    return None if fidelity is None else str(design.get(fidelity.lab_columns[0], fidelity.top))


def lower_levels(space: DesignSpace, state: CampaignState) -> dict[str, str]:
    """Return the level of each measurement below the top one, by its id."""
    return {each.id: level for level, results in lower_results(space, state).items() for each in results}


def level_words(space: DesignSpace, state: CampaignState) -> Iterator[str]:
    """Yield the number of results at each level, in words; nothing without a fidelity."""
    fidelity = fidelity_of(space)
    if fidelity is not None:
        numbers = ", ".join(f"{level} {number}" for level, number in level_counts(space, state).items())
        yield f"results by level of {fidelity.name}: {numbers}"


def without_levels(space: DesignSpace, state: CampaignState) -> tuple[DesignSpace, CampaignState]:
    """Return the space of the designs without their level, and the state of the top level in it."""
    fidelity = fidelity_of(space)
    if fidelity is None:
        return space, state
    (column,) = fidelity.lab_columns
    top = top_state(space, state)

    def plain(design: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in design.items() if key != column}

    own = DesignSpace(
        parameters=[each for each in space.parameters if each is not fidelity], constraints=space.constraints
    )
    return own, replace(
        top,
        suggestions={name: replace(each, design=plain(each.design)) for name, each in top.suggestions.items()},
        measurements={
            name: replace(each, design=plain(each.design), as_recorded=None) for name, each in top.measurements.items()
        },
        failures=tuple(replace(each, design=plain(each.design)) for each in top.failures),
    )
