"""One simulated campaign: a method is led through a pool, and all it does is written down."""

from __future__ import annotations

import resource
import time
import warnings
from dataclasses import dataclass

import numpy as np

from benchmarks import methods
from benchmarks.pools import Pool


@dataclass(frozen=True)
class Row:
    """All that happened in one campaign: one line of the results.

    Parameters
    ----------
    chosen
        The rows of the pool in the order of the experiments, the `initial` first ones included.
    y
        Their values, in the target's own unit and direction.
    seconds
        CPU seconds of each suggestion (none for the initial experiments).
    memory_mb
        Peak resident memory of the process in which the campaign ran.
    error
        Why it ended before the budget, or an empty text.
    """

    suite: str
    family: str
    task: str
    method: str
    seed: int
    budget: int
    pool: str
    initial: int
    chosen: list[int]
    y: list[float]
    seconds: list[float]
    memory_mb: float
    error: str
    versions: dict[str, str]

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What the row is the result of."""
        return self.family, self.task, self.method, self.seed


def simulate(pool: Pool, method: str, *, suite: str, seed: int, budget: int, initial: int) -> Row:
    """Lead `method` through `pool` until `budget` experiments are done or the pool is used up.

    A method that raises, or names a design that was measured already, ends the campaign: the row says why.
    """
    chosen = pool.initial(initial, seed)
    seconds: list[float] = []
    error, versions = "", {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = methods.load(method)
            versions = module.versions()
            chooser = module.begin(pool.candidates, seed)
            while len(chosen) < min(budget, len(pool)):
                begun = time.process_time()
                row = chooser.next(list(chosen), pool.y[chosen])
                seconds.append(round(time.process_time() - begun, 4))
                if row in chosen or not 0 <= row < len(pool):
                    raise ValueError(f"asked for row {row}, which is measured already or not in the pool")
                chosen.append(row)
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}".splitlines()[0][:300]
    return Row(
        suite=suite,
        family=pool.family,
        task=pool.task,
        method=method,
        seed=seed,
        budget=budget,
        pool=pool.digest(),
        initial=min(initial, len(pool)),
        chosen=chosen,
        y=[float(value) for value in np.asarray(pool.y)[chosen]],
        seconds=seconds,
        memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        error=error,
        versions=versions,
    )
