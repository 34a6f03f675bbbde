"""Rank by the mean of the sources: the whole plan is made beforehand and no result changes it.

A GP per source (as in `rgpe`), of the utility standardised within the source, predicts every design of the pool; the
pool is gone through from the highest mean over sources to the lowest. A method with sources must at least beat this
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version

import gpytorch
import numpy as np
import torch

from benchmarks.suite.methods.gps import source_models
from benchmarks.suite.pools import Candidates


class SourceMeanChooser:
    """A fixed order of the pool."""

    def __init__(self, candidates: Candidates) -> None:
        if not candidates.sources:
            raise ValueError("the task has no sources to rank by")
        self._candidates = candidates

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the best of those that are left."""
        taken = set(measured)
        return int(next(row for row in self._order if int(row) not in taken))

    @cached_property
    def _order(self) -> np.ndarray:
        """The plan, made when it is first needed: the first suggestion's time has the fits of the sources in it."""
        mean = torch.stack([source.mean for source in source_models(self._candidates)]).mean(dim=0)
        return np.argsort(-mean.numpy(), kind="stable")


def versions() -> dict[str, str]:
    """Return the versions that decide."""
    return {"botorch": version("botorch"), "gpytorch": gpytorch.__version__, "torch": torch.__version__}


def begin(candidates: Candidates, seed: int) -> SourceMeanChooser:
    """Start a campaign; `seed` changes nothing."""
    return SourceMeanChooser(candidates)
