"""Space-filling first designs."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from designer.arrays import FloatArray
from designer.errors import NoDesignLeft
from designer.space import DesignSpace

_SPARE = 32
_DRAWN = 256  # random designs among which `quick_designs` chooses
_MAX_NEAR = 1000  # designs to avoid whose distances it computes


def initial_designs(space: DesignSpace, n: int, seed: int, avoid: FloatArray | None = None) -> FloatArray:
    """Return designs that cover the space, at a distance from those to `avoid`.

    Parameters
    ----------
    space
        The space; every design is valid in it.
    n
        How many designs.
    seed
        The same seed, space and `avoid` always give the same designs.
    avoid
        ``k x c`` designs that are taken: none of them comes again. Each counts once, however often it is given: a
        design that is suggested and measured takes up no more of the space than another.

    Returns
    -------
    ``m x c`` coordinates, all different; ``m < n`` only where no more could be found.

    Raises
    ------
    NoDesignLeft
        If there is none at all.
    """
    rng = np.random.default_rng(seed)
    known: set[bytes] = set()
    taken = _new(space, np.empty((0, space.width)) if avoid is None else np.asarray(avoid, dtype=np.float64), known)
    found = _new(space, space.space_filling(n, rng, taken if len(taken) else None), known)
    if len(found) < n:  # a nearly exhausted space: space-filling designs may be excluded
        more = space.sample(n + len(taken) + _SPARE, rng)
        found = np.concatenate([found, _new(space, more, known)])[:n]
    if not len(found):
        raise NoDesignLeft("every design that could be found was suggested, measured, failed or withdrawn before")
    return found


def quick_designs(space: DesignSpace, n: int, seed: int, avoid: FloatArray, forbidden: Set[Any]) -> FloatArray:
    """Return designs far from those to `avoid`, in milliseconds however many these are.

    Of some hundred random designs the one that is farthest from its nearest neighbour among the chosen ones and (a
    thousand of) those to avoid is chosen next, in features.

    Parameters
    ----------
    avoid
        ``k x c`` designs that are taken.
    forbidden
        `DesignSpace.keys` of further designs that are not chosen.

    Returns
    -------
    ``m x c`` coordinates, all different; ``m < n`` where no more were drawn, which may be none.
    """
    rng = np.random.default_rng(seed)
    drawn = _drawn(space, _DRAWN + 4 * n, rng)
    known = set(space.keys(avoid)) | forbidden
    candidates = _new(space, drawn, known)
    if not len(candidates):
        return candidates
    features = space.encoder.encode(candidates)
    near = avoid if len(avoid) <= _MAX_NEAR else avoid[rng.choice(len(avoid), _MAX_NEAR, replace=False)]
    distances = cdist(features, space.encoder.encode(near)).min(1) if len(near) else np.full(len(candidates), np.inf)
    chosen: list[int] = []
    for _ in range(min(n, len(candidates))):
        chosen.append(int(np.argmax(distances)))
        distances = np.minimum(distances, cdist(features, features[chosen[-1:]])[:, 0])
        distances[chosen] = -np.inf
    return candidates[chosen]


def _drawn(space: DesignSpace, count: int, rng: np.random.Generator) -> FloatArray:
    """Return random designs of the space, or rows of its pool."""
    if space.pool is None:
        return space.sample(count, rng)
    rows = np.asarray(space.pool.coordinates)
    rows = rows[rng.choice(len(rows), min(count, len(rows)), replace=False)]
    return rows[space.valid(rows)]


def _new(space: DesignSpace, coordinates: FloatArray, known: set[bytes]) -> FloatArray:
    """Return the rows that are not known yet, and make them known."""
    kept = []
    for i, key in enumerate(space.keys(coordinates)):
        if key not in known:
            known.add(key)
            kept.append(i)
    return coordinates[kept]
