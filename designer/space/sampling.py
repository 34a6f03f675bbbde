"""Designs at random, without listing the space.

A random design is drawn parameter by parameter, each at a valid setting (compositions by `amount_draws`); draws
that violate a constraint are rejected. Where constraints leave less than about one in a thousand, random walks start
from the draws that violate them least (`walking`).
"""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray
from designer.errors import NoDesignLeft
from designer.space.base import SpaceLike
from designer.space.moves import Moves, draw
from designer.space.walking import Violation, distinct, walk, why_none

_MAX_BATCH = 16_384
_RARE = 500  # one design in as many is too rare to wait for
_MAX_DRAWS = 120_000
_RARE_SHARE = 0.1


def sample(space: SpaceLike, n: int, rng: np.random.Generator) -> FloatArray:
    """Return n random valid designs.

    Parameters
    ----------
    space
        The space; where it has a pool, rows of the pool are drawn.
    n
        How many.
    rng
        The only source of chance.

    Returns
    -------
    ``n x c`` coordinates, all valid. They are distinct; only where fewer than n distinct ones were found in the stated
    effort (120,000 draws and 600 steps of 256 walkers) are some repeated, after all the distinct ones.

    Raises
    ------
    NoDesignLeft
        If none was found in that effort, naming the constraint that is violated most often.
    """
    found = distinct_valid(space, n, rng)
    if len(found) >= n:
        return found[:n]
    return np.concatenate([found, found[rng.integers(0, len(found), n - len(found))]])


def distinct_valid(space: SpaceLike, n: int, rng: np.random.Generator) -> FloatArray:
    """Return about n distinct random valid designs: at least one, more where more came up, fewer where fewer did.

    One in ten is of a branch that random draws do not meet (`DesignSpace.rare_designs`), where there are such branches.
    """
    found = _drawn(space, n, rng)
    rare = space.rare_designs
    if not len(rare):
        return found
    number = min(len(rare), int(n * _RARE_SHARE + rng.random()))
    chosen = rare[rng.permutation(len(rare))[:number]]
    return distinct(np.concatenate([found[: n - number], chosen, found[n - number :]]))


def _drawn(space: SpaceLike, n: int, rng: np.random.Generator) -> FloatArray:
    if space.pool is not None:
        rows = np.flatnonzero(space.within(space.pool.coordinates))
        if not len(rows):
            raise NoDesignLeft(why_none(space, space.pool.coordinates, "no design of the pool"))
        rows = rng.permutation(rows)[:n]
        listed: FloatArray = space.pool.coordinates[rows]
        return listed
    batch = max(2 * n, 256)
    draws = draw(space, min(batch, _MAX_BATCH), rng)
    satisfied = Moves(space).satisfied(draws)
    found = distinct(draws[satisfied])
    if len(found) >= n:
        return found
    if not space.constraints or (space.systems and satisfied.all()):
        # Only a small space gives repeats; a few more draws find what there is of it.
        more = draw(space, 20 * n + 4096, rng)
        return distinct(np.concatenate([found, more[Moves(space).satisfied(more)]]))
    violation = Violation.of(space, draws)
    nearest, drawn = violation.nearest(draws), len(draws)
    while drawn < _MAX_DRAWS and (drawn < 4096 or len(found) * _RARE > drawn):
        batch = min(2 * batch, _MAX_BATCH)
        draws = draw(space, batch, rng)
        drawn += batch
        found = distinct(np.concatenate([found, draws[Moves(space).satisfied(draws)]]))
        if len(found) >= n:
            return found
        nearest = violation.nearest(np.concatenate([nearest, draws]))
    return walk(violation, n, found, nearest, rng)
