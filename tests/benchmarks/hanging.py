"""A method that never answers."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.suite.pools import Candidates


class Hanging:
    """Never answers."""

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Wait for a minute."""
        time.sleep(60)
        return 0


def versions() -> dict[str, str]:
    """Return nothing."""
    return {}


def begin(candidates: Candidates, seed: int) -> Hanging:
    """Start a campaign."""
    return Hanging()
