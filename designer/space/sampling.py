"""Designs at random and designs that spread out, without listing the space.

A random design is drawn parameter by parameter, each at a valid setting (compositions by `amount_draws`); draws
that violate a constraint are rejected. Where constraints leave less than about one in a thousand, a random walk starts
from the draws that violate them least: small moves (`moves`), each accepted only if it does not increase the violation,
until a design is feasible and beyond, so that the designs found are not all at the boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray, IndexArray
from designer.errors import NoDesignLeft
from designer.space.base import SpaceLike
from designer.space.constraints.violation import violation as constraint_violation
from designer.space.encoding import Encoder
from designer.space.moves import Moves
from designer.space.pool import row_codes

_MAX_BATCH = 16_384
_RARE = 500  # one design in as many is too rare to wait for
_MAX_DRAWS = 120_000
_WALKERS = 256
_MAX_STEPS = 600
_MIXING_STEPS = 60
_RADII = (0.3, 0.1, 0.03, 0.01)
_CANDIDATES = 1024


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
    found = _distinct_valid(space, n, rng)
    if len(found) >= n:
        return found[:n]
    return np.concatenate([found, found[rng.integers(0, len(found), n - len(found))]])


def _distinct_valid(space: SpaceLike, n: int, rng: np.random.Generator) -> FloatArray:
    """Return about n distinct random valid designs: at least one, more where more came up, fewer where fewer did."""
    if space.pool is not None:
        rows = np.flatnonzero(space.within(space.pool.coordinates))
        if not len(rows):
            raise NoDesignLeft(_why(space, space.pool.coordinates, "no design of the pool"))
        rows = rng.permutation(rows)[:n]
        listed: FloatArray = space.pool.coordinates[rows]
        return listed
    batch = max(2 * n, 256)
    draws = _draw(space, min(batch, _MAX_BATCH), rng)
    found = _distinct(draws[Moves(space).satisfied(draws)])
    if len(found) >= n:
        return found
    if not space.constraints:
        # Only a small space gives repeats; a few more draws find what there is of it.
        return _distinct(np.concatenate([found, _draw(space, 20 * n + 4096, rng)]))
    violation = _Violation.of(space, draws)
    nearest, drawn = violation.nearest(draws), len(draws)
    while drawn < _MAX_DRAWS and (drawn < 4096 or len(found) * _RARE > drawn):
        batch = min(2 * batch, _MAX_BATCH)
        draws = _draw(space, batch, rng)
        drawn += batch
        found = _distinct(np.concatenate([found, draws[Moves(space).satisfied(draws)]]))
        if len(found) >= n:
            return found
        nearest = violation.nearest(np.concatenate([nearest, draws]))
    return _walk(violation, n, found, nearest, rng)


def _draw(space: SpaceLike, n: int, rng: np.random.Generator) -> FloatArray:
    """Return n random designs (n x c), each parameter at a setting of its own; constraints are not looked at."""
    return np.concatenate([parameter.draw(n, rng) for parameter in space.parameters], axis=1)


def _distinct(coordinates: FloatArray) -> FloatArray:
    """Return the rows without repeats, in the order in which they first come."""
    _, first = np.unique(row_codes(coordinates), return_index=True)
    return coordinates[np.sort(first)]


@dataclass(frozen=True, eq=False)
class _Violation:
    """The constraint violation of designs, each constraint weighted so that different units count alike."""

    space: SpaceLike
    weights: FloatArray

    @classmethod
    def of(cls, space: SpaceLike, draws: FloatArray) -> _Violation:
        """Return the violation in units of the median violation of each constraint among random draws."""
        columns = _violations(space, draws).T
        typical = np.array([np.median(column[column > 0]) if (column > 0).any() else 1.0 for column in columns])
        return cls(space, 1.0 / np.where(np.isfinite(typical), typical, 1.0))

    def broken(self, coordinates: FloatArray) -> FloatArray:
        """Return one number a row, 0 exactly where all constraints are satisfied."""
        total: FloatArray = (_violations(self.space, coordinates) * self.weights).sum(axis=1)
        return total

    def nearest(self, coordinates: FloatArray) -> FloatArray:
        """Return the rows that break the constraints least, as many as there are walkers."""
        return coordinates[np.argsort(self.broken(coordinates), kind="stable")[:_WALKERS]]


def _violations(space: SpaceLike, coordinates: FloatArray) -> FloatArray:
    """Return by how much each row violates each constraint, n x k, 0 where it is satisfied."""
    lab = Moves(space).lab_values(coordinates)
    return np.column_stack([constraint_violation(constraint.tree, lab) for constraint in space.bound_constraints])


def _walk(violation: _Violation, n: int, found: FloatArray, start: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return up to n distinct valid designs, `found` first, then those that walkers from `start` come across."""
    moves = Moves(violation.space)
    walkers = np.resize(start, (_WALKERS, violation.space.width))
    broken = violation.broken(walkers)
    sure, enough_since = len(found), 0
    for step in range(_MAX_STEPS):
        enough_since = enough_since + 1 if len(found) >= n else 0
        if len(found) >= 4 * n + 200 or enough_since > _MIXING_STEPS:
            break
        if step % 100 == 99 and (broken > 0).any() and (broken == 0).any():
            # Those that are stuck go on from where others came inside.
            stuck, inside = np.flatnonzero(broken > 0), np.flatnonzero(broken == 0)
            walkers[stuck], broken[stuck] = walkers[rng.choice(inside, len(stuck))], 0.0
        trial = moves.propose(walkers, _RADII[step % len(_RADII)], rng)
        trial_broken = violation.broken(trial)
        taken = trial_broken <= broken
        walkers[taken], broken[taken] = trial[taken], trial_broken[taken]
        inside_now = walkers[taken & (broken == 0)]
        if len(inside_now):
            found = _distinct(np.concatenate([found, inside_now]))
    if not len(found):
        raise NoDesignLeft(_why(violation.space, walkers, "no design was found"))
    # Which of the walkers' designs are taken is left to chance: the first ones all lie where they came inside.
    return np.concatenate([found[:sure], rng.permutation(found[sure:])])[:n]


def _why(space: SpaceLike, tried: FloatArray, what: str) -> str:
    """Return which constraint the designs that were tried violate most often, in words."""
    if not space.constraints:
        return f"{what}: the space is empty"
    often = (_violations(space, tried) > 0).mean(axis=0)
    worst = int(np.argmax(often))
    share = f"{100 * often[worst]:.0f} % of the nearest designs"
    return f"{what} that satisfies all constraints; '{space.constraints[worst].text}' is violated by {share}"


def space_filling(space: SpaceLike, n: int, rng: np.random.Generator, avoid: FloatArray | None = None) -> FloatArray:
    """Return n valid designs that represent the space as evenly as n designs can.

    Out of a thousand random valid designs (or rows of the pool) the next one chosen is always the one that brings
    the chosen ones, `avoid` included, nearest to all of them in energy distance: near to many, far from those chosen.
    The first one is thus the most central. Choosing the farthest one instead (maximin) fills the corners of the space,
    and from four dimensions on represents it worse than random designs do.

    Distance is Euclidean in features, plus that in each parameter alone, each weighing the same: a whole numeric range,
    two different choices and two unlike pure elements are all at distance 1. So a few designs already differ in every
    parameter.

    Parameters
    ----------
    space, n, rng
        As in `sample`.
    avoid
        ``k x c`` designs that are taken already: none of them is returned.

    Returns
    -------
    ``m x c`` distinct coordinates; m is n, or fewer where no more were found.

    Raises
    ------
    NoDesignLeft
        If none was found, or none but those in `avoid`.

    References
    ----------
    S. Mak and V. R. Joseph, Support points, Ann. Stat. 46 (2018) 2562-2592.
    """
    taken = np.empty((0, space.width)) if avoid is None else np.asarray(avoid, dtype=np.float64)
    candidates = _distinct_valid(space, max(_CANDIDATES, 4 * n) + len(taken), rng)
    candidates = candidates[~np.isin(row_codes(candidates), row_codes(taken))]
    if not len(candidates):
        raise NoDesignLeft("every design that was found is taken already")
    distance = _Distance.of(space)
    places, taken_places = distance.places(candidates), distance.places(taken)
    whole = distance.places(_as_drawn(space, candidates, rng))
    chosen: FloatArray = candidates[_support_points(distance, places, taken_places, min(n, len(candidates)), whole)]
    return chosen


def _as_drawn(space: SpaceLike, candidates: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return designs as often as random draws meet them, where `candidates`, each once, do not show that.

    Most steps of a log scale lie in its last decade, so that all settings once would look like a linear scale.
    """
    stepped = any(parameter.has_uneven_settings for parameter in space.parameters)
    if space.pool is not None or not stepped:
        return candidates
    draws = _draw(space, 4 * _CANDIDATES, rng)
    satisfied = draws[Moves(space).satisfied(draws)]
    return satisfied[:_CANDIDATES] if len(satisfied) >= _CANDIDATES // 4 else candidates


@dataclass(frozen=True, eq=False)
class _Distance:
    """Euclidean distance in features, plus the distances in each parameter alone over the root of their number.

    Every parameter has diameter 1. A sum of distances is again one that energy distances can be taken with; without
    the second part, few designs would differ in the choices only, and all have the middle of every range.
    """

    encoder: Encoder
    diameters: FloatArray
    single: list[int]
    groups: list[list[int]]

    @classmethod
    def of(cls, space: SpaceLike) -> _Distance:
        encoder = Encoder(space, descriptors=False)
        owned: dict[str, list[int]] = {}
        for i, column in enumerate(encoder.columns):
            owned.setdefault(column.parameter, []).append(i)
        single = [columns[0] for columns in owned.values() if len(columns) == 1]
        groups = [columns for columns in owned.values() if len(columns) > 1]
        diameters = np.array([1.0 if column.role == "numeric" else np.sqrt(2.0) for column in encoder.columns])
        return cls(encoder, diameters, single, groups)

    def places(self, coordinates: FloatArray) -> FloatArray:
        """Return features in which every parameter has diameter 1."""
        scaled: FloatArray = self.encoder.encode(coordinates) / self.diameters
        return scaled

    def between(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Return the distances (``n x m``) between two sets of places."""
        from scipy.spatial.distance import cdist

        alone = cdist(first[:, self.single], second[:, self.single], "cityblock") if self.single else 0.0
        for columns in self.groups:
            alone = alone + cdist(first[:, columns], second[:, columns])
        together: FloatArray = cdist(first, second) + alone / np.sqrt(len(self.single) + len(self.groups))
        return together


def _support_points(
    distance: _Distance, candidates: FloatArray, taken: FloatArray, n: int, whole: FloatArray
) -> IndexArray:
    """Return the indices of n candidates (N x d), greedily least in energy distance to `whole` with `taken` (k x d)."""
    attraction = distance.between(candidates, whole).mean(axis=1)
    repulsion = distance.between(candidates, taken).sum(axis=1) if len(taken) else np.zeros(len(candidates))
    chosen: list[int] = []
    for number in range(len(taken), len(taken) + n):
        score = attraction - repulsion / (number + 1)
        score[chosen] = np.inf
        chosen.append(int(np.argmin(score)))
        repulsion += distance.between(candidates, candidates[chosen[-1:]])[:, 0]
    return np.array(chosen, dtype=np.intp)
