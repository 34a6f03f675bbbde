"""`designer` with a prior of some kind or none: the same posterior and the same proposal as in a campaign over a pool.

Without measurements it begins as a campaign does: from the prior where past tasks are informative, otherwise with
space-filling designs (`designer.campaign.suggesting.choice.initial_count` of them). The prior is
fitted to the sources before the first suggestion, or taken from the cache of fitted priors, as in a campaign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from botorch.models.model import Model

import designer
from benchmarks.suite.pools import Candidates
from benchmarks.suite.provenance import commit
from designer.acquisition.initial import initial_designs
from designer.acquisition.propose import Observed, propose
from designer.acquisition.search_model import search_model
from designer.campaign.suggesting.choice import initial_count, seed_of
from designer.campaign.suggesting.past_tasks import fitted
from designer.objective import Target
from designer.priors import robust_conditioning
from designer.priors.auto import FittedAuto, Guard
from designer.priors.base import FittedPrior
from designer.priors.baseline import BaselinePrior
from designer.priors.conditioning import is_informed
from designer.priors.interleaving import baseline_part, is_baseline_turn
from designer.priors.sources import Source
from designer.space import DesignSpace
from designer.space.pool import Pool
from designer.surrogates.data import Quantity, TaskData
from designer.threads import one_thread


class DesignerChooser:
    """A campaign over a pool, one suggestion at a time, with a prior that was fitted (to sources, or to nothing)."""

    def __init__(
        self,
        candidates: Candidates,
        seed: int,
        prior: FittedPrior,
        *,
        forest: bool = True,
        first_by_dimension: bool = False,
    ) -> None:
        given = candidates.space
        self._coordinates = given.coordinates(candidates.designs)
        self._space = DesignSpace(
            parameters=given.parameters, constraints=given.constraints, pool=Pool(self._coordinates)
        )
        self._features = torch.as_tensor(self._space.encoder.encode(self._coordinates), dtype=torch.float64)
        self._rows = {key: row for row, key in enumerate(self._space.keys(self._coordinates))}
        self._candidates, self._seed, self._prior = candidates, seed, prior
        self._forest, self._first_space = forest, given if first_by_dimension else self._space
        self._own_first = 0
        self._posterior: Model | None = None
        target = candidates.objective.targets[0]
        self._quantities = stated_quantities(prior, target)

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the row of the design that is proposed."""
        rows = list(measured)
        if not rows:
            self._own_first = first_designs(self._first_space)
        values = np.asarray(y, dtype=np.float64)[:, None]
        columns = self._space.encoder.columns
        data = TaskData(self._features[rows], torch.as_tensor(values), columns, quantities=self._quantities)
        with one_thread():
            found = robust_conditioning.condition(self._prior, data)
        posterior = found.model
        if is_informed(posterior) or len(rows) >= self._own_first:
            self._posterior = posterior
        search = posterior
        if self._forest:
            search = search_model(posterior, found.data, self._space, self._candidates.objective)
        plain = baseline_part(posterior)
        turn = plain is not None and is_baseline_turn(len(rows))
        decides = plain if turn and plain is not None else posterior
        if len(rows) < self._own_first and not is_informed(decides):
            seed = seed_of(self._seed, len(rows))
            return self._row(initial_designs(self._space, 1, seed, self._coordinates[rows]))
        proposal = propose(
            decides,
            self._space,
            self._candidates.objective,
            Observed(self._coordinates[rows], found.data.Y.numpy()),
            self._coordinates[:0],
            1,
            seed=self._seed * 1000 + len(rows),
            search=(baseline_part(search) or plain) if turn else search,
        )
        return self._row(proposal.coordinates)

    def predict(self, row: int) -> tuple[float, float] | None:
        """Return mean and standard deviation of a measurement of `row`; None before there is a model."""
        if self._posterior is None:
            return None
        with torch.no_grad(), one_thread():
            posterior: Any = self._posterior.posterior(self._features[[row]], observation_noise=True)
        return float(posterior.mean), float(posterior.variance) ** 0.5

    def _row(self, coordinates: np.ndarray) -> int:
        return self._rows[self._space.keys(coordinates)[0]]


def stated_quantities(prior: FittedPrior, target: Target) -> tuple[Quantity, ...]:
    """Return the target's quantity; none where no source measured it, so that all sources are tried."""
    quantity = Quantity(target.name, target.unit)
    sources = [each for each in getattr(prior, "sources", ()) if isinstance(each, Source)]
    return (quantity,) if not sources or any(each.measures(quantity) for each in sources) else ()


def first_designs(space: DesignSpace) -> int:
    """Return how many first designs a campaign over this space makes by itself."""
    settings = SimpleNamespace(initial=None, budget=None, batch_size=1)
    return initial_count(SimpleNamespace(space=space, settings=settings))  # type: ignore[arg-type]


def versions() -> dict[str, str]:
    """Return the versions that decide, and the commit of `designer`."""
    return {
        "designer": commit(Path(designer.__file__)),
        "torch": torch.__version__,
        **{name: version(name) for name in ("botorch", "gpytorch", "numpy")},
    }


def begin(
    candidates: Candidates,
    seed: int,
    kind: str = "none",
    without: str | None = None,
    *,
    forest: bool = True,
    first_by_dimension: bool = False,
) -> DesignerChooser:
    """Start a campaign with a prior of a kind, or with the baseline prior if there are no sources.

    Parameters
    ----------
    kind
        A kind of prior, or ``none``.
    without
        The check of the guard that is switched off.
    forest
        Whether the search uses a forest (`designer.acquisition.search_model`).
    first_by_dimension
        Whether there are as many first designs as in a space without a list of candidates.
    """
    learns = kind != "none" and candidates.sources
    prior = fitted(kind, candidates.sources) if learns else BaselinePrior()
    if without and isinstance(prior, FittedAuto):
        prior = replace(prior, guard=Guard.without(without))
    return DesignerChooser(candidates, seed, prior, forest=forest, first_by_dimension=first_by_dimension)
