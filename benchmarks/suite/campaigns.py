"""One simulated campaign: a method is led through a pool, and all it does is written down."""

from __future__ import annotations

import math
import resource
import time
import warnings
from dataclasses import dataclass, field

import numpy as np

from benchmarks.suite import methods
from benchmarks.suite.pools import Pool
from benchmarks.suite.provenance import machine
from benchmarks.suite.sources import digest

Key = tuple[str, str, str, int, str, str]
"""Family, task, method, seed, track, control."""


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
    track
        ``shared`` where the `initial` first experiments were the same for all methods, ``own`` where there were none.
    control
        What was done to the sources (`benchmarks.suite.controls`).
    sources
        A hash of the sources, for a method that reads them.
    predictions
        For each suggestion, the mean and standard deviation that the method gave for its value beforehand, or None;
        empty for a method that predicts nothing.
    machine
        Where the campaign ran.
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
    track: str = "shared"
    control: str = "none"
    sources: str = ""
    predictions: list[list[float] | None] = field(default_factory=list)
    machine: str = ""

    @property
    def key(self) -> Key:
        """What the row is the result of."""
        return self.family, self.task, self.method, self.seed, self.track, self.control


@dataclass(frozen=True, eq=False)
class Job:
    """One campaign to run: a method in a pool (which holds its sources)."""

    pool: Pool
    method: str
    suite: str
    seed: int
    budget: int
    initial: int
    track: str = "shared"
    control: str = "none"

    @property
    def key(self) -> Key:
        """The key of the row that it gives."""
        return self.pool.family, self.pool.task, self.method, self.seed, self.track, self.control

    def first(self) -> list[int]:
        """Return the first experiments that are given."""
        return self.pool.initial(self.initial, self.seed)

    def row(
        self,
        chosen: list[int],
        *,
        error: str = "",
        seconds: list[float] | None = None,
        memory_mb: float = 0.0,
        versions: dict[str, str] | None = None,
        predictions: list[list[float] | None] | None = None,
    ) -> Row:
        """Return the row of this campaign, once these designs were chosen."""
        family, task, method, seed, track, control = self.key
        read = methods.reads_sources(method)
        return Row(
            suite=self.suite,
            family=family,
            task=task,
            method=method,
            seed=seed,
            budget=self.budget,
            pool=self.pool.digest(),
            initial=min(self.initial, len(self.pool)),
            chosen=chosen,
            y=[float(value) for value in np.asarray(self.pool.y)[chosen]],
            seconds=seconds or [],
            memory_mb=memory_mb,
            error=error,
            versions=versions or {},
            track=track,
            control=control,
            sources=digest(self.pool.candidates.sources) if read else "",
            predictions=predictions or [],
            machine=machine(),
        )


def simulate(job: Job) -> Row:
    """Lead a method through its pool until the budget is spent or the pool is used up.

    A method that raises, or names a design that was measured already, ends the campaign: the row says why. Where the
    method predicts, it is asked for the chosen design before the value is shown; that counts as no time.
    """
    pool, chosen = job.pool, job.first()
    seconds: list[float] = []
    predictions: list[list[float] | None] = []
    error, versions = "", {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            versions = methods.load(job.method).versions()
            chooser = methods.begin(job.method, pool.candidates, job.seed)
            while len(chosen) < min(job.budget, len(pool)):
                begun = time.process_time()
                row = chooser.next(list(chosen), pool.y[chosen])
                seconds.append(round(time.process_time() - begun, 4))
                if row in chosen or not 0 <= row < len(pool):
                    raise ValueError(f"asked for row {row}, which is measured already or not in the pool")
                predictions.append(_prediction(chooser, row))
                chosen.append(int(row))
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}".splitlines()[0][:300]
    return job.row(
        chosen,
        error=error,
        seconds=seconds,
        memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        versions=versions,
        predictions=predictions if any(predictions) else [],
    )


def _prediction(chooser: methods.Chooser, row: int) -> list[float] | None:
    """Return mean and standard deviation, to the six digits that are worth keeping."""
    if not isinstance(chooser, methods.Predicting):
        return None
    given = chooser.predict(row)
    if given is None:
        return None
    mean, deviation = (float(f"{value:.6g}") for value in given)
    if not (math.isfinite(mean) and math.isfinite(deviation) and deviation > 0):
        raise ValueError(f"predicted {mean} with standard deviation {deviation}")
    return [mean, deviation]
