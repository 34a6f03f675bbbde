"""BayBE with a `TaskParameter`, as in its documentation on transfer learning: all source rows are measurements.

The task column is the name of the task, only the target's is active, and the source rows are added before the campaign
begins; the rest is as in `baybe_default`. A parameter lists the values of the pool and of the sources. A measurement
needs a value of every parameter, so that sources without a column of the pool are left out, and columns that only
sources have. Without sources it is BayBE's default. It takes from seconds to minutes a suggestion: the GP is fitted to
all source rows each time.
Source: https://emdgroup.github.io/baybe, user guide and examples on transfer learning, 0.15.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from baybe import Campaign
from baybe.parameters import TaskParameter
from baybe.searchspace import SearchSpace
from baybe.settings import Settings

from benchmarks.suite.methods.baybe_default import BaybeChooser, parameter, predicted, target, versions
from benchmarks.suite.methods.related import Related, related
from benchmarks.suite.pools import Candidates

TASK, TARGET = "task", "the target"


class BaybeTransferChooser:
    """One BayBE campaign with all source rows added at the start."""

    def __init__(self, candidates: Candidates, sources: Sequence[Related], seed: int) -> None:
        Settings(random_seed=seed).activate()
        torch.manual_seed(seed)
        self._target, self._goal = candidates.target, candidates.goal
        designs, *measured = widened([candidates.designs, *(source.designs for source in sources)])
        self._designs = designs.assign(**{TASK: TARGET})
        for i, (table, source) in enumerate(zip(measured, sources, strict=True)):
            table[TASK] = f"source {i}"
            table[self._target] = source.y
        past = pd.concat(measured)
        joined = pd.concat([self._designs, past])
        varied = [name for name in self._designs.columns if name != TASK and joined[name].nunique() > 1]
        parameters = [parameter(joined, name, candidates.categorical) for name in varied]
        tasks = TaskParameter(name=TASK, values=sorted(set(joined[TASK])), active_values=[TARGET])
        self._designs = self._designs[[*varied, TASK]]
        space = SearchSpace.from_dataframe(self._designs, parameters=[*parameters, tasks])
        self._campaign = Campaign(space, target(candidates), allow_recommending_already_measured=False)
        self._campaign.add_measurements(past[[*varied, TASK, candidates.target]].reset_index(drop=True))
        self._known = 0

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Add new measurements to the campaign; return its recommendation."""
        if len(measured) > self._known:
            new = self._designs.iloc[list(measured[self._known :])].copy()
            new[self._target] = y[self._known :]
            self._campaign.add_measurements(new)
            self._known = len(measured)
        return int(self._campaign.recommend(batch_size=1).index[0])

    def predict(self, row: int) -> tuple[float, float] | None:
        """Return mean and standard deviation of a new measurement at `row`; None for a value to match."""
        return None if self._goal == "match" else predicted(self._campaign, self._designs.iloc[[row]])


def comparable(candidates: Candidates) -> list[Related]:
    """Return the sources that have a value of every column of the pool: BayBE takes no other measurements."""
    return [source for source in related(candidates) if set(candidates.designs) <= set(source.designs)]


def widened(tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return designs in the same columns: what one table lacks is an amount, and 0 there (see `related`)."""
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    return [table.reindex(columns=columns, fill_value=0.0) for table in tables]


def begin(candidates: Candidates, seed: int) -> BaybeTransferChooser | BaybeChooser:
    """Start a campaign."""
    sources = comparable(candidates)
    return BaybeTransferChooser(candidates, sources, seed) if sources else BaybeChooser(candidates, seed)


__all__ = ["BaybeTransferChooser", "begin", "versions"]
