"""Tasks on which the learned policy is trained: measured families, formulas, and draws from hierarchical processes.

A drawn family has a common surface g and one of its own, h_t, for every task; a task's values are
``level_t + scale_t (sqrt(r) g + sqrt(1 - r) h_t)`` with noise. Surfaces are Gaussian processes (random Fourier
features, Rahimi and Recht, NeurIPS 2007) over numbers, choices and compositions, with steps at thresholds. How alike
the tasks are (r), how rough they are, how many sources there are and whether these are past campaigns differ from
family to family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.suite.controls import controlled
from benchmarks.suite.plan import prepare, with_sources
from benchmarks.suite.pools import Pool, pool_of
from benchmarks.suite.sources import drawn as drawn_rows
from benchmarks.suite.sources import sources_of
from designer.arrays import FloatArray
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task
from designer.tasks.analytic import KINDS, analytic_family

DRAWN, FORMULA = "drawn", "formula"
ROWS = 120
MAX_DESIGNS = 700
_FREQUENCIES = 200
_TARGET = Target(name="response", unit="a.u.", goal="maximize")


def measured(data: Path, control: str = "none") -> list[Pool]:
    """Return the pools with sources of the suite `families`, larger ones thinned to `MAX_DESIGNS`.

    `control` changes the sources (`benchmarks.suite.controls`).
    """
    pools = [pool for pool in prepare("families", data).pools if pool.candidates.sources]
    return [_thinned(with_sources(pool, controlled(control, pool, pool.candidates.sources))) for pool in pools]


def _thinned(pool: Pool) -> Pool:
    rows = drawn_rows(len(pool), MAX_DESIGNS, f"policy/{pool.family}/{pool.task}")
    designs = pool.candidates.designs.iloc[rows].reset_index(drop=True)
    return replace(pool, candidates=replace(pool.candidates, designs=designs), y=pool.y[rows])


def formulas(number: int = 3) -> list[Pool]:
    """Return pools of the analytic families, the first tasks of each as targets."""
    found = []
    for kind in KINDS:
        family = analytic_family(kind, number=number + 4, rows=ROWS)
        for task in family.tasks[:number]:
            pool = replace(pool_of(task), family=f"{FORMULA}/{kind}")
            found.append(with_sources(pool, sources_of(family, pool)))
    return found


def drawn(number: int) -> list[Pool]:
    """Return pools of drawn families, one target each; the first ones are the same whatever the number."""
    return [_drawn(i) for i in range(number)]


def _drawn(i: int) -> Pool:
    rng = np.random.default_rng([18, i])
    space = _space(rng)
    alike = float(rng.beta(1.2, 0.8))
    noise = float(rng.choice([0.0, 0.1, 0.5]))
    common = _surface(space, rng)
    count = int(rng.integers(1, 9))
    campaigns = bool(rng.random() < 0.3)
    tasks = []
    for t in range(count + 1):
        own = _surface(space, rng)
        rows = ROWS if t == 0 else int(rng.integers(20, 100))
        coordinates = space.sample(400 if campaigns and t else rows, rng)
        features = np.asarray(space.encoder.encode(coordinates))
        values = np.sqrt(alike) * common(features) + np.sqrt(1 - alike) * own(features)
        values = values + noise * rng.standard_normal(len(values))
        if campaigns and t:  # mostly good designs, as an optimiser would have measured
            chance = np.exp(1.5 * (values - values.mean()) / values.std())
            some = rng.choice(len(values), size=min(rows, 40), replace=False, p=chance / chance.sum())
            coordinates, values = coordinates[some], values[some]
        frame = space.frame(coordinates)
        frame[_TARGET.name] = np.round(rng.normal(0, 5) + np.exp(rng.normal(0, 0.5)) * values, 6)
        frame = frame.drop_duplicates(subset=list(space.columns), ignore_index=True)
        tasks.append(Task(space=space, targets=(_TARGET,), data=frame, name=f"task-{t}", family=f"{DRAWN}-{i}"))
    pool = replace(pool_of(tasks[0]), family=f"{DRAWN}/{i}")
    return with_sources(pool, tasks[1:])


def _space(rng: np.random.Generator) -> DesignSpace:
    parameters: list[dict[str, Any]] = [
        {"name": f"x{j}", "kind": "numeric", "bounds": [0, 1]} for j in range(int(rng.integers(1, 5)))
    ]
    for j in range(int(rng.integers(0, 3))):
        choices = [f"c{j}{k}" for k in range(int(rng.integers(3, 7)))]
        parameters.append({"name": f"choice{j}", "kind": "categorical", "choices": choices})
    if rng.random() < 0.4:
        elements = list(rng.choice(["Fe", "Co", "Ni", "Cu", "Mn", "Al"], size=int(rng.integers(3, 5)), replace=False))
        parameters.append({"name": "alloy", "kind": "composition", "elements": elements, "unit": "at.%", "step": 5})
    return DesignSpace.model_validate({"parameters": parameters})


def _surface(space: DesignSpace, rng: np.random.Generator) -> Callable[[FloatArray], FloatArray]:
    """Return a drawn function of features (``n x d``), of deviation about 1."""
    width = len(space.encoder.columns)
    lengths = np.exp(rng.normal(0.0, 0.7, width)) * 0.5 * np.sqrt(max(1, width) / 2)
    # Frequencies of a Matern-5/2 kernel: normal ones over the root of a gamma variable.
    heavy = np.sqrt(rng.gamma(2.5, 1 / 2.5, size=(1, _FREQUENCIES)))
    frequencies = rng.standard_normal((width, _FREQUENCIES)) / lengths[:, None] / heavy
    phases, weights = rng.uniform(0, 2 * np.pi, _FREQUENCIES), rng.standard_normal(_FREQUENCIES)
    column, place, height = int(rng.integers(width)), float(rng.uniform(0.2, 0.8)), float(rng.random() < 0.3)

    def surface(features: FloatArray) -> FloatArray:
        waves = np.cos(features @ frequencies + phases) @ weights * np.sqrt(2 / _FREQUENCIES)
        return np.asarray(waves + height * np.tanh(10 * (features[:, column] - place)))

    return surface


def interleaved_by_family(pools: list[Pool]) -> Iterator[Pool]:
    """Go through pools so that every family comes once before any comes twice."""
    groups: dict[str, list[Pool]] = {}
    for pool in pools:
        groups.setdefault(pool.family, []).append(pool)
    for place in range(max(map(len, groups.values()), default=0)):
        yield from (group[place] for group in groups.values() if place < len(group))
