"""Space-filling first designs."""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray
from designer.errors import NoDesignLeft
from designer.space import DesignSpace

_SPARE = 32


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


def _new(space: DesignSpace, coordinates: FloatArray, known: set[bytes]) -> FloatArray:
    """Return the rows that are not known yet, and make them known."""
    kept = []
    for i, key in enumerate(space.keys(coordinates)):
        if key not in known:
            known.add(key)
            kept.append(i)
    return coordinates[kept]
