"""Measurements of one design that contradict each other: further apart than noise explains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from designer.arrays import FloatArray

NOISE_DEVIATIONS = 6.0
"""How many standard deviations of a difference two replicates may lie apart where the noise is known."""
SPREADS = 3.0
"""How many robust standard deviations of the other designs they may lie apart where it is not."""

_MIN_OTHERS = 3  # other designs from which a spread is taken
_MIN_FREEDOM = 3  # degrees of freedom of other replicates from which a noise is taken


class Contradiction(NamedTuple):
    """Two measurements of one design: the rows of the lower and of the higher value."""

    low: int
    high: int


def contradictions(keys: Sequence[Hashable], y: FloatArray, variances: FloatArray) -> list[Contradiction]:
    """Return the pairs of extreme replicates of one target that contradict each other.

    Parameters
    ----------
    keys
        ``n`` identities of the measured designs.
    y, variances
        ``n`` values, and their noise variances where they were given; NaN where there is none.

    Examples
    --------
    >>> y = np.array([1.2, 3.4, 6.9, 5.0, 127.0, 1.63])
    >>> contradictions(["a", "b", "c", "d", "e", "e"], y, np.full(6, np.nan))
    [Contradiction(low=5, high=4)]
    """
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        if np.isfinite(y[i]):
            rows[key].append(i)
    found = []
    for key, own in rows.items():
        if len(own) < 2:
            continue
        others = [group for other, group in rows.items() if other != key]
        limit = _largest_difference(own, others, y, variances)
        low, high = (own[int(f(y[own]))] for f in (np.argmin, np.argmax))
        if limit is not None and y[high] - y[low] > limit:
            found.append(Contradiction(low, high))
    return found


def _largest_difference(
    own: Sequence[int], others: Sequence[Sequence[int]], y: FloatArray, variances: FloatArray
) -> float | None:
    """Return by how much replicates may differ; None where nothing is known to judge it by."""
    given = variances[list(own)]
    if np.isfinite(given).all():
        return NOISE_DEVIATIONS * float(np.sqrt(2.0 * given.mean()))
    freedom = sum(len(group) - 1 for group in others)
    if freedom >= _MIN_FREEDOM:
        squares = sum(float(((y[list(group)] - y[list(group)].mean()) ** 2).sum()) for group in others)
        if squares > 0:
            return NOISE_DEVIATIONS * float(np.sqrt(2.0 * squares / freedom))
    if len(others) < _MIN_OTHERS:
        return None
    means = np.array([y[list(group)].mean() for group in others])
    spread = 1.4826 * float(np.median(np.abs(means - np.median(means)))) or float(means.std())
    return SPREADS * spread if spread > 0 else None
