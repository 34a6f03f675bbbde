"""BayBE with its defaults, as its documentation says: a `Campaign` over a discrete space made from the table.

Numbers are `NumericalDiscreteParameter`, words `CategoricalParameter` (one-hot, its default), the recommender is the
default one, and results come in by `add_measurements`. One default is changed in its favour: by default it may ask
again for a design that was measured already, which in a pool without noise is an experiment lost. Columns that never
change cannot be parameters and are dropped. Where nothing is measured, the first design is random, as its default
recommender chooses it.
Source: https://emdgroup.github.io/baybe, 0.15.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
import pandas as pd
import torch
from baybe import Campaign
from baybe.parameters import CategoricalParameter, NumericalDiscreteParameter
from baybe.searchspace import SearchSpace
from baybe.settings import Settings
from baybe.targets import NumericalTarget

from benchmarks.pools import Candidates


class BaybeChooser:
    """One BayBE campaign, fed one measurement after another."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        Settings(random_seed=seed).activate()
        torch.manual_seed(seed)
        self._candidates = candidates
        designs = candidates.designs
        self._designs = designs[[name for name in designs.columns if designs[name].nunique() > 1]]
        parameters = [parameter(self._designs, name, candidates.categorical) for name in self._designs.columns]
        space = SearchSpace.from_dataframe(self._designs, parameters=parameters)
        self._campaign = Campaign(space, target(candidates), allow_recommending_already_measured=False)
        self._known = 0

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Tell the campaign what is new and return what it recommends."""
        if len(measured) > self._known:
            new = self._designs.iloc[list(measured[self._known :])].copy()
            new[self._candidates.target] = y[self._known :]
            self._campaign.add_measurements(new)
            self._known = len(measured)
        return int(self._campaign.recommend(batch_size=1).index[0])


def parameter(
    designs: pd.DataFrame, name: str, categorical: tuple[str, ...]
) -> CategoricalParameter | NumericalDiscreteParameter:
    """Return the parameter of a column of `designs`, with the values that stand there."""
    values = sorted(set(designs[name]))
    if name in categorical:
        return CategoricalParameter(name=name, values=values)
    return NumericalDiscreteParameter(name=name, values=[float(value) for value in values])


def target(candidates: Candidates) -> NumericalTarget:
    """Return what is wanted."""
    if candidates.goal == "match":
        return NumericalTarget.match_absolute(candidates.target, match_value=candidates.value)
    return NumericalTarget(name=candidates.target, minimize=candidates.goal == "minimize")


def versions() -> dict[str, str]:
    """Return the versions that decide."""
    return {name: version(name) for name in ("baybe", "botorch", "gpytorch", "torch", "scikit-learn")}


def begin(candidates: Candidates, seed: int) -> BaybeChooser:
    """Start a campaign."""
    return BaybeChooser(candidates, seed)
