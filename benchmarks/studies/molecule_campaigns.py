"""Campaigns over molecules that are on no list: `python -m benchmarks.studies.molecule_campaigns` writes the page.

A random forest that is trained on all molecules of a table (photoswitches, E isomers, the wavelength of the pi-pi*
band) stands for the world: it answers for any molecule, and no campaign sees it. The level is the value that the best
1 % of the table's molecules reach by its answers. A campaign knows 200 random molecules of the table whose value is
not among the best 10 %, 10 of them with a value. It makes 20 experiments in batches of 4.

- `open`: a `molecule` with `like`: 200 proposals for each batch, of parts of the known molecules, of those tried, and
  of the best results;
- `list`: a table of 500 candidates, made once by `designer generate --smiles` from the known molecules;
- `random`: the first 20 molecules of two halves of known ones that the BRICS rules join, without a model.

*Experiments* is the number up to the first result at the level, 21 where none is, as a mean of the seeds; *reached*
is the number of seeds that reach it. *Best* is the largest value of the 20, as a share of the way from the best known
value (0) to the level (1). *CPU s a suggestion* is that of a batch with its measurements. The interval is that of the
mean over seeds (bootstrap, 90 %). Each campaign is a line of a file of rows (`--rows`), and one that is there is not
run again; `--report` writes the page from it alone. The world is a model that cannot answer above the values that it
was trained on, and says little about molecules unlike all of the table. The figures compare ways to search, and are
no promise of dyes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

from benchmarks.studies.generation_molecules import TABLES, values_of
from benchmarks.suite.provenance import provenance
from designer import Campaign
from designer.arrays import FloatArray
from designer.chemistry.molecule_rules import MoleculeLimits
from designer.chemistry.molecules import molecule_descriptors
from designer.generation.molecules.recombination import RecombiningGenerator
from designer.whole_files import write_over

PAGE = Path(__file__).parents[1] / "results" / "molecule_campaigns.md"
ROWS = PAGE.with_suffix(".jsonl")
KNOWN, MEASURED, LISTED, EXPERIMENTS, BATCH, SEEDS = 200, 10, 500, 20, 4, 3
TREES, LEVEL, HIDDEN, RESAMPLES = 100, 0.99, 0.9, 2000


@dataclass(frozen=True, eq=False)
class World:
    """What answers for every molecule, larger is better; the molecules of the table and their answers."""

    forest: RandomForestRegressor
    molecules: tuple[str, ...]
    values: FloatArray

    @classmethod
    def of(cls, values: Mapping[str, float], trees: int = TREES) -> World:
        """Train the world on all values of a table."""
        molecules = tuple(sorted(values))
        forest = RandomForestRegressor(trees, max_features=0.33, random_state=0, n_jobs=1)
        X = molecule_descriptors(molecules)
        forest.fit(X, np.array([values[text] for text in molecules]))
        return cls(forest, molecules, np.asarray(forest.predict(X)))

    @property
    def level(self) -> float:
        """The value of the best 1 %."""
        return float(np.quantile(self.values, LEVEL))

    def measure(self, molecules: Sequence[str]) -> list[float]:
        """Return the value of each molecule."""
        return [float(value) for value in self.forest.predict(molecule_descriptors(list(molecules)))]


@dataclass(eq=False)
class Run:
    """One campaign: what is known at its start, and the values that it measures."""

    world: World
    seed: int
    made: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        ordinary = np.flatnonzero(self.world.values < np.quantile(self.world.values, HIDDEN))
        rows = np.random.default_rng(self.seed).permutation(ordinary)[:KNOWN]
        self.known = tuple(self.world.molecules[row] for row in rows)
        self.start = self.known[:MEASURED]

    @property
    def experiments(self) -> int:
        """The number of experiments up to the level; one more than all where it is not reached."""
        reached = np.flatnonzero(np.array(self.made) >= self.world.level)
        return int(reached[0]) + 1 if len(reached) else EXPERIMENTS + 1

    @property
    def best(self) -> float:
        """The best value on the way from the best known one (0) to the level (1)."""
        begin = max(self.world.measure(self.start))
        return (max(self.made) - begin) / (self.world.level - begin)


def open_space(run: Run, folder: Path) -> None:
    """Suggest molecules that are on no list."""
    pd.DataFrame({"dye": run.known}).to_csv(folder / "known.csv", index=False)
    _campaign(run, folder, {"space": [{"name": "dye", "kind": "molecule", "like": ["known.csv"]}]})


def fixed_list(run: Run, folder: Path) -> None:
    """Suggest molecules of a list that is made once."""
    found = RecombiningGenerator(MoleculeLimits(), run.known).propose(LISTED, seed=run.seed)
    pd.DataFrame({"dye": [each.smiles for each in found]}).to_csv(folder / "list.csv", index=False)
    _campaign(run, folder, {"space": [{"name": "dye", "kind": "molecule"}], "candidates": "list.csv"})


def random_molecules(run: Run, folder: Path) -> None:
    """Make random molecules."""
    generator = RecombiningGenerator(MoleculeLimits(), run.known, draws=1, ranked=0.0)
    run.made = run.world.measure([each.smiles for each in generator.propose(EXPERIMENTS, seed=run.seed)])


METHODS: Mapping[str, Callable[[Run, Path], None]] = {
    "open": open_space,
    "list": fixed_list,
    "random": random_molecules,
}


def _campaign(run: Run, folder: Path, content: Mapping[str, Any]) -> None:
    settings = {"name": "c", "seed": run.seed, "batch_size": BATCH, "initial": 1, "suggest_seconds": 3600}
    data = {"designer": 1, **content, "targets": [{"name": "y", "goal": "maximize"}], **settings}
    (folder / "c.yaml").write_text(json.dumps(data))
    campaign = Campaign.open(folder / "c.yaml")
    campaign.attach(pd.DataFrame({"dye": run.start, "y": run.world.measure(run.start)}))
    while len(run.made) < EXPERIMENTS:
        batch = campaign.suggest(min(BATCH, EXPERIMENTS - len(run.made)))
        if set(batch["dye"]) & set(run.known[MEASURED:]):
            raise AssertionError("a campaign suggested a molecule that it knows")
        values = run.world.measure(list(batch["dye"]))
        campaign.record(batch.assign(y=values))
        run.made += values


@dataclass(frozen=True)
class Row:
    """One campaign; `molecules` and `level` are of the world."""

    seed: int
    method: str
    experiments: int
    best: float
    seconds: float
    molecules: int
    level: float
    commit: str


def row_of(world: World, seed: int, method: str) -> Row:
    """Run one campaign."""
    run, begun = Run(world, seed), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        METHODS[method](run, Path(folder))
    seconds = (time.process_time() - begun) / (EXPERIMENTS / BATCH)
    commit = provenance("python")["commit"]
    known = len(world.molecules), round(world.level, 4)
    return Row(seed, method, run.experiments, round(run.best, 4), round(seconds, 3), *known, commit)


def read_rows(path: Path) -> list[Row]:
    """Return the campaigns of a file; none where there is no file."""
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _interval(values: Sequence[float]) -> str:
    rng = np.random.default_rng(0)
    sums = rng.choice(np.array(values, dtype=float), (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(sums, [0.05, 0.95])
    return f"{np.mean(values):.2f} ({low:.2f} to {high:.2f})"


def lines_of(rows: Sequence[Row]) -> list[str]:
    """Return the table of results."""
    lines = [
        f"{rows[0].molecules} molecules, level {rows[0].level:.4g}.",
        "",
        "| campaign | experiments to the level | reached | best | CPU s a suggestion |",
        "|---|---:|---:|---:|---:|",
    ]
    for method in METHODS:
        same = [row for row in rows if row.method == method]
        if same:
            reached = sum(row.experiments <= EXPERIMENTS for row in same)
            seconds = np.mean([row.seconds for row in same])
            numbers = f"{_interval([row.experiments for row in same])} | {reached} of {len(same)}"
            lines.append(f"| {method} | {numbers} | {_interval([row.best for row in same])} | {seconds:.1f} |")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns that are not in the file of rows and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.molecule_campaigns", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--rows", type=Path, default=ROWS, help="one campaign a line; those there are not run again")
    parser.add_argument("--report", action="store_true", help="write the page from the rows alone")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    rows = read_rows(given.rows)
    done = {(row.seed, row.method) for row in rows}
    if not given.report:
        folder = Path(os.environ.get("DESIGNER_DATA", "../shared/data"))
        world = World.of(values_of(folder, TABLES[0]))
        for seed in range(given.seeds):
            for method in METHODS:
                if (seed, method) not in done:
                    rows.append(row_of(world, seed, method))
                    with given.rows.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(rows[-1])) + "\n")
    about = provenance("python", "-m", "benchmarks.studies.molecule_campaigns")
    about |= {"seeds": str(given.seeds), "CPU time": f"{sum(row.seconds for row in rows) * EXPERIMENTS / BATCH:.0f} s"}
    text = (__doc__ or "").partition("\n\n")[2].strip()
    head = ["# Campaigns over molecules that are on no list", "", text, ""]
    known = [f"- {key}: {value}" for key, value in about.items()]
    write_over(given.out, "\n".join([*head, *known, "", *lines_of(rows)]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
