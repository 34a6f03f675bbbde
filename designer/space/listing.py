"""All designs of a small space, listed."""

from __future__ import annotations

import math

import numpy as np

from designer.arrays import FloatArray
from designer.space.base import SpaceLike


def count_settings(space: SpaceLike) -> int | None:
    """Return the number of combinations of all parameters' settings, before constraints; None if it is not known."""
    counts = [parameter.count for parameter in space.parameters]
    known = [count for count in counts if count is not None]
    return math.prod(known) if len(known) == len(counts) else None


def list_designs(space: SpaceLike, limit: int) -> FloatArray | None:
    """Return all designs of a space (``n x c``), or None where they are not a list of at most `limit`.

    What is limited without a pool is the number of combinations before constraints, for that is the work.
    """
    if space.pool is not None:
        chosen = space.pool.coordinates[space.within(space.pool.coordinates)]
        return chosen if len(chosen) <= limit else None
    combinations = count_settings(space)
    if combinations is None or combinations > limit:
        return None
    everything = _all_combinations(space)
    return everything[space.satisfied(everything)] if space.constraints else everything


def _all_combinations(space: SpaceLike) -> FloatArray:
    lists = [parameter.enumerate() for parameter in space.parameters]
    places = np.meshgrid(*(np.arange(len(settings)) for settings in lists), indexing="ij")
    return np.concatenate([settings[place.ravel()] for settings, place in zip(lists, places, strict=True)], axis=1)
