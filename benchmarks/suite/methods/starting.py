"""The first experiments of a method that has none of its own when a campaign begins with nothing measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class RandomStart:
    """The first `count` experiments at random; none where a campaign begins with measurements already.

    Parameters
    ----------
    candidates
        The size of the pool.
    count
        How many experiments the method's documentation makes at random before its model decides.
    """

    def __init__(self, candidates: int, count: int, rng: np.random.Generator) -> None:
        self._order = rng.permutation(candidates)
        self._wanted = count
        self._count: int | None = None

    def next(self, measured: Sequence[int]) -> int | None:
        """Return the row of the next random experiment; None once the model decides."""
        if self._count is None:
            self._count = 0 if measured else self._wanted
        if len(measured) >= self._count:
            return None
        taken = set(measured)
        return int(next(row for row in self._order if int(row) not in taken))
