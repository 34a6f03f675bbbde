"""A benchmark pool: the measured designs of one task, and the value that an experiment on each would give.

The designs come from a task's table; replicates of one design are averaged, so that the oracle is noiseless and every
method that asks for one design gets one answer. Methods see `Candidates` only, never the values.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Candidates:
    """What a method may know of a task before any experiment.

    Parameters
    ----------
    designs
        One row a candidate, in lab units, index 0 ... n-1.
    categorical
        The columns of `designs` that hold words; all others hold numbers.
    goal, value
        ``maximize``, ``minimize``, or ``match`` the `value`.
    space, objective
        The same as `DesignSpace` and `Objective`, for methods that read them.
    """

    designs: pd.DataFrame
    categorical: tuple[str, ...]
    target: str
    goal: str
    value: float | None = None
    space: Any = None
    objective: Any = None

    def utility(self, y: np.ndarray) -> np.ndarray:
        """Return `y` such that larger is better."""
        if self.goal == "maximize":
            return y
        return -y if self.goal == "minimize" else -np.abs(y - self.value)

    def features(self) -> np.ndarray:
        """Return n x d features: numbers as they are, words one-hot; columns that never change are dropped."""
        columns: list[np.ndarray] = []
        for name in self.designs.columns:
            cells = self.designs[name].to_numpy()
            if name in self.categorical:
                columns += [(cells == choice).astype(float) for choice in sorted(set(cells))]
            else:
                columns.append(cells.astype(float))
        matrix = np.column_stack(columns)
        return matrix[:, np.ptp(matrix, axis=0) > 0]


@dataclass(frozen=True)
class Pool:
    """The candidates of one task and the value `y` (n) that an experiment on each gives."""

    family: str
    task: str
    candidates: Candidates
    y: np.ndarray

    def __post_init__(self) -> None:
        if len(self.y) != len(self.candidates.designs) or not np.isfinite(self.y).all():
            raise ValueError(f"{self.family}/{self.task}: every candidate needs one finite value")

    def __len__(self) -> int:
        return len(self.y)

    @property
    def utility(self) -> np.ndarray:
        """The values such that larger is better."""
        return self.candidates.utility(self.y)

    def digest(self) -> str:
        """Return a short hash of designs and values: results of other tables are not the same results."""
        text = self.candidates.designs.to_csv(index=False, float_format="%.10g")
        values = " ".join(f"{value:.10g}" for value in self.y)
        return hashlib.sha256(f"{text}\n{values}".encode()).hexdigest()[:12]

    def initial(self, n: int, seed: int) -> list[int]:
        """Return the rows of the first `n` experiments: random, and the same for every method."""
        name = f"{self.family}/{self.task}/{seed}".encode()
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name).digest()[:8], "big"))
        return [int(row) for row in rng.choice(len(self), size=min(n, len(self)), replace=False)]


def averaged(designs: pd.DataFrame, y: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the distinct designs, in the order in which they first stand, and the mean of their values."""
    groups = designs.groupby(list(designs.columns), sort=False, dropna=False).ngroup().to_numpy()
    first = pd.Series(np.arange(len(groups))).groupby(groups).first().to_numpy()
    mean = pd.Series(np.asarray(y, dtype=float)).groupby(groups).mean().to_numpy()
    return designs.iloc[first].reset_index(drop=True), mean
