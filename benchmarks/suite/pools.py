"""A benchmark pool: the measured designs of one task, and the value that an experiment on each would give.

The designs come from a task's table; replicates of one design are averaged, so that the oracle is noiseless and every
method that asks for one design gets one answer. Methods see `Candidates` only, never the values.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from designer.objective import Objective
from designer.space import CategoricalParameter, DesignSpace, FormulaParameter
from designer.tasks import Task


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
        The same for methods that read a `DesignSpace` and an `Objective`.
    sources
        Past tasks with one target each, for methods that learn from them (`benchmarks.suite.sources`); the same for
        all.
    """

    designs: pd.DataFrame
    categorical: tuple[str, ...]
    target: str
    goal: str
    value: float | None
    space: DesignSpace
    objective: Objective
    sources: tuple[Task, ...] = ()

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
        """Return a short hash of designs and values: results of other tables are not the same results.

        Sources are not in it: methods that read none give the same results whatever they are.
        """
        text = self.candidates.designs.to_csv(index=False, float_format="%.10g")
        values = " ".join(f"{value:.10g}" for value in self.y)
        return hashlib.sha256(f"{text}\n{values}".encode()).hexdigest()[:12]

    def initial(self, n: int, seed: int) -> list[int]:
        """Return the rows of the first `n` experiments: random, and the same for every method."""
        name = f"{self.family}/{self.task}/{seed}".encode()
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name).digest()[:8], "big"))
        return [int(row) for row in rng.choice(len(self), size=min(n, len(self)), replace=False)]


def pool_of(task: Task, target: str | None = None, *, rows: int | None = None) -> Pool:
    """Return the pool of one target of a task (the first, unless named).

    Parameters
    ----------
    rows
        Draw so many designs of a larger pool, always the same ones.
    """
    task = task.only(target)
    distinct = task.distinct()
    designs, mean = distinct.designs, distinct.mean
    if rows is not None and rows < len(mean):
        seed = int.from_bytes(hashlib.sha256(f"{task.family}/{task.name}".encode()).digest()[:8], "big")
        drawn = np.sort(np.random.default_rng(seed).choice(len(mean), size=rows, replace=False))
        designs, mean = designs.iloc[drawn].reset_index(drop=True), mean[drawn]
    words = [p for p in task.space.parameters if isinstance(p, (CategoricalParameter, FormulaParameter))]
    categorical = tuple(column for parameter in words for column in parameter.lab_columns)
    wanted = task.targets[0]
    if wanted.goal is None:
        raise ValueError(f"target {wanted.name!r} of {task.name!r} has no goal to pursue")
    candidates = Candidates(designs, categorical, wanted.name, wanted.goal, wanted.value, task.space, task.objective)
    return Pool(task.family or "", task.name, candidates, mean)
