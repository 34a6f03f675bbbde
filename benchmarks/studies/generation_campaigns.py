"""Campaigns over formulas that are on no list: `python -m benchmarks.studies.generation_campaigns` writes the page.

A random forest that is trained on all values of a table stands for the world: it answers for any formula, and no
campaign sees it. Its level is the value that the best 1 % of the table's formulas reach by its own answers. A campaign
knows 300 random formulas of the table whose value is not among the best 10 %, 20 of them with a value. It makes 30
experiments in batches of 6.

- `open`: a `formula` with `elements`, whose proposals start from the known formulas and from the best results;
- `list`: a table of 500 candidates, as a user would write it today: substitutions in the known formulas, made once;
- `random`: random formulas that satisfy the same rules, without a model.

The rules (elements of the table, at most 4 elements and 20 atoms) are the same for all. *Experiments* is the number up
to the first result at the level, 31 where none is, as a mean of the seeds; *reached* is the number of seeds that reach
it. *Best* is the largest value of the 30, as a share of the way from the best known value (0) to the level (1).
The interval is that of the mean over seeds (bootstrap, 90 %). The world is a model: it is smooth between known
formulas and says little about formulas unlike all of the table, so that a campaign may reach a level that no real
compound of this formula has. The figures compare ways to search, and are no promise of materials.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

from benchmarks.studies.generation import Table, values_of
from benchmarks.suite.provenance import provenance
from designer import Campaign
from designer.arrays import FloatArray
from designer.chemistry.descriptors import descriptors
from designer.chemistry.elements import element_table
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.formulas import formula_fractions
from designer.chemistry.whole_formulas import exact_amounts
from designer.generation.base import GENERATORS
from designer.generation.known_formulas import KnownFormulas, element_symbols
from designer.whole_files import write_over

PAGE = Path(__file__).parents[1] / "results" / "generation_campaigns.md"
KNOWN, MEASURED, LISTED, EXPERIMENTS, BATCH, SEEDS = 300, 20, 500, 30, 6, 5
TREES, LEVEL, HIDDEN, RESAMPLES = 100, 0.99, 0.9, 2000
TABLES = (
    Table("band gaps, measured", "composition_property_dft/matbench_expt_gap.csv", "band_gap_expt_eV"),
    Table("bulk moduli", "composition_property_dft/mp_bulk_modulus.csv", "bulk_modulus_GPa", {"charge_neutral": False}),
)


@dataclass(frozen=True, eq=False)
class World:
    """What answers for every formula, and the level to reach."""

    forest: RandomForestRegressor
    formulas: tuple[str, ...]
    values: FloatArray
    level: float
    rules: Mapping[str, Any]

    @classmethod
    def of(cls, values: Mapping[Any, tuple[str, float]], rules: Mapping[str, Any], trees: int = TREES) -> World:
        """Train the world on all values of a table."""
        allowed = FormulaRules.model_validate({"max_elements": 4, **rules})
        kept = {text: value for amounts, (text, value) in sorted(values.items()) if allowed.allows(amounts)}
        texts = tuple(kept)
        forest = RandomForestRegressor(trees, max_features=0.33, random_state=0, n_jobs=1)
        forest.fit(_features(texts), np.array([kept[text] for text in texts]))
        answers = forest.predict(_features(texts))
        given = {**rules, "max_elements": 4, "elements": list(element_symbols(texts))}
        return cls(forest, texts, answers, float(np.quantile(answers, LEVEL)), given)

    def measure(self, formulas: Sequence[str]) -> list[float]:
        """Return the value of each formula."""
        return [float(value) for value in self.forest.predict(_features(formulas))]


def _features(formulas: Sequence[str]) -> FloatArray:
    return descriptors(formula_fractions(list(formulas)), element_table().values)


@dataclass(eq=False)
class Run:
    """One campaign: what is known at its start, and the values that it measures."""

    world: World
    seed: int
    made: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        ordinary = np.flatnonzero(self.world.values < np.quantile(self.world.values, HIDDEN))
        rows = self.rng.permutation(ordinary)[:KNOWN]
        self.known = [self.world.formulas[row] for row in rows]
        self.start = self.known[:MEASURED]

    @property
    def rules(self) -> FormulaRules:
        """The rules of the table."""
        return FormulaRules.model_validate(self.world.rules)

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
    """Suggest formulas that are on no list."""
    pd.DataFrame({"formula": run.known}).to_csv(folder / "known.csv", index=False)
    _campaign(
        run, folder, {"space": [{"name": "formula", "kind": "formula", "like": ["known.csv"], **run.world.rules}]}
    )


def fixed_list(run: Run, folder: Path) -> None:
    """Suggest formulas of a list that is made once."""
    found = GENERATORS.load("substitution")(run.rules, KnownFormulas.of(run.known)).propose(LISTED, seed=run.seed)
    pd.DataFrame({"formula": [each.formula for each in found]}).to_csv(folder / "list.csv", index=False)
    _campaign(run, folder, {"space": [{"name": "formula", "kind": "formula"}], "candidates": "list.csv"})


def random_formulas(run: Run, folder: Path) -> None:
    """Make random formulas."""
    found = GENERATORS.load("random")(run.rules, KnownFormulas.of(run.known)).propose(EXPERIMENTS, seed=run.seed)
    run.made = run.world.measure([each.formula for each in found])


METHODS: Mapping[str, Callable[[Run, Path], None]] = {
    "open": open_space,
    "list": fixed_list,
    "random": random_formulas,
}


def _campaign(run: Run, folder: Path, content: Mapping[str, Any]) -> None:
    targets = [{"name": "y", "goal": "maximize"}]
    settings = {"name": "c", "seed": run.seed, "batch_size": BATCH, "initial": 1, "suggest_seconds": 3600}
    (folder / "c.yaml").write_text(json.dumps({"designer": 1, **content, "targets": targets, **settings}))
    campaign = Campaign.open(folder / "c.yaml")
    campaign.attach(pd.DataFrame({"formula": run.start, "y": run.world.measure(run.start)}))
    seen = {exact_amounts(text) for text in run.known}
    while len(run.made) < EXPERIMENTS:
        batch = campaign.suggest(min(BATCH, EXPERIMENTS - len(run.made)))
        new = {exact_amounts(text) for text in batch["formula"]}
        if len(new) < len(batch) or new & seen:
            raise AssertionError("a campaign suggested a formula twice, or one that is known")
        seen |= new
        values = run.world.measure(list(batch["formula"]))
        campaign.record(batch.assign(y=values))
        run.made += values


def _interval(values: Sequence[float]) -> str:
    rng = np.random.default_rng(0)
    sums = rng.choice(np.array(values), (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(sums, [0.05, 0.95])
    return f"{np.mean(values):.2f} ({low:.2f} to {high:.2f})"


def section(name: str, world: World, seeds: int) -> list[str]:
    """Run the campaigns of a table and return its part of the page."""
    lines = [
        f"## {name[0].upper()}{name[1:]}",
        "",
        f"{len(world.formulas):,} formulas, level {world.level:.4g}.",
        "",
        "| campaign | experiments to the level | reached | best | CPU s a suggestion |",
        "|---|---:|---:|---:|---:|",
    ]
    for method, run_all in METHODS.items():
        begun, runs = time.process_time(), [Run(world, seed) for seed in range(seeds)]
        for run in runs:
            with tempfile.TemporaryDirectory() as folder:
                run_all(run, Path(folder))
        seconds = (time.process_time() - begun) / (seeds * EXPERIMENTS / BATCH)
        reached = sum(run.experiments <= EXPERIMENTS for run in runs)
        cells = f"{_interval([run.experiments for run in runs])} | {reached} of {seeds} "
        lines.append(f"| {method} | {cells}| {_interval([run.best for run in runs])} | {seconds:.1f} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return [*lines, ""]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all campaigns and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.generation_campaigns", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--tables", nargs="+", choices=[table.name for table in TABLES], metavar="NAME")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    begun = time.process_time()
    folder = Path(os.environ.get("DESIGNER_DATA", "../shared/data"))
    sections: list[str] = []
    for table in TABLES:
        if given.tables and table.name not in given.tables:
            continue
        sections += section(table.name, World.of(values_of(folder, table), table.rules), given.seeds)
    words = sys.argv[1:] if arguments is None else arguments
    about = provenance("python", "-m", "benchmarks.studies.generation_campaigns", *words)
    about |= {"seeds": str(given.seeds), "CPU time": f"{time.process_time() - begun:.0f} s"}
    text = (__doc__ or "").partition("\n\n")[2].strip()
    head = ["# Campaigns over formulas on no list", "", text, "", *(f"- {k}: {v}" for k, v in about.items()), ""]
    write_over(given.out, "\n".join([*head, *sections]).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
