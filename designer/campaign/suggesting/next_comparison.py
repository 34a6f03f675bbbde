"""Which two results of a target with ``goal: prefer`` to compare next."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from designer.campaign.log.state import CampaignState, Measurement
from designer.campaign.results.designs import coordinates_of
from designer.space import DesignSpace

if TYPE_CHECKING:
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

MAX_RESULTS = 60
"""Results among which pairs are weighed: those with the highest upper ends."""


@dataclass(frozen=True)
class NextComparison:
    """Two results whose comparison would tell most, by the ids of their measurements, and why."""

    first: str
    second: str
    reason: str

    @property
    def words(self) -> str:
        """The comparison as a sentence."""
        return f"compare next: {self.first} with {self.second} ({self.reason})"


def next_comparison(
    space: DesignSpace, state: CampaignState, target: str, known: CampaignPosterior | None
) -> NextComparison | None:
    """Return which two results to compare next; None where all pairs of results were compared.

    By the model the pair with the highest expected utility of the better one (EUBO; Z. J. Lin et al., "Preference
    exploration for efficient Bayesian optimization with multiple outcomes", AISTATS 2022), among pairs that were not
    compared. Without a model two results that were compared least.
    """
    results = [each for each in state.results if target in each.values]
    done = {frozenset((each.better, each.worse)) for each in state.counted_comparisons}
    leaders = _one_of_each_design(space, results)
    if known is None:
        times = {each.id: sum(each.id in pair for pair in done) for each in leaders}
        open_pairs = [pair for pair in combinations(leaders, 2) if frozenset((pair[0].id, pair[1].id)) not in done]
        if not open_pairs:
            return None
        first, second = min(open_pairs, key=lambda pair: times[pair[0].id] + times[pair[1].id])
        return NextComparison(first.id, second.id, "no comparison was made yet")
    return _by_model(space, leaders, done, known)


def _one_of_each_design(space: DesignSpace, results: list[Measurement]) -> list[Measurement]:
    keys = space.keys(coordinates_of(space, (each.design for each in results)))
    found: dict[object, Measurement] = {}
    for key, each in zip(keys, results, strict=True):
        found.setdefault(key, each)
    return list(found.values())


def _by_model(
    space: DesignSpace, results: list[Measurement], done: set[frozenset[str]], known: CampaignPosterior
) -> NextComparison | None:
    import torch
    from botorch.acquisition.preference import AnalyticExpectedUtilityOfBestOption

    from designer.acquisition.moments import single_output
    from designer.threads import one_thread

    column = known.objective.preference
    assert column is not None
    coordinates = coordinates_of(space, (each.design for each in results))
    mean, sd = (values[:, column] for values in known.predict(coordinates))
    leading = np.sort(np.argsort(-(mean + 2.0 * sd), kind="stable")[:MAX_RESULTS])
    pairs = [
        (i, j) for i, j in combinations(leading.tolist(), 2) if frozenset((results[i].id, results[j].id)) not in done
    ]
    if not pairs:
        return None
    X = torch.as_tensor(space.encoder.encode(coordinates), dtype=torch.float64)
    with torch.no_grad(), one_thread():
        acquisition = AnalyticExpectedUtilityOfBestOption(single_output(known.model, column))
        values = acquisition(X[torch.tensor(pairs)])
    first, second = pairs[int(values.argmax())]
    if mean[second] > mean[first]:
        first, second = second, first
    reason = "the pair with the highest expected utility of the better one"
    return NextComparison(results[first].id, results[second].id, reason)
