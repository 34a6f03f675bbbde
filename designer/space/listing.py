"""All designs of a small space, listed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from designer.arrays import FloatArray
from designer.space.base import SpaceLike
from designer.space.moves import Moves, separate_parameters
from designer.space.pool import row_codes


def count_settings(space: SpaceLike) -> int | None:
    """Return the number of combinations of all parameters' settings, before constraints; None if it is not known."""
    counts = [parameter.count for _, parameter in separate_parameters(space)]
    counts += [None if system.rows is None else len(system.rows) for system in space.systems]
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
    return everything[Moves(space).satisfied(everything)] if space.constraints else everything


def _all_combinations(space: SpaceLike) -> FloatArray:
    blocks: list[tuple[Sequence[int], FloatArray]] = []
    for k, parameter in separate_parameters(space):
        blocks.append((range(*space.slices[k].indices(space.width)), parameter.enumerate()))
    blocks += [(system.columns, system.rows) for system in space.systems if system.rows is not None]
    places = np.meshgrid(*(np.arange(len(settings)) for _, settings in blocks), indexing="ij")
    designs = np.empty((places[0].size if places else 0, space.width))
    for (columns, settings), place in zip(blocks, places, strict=True):
        designs[:, list(columns)] = settings[place.ravel()]
    if not space.conditions.conditionals:
        return designs
    filled = space.conditions.filled(designs)
    _, first = np.unique(row_codes(filled), return_index=True)
    return filled[np.sort(first)]
