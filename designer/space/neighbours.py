"""Valid designs near given ones, for local search."""

from __future__ import annotations

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.space.base import SpaceLike
from designer.space.moves import Moves

_TRIES = 3


def neighbours(
    space: SpaceLike, coordinates: FloatArray, n_each: int, rng: np.random.Generator, radius: float
) -> FloatArray:
    """Return valid designs near each given one.

    A neighbour differs in one parameter or a few: a number by a normal step of standard deviation `radius` times its
    range (on its own scale; at least one setting), a choice by another one, a composition by steps moved from one
    member to another, members taken out, brought in or swapped. Sums and numbers of members are exact.

    Parameters
    ----------
    coordinates
        ``m x c`` designs; off-grid ones are first brought to their nearest settings.
    n_each
        How many neighbours are tried for each.
    rng
        The only source of chance.
    radius
        The length of steps, in ranges: 0.3 is far, 0.01 is near.

    Returns
    -------
    At most ``m n_each x c`` coordinates: valid all of them, none equal to the design that it was made from, in the
    order of those designs. Where constraints leave hardly any neighbour there are fewer, down to none.

    Raises
    ------
    ValueError
        If the space has a pool: its designs are listed and need no search.
    """
    if space.pool is not None:
        raise ValueError("a pool has no neighbours; score its designs themselves")
    moves = Moves(space)
    parents = np.repeat(moves.settle(np.asarray(coordinates, dtype=np.float64)), n_each, axis=0)
    children = moves.propose(parents, radius, rng)
    good = _good(moves, parents, children)
    for _ in range(_TRIES - 1):
        bad = np.flatnonzero(~good)
        if not len(bad):
            break
        children[bad] = moves.propose(parents[bad], radius, rng)
        good[bad] = _good(moves, parents[bad], children[bad])
    return children[good]


def _good(moves: Moves, parents: FloatArray, children: FloatArray) -> BoolArray:
    changed: BoolArray = (children != parents).any(axis=1)
    if moves.space.constraints:
        changed[changed] = moves.satisfied(children[changed])
    return changed
