"""`designer` without a prior: the same posterior and the same proposal as in a campaign over a pool."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

import designer
from benchmarks.origin import commit
from benchmarks.pools import Candidates
from designer.acquisition.propose import Observed, propose
from designer.acquisition.threads import one_thread
from designer.priors.plain import PlainPrior
from designer.space import DesignSpace
from designer.space.pool import Pool
from designer.surrogates.data import TaskData


class DesignerChooser:
    """A campaign with `prior: none`, one suggestion at a time."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        given = candidates.space
        self._coordinates = given.coordinates(candidates.designs)
        self._space = DesignSpace(
            parameters=given.parameters, constraints=given.constraints, pool=Pool(self._coordinates)
        )
        self._features = torch.as_tensor(self._space.encoder.encode(self._coordinates), dtype=torch.float64)
        self._rows = {key: row for row, key in enumerate(self._space.keys(self._coordinates))}
        self._candidates, self._seed = candidates, seed

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the row of the design that is proposed."""
        rows = list(measured)
        values = np.asarray(y, dtype=np.float64)[:, None]
        encoder = self._space.encoder
        data = TaskData(self._features[rows], torch.as_tensor(values), columns=encoder.columns)
        with one_thread():
            posterior = PlainPrior().condition(data)
        proposal = propose(
            posterior,
            self._space,
            self._candidates.objective,
            Observed(self._coordinates[rows], values),
            self._coordinates[:0],
            1,
            seed=self._seed * 1000 + len(rows),
        )
        return self._rows[self._space.keys(proposal.coordinates)[0]]


def versions() -> dict[str, str]:
    """Return the versions that decide, and the commit of `designer`."""
    return {
        "designer": commit(Path(designer.__file__)),
        "torch": torch.__version__,
        **{name: version(name) for name in ("botorch", "gpytorch", "numpy")},
    }


def begin(candidates: Candidates, seed: int) -> DesignerChooser:
    """Start a campaign."""
    return DesignerChooser(candidates, seed)
