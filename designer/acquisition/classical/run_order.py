"""The order in which runs are made: at random, or with few changes of settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from designer.arrays import FloatArray, IndexArray
from designer.space import DesignSpace

Order = Literal["random", "least-changes"]
_HARD = 1000.0  # what a change of a setting that a batch shares costs, in changes of others
_DISTANCE = 0.1  # what a change over a whole range costs beside the change itself: it decides between equal numbers
_MAX_STARTS = 20
_MAX_PASSES = 30


def run_order(
    space: DesignSpace, coordinates: FloatArray, blocks: Sequence[int], order: Order, rng: np.random.Generator
) -> list[int]:
    """Return the order of runs (``n x c``): indices, block by block.

    ``random`` keeps runs together that share the settings of a batch (``vary: per_batch``). ``least-changes`` is a
    short path over all runs: changes of settings that a batch shares count most, then the number of changed parameters,
    then how far they change.

    Parameters
    ----------
    blocks
        The block of each run (n); blocks come in the order of their numbers.
    """
    numbers = np.asarray(blocks)
    found: list[int] = []
    for block in np.unique(numbers):
        rows = np.flatnonzero(numbers == block)
        if order == "random":
            found += [int(rows[i]) for i in _random(space, coordinates[rows], rng)]
        else:
            found += [int(rows[i]) for i in _short_path(_costs(space, coordinates[rows]))]
    return found


def _random(space: DesignSpace, coordinates: FloatArray, rng: np.random.Generator) -> IndexArray:
    columns = [i for parameter, part in space.parts() if parameter.is_shared for i in range(part.start, part.stop)]
    if not columns:
        return rng.permutation(len(coordinates))
    group = np.unique(coordinates[:, columns], axis=0, return_inverse=True)[1].reshape(-1)
    return np.lexsort((rng.permutation(len(coordinates)), rng.permutation(group.max() + 1)[group]))


def _costs(space: DesignSpace, coordinates: FloatArray) -> FloatArray:
    """Return what it costs to go from each run to each other (``n x n``)."""
    total = np.zeros((len(coordinates), len(coordinates)))
    features = space.encoder.encode(coordinates)
    for parameter, part in space.parts():
        identity = parameter.identity(coordinates[:, part])
        changed = (identity[:, None] != identity[None]).any(axis=2)
        own = features[:, [i for i, each in enumerate(space.encoder.columns) if each.parameter == parameter.name]]
        span = np.maximum(np.ptp(own, axis=0), 1e-12)
        apart = (np.abs(own[:, None] - own[None]) / span).mean(axis=2) if own.shape[1] else 0.0
        weight = _HARD + (parameter.change_cost or 0.0) if parameter.is_shared else 1.0
        total += weight * (changed + _DISTANCE * apart)
    return total


def _short_path(costs: FloatArray) -> list[int]:
    """Return a short path over all points: the best of several greedy ones, improved by reversing parts (2-opt)."""
    n = len(costs)
    starts = range(n) if n <= _MAX_STARTS else np.linspace(0, n - 1, _MAX_STARTS).astype(int).tolist()
    paths = [_improved(costs, _greedy(costs, start)) for start in starts]
    return min(paths, key=lambda path: float(costs[path[:-1], path[1:]].sum()))


def _greedy(costs: FloatArray, start: int) -> list[int]:
    path, left = [start], np.ones(len(costs), dtype=np.bool_)
    left[start] = False
    while left.any():
        path.append(int(np.argmin(np.where(left, costs[path[-1]], np.inf))))
        left[path[-1]] = False
    return path


def _improved(costs: FloatArray, path: list[int]) -> list[int]:
    """Return the path with parts reversed as long as that shortens it."""
    order = np.array(path)
    n = len(order)
    for _ in range(_MAX_PASSES * n):
        # Reversing order[i:j + 1] replaces the steps before i and behind j; the path has open ends.
        across = costs[np.ix_(order, order)]
        before = np.append(0.0, np.diag(across, 1))
        behind = np.append(np.diag(across, 1), 0.0)
        to_j = np.vstack([np.zeros(n), across[:-1]])  # [i, j]: from the point before i to j
        from_i = np.column_stack([across[:, 1:], np.zeros(n)])  # [i, j]: from i to the point behind j
        gain = np.triu(before[:, None] + behind[None, :] - to_j - from_i, 1)
        i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
        if gain[i, j] <= 1e-9:
            break
        order[i : j + 1] = order[i : j + 1][::-1]
    return [int(k) for k in order]
