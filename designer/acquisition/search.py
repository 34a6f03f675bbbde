"""The search for the designs with the highest acquisition: the whole of a listed space, or local search.

The effort is a number of designs and not a time, so that the result is the same on every machine; a deadline ends the
search early, and the result says so.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from designer.acquisition.archive import BLOCK, Archive, Encode, LogWeights
from designer.acquisition.functions import Acquisition
from designer.arrays import FloatArray
from designer.deadline import Deadline
from designer.errors import NoDesignLeft
from designer.objective.design_costs import DesignCosts
from designer.space import DesignSpace

LISTED = 100_000
"""Spaces without a pool are listed up to this number of designs."""

_SAMPLES = 3000
_AROUND = 48
_NEAR_FURTHER = 8  # designs near each further one
_PARENTS = 12
_CHILDREN = 24
_RADII = (0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.035, 0.025, 0.015, 0.01, 0.007, 0.005)
_LATER_RADII = _RADII[3::2]


@dataclass(frozen=True)
class Found:
    """The designs found, each the best of the remaining ones.

    Parameters
    ----------
    coordinates
        ``k x c``; fewer than requested if no more are left.
    scores
        The acquisition of each when it was chosen, whatever it costs.
    unsearched
        How many of the last ones were chosen after the time limit, from the designs scored before.
    exhausted
        Whether no more designs are left.
    """

    coordinates: FloatArray
    scores: tuple[float, ...]
    unsearched: int = 0
    exhausted: bool = False


class Search:
    """A search of one space.

    Parameters
    ----------
    space, encode
        The space, and the function from coordinates to features.
    taken
        Keys of designs that are excluded.
    starts
        ``s x c`` designs from which local search starts, such as the best measured ones.
    rng
        The source of all random numbers.
    log_weights
        What is added to the acquisition of each design, of which the sum is maximised; nothing unless given.
    costs
        What designs cost; None where nothing is stated.
    further
        ``k x c`` designs that are scored besides, and from which local search starts.
    """

    def __init__(
        self,
        space: DesignSpace,
        encode: Encode,
        taken: Set[Any],
        starts: FloatArray,
        rng: np.random.Generator,
        deadline: Deadline | None = None,
        log_weights: LogWeights | None = None,
        costs: DesignCosts | None = None,
        further: FloatArray | None = None,
    ) -> None:
        self._costs, self._further = costs, further
        self._space, self._encode, self._taken = space, encode, taken
        self._starts, self._rng, self._deadline = starts, rng, deadline
        self._listed, self._log_weights = listed_designs(space), log_weights

    def run(self, acquisition: Acquisition, n: int) -> Found:
        """Return up to `n` designs, each the best with those before it pending."""
        archive = self._open(acquisition)
        rows: list[int] = []
        scores: list[float] = []
        late = 0
        exhausted = False
        for turn in range(n):
            if turn and not self._late():
                chosen = archive.features(np.array(rows[-1:], dtype=np.intp))
                acquisition = acquisition.joined(chosen)
            best = self._turn(archive, acquisition, turn)
            if best is None:
                exhausted = not self._late()
                break
            rows.append(best[0])
            scores.append(best[1])
            archive.take(best[0])
            late += self._late()
        return Found(archive.coordinates[rows], tuple(scores), late, exhausted)

    def leading(self, acquisition: Acquisition, n: int) -> FloatArray:
        """Return up to `n` designs with the highest acquisition, each scored alone."""
        archive = self._open(acquisition)
        self._turn(archive, acquisition, 0)
        return archive.leading(n)

    def _late(self) -> bool:
        return self._deadline is not None and self._deadline.passed

    def _open(self, acquisition: Acquisition) -> Archive:
        if self._listed is not None:
            archive = Archive(self._space, self._encode, self._taken, self._listed, self._log_weights, self._costs)
            archive.screen(acquisition, self._deadline)
            return archive
        nothing = np.empty((0, self._space.width))
        archive = Archive(self._space, self._encode, self._taken, nothing, self._log_weights, self._costs)
        if not self._late():
            archive.add(acquisition, self._space.sample(_SAMPLES, self._rng), acquisition.effort // 5)
        if len(self._starts) and not self._late():
            near = self._space.neighbours(self._starts, _AROUND, self._rng, 0.1)
            archive.add(acquisition, near, acquisition.effort // 20)
        if self._further is not None and len(self._further) and not self._late():
            archive.add(acquisition, self._further, acquisition.effort // 20)
            archive.add(acquisition, self._space.neighbours(self._further, _NEAR_FURTHER, self._rng, 0.1),
                        acquisition.effort // 20)  # fmt: skip
        return archive

    def _turn(self, archive: Archive, acquisition: Acquisition, turn: int) -> tuple[int, float] | None:
        if self._late():
            return _best_known(archive)
        if self._listed is not None:
            return archive.best(acquisition, self._deadline)
        if turn:
            archive.rescore(acquisition, acquisition.effort // 8)
        for radius in _LATER_RADII if turn else _RADII:
            if self._late():
                break
            parents = _apart(archive, radius)
            if not len(parents):
                return None
            children = self._space.neighbours(parents, _CHILDREN, self._rng, radius)
            archive.add(acquisition, children, acquisition.effort // 16)
        return _best_known(archive)


def listed_designs(space: DesignSpace) -> FloatArray | None:
    """Return all designs (``N x c``) of a space that is small enough to be enumerated; otherwise None."""
    if space.pool is not None:
        return np.asarray(space.pool.coordinates)
    try:
        return space.enumerate(LISTED)
    except ValueError:
        return None


def _best_known(archive: Archive) -> tuple[int, float] | None:
    if not len(archive.bounds):
        return None
    row = int(archive.ranking().argmax())
    return (row, float(archive.bounds[row])) if archive.bounds[row] > -np.inf else None


def _apart(archive: Archive, radius: float) -> FloatArray:
    """Return the best designs that are at least a radius apart: the starts of the next round."""
    order = np.argsort(-archive.ranking(), kind="stable")[: 16 * _PARENTS]
    order = order[archive.bounds[order] > -np.inf]
    if not len(order):
        return archive.coordinates[order]
    features = archive.features(order)
    distances = torch.cdist(features, features).numpy()
    chosen: list[int] = []
    for i in range(len(order)):
        if all(distances[i, j] > radius for j in chosen):
            chosen.append(i)
        if len(chosen) == _PARENTS:
            break
    return archive.coordinates[order[chosen]]


def require(found: Found) -> Found:
    """Return `found`, or raise `NoDesignLeft` if there is nothing in it."""
    if not len(found.coordinates) and found.exhausted:
        raise NoDesignLeft("every design that could be found was suggested, measured, failed or withdrawn before")
    return found


__all__ = ["BLOCK", "Found", "Search", "listed_designs", "require"]
