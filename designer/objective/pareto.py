"""The Pareto front of utilities (larger is better), and the volume it dominates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from designer.objective.array_namespace import Array


def pareto_mask(utilities: Array) -> Array:
    """Return which rows of `utilities` (``n x k``, larger is better) no other row dominates.

    Rows that are equal keep each other; a row with a missing value is never on the front.

    >>> pareto_mask(np.array([[1.0, 3.0], [2.0, 2.0], [1.0, 2.0], [np.nan, 9.0]]))
    array([ True,  True, False, False])
    """
    whole = (utilities == utilities).all(-1)
    at_least, better = utilities[None, :, :] >= utilities[:, None, :], utilities[None, :, :] > utilities[:, None, :]
    dominated = at_least.all(-1) & better.any(-1) & whole[None, :]
    return whole & ~dominated.any(-1)


def hypervolume(utilities: npt.NDArray[Any], reference: npt.NDArray[Any]) -> float:
    """Return the volume that `utilities` (``n x k``, larger is better) dominate above `reference` (``k``), exactly.

    The space is sliced along the last utility (While et al. 2006, "A faster algorithm for calculating hypervolume");
    meant for the fronts of campaigns, up to some hundred points and five goals.

    >>> hypervolume(np.array([[1.0, 3.0], [2.0, 2.0]]), np.zeros(2))
    5.0
    """
    points = np.asarray(utilities, dtype=float)
    points = points[np.all(points > reference, axis=1)] - reference
    return _volume(points) if len(points) else 0.0


def _volume(points: npt.NDArray[Any]) -> float:
    if points.shape[1] == 1:
        return float(points.max())
    points = points[np.argsort(-points[:, -1], kind="stable")]
    depths = points[:, -1] - np.append(points[1:, -1], 0.0)
    volume = 0.0
    for i, depth in enumerate(depths):
        if depth > 0:
            front = points[: i + 1, :-1]
            volume += float(depth) * _volume(front[pareto_mask(front)])
    return volume
