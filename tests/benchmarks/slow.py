"""A random order, at a tenth of a second an experiment."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.suite.methods.random_search import RandomChooser, versions
from benchmarks.suite.pools import Candidates

__all__ = ["begin", "versions"]


class Slow(RandomChooser):
    """Takes its time."""

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Wait, and return the next of the order."""
        time.sleep(0.1)
        return super().next(measured, y)


def begin(candidates: Candidates, seed: int) -> Slow:
    """Start a campaign."""
    return Slow(len(candidates.designs), seed)
