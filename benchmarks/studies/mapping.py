"""Maps, boundaries and the best of each cell: ``python -m benchmarks.studies.mapping [--seeds 3]``.

Campaigns over tables, 30 experiments each. A *boundary* is to be found: the number of experiments from which on the
model predicts the right side for 90 % of the table (31 where it never does), and the share wrong after 15 and 30.
Against designs at random, designs that fill the space, a regular grid (two parameters only), and the workaround: the
expected improvement of a goal that matches the level. A *map*: the root mean square error over the table after 15 and
30 experiments, as a share of its standard deviation; against the largest posterior variance, random and space-filling
designs. *Best of each cell*: the regret of the best design of each level of a parameter, as a share of the table's
range, its mean over the levels; against a search for the best design of all. The tables are a phase diagram of a
subregular solution, ternary alloys simulated by effective-medium theory (this repository), and measured tables of the
folder that ``DESIGNER_DATA`` names. The model is the same for all ways of choosing. Cells are those of three measured
tables of reactions and perovskites.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.studies.beliefs import tables as measured_tables
from benchmarks.studies.lab_tables import tables as lab_tables
from designer import Campaign
from designer.errors import InvalidInput

EXPERIMENTS, EVERY, FIRST, ENOUGH = 30, 3, 6, 0.9
HALF = EXPERIMENTS // 2
ALLOYS = Path(__file__).parents[1] / "data" / "emt-alloys"


@dataclass(frozen=True, eq=False)
class Surface:
    """A table of designs with the values of one target, and the level of its boundary."""

    name: str
    space: Sequence[Mapping[str, Any]]
    frame: pd.DataFrame
    target: str
    level: float = 0.0

    @property
    def designs(self) -> pd.DataFrame:
        """The designs alone."""
        return self.frame.drop(columns=self.target)

    @property
    def truth(self) -> Any:
        """The values."""
        return self.frame[self.target].to_numpy(dtype=float)

    def campaign(self, seed: int, **goal: Any) -> Campaign:
        """Return a campaign over the table; `goal` has the keys of the target, and those of the campaign."""
        settings = {key: goal.pop(key) for key in ("acquisition", "initial", "diversify_by") if key in goal}
        return Campaign.create(
            space=self.space, targets=[{"name": self.target, **goal}], candidates=self.designs, seed=seed,
            stop={"reach": False}, suggest_seconds=3600.0, **{"initial": FIRST, **settings},
        )  # fmt: skip

    def values(self, batch: pd.DataFrame) -> Any:
        """Return the values of suggested designs."""
        known = dict(zip(map(_key, self.designs.to_numpy().tolist()), self.truth, strict=True))
        return [known[_key(row)] for row in batch[self.designs.columns].to_numpy().tolist()]


def _key(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(round(cell, 6) if isinstance(cell, float) else cell for cell in row)


def surfaces() -> list[Surface]:
    """Return the tables of the boundaries and maps."""
    by_name = {table.name: table for table in lab_tables()}
    measured = [
        Surface(name, by_name[name].space(), by_name[name].frame, str(by_name[name].target["name"]), level)
        for name, level in (("direct arylation", 10.0), ("Suzuki coupling", 50.0), ("ageing of concrete", 40.0))
    ]
    return [_phase_diagram(), _alloy("Ag-Au-Cu"), *measured]


def celled() -> list[tuple[Surface, str, str]]:
    """Return the tables of the cells, each with its goal and the parameter whose choices are the cells."""
    by_name = {table.name: table for table in measured_tables()}
    return [
        (Surface(name, table.space(), table.frame, str(table.target["name"])), str(table.target["goal"]), cell)
        for name, cell in (("direct arylation", "ligand"), ("Buchwald-Hartwig", "ligand"), ("perovskites", "organic"))
        for table in (by_name[name],)
    ]


def _phase_diagram() -> Surface:
    x, t = (each.ravel() for each in np.meshgrid(np.linspace(0.02, 0.98, 33), np.arange(500.0, 1501.0, 40.0)))
    # The curvature of the free energy of a subregular solution (kJ/mol): below 0 it separates into two phases.
    curvature = 8.314e-3 * t / (x * (1 - x)) - 2 * (16.0 + 6.0 * (1 - 2 * x))
    space = [
        {"name": "x", "kind": "numeric", "bounds": [0, 1]},
        {"name": "T", "kind": "numeric", "bounds": [500, 1500]},
    ]
    frame = pd.DataFrame({"x": x, "T": t, "curvature": np.minimum(curvature, 60.0)})
    return Surface("phase diagram", space, frame, "curvature", 0.0)


def _alloy(system: str) -> Surface:
    elements = system.split("-")
    frame = pd.read_csv(ALLOYS / f"{system}.csv")[[*(f"composition.{each}" for each in elements), "mixing_enthalpy"]]
    space = [{"name": "composition", "kind": "composition", "elements": elements, "unit": "at.%", "step": 5}]
    return Surface(f"{system}, mixing enthalpy", space, frame, "mixing_enthalpy", 0.0)


# Ways to choose designs


Counted = tuple[int, Campaign]


def suggested(surface: Surface, seed: int, **goal: Any) -> Iterator[Counted]:
    """Yield a campaign after each experiment that it suggests."""
    campaign = surface.campaign(seed, **goal)
    for i in range(EXPERIMENTS):
        batch = campaign.suggest(1)
        campaign.record(batch.assign(**{surface.target: surface.values(batch)}))
        yield i + 1, campaign


def space_filling(surface: Surface, seed: int, **goal: Any) -> Iterator[Counted]:
    """Yield a campaign of first designs alone."""
    yield from suggested(surface, seed, **goal, initial=EXPERIMENTS)


def at_random(surface: Surface, seed: int, **goal: Any) -> Iterator[Counted]:
    """Yield a campaign with one random design after the other."""
    campaign = surface.campaign(seed, **goal)
    order = np.random.default_rng(seed).permutation(len(surface.frame))[:EXPERIMENTS]
    for i, row in enumerate(order):
        campaign.attach(surface.frame.iloc[[row]])
        yield i + 1, campaign


def on_a_grid(surface: Surface, seed: int, **goal: Any) -> Iterator[Counted]:
    """Yield campaigns with the designs nearest to the crossings of a regular grid of 2 x 2, 3 x 3, ... levels."""
    designs = surface.designs.to_numpy(dtype=float)
    scaled = (designs - designs.min(0)) / np.ptp(designs, axis=0)
    for levels in range(2, int(EXPERIMENTS**0.5) + 1):
        ends = (np.arange(levels) + 0.5) / levels
        crossings = np.stack(np.meshgrid(ends, ends), -1).reshape(-1, 2)
        rows = np.unique(np.argmin(((scaled[None] - crossings[:, None]) ** 2).sum(-1), axis=1))
        campaign = surface.campaign(seed, **goal)
        campaign.attach(surface.frame.iloc[rows])
        yield len(rows), campaign


Way = Callable[..., Iterator[Counted]]


# Measures


def _predicted(surface: Surface, campaign: Campaign) -> Any:
    try:
        return campaign.predict(surface.designs)[surface.target].to_numpy(dtype=float)
    except InvalidInput:  # too few results
        return np.full(len(surface.frame), np.nan)


def boundary_errors(surface: Surface, steps: Iterator[Counted], level: float) -> dict[int, float]:
    """Return the share of the table on the wrong side, by the number of experiments."""
    wrong = {}
    for made, campaign in steps:
        if made % EVERY == 0 or made in (4, HALF, 16, 25):
            predicted = _predicted(surface, campaign)
            wrong[made] = float(np.mean((predicted > level) != (surface.truth > level)))
    return wrong


def experiments_to(wrong: Mapping[int, float]) -> int:
    """Return the number of experiments from which on at least `ENOUGH` of the table is right; one more if never."""
    late = [made for made, share in wrong.items() if share > 1 - ENOUGH]
    later = [made for made in wrong if made > max(late, default=0)]
    return min(later, default=EXPERIMENTS + 1)


def map_errors(surface: Surface, steps: Iterator[Counted]) -> tuple[float, float]:
    """Return the root mean square errors over the table after half of the experiments and all, in its deviations."""
    found = {}
    for made, campaign in steps:
        if made in (HALF, EXPERIMENTS):
            found[made] = float(np.sqrt(np.mean((_predicted(surface, campaign) - surface.truth) ** 2)))
    spread = float(surface.truth.std())
    return found[HALF] / spread, found[EXPERIMENTS] / spread


def cell_regrets(surface: Surface, goal: str, cell: str, steps: Iterator[Counted]) -> tuple[float, float]:
    """Return the mean over the cells of the regret of the best design made in each, after half and all experiments."""
    sign = -1.0 if goal == "minimize" else 1.0
    groups = (sign * surface.frame[surface.target]).groupby(surface.frame[cell])
    best, worst, width = groups.max(), groups.min(), float(np.ptp(surface.truth))
    found = {}
    for made, campaign in steps:
        if made in (HALF, EXPERIMENTS):
            results = campaign.measurements()
            made_here = (sign * results[surface.target]).groupby(results[cell]).max()
            reached = made_here.reindex(best.index).astype(float).fillna(worst)
            found[made] = float(np.mean((best - reached) / width))
    return found[HALF], found[EXPERIMENTS]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print Markdown tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.mapping", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args(arguments)
    _boundaries(range(given.seeds))
    _maps(range(given.seeds))
    _cells(range(given.seeds))
    print(f"\n{time.process_time():.0f} CPU s in all")
    return 0


def _boundaries(seeds: Sequence[int]) -> None:
    print("| table | level | designs | experiments to 90 % right | wrong after 15 | wrong after 30 | CPU s a design |")
    print("|---|---:|---|---:|---:|---:|---:|")
    for surface in surfaces():
        goal = {"goal": "boundary", "value": surface.level}
        match = {"goal": "match", "value": surface.level, "tolerance": 0.01 * float(surface.truth.std())}
        ways: dict[str, tuple[Way, dict[str, Any]]] = {
            "`goal: boundary`": (suggested, goal),
            "`goal: match`": (suggested, match),
            "space-filling": (space_filling, goal),
            "random": (at_random, goal),
        }
        if len(surface.designs.columns) == 2:
            ways["grid (4, 9, 16, 25)"] = (on_a_grid, goal)
        for name, (way, keys) in ways.items():
            begin = time.process_time()
            runs = [boundary_errors(surface, way(surface, seed, **keys), surface.level) for seed in seeds]
            seconds = (time.process_time() - begin) / (len(runs) * EXPERIMENTS)
            counts = [experiments_to(run) for run in runs]
            half, whole = (
                float(np.mean([run[max(made for made in run if made <= end)] for run in runs]))
                for end in (HALF, EXPERIMENTS)
            )
            cells = f"{_with_error(counts)} | {half:.3f} | {whole:.3f} | {seconds:.2f}"
            print(f"| {surface.name} | {surface.level:g} | {name} | {cells} |", flush=True)
    print()


def _maps(seeds: Sequence[int]) -> None:
    print("| table | designs | error after 15 | error after 30 | CPU s a design |")
    print("|---|---|---:|---:|---:|")
    for surface in surfaces():
        ways: dict[str, tuple[Way, dict[str, Any]]] = {
            "`goal: map`": (suggested, {"goal": "map"}),
            "largest variance": (suggested, {"goal": "map", "acquisition": "posterior-deviation"}),
            "space-filling": (space_filling, {"goal": "map"}),
            "random": (at_random, {"goal": "map"}),
        }
        for name, (way, keys) in ways.items():
            begin = time.process_time()
            errors = np.array([map_errors(surface, way(surface, seed, **keys)) for seed in seeds])
            seconds = (time.process_time() - begin) / (len(errors) * EXPERIMENTS)
            half, whole = (_with_error(column, 3) for column in errors.T)
            print(f"| {surface.name} | {name} | {half} | {whole} | {seconds:.2f} |", flush=True)
    print()


def _cells(seeds: Sequence[int]) -> None:
    print("| table | cells | campaign | regret of the best of each cell after 15 | after 30 | CPU s a design |")
    print("|---|---|---|---:|---:|---:|")
    for surface, goal, cell in celled():
        ways = {"`diversify_by`": {"diversify_by": {"parameter": cell}}, "best of all": {}}
        for name, keys in ways.items():
            begin = time.process_time()
            regrets = np.array(
                [cell_regrets(surface, goal, cell, suggested(surface, seed, goal=goal, **keys)) for seed in seeds]
            )
            seconds = (time.process_time() - begin) / (len(regrets) * EXPERIMENTS)
            half, whole = (_with_error(column, 3) for column in regrets.T)
            cells = f"{surface.frame[cell].nunique()} of {cell}"
            print(f"| {surface.name} | {cells} | {name} | {half} | {whole} | {seconds:.2f} |", flush=True)


def _with_error(values: Any, digits: int = 1) -> str:
    """Return the mean with its standard error."""
    given = np.asarray(values, dtype=float)
    error = given.std(ddof=1) / np.sqrt(len(given)) if len(given) > 1 else 0.0
    return f"{given.mean():.{digits}f} ± {error:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
