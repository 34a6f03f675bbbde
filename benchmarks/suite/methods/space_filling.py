"""Space-filling: each experiment represents, with those made so far, the pool as evenly as designs can.

Sequential support points by the energy distance, the same that begin a campaign of ours, carried on to the end; no
result is looked at. Source: S. Mak and V. R. Joseph, Support points, Ann. Stat. 46 (2018) 2562-2592.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import designer
from benchmarks.suite.pools import Candidates
from benchmarks.suite.provenance import commit
from designer.acquisition.initial import initial_designs
from designer.space import DesignSpace
from designer.space.pool import Pool


class SpaceFillingChooser:
    """Designs far from each other and near to all."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        given = candidates.space
        self._coordinates = given.coordinates(candidates.designs)
        self._space = DesignSpace(
            parameters=given.parameters, constraints=given.constraints, pool=Pool(self._coordinates)
        )
        self._rows = {key: row for row, key in enumerate(self._space.keys(self._coordinates))}
        self._seed = seed

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the row of the design that, beside those measured, spreads best over the pool."""
        avoid = self._coordinates[list(measured)]
        found = initial_designs(self._space, 1, self._seed * 1000 + len(measured), avoid)
        return self._rows[self._space.keys(found)[0]]


def versions() -> dict[str, str]:
    """Return the commit of `designer`."""
    return {"designer": commit(Path(designer.__file__)), "numpy": np.__version__}


def begin(candidates: Candidates, seed: int) -> SpaceFillingChooser:
    """Start a campaign."""
    return SpaceFillingChooser(candidates, seed)
