"""Designs that spread out over a space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray, IndexArray
from designer.errors import NoDesignLeft
from designer.space.base import SpaceLike
from designer.space.encoding import Encoder
from designer.space.moves import Moves, draw
from designer.space.pool import row_codes
from designer.space.sampling import distinct_valid

_CANDIDATES = 1024
_MAX_CANDIDATES = 2048  # and designs that are taken, whose distances are compared
_MAX_ONE_HOT = 64  # choices of a parameter whose distances are taken from 0/1 columns; with more, from their indices


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
    candidates = distinct_valid(space, max(_CANDIDATES, 4 * n) + len(taken), rng)
    candidates = candidates[~np.isin(row_codes(candidates), row_codes(taken))]
    if not len(candidates):
        raise NoDesignLeft("every design that was found is taken already")
    candidates = _some(candidates, max(_MAX_CANDIDATES, 4 * n), rng)
    taken = _some(taken, _MAX_CANDIDATES, rng)
    distance = _Distance.of(space)
    places, taken_places = distance.places(candidates), distance.places(taken)
    whole = distance.places(_as_drawn(space, candidates, rng))
    chosen: FloatArray = candidates[_support_points(distance, places, taken_places, min(n, len(candidates)), whole)]
    return chosen


def _some(coordinates: FloatArray, limit: int, rng: np.random.Generator) -> FloatArray:
    """Return at most `limit` of the designs, drawn at random and in their order: distances cost their product."""
    if len(coordinates) <= limit:
        return coordinates
    return coordinates[np.sort(rng.choice(len(coordinates), limit, replace=False))]


def _as_drawn(space: SpaceLike, candidates: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return designs as often as random draws meet them, where `candidates`, each once, do not show that.

    Most steps of a log scale lie in its last decade, so that all settings once would look like a linear scale.
    """
    stepped = any(parameter.has_uneven_settings for parameter in space.parameters)
    if space.pool is not None or not stepped:
        return candidates
    drawn = draw(space, 4 * _CANDIDATES, rng)
    satisfied = drawn[Moves(space).satisfied(drawn)]
    return satisfied[:_CANDIDATES] if len(satisfied) >= _CANDIDATES // 4 else candidates


@dataclass(frozen=True, eq=False)
class _Distance:
    """Euclidean distance in features, plus the distances in each parameter alone over the root of their number.

    Every parameter has diameter 1. A sum of distances is again one that energy distances can be taken with; without
    the second part, few designs would differ in the choices only, and all have the middle of every range.

    Two different choices are at distance 1. Where there are many, this is taken from their indices (`coded`, places
    among the features) and not from thousands of 0/1 columns.
    """

    encoder: Encoder
    diameters: FloatArray
    single: list[int]
    groups: list[list[int]]
    coded: list[list[int]]

    @classmethod
    def of(cls, space: SpaceLike) -> _Distance:
        encoder = Encoder(space, descriptors=False)
        owned: dict[str, list[int]] = {}
        for i, column in enumerate(encoder.columns):
            owned.setdefault(column.parameter, []).append(i)
        coded = [
            columns
            for columns in owned.values()
            if len(columns) > _MAX_ONE_HOT and all(encoder.columns[i].role == "category" for i in columns)
        ]
        single = [columns[0] for columns in owned.values() if len(columns) == 1]
        groups = [columns for columns in owned.values() if len(columns) > 1 and columns not in coded]
        diameters = np.array([1.0 if column.role == "numeric" else np.sqrt(2.0) for column in encoder.columns])
        return cls(encoder, diameters, single, groups, coded)

    def places(self, coordinates: FloatArray) -> FloatArray:
        """Return features in which every parameter has diameter 1; of coded choices one column of indices each."""
        features = self.encoder.encode(coordinates)
        scaled: FloatArray = features / self.diameters
        for columns in self.coded:
            scaled[:, columns[0]] = features[:, columns].argmax(axis=1)
            scaled[:, columns[1:]] = 0.0
        return scaled

    def between(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Return the distances (``n x m``) between two sets of places."""
        from scipy.spatial.distance import cdist

        alone = cdist(first[:, self.single], second[:, self.single], "cityblock") if self.single else 0.0
        for columns in self.groups:
            alone = alone + cdist(first[:, columns], second[:, columns])
        parameters = len(self.single) + len(self.groups) + len(self.coded)
        if not self.coded:
            together: FloatArray = cdist(first, second)
        else:
            others = np.setdiff1d(np.arange(first.shape[1]), [i for columns in self.coded for i in columns])
            different = sum(np.not_equal.outer(first[:, c[0]], second[:, c[0]]).astype(np.float64) for c in self.coded)
            alone = alone + different
            apart = cdist(first[:, others], second[:, others], "sqeuclidean") if len(others) else 0.0
            together = np.sqrt(apart + different)
        together += alone / np.sqrt(parameters)
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
