"""`designer` without a prior: the same posterior and the same proposal as in a campaign over a pool.

Where nothing is measured it begins as a campaign does: with designs that fill the space, as many as
`designer.campaign.suggesting.initial_count` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from botorch.models.model import Model

import designer
from benchmarks.origin import commit
from benchmarks.pools import Candidates
from designer.acquisition.initial import initial_designs
from designer.acquisition.propose import Observed, propose
from designer.acquisition.threads import one_thread
from designer.campaign.suggesting import initial_count, seed_of
from designer.priors.base import FittedPrior
from designer.priors.plain import PlainPrior
from designer.space import DesignSpace
from designer.space.pool import Pool
from designer.surrogates.data import TaskData


class DesignerChooser:
    """A campaign over a pool, one suggestion at a time, with a prior that was fitted (to sources, or to nothing)."""

    def __init__(self, candidates: Candidates, seed: int, prior: FittedPrior) -> None:
        given = candidates.space
        self._coordinates = given.coordinates(candidates.designs)
        self._space = DesignSpace(
            parameters=given.parameters, constraints=given.constraints, pool=Pool(self._coordinates)
        )
        self._features = torch.as_tensor(self._space.encoder.encode(self._coordinates), dtype=torch.float64)
        self._rows = {key: row for row, key in enumerate(self._space.keys(self._coordinates))}
        self._candidates, self._seed, self._prior = candidates, seed, prior
        self._own_first = 0
        self._posterior: Model | None = None

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the row of the design that is proposed."""
        rows = list(measured)
        if not rows:
            self._own_first = first_designs(self._space)
        if len(rows) < self._own_first:
            seed = seed_of(self._seed, len(rows))
            return self._row(initial_designs(self._space, 1, seed, self._coordinates[rows]))
        values = np.asarray(y, dtype=np.float64)[:, None]
        data = TaskData(self._features[rows], torch.as_tensor(values), columns=self._space.encoder.columns)
        with one_thread():
            self._posterior = self._prior.condition(data)
        proposal = propose(
            self._posterior,
            self._space,
            self._candidates.objective,
            Observed(self._coordinates[rows], values),
            self._coordinates[:0],
            1,
            seed=self._seed * 1000 + len(rows),
        )
        return self._row(proposal.coordinates)

    def predict(self, row: int) -> tuple[float, float] | None:
        """Return mean and standard deviation of a measurement of `row`; None before there is a model."""
        if self._posterior is None:
            return None
        with torch.no_grad(), one_thread():
            posterior = self._posterior.posterior(self._features[[row]], observation_noise=True)
        return float(posterior.mean), float(posterior.variance) ** 0.5

    def _row(self, coordinates: np.ndarray) -> int:
        return self._rows[self._space.keys(coordinates)[0]]


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


def begin(candidates: Candidates, seed: int) -> DesignerChooser:
    """Start a campaign."""
    return DesignerChooser(candidates, seed, PlainPrior())
