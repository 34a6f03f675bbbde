"""The methods that are compared, by name. Each is used as its own documentation says."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol

import numpy as np

from benchmarks.pools import Candidates

MODULES = {
    "random": "benchmarks.methods.random_search",
    "botorch": "benchmarks.methods.botorch_gp",
    "rf-ei": "benchmarks.methods.forest",
    "baybe": "benchmarks.methods.baybe_default",
}
SLOW = frozenset({"botorch", "baybe"})


class Chooser(Protocol):
    """One campaign of one method."""

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the row of the next experiment, given the rows measured so far and their values."""


class Method(Protocol):
    """A module of `benchmarks.methods`: imports its libraries when it is imported."""

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide."""

    def begin(self, candidates: Candidates, seed: int) -> Chooser:
        """Start a campaign."""


def load(name: str) -> Method:
    """Import a method by name."""
    return import_module(MODULES[name])  # type: ignore[return-value]
