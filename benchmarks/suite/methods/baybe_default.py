"""BayBE with its defaults, as in its documentation: a `Campaign` over a discrete space made from the table.

Numbers are `NumericalDiscreteParameter`, words `CategoricalParameter` (one-hot, its default), the recommender is the
default one, and results come in by `add_measurements`. One default is changed in its favour: by default it may ask
again for a design that was measured already, which wastes an experiment in a noise-free pool. Columns that never
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

from benchmarks.suite.pools import Candidates


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
        """Add new measurements to the campaign; return its recommendation."""
        if len(measured) > self._known:
            new = self._designs.iloc[list(measured[self._known :])].copy()
            new[self._candidates.target] = y[self._known :]
            self._campaign.add_measurements(new)
            self._known = len(measured)
        return int(self._campaign.recommend(batch_size=1).index[0])

    def predict(self, row: int) -> tuple[float, float] | None:
        """Return mean and standard deviation of a new measurement at `row`; None for a value to match."""
        if not self._known or self._candidates.goal == "match":
            return None
        return predicted(self._campaign, self._designs.iloc[[row]])


def predicted(campaign: Campaign, design: pd.DataFrame) -> tuple[float, float]:
    """Return mean and standard deviation of a measurement of `design` (one row), noise included.

    The model is the one that the recommender fitted for its last suggestion; the campaign would fit a new one.
    """
    model = campaign.recommender.recommender._surrogate_model.to_botorch()
    place = torch.as_tensor(campaign.searchspace.transform(design).to_numpy(dtype=float))
    expected = model.posterior(place, observation_noise=True)
    return float(expected.mean.detach()), float(expected.variance.detach().sqrt())


def parameter(
    designs: pd.DataFrame, name: str, categorical: tuple[str, ...]
) -> CategoricalParameter | NumericalDiscreteParameter:
    """Return the parameter of a column of `designs`, with the values of that column."""
    values = sorted(set(designs[name]))
    if name in categorical:
        return CategoricalParameter(name=name, values=values)
    return NumericalDiscreteParameter(name=name, values=[float(value) for value in values])


def target(candidates: Candidates) -> NumericalTarget:
    """Return the target."""
    if candidates.goal == "match":
        return NumericalTarget.match_absolute(candidates.target, match_value=candidates.value)
    return NumericalTarget(name=candidates.target, minimize=candidates.goal == "minimize")


def versions() -> dict[str, str]:
    """Return the versions that decide."""
    return {name: version(name) for name in ("baybe", "botorch", "gpytorch", "torch", "scikit-learn")}


def begin(candidates: Candidates, seed: int) -> BaybeChooser:
    """Start a campaign."""
    return BaybeChooser(candidates, seed)
