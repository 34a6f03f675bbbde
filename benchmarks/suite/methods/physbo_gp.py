"""PHYSBO as in its tutorial on interactive use: the discrete policy over the pool, expected improvement.

Words are one-hot and columns centred (`physbo.misc.centering`). The hyperparameters are learned anew before each
experiment, as happens when `bayes_search` is called for one probe at a time, and the GP is exact
(``num_rand_basis=0``, its default) rather than of 5,000 random features: with so few experiments that is both more
exact and faster. Where nothing is measured, the first 2 designs are its random search, as in that tutorial. With few
measurements its likelihood often has its maximum where designs are not correlated at all and EI is the same everywhere;
PHYSBO then takes the first candidate, so the candidates are listed in random order.
Source: https://issp-center-dev.github.io/PHYSBO, tutorials "basic" and "interactive", 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
import physbo

from benchmarks.suite.pools import Candidates

FIRST = 2


class PhysboChooser:
    """One policy, updated with one measurement at a time."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        self._candidates = candidates
        self._order = np.random.default_rng([seed, 7]).permutation(len(candidates.designs))
        self._place = np.argsort(self._order)
        features = physbo.misc.centering(candidates.features())
        self._policy = physbo.search.discrete.Policy(test_X=features[self._order])
        self._policy.set_seed(seed)
        self._known = 0
        self._first: int | None = None

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the candidate of the largest expected improvement."""
        if self._first is None:
            self._first = 0 if measured else FIRST
        if len(measured) > self._known:
            actions = self._place[list(measured[self._known :])]
            self._policy.write(actions, self._candidates.utility(y)[self._known :])
            self._known = len(measured)
        if len(measured) < self._first:
            drawn = self._policy.random_search(max_num_probes=1, simulator=None, is_disp=False)
            return int(self._order[drawn[0]])
        chosen = self._policy.bayes_search(
            max_num_probes=1, simulator=None, score="EI", interval=0, num_rand_basis=0, is_disp=False
        )
        return int(self._order[chosen[0]])


def versions() -> dict[str, str]:
    """Return the versions that decide."""
    return {name: version(name) for name in ("physbo", "numpy", "scipy")}


def begin(candidates: Candidates, seed: int) -> PhysboChooser:
    """Start a campaign."""
    return PhysboChooser(candidates, seed)
