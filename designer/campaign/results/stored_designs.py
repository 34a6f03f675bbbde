"""The designs of a campaign's events, checked against its space: a damaged store is noticed when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import coordinates_of, with_words_of
from designer.errors import DesignerError, StoreError
from designer.space import DesignSpace
from designer.space.parameters.fields import MAX_NUMBER


def space_of_designs(space: DesignSpace, state: CampaignState) -> DesignSpace:
    """Return the space with the formulas of all designs that a campaign knows.

    Raises
    ------
    StoreError
        If a design of its events is none of the space (a column too few or too many, an unknown choice, no number), or
        if a result is a number that is too large to calculate with.
    """
    for name, result in state.measurements.items():
        if not all(abs(value) <= MAX_NUMBER for value in (*result.values.values(), *result.noise.values())):
            what = f"campaign {state.name!r}: {name} has a value beyond {MAX_NUMBER:g}"
            raise StoreError(f"{what}: the store is damaged")
    placed = list(_placed(state))
    try:
        return _checked(space, [design for _, design in placed])
    except _NOT_OF_THE_SPACE:
        for name, design in placed:
            try:
                _checked(space, [design])
            except _NOT_OF_THE_SPACE:
                shown = ", ".join(f"{key} {value!r}"[:60] for key, value in list(design.items())[:12])
                what = f"campaign {state.name!r}: {name} has a design that is none of the space ({shown})"
                raise StoreError(f"{what}: the store is damaged") from None
        raise


_NOT_OF_THE_SPACE = (AttributeError, DesignerError, IndexError, KeyError, OverflowError, TypeError, ValueError)


def _checked(space: DesignSpace, designs: Sequence[Mapping[str, Any]]) -> DesignSpace:
    columns = set(space.columns)
    for design in designs:
        if design.keys() != columns:
            raise ValueError("a design has other columns than the space")
    known = with_words_of(space, designs)
    if not np.isfinite(coordinates_of(known, designs)).all():
        raise ValueError("a design has a value that is not a finite number")
    return known


def _placed(state: CampaignState) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Go through the designs of a state, with what each belongs to."""
    yield from ((name, each.design) for name, each in state.suggestions.items())
    yield from ((name, each.design) for name, each in state.measurements.items())
    yield from ((f"the failure of event {each.position}", each.design) for each in state.failures)
