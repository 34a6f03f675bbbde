"""BayBE with a `TaskParameter`, as its documentation on transfer learning says: all sources are measurements too.

The task column is the name of the task, only the target's is active, and the source rows are added before the campaign
begins; the rest is as in `baybe_default`. A parameter lists the values of the pool and of the sources. Without sources
it is BayBE's default. It takes from seconds to minutes a suggestion: the GP is fitted to all source rows each time.
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

from benchmarks.methods.baybe_default import BaybeChooser, parameter, predicted, target, versions
from benchmarks.methods.related import Related, related
from benchmarks.pools import Candidates

TASK, TARGET = "task", "the target"


class BaybeTransferChooser:
    """One BayBE campaign that knows the sources from the start."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        Settings(random_seed=seed).activate()
        torch.manual_seed(seed)
        self._target, self._goal = candidates.target, candidates.goal
        sources = related(candidates)
        self._designs = _pool(candidates, sources).assign(**{TASK: TARGET})
        past = pd.concat([_measured(source, i, candidates.target) for i, source in enumerate(sources)])
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
        """Tell the campaign what is new and return what it recommends."""
        if len(measured) > self._known:
            new = self._designs.iloc[list(measured[self._known :])].copy()
            new[self._target] = y[self._known :]
            self._campaign.add_measurements(new)
            self._known = len(measured)
        return int(self._campaign.recommend(batch_size=1).index[0])

    def predict(self, row: int) -> tuple[float, float] | None:
        """Return mean and standard deviation of a new measurement at `row`; None for a value to match."""
        return None if self._goal == "match" else predicted(self._campaign, self._designs.iloc[[row]])


def _pool(candidates: Candidates, sources: list[Related]) -> pd.DataFrame:
    """Return the pool in the columns that it shares with every source."""
    lacking = {source.name: sorted(set(candidates.designs) - set(source.designs)) for source in sources}
    for name, columns in lacking.items():
        if columns:
            raise ValueError(
                f"source {name!r} lacks {', '.join(columns)}: BayBE needs every parameter of a measurement"
            )
    widest = candidates.designs.copy()
    for source in sources:
        for column in source.pool.columns.difference(widest.columns):
            widest[column] = source.pool[column]
    return widest


def _measured(source: Related, number: int, target_name: str) -> pd.DataFrame:
    return source.designs.assign(**{TASK: f"source {number}", target_name: source.y})


def begin(candidates: Candidates, seed: int) -> BaybeTransferChooser | BaybeChooser:
    """Start a campaign."""
    return BaybeTransferChooser(candidates, seed) if candidates.sources else BaybeChooser(candidates, seed)


__all__ = ["BaybeTransferChooser", "begin", "versions"]
