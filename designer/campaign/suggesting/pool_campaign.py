"""A simulated campaign over a table of measured designs, with the posterior and the proposals of a campaign.

Without measurements it begins as a campaign does: from the prior where past tasks are informative, otherwise with
space-filling designs (`designer.campaign.suggesting.choice.initial_count` of them).
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import torch
from botorch.models.model import Model

from designer.acquisition.initial import initial_designs
from designer.acquisition.observed import Observed
from designer.acquisition.propose import propose
from designer.acquisition.search_model import search_model
from designer.arrays import FloatArray
from designer.campaign.suggesting.choice import initial_count, seed_of
from designer.objective import Objective, Target
from designer.priors import robust_conditioning
from designer.priors.base import FittedPrior
from designer.priors.conditioning import is_informed
from designer.priors.interleaving import baseline_part, is_baseline_turn
from designer.priors.sources import Source
from designer.space import DesignSpace
from designer.space.pool import Pool
from designer.surrogates.data import Quantity, TaskData
from designer.threads import one_thread


class PoolCampaign:
    """A campaign over a pool, one suggestion at a time.

    Parameters
    ----------
    space
        The space of the designs, without a pool.
    designs
        The pool in lab units, distinct designs.
    objective
        One target with a goal.
    prior
        Fitted to past tasks, or to none.
    forest
        Whether the search uses a forest (`designer.acquisition.search_model`).
    first
        Number of first designs where past tasks do not choose them; as a campaign over a pool makes, unless given.
    """

    def __init__(
        self,
        space: DesignSpace,
        designs: pd.DataFrame,
        objective: Objective,
        seed: int,
        prior: FittedPrior,
        *,
        forest: bool = True,
        first: int | None = None,
    ) -> None:
        self._coordinates = space.coordinates(designs)
        pool = Pool(self._coordinates)
        self._space = DesignSpace(parameters=space.parameters, constraints=space.constraints, pool=pool)
        self._features = torch.as_tensor(self._space.encoder.encode(self._coordinates), dtype=torch.float64)
        self._rows = {key: row for row, key in enumerate(self._space.keys(self._coordinates))}
        self._objective, self._seed, self._prior, self._forest = objective, seed, prior, forest
        self._first = first_designs(self._space) if first is None else first
        self._own_first = 0
        self._posterior: Model | None = None
        self._quantities = stated_quantities(prior, objective.targets[0])

    def next(self, measured: Sequence[int], y: FloatArray) -> int:
        """Return the row of the design that is proposed after the rows `measured` with values `y` (``n``)."""
        rows = list(measured)
        if not rows:
            self._own_first = self._first
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
            search = search_model(posterior, found.data, self._space, self._objective, prior=self._prior)
        plain = baseline_part(posterior)
        turn = plain is not None and is_baseline_turn(len(rows))
        decides = plain if turn and plain is not None else posterior
        if len(rows) < self._own_first and not is_informed(decides):
            seed = seed_of(self._seed, len(rows))
            return self._row(initial_designs(self._space, 1, seed, self._coordinates[rows]))
        proposal = propose(
            decides,
            self._space,
            self._objective,
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

    def _row(self, coordinates: FloatArray) -> int:
        return self._rows[self._space.keys(coordinates)[0]]


def stated_quantities(prior: FittedPrior, target: Target) -> tuple[Quantity, ...]:
    """Return the target's quantity; none where no source measured it, so that all sources are tried."""
    quantity = Quantity(target.name, target.unit)
    sources = [each for each in getattr(prior, "sources", ()) if isinstance(each, Source)]
    return (quantity,) if not sources or any(each.measures(quantity) for each in sources) else ()


def first_designs(space: DesignSpace) -> int:
    """Return how many first designs a campaign over this space makes by itself."""
    settings = SimpleNamespace(initial=None, max_experiments=None, batch_size=1)
    return initial_count(SimpleNamespace(space=space, settings=settings, stated_cost=None))  # type: ignore[arg-type]
