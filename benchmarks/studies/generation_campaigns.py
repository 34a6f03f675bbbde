"""Campaigns over formulas that are on no list: `python -m benchmarks.studies.generation_campaigns` writes the page.

Of band gaps and bulk moduli, a random forest that is trained on all values of a table stands for the world: it answers
for any formula, and no campaign sees it. Of alloys, the world is a simulator (effective-medium theory through ASE,
cells of 32 atoms): the mixing enthalpy of solid solutions of six metals, of which low values are good; an alloy that is
not stable there has the highest enthalpy of the table. The level is the value that the best 1 % of the table's formulas
reach by the answers of the world; the table of alloys is 300 random ones of three or four metals. A campaign knows 300
random formulas of the table (or all) whose value is not among the best 10 %, 20 of them with a value. It makes 30
experiments in batches of 6, replicates of a surprising result among them.

- `open`: a `formula` with `elements`, whose proposals start from the known formulas and from the best results;
- `learned`: the same with `generator: {kind: learned, tasks: [past]}`: half of the proposals are drawn by a network
  that is trained on a past task. This holds up to 3,000 formulas with values of a similar quantity: band gaps of
  another calculation, moduli of another database, and mixing enthalpies of 150 binary alloys. Formulas that are among
  the best 10 % by the world are no part of it. The other campaigns do not see its values, and none suggests its
  formulas;
- `list`: a table of 500 candidates, as a user would write it today: substitutions in the known formulas, made once;
- `random`: random formulas that satisfy the same rules, without a model.

The rules (elements of the table, at most 4 elements and 20 atoms, 10 of alloys) are the same for all. *Experiments* is
the number up to the first result at the level, 31 where none is, as a mean of the seeds; *reached* is the number of
seeds that reach it. *CPU s a suggestion* is that of a batch with its measurements; the training of the network is
stated apart. *Best* is the largest value of the 30, as a share of the way from the best known value (0) to the level
(1). The interval is that of the mean over seeds (bootstrap, 90 %). Each campaign is a line of a file of rows
(`--rows`), and one that is there is not run again; `--report` writes the page from it alone. The world is a model: it
is smooth between known formulas and says little about formulas unlike all of the table, so that a campaign may reach a
level that no real compound of this formula has. The figures compare ways to search, and are no promise of materials.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

from benchmarks.studies.generation import Table, values_of
from benchmarks.suite.provenance import provenance
from designer import Campaign
from designer.arrays import FloatArray
from designer.campaign.past_work import CACHE
from designer.campaign.proposing.trained_generators import trained_on
from designer.chemistry.descriptors import descriptors
from designer.chemistry.elements import element_table
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.formulas import formula_fractions
from designer.chemistry.whole_formulas import exact_amounts, formula_text
from designer.errors import MeasurementFailed
from designer.generation.base import GENERATORS
from designer.generation.known_formulas import KnownFormulas, element_symbols
from designer.oracles.simulators.emt_alloys import ELEMENTS as METALS
from designer.oracles.simulators.emt_alloys import TARGETS, Alloys
from designer.space import CompositionParameter
from designer.whole_files import write_over

PAGE = Path(__file__).parents[1] / "results" / "generation_campaigns.md"
ROWS = PAGE.with_suffix(".jsonl")
KNOWN, MEASURED, LISTED, EXPERIMENTS, BATCH, SEEDS = 300, 20, 500, 30, 6, 5
TREES, LEVEL, HIDDEN, RESAMPLES = 100, 0.99, 0.9, 2000
TABLES = (
    Table("band gaps, measured", "composition_property_dft/matbench_expt_gap.csv", "band_gap_expt_eV"),
    Table("bulk moduli", "composition_property_dft/mp_bulk_modulus.csv", "bulk_modulus_GPa", {"charge_neutral": False}),
)
PAST = {
    "band gaps, measured": Table("", "composition_property_dft/aflow_egap.csv", "band_gap_eV"),
    "bulk moduli": Table("", "composition_property_dft/aflow_ael_bulk_modulus_vrh.csv", "bulk_modulus_GPa"),
}
MAX_PAST = 3000
ALLOYS = "alloys, mixing enthalpy"
ALLOY_TABLE, BINARIES, CELLS = 300, 150, 2
ALLOY_RULES = {"charge_neutral": False, "electronegativity": False, "max_atoms": 10}


@dataclass(frozen=True, eq=False)
class World:
    """What answers for every formula, larger is better; the table of formulas, the level to reach, and a past task."""

    answers: Callable[[Sequence[str]], FloatArray]
    formulas: tuple[str, ...]
    values: FloatArray
    rules: Mapping[str, Any]
    past: Mapping[str, float]

    @classmethod
    def of(
        cls,
        values: Mapping[Any, tuple[str, float]],
        rules: Mapping[str, Any],
        trees: int = TREES,
        past: Mapping[str, float] | None = None,
    ) -> World:
        """Train the world on all values of a table."""
        allowed = FormulaRules.model_validate({"max_elements": 4, **rules})
        kept = {text: value for amounts, (text, value) in sorted(values.items()) if allowed.allows(amounts)}
        texts = tuple(kept)
        forest = RandomForestRegressor(trees, max_features=0.33, random_state=0, n_jobs=1)
        forest.fit(_features(texts), np.array([kept[text] for text in texts]))
        given = {**rules, "max_elements": 4, "elements": list(element_symbols(texts))}

        def answers(formulas: Sequence[str]) -> FloatArray:
            return np.asarray(forest.predict(_features(formulas)))

        made = cls(answers, texts, answers(texts), given, {})
        return replace(made, past=made.without_best(past or {}))

    @classmethod
    def of_alloys(cls) -> World:
        """Return the world of the simulator."""
        energies = MixingEnthalpies()
        ternaries = [each for k in (3, 4) for each in _alloys(k)]
        rng = np.random.default_rng(0)
        table = [ternaries[row] for row in rng.permutation(len(ternaries))[:ALLOY_TABLE]]
        binaries = _alloys(2)
        past = [binaries[row] for row in rng.permutation(len(binaries))[:BINARIES]]
        rules = {**ALLOY_RULES, "max_elements": 4, "elements": list(METALS)}
        made = cls(energies, tuple(table), energies(table), rules, {})
        return replace(made, past=made.without_best(dict(zip(past, energies(past).tolist(), strict=True))))

    def without_best(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return formulas with values, those among the best by the world left out, and at most some."""
        if not values:
            return {}
        texts = sorted(values)
        allowed = FormulaRules.model_validate(self.rules)
        ordinary = self.answers(texts) < np.quantile(self.values, HIDDEN)
        left = [
            text for text, fine in zip(texts, ordinary, strict=True) if fine and allowed.allows(exact_amounts(text))
        ]
        rows = np.random.default_rng(0).permutation(len(left))[:MAX_PAST]
        return {left[row]: values[left[row]] for row in sorted(rows.tolist())}

    @cached_property
    def level(self) -> float:
        """The value of the best 1 %."""
        return float(np.quantile(self.values, LEVEL))

    def measure(self, formulas: Sequence[str]) -> list[float]:
        """Return the value of each formula."""
        return [float(value) for value in self.answers(formulas)]


class MixingEnthalpies:
    """The negative mixing enthalpy of alloys (meV an atom) by the simulator, each computed once."""

    def __init__(self) -> None:
        composition = CompositionParameter(name="composition", elements=METALS, unit="fraction")
        self.task = Alloys(name="alloys", summary="", parameters=(composition,), targets=TARGETS, cells=CELLS)
        self.known: dict[str, float | None] = {}

    def __call__(self, formulas: Sequence[str]) -> FloatArray:
        """Return the values; that of an alloy that is not stable is the lowest one known."""
        for text in formulas:
            if text not in self.known:
                amounts = dict(exact_amounts(text))
                total = sum(amounts.values())
                try:
                    shares = {symbol: number / total for symbol, number in amounts.items()}
                    self.known[text] = -self.task.simulate({"composition": shares}, seed=0)["mixing_enthalpy"]
                except MeasurementFailed:
                    self.known[text] = None
        lowest = min(value for value in self.known.values() if value is not None)
        return np.array([lowest if self.known[text] is None else self.known[text] for text in formulas], dtype=float)


def _alloys(elements: int) -> list[str]:
    """Return the formulas of so many of the metals with at most ten atoms, each once."""
    limit = ALLOY_RULES["max_atoms"]
    amounts = [
        each
        for each in itertools.product(range(1, limit), repeat=elements)
        if sum(each) <= limit and math.gcd(*each) == 1
    ]
    chosen = itertools.combinations(METALS, elements)
    return [formula_text(tuple(sorted(zip(symbols, each, strict=True)))) for symbols in chosen for each in amounts]


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
    def all_known(self) -> KnownFormulas:
        """What is not suggested: the known formulas, which proposals start from, and those of the past task."""
        return KnownFormulas.of(self.known, self.world.past)

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


def open_space(run: Run, folder: Path, generator: Any = "baseline") -> None:
    """Suggest formulas that are on no list."""
    pd.DataFrame({"formula": run.known}).to_csv(folder / "known.csv", index=False)
    formula = {"name": "formula", "kind": "formula", "like": ["known.csv"], "generator": generator, **run.world.rules}
    if run.world.past:
        pd.DataFrame({"formula": list(run.world.past)}).to_csv(folder / "past.csv", index=False)
        formula["novel_to"] = ["past.csv"]
    _campaign(run, folder, {"space": [formula]})


def learned(run: Run, folder: Path) -> None:
    """Suggest formulas of which half are drawn by a network that is trained on the past task."""
    (folder / "past").mkdir()
    pd.DataFrame(run.world.past.items(), columns=["formula", "y"]).to_csv(folder / "past" / "table.csv", index=False)
    targets = [{"name": "y", "goal": "maximize"}]
    described = {"family": "past", "space": [{"name": "formula", "kind": "formula"}]}
    described |= {"tasks": [{"name": "table", "file": "table.csv", "targets": targets}]}
    (folder / "past" / "family.yaml").write_text(json.dumps(described))
    open_space(run, folder, {"kind": "learned", "tasks": ["past"]})


def fixed_list(run: Run, folder: Path) -> None:
    """Suggest formulas of a list that is made once."""
    found = GENERATORS.load("substitution")(run.rules, run.all_known).propose(LISTED, seed=run.seed)
    pd.DataFrame({"formula": [each.formula for each in found]}).to_csv(folder / "list.csv", index=False)
    _campaign(run, folder, {"space": [{"name": "formula", "kind": "formula"}], "candidates": "list.csv"})


def random_formulas(run: Run, folder: Path) -> None:
    """Make random formulas."""
    found = GENERATORS.load("random")(run.rules, run.all_known).propose(EXPERIMENTS, seed=run.seed)
    run.made = run.world.measure([each.formula for each in found])


METHODS: Mapping[str, Callable[[Run, Path], None]] = {
    "open": open_space,
    "learned": learned,
    "list": fixed_list,
    "random": random_formulas,
}


def _campaign(run: Run, folder: Path, content: Mapping[str, Any]) -> None:
    targets = [{"name": "y", "goal": "maximize"}]
    settings = {"name": "c", "seed": run.seed, "batch_size": BATCH, "initial": 1, "suggest_seconds": 3600}
    (folder / "c.yaml").write_text(json.dumps({"designer": 1, **content, "targets": targets, **settings}))
    campaign = Campaign.open(folder / "c.yaml")
    campaign.attach(pd.DataFrame({"formula": run.start, "y": run.world.measure(run.start)}))
    unmeasured = {exact_amounts(text) for text in (*run.known[MEASURED:], *run.world.past)}
    while len(run.made) < EXPERIMENTS:
        batch = campaign.suggest(min(BATCH, EXPERIMENTS - len(run.made)))
        known = [text for text in batch["formula"] if exact_amounts(text) in unmeasured]
        if known:  # one that was measured may be suggested again, as a replicate
            raise AssertionError(f"a campaign suggested {', '.join(known)}, which it knows")
        values = run.world.measure(list(batch["formula"]))
        campaign.record(batch.assign(y=values))
        run.made += values


def _interval(values: Sequence[float]) -> str:
    rng = np.random.default_rng(0)
    sums = rng.choice(np.array(values), (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(sums, [0.05, 0.95])
    return f"{np.mean(values):.2f} ({low:.2f} to {high:.2f})"


@dataclass(frozen=True)
class Row:
    """One campaign.

    Parameters
    ----------
    world, seed, method
        What distinguishes it.
    experiments, best
        As on the page.
    seconds
        CPU seconds of a suggestion.
    formulas, level, past, training
        Of the world: the number of formulas of its table, the level, the formulas of the past task, and the CPU seconds
        of the training on them; 0 for methods without it.
    commit
        Of the repository.
    """

    world: str
    seed: int
    method: str
    experiments: int
    best: float
    seconds: float
    formulas: int
    level: float
    past: int
    training: float
    commit: str

    @property
    def key(self) -> tuple[str, int, str]:
        """What distinguishes it from the other campaigns."""
        return self.world, self.seed, self.method


def _training_seconds(world: World) -> float:
    begun = time.process_time()
    trained_on(world.past)
    return time.process_time() - begun


def campaign(name: str, world: World, seed: int, method: str, training: float) -> Row:
    """Run one campaign."""
    run, begun = Run(world, seed), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        METHODS[method](run, Path(folder))
    seconds = (time.process_time() - begun) / (EXPERIMENTS / BATCH)
    of_world = len(world.formulas), round(world.level, 6), len(world.past), round(training, 1)
    return Row(name, seed, method, run.experiments, round(run.best, 4), round(seconds, 3), *of_world, _commit())


@cache
def _commit() -> str:
    return provenance("python")["commit"]


def new_rows(folder: Path, names: Sequence[str], seeds: int, known: frozenset[tuple[str, int, str]]) -> Iterator[Row]:
    """Run the campaigns that are not known, by world, and yield the row of each."""
    for name in names:
        missing = [(seed, method) for seed in range(seeds) for method in METHODS if (name, seed, method) not in known]
        if not missing:
            continue
        world, trained = _world(folder, name), 0.0
        for seed, method in missing:
            if method == "learned":  # the cache has it from the second time on
                trained = trained or _training_seconds(world)
            yield campaign(name, world, seed, method, trained if method == "learned" else 0.0)


def _world(folder: Path, name: str) -> World:
    if name == ALLOYS:
        return World.of_alloys()
    table = next(each for each in TABLES if each.name == name)
    past = dict(values_of(folder, PAST[name]).values())
    return World.of(values_of(folder, table), table.rules, past=past)


def section(rows: Sequence[Row]) -> list[str]:
    """Return the part of the page on one world."""
    first, training = rows[0], max(row.training for row in rows)
    lines = [
        f"## {first.world[0].upper()}{first.world[1:]}",
        "",
        f"{first.formulas:,} formulas, level {first.level:.4g}; {first.past:,} formulas of the past task, on "
        f"which the network is trained in {training:.0f} CPU s.",
        "",
        "| campaign | experiments to the level | reached | best | CPU s a suggestion |",
        "|---|---:|---:|---:|---:|",
    ]
    for method in METHODS:
        same = [row for row in rows if row.method == method]
        if same:
            reached = sum(row.experiments <= EXPERIMENTS for row in same)
            cells = f"{_interval([row.experiments for row in same])} | {reached} of {len(same)} "
            seconds = np.mean([row.seconds for row in same])
            lines.append(f"| {method} | {cells}| {_interval([row.best for row in same])} | {seconds:.1f} |")
    return [*lines, "", *_differences(rows), ""]


def _differences(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the differences of the experiments from those of `open`, by seeds of both."""
    made = {(row.method, row.seed): row.experiments for row in rows}
    for method in METHODS:
        pairs = [made[method, row.seed] - row.experiments for row in rows if row.method == "open"
                 and (method, row.seed) in made]  # fmt: skip
        if method != "open" and pairs:
            yield f"- `{method}` less `open`, experiments by seed: {_interval(pairs)}"


def read_rows(path: Path) -> list[Row]:
    """Return the campaigns of a file; none where there is no file."""
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


@contextmanager
def _cached_in(folder: str) -> Iterator[None]:
    """Keep trained networks in a folder, so that none of an earlier run is used."""
    before = os.environ.get(CACHE)
    os.environ[CACHE] = folder
    try:
        yield
    finally:
        os.environ.pop(CACHE)
        if before is not None:
            os.environ[CACHE] = before


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns that are not in the file of rows and write the page."""
    names = (*(table.name for table in TABLES), ALLOYS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.generation_campaigns", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--tables", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--rows", type=Path, default=ROWS, help="One campaign a line; those there are not run again.")
    parser.add_argument("--report", action="store_true", help="Only write the page from the file of rows.")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    rows = read_rows(given.rows)
    if not given.report:
        folder = Path(os.environ.get("DESIGNER_DATA", "../shared/data"))
        with (
            tempfile.TemporaryDirectory() as networks,
            _cached_in(networks),
            given.rows.open("a", encoding="utf-8") as file,
        ):
            for row in new_rows(folder, given.tables, given.seeds, frozenset(row.key for row in rows)):
                file.write(json.dumps(asdict(row)) + "\n")
                file.flush()
                rows.append(row)
    write_over(given.out, page(rows))
    return 0


def page(rows: Sequence[Row]) -> str:
    """Return the page of results."""
    text = (__doc__ or "").partition("\n\n")[2].strip()
    about = provenance("python", "-m", "benchmarks.studies.generation_campaigns")
    seconds = sum(row.seconds * EXPERIMENTS / BATCH for row in rows)
    about |= {
        "commits of the campaigns": ", ".join(sorted({row.commit for row in rows})),
        "CPU time of the campaigns": f"{seconds:.0f} s",
    }
    head = ["# Campaigns over formulas on no list", "", text, "", *(f"- {k}: {v}" for k, v in about.items()), ""]
    worlds = dict.fromkeys(row.world for row in rows)
    sections = [line for name in worlds for line in section([row for row in rows if row.world == name])]
    return "\n".join([*head, *sections]).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
