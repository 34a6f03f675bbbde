"""Random search: each experiment is drawn evenly from the candidates that are left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.suite.pools import Candidates


class RandomChooser:
    """A random order of the candidates."""

    def __init__(self, n: int, seed: int) -> None:
        self._order = np.random.default_rng([seed, 1]).permutation(n)

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the first of the order that is not measured."""
        taken = set(measured)
        return int(next(row for row in self._order if int(row) not in taken))


def versions() -> dict[str, str]:
    """Return the version of numpy."""
    return {"numpy": np.__version__}


def begin(candidates: Candidates, seed: int) -> RandomChooser:
    """Start a campaign."""
    return RandomChooser(len(candidates.designs), seed)
