"""Recall of proposed formulas: `python -m benchmarks.studies.generation` writes the page.

The best 1 % of the formulas of a table are hidden, and with them every formula that shares at least 90 % of its atoms
with one of them (near copies). A generator sees the others and proposes 1,000 formulas. How many of the hidden are
among them?

- `random`: random elements of the table in random amounts, filtered by the same rules;
- `substitution`: one element or two of a known formula replaced by likely ones (pymatgen's substitution
  probabilities), filtered by the rules;
- `baseline`: the generator of `designer generate`: substitutions, also of a part of the atoms, amounts changed,
  elements added and taken away;
- `from the best`: the same two, with the best tenth of the formulas that are left as parents, as a campaign has them;
  the generators without it know no value;
- `learned`: a network that is trained on the formulas that are left with their values, conditioned on the best of five
  quantile ranges (the best 3 %); `learned, beside the baseline`: half of the proposals are the baseline's, from the
  best.

The rules of a table (which elements: those of the table; charge balance; sizes) are fixed beforehand and the same for
all generators. *Reachable* are the hidden formulas that satisfy them. *Near* counts the hidden formulas that share at
least 90 % of their atoms with a proposal. *In other tables* is the share of proposals that are formulas of another
table of the folder, so that somebody measured or computed them; a low figure says nothing against a proposal.
*Distance* is the mean share of atoms that differ between two proposals, *known* the mean one to the nearest known
formula, and *systems* the number of different sets of elements among 1,000 proposals. All proposals are new to what a
generator sees, different from each other and satisfy the rules; this is checked. Every figure is a mean of the seeds.

That the baseline ranks formulas by their known analogues was chosen on these tables with seed 0, so that its figures
are somewhat too good.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd

from benchmarks.suite.provenance import provenance
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.whole_formulas import Amounts, exact_amounts
from designer.errors import InvalidData
from designer.generation.base import GENERATORS, Generator
from designer.generation.known_formulas import FormulaIndex, KnownFormulas, element_symbols
from designer.generation.learned_generator import BesideBaseline, train
from designer.whole_files import write_over

PAGE = Path(__file__).parents[1] / "results" / "generation.md"
HIDDEN, NEAR, BEST, PROPOSALS, PAIRS = 0.01, 0.1, 0.1, 1000, 2000
KINDS = ("random", "substitution", "baseline")
FROM_BEST = ("substitution", "baseline")


@dataclass(frozen=True)
class Table:
    """A table of formulas, and the rules of its proposals; `files` are merged, a formula has its largest value."""

    name: str
    files: str
    column: str
    rules: Mapping[str, object] = field(default_factory=dict)


TABLES = (
    Table("band gaps, computed", "composition_property_dft/aflow_egap.csv", "band_gap_eV"),
    Table("band gaps, measured", "composition_property_dft/matbench_expt_gap.csv", "band_gap_expt_eV"),
    Table("bulk moduli", "composition_property_dft/mp_bulk_modulus.csv", "bulk_modulus_GPa", {"charge_neutral": False}),
    Table("hardness", "vickers_hardness_by_load/*.csv", "hardness_GPa", {"charge_neutral": False, "max_atoms": 60}),
    Table(
        "superconductors",
        "superconductors_by_class/*.csv",
        "critical_temperature_K",
        {"max_atoms": 100, "max_elements": 7},
    ),
    Table(
        "solid electrolytes",
        "solid_electrolytes_by_family/*.csv",
        "log10_conductivity_S_per_cm",
        {"max_atoms": 100, "max_elements": 6},
    ),
)


@dataclass(frozen=True, eq=False)
class Split:
    """The hidden formulas of a table, and the values of those that are left."""

    table: Table
    rules: FormulaRules
    hidden: tuple[Amounts, ...]
    left: Mapping[str, float]
    near_copies: int

    @property
    def reachable(self) -> int:
        """The number of hidden formulas that satisfy the rules."""
        return sum(self.rules.allows(each) for each in self.hidden)

    def best(self) -> dict[str, float]:
        """Return the best tenth of the formulas that are left, all of one weight."""
        ordered = sorted(self.left, key=lambda text: -self.left[text])
        return dict.fromkeys(ordered[: max(1, round(BEST * len(ordered)))], 1.0)


@dataclass(frozen=True)
class Score:
    """What 1,000 proposals of one seed are."""

    found: float
    near: float
    balanced: float
    elsewhere: float
    systems: float
    distance: float
    known: float
    seconds: float


def values_of(folder: Path, table: Table) -> dict[Amounts, tuple[str, float]]:
    """Return each reduced formula of a table with its first text and its largest value."""
    found: dict[Amounts, tuple[str, float]] = {}
    for file in sorted(folder.glob(table.files)):
        frame = pd.read_csv(file)
        if table.column not in frame:
            continue
        for text, value in zip(frame["formula"], frame[table.column], strict=True):
            try:
                amounts = exact_amounts(str(text))
            except InvalidData:
                continue
            if np.isfinite(value):
                first, best = found.get(amounts, (str(text), -np.inf))
                found[amounts] = (first, max(best, float(value)))
    return found


def split(table: Table, values: Mapping[Amounts, tuple[str, float]]) -> Split:
    """Hide the best formulas and their near copies."""
    ordered = sorted(values, key=lambda amounts: (-values[amounts][1], amounts))
    hidden = tuple(ordered[: max(1, round(HIDDEN * len(ordered)))])
    others = ordered[len(hidden) :]
    index = FormulaIndex([values[amounts][0] for amounts in others])
    copies = np.zeros(len(others), dtype=np.bool_)
    for each in hidden:
        copies |= index.shared(each) >= 1 - NEAR
    left = {values[a][0]: values[a][1] for a, copy in zip(others, copies, strict=True) if not copy}
    rules = FormulaRules.model_validate({**table.rules, "elements": element_symbols(left)})
    return Split(table, rules, hidden, left, int(copies.sum()))


def score(
    split: Split,
    kind: str,
    best: bool,
    seed: int,
    elsewhere: frozenset[Amounts],
    make: Callable[[FormulaRules, KnownFormulas], Generator] | None = None,
) -> Score:
    """Return what the proposals of a generator are: of that which `make` returns, or of a registered kind."""
    begun = time.process_time()
    known = KnownFormulas.of(split.left)
    generator = (make or GENERATORS.load(kind))(split.rules, known)
    found = generator.propose(PROPOSALS, seed=seed, parents=split.best() if best else None)
    seconds = time.process_time() - begun
    made = [exact_amounts(each.formula) for each in found]
    if len(set(made)) != len(made) or known.keys & set(made) or not all(map(split.rules.allows, made)):
        raise AssertionError(f"{kind} proposed a formula that is known, made twice or not allowed")
    index = FormulaIndex([each.formula for each in found])
    near = [float(index.shared(each).max(initial=0.0)) >= 1 - NEAR for each in split.hidden]
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, len(made), (PAIRS, 2))
    apart = [_distance(made[i], made[j]) for i, j in pairs if i != j]
    return Score(
        found=sum(each in set(split.hidden) for each in made),
        near=sum(near),
        balanced=mean(each.balanced for each in found),
        elsewhere=mean(each in elsewhere for each in made),
        systems=len({tuple(symbol for symbol, _ in each) for each in made}) * PROPOSALS / len(made),
        distance=mean(apart),
        known=mean(each.distance or 0.0 for each in found),
        seconds=seconds,
    )


def _distance(first: Amounts, second: Amounts) -> float:
    sizes = sum(n for _, n in first), sum(n for _, n in second)
    other = dict(second)
    return 1.0 - sum(min(n / sizes[0], other.get(symbol, 0) / sizes[1]) for symbol, n in first)


def lines_of(split: Split, scores: Mapping[str, Sequence[Score]]) -> list[str]:
    """Return the section of a table."""
    rules = split.rules
    sizes = f"at most {rules.max_elements} elements and {rules.max_atoms} atoms"
    neutral = "charges balance" if rules.charge_neutral else "charges need not balance"
    lines = [
        f"## {split.table.name[0].upper()}{split.table.name[1:]}",
        "",
        f"`{split.table.files}`, `{split.table.column}`, larger is better; {len(split.left):,} formulas are left, "
        f"{len(split.hidden)} are hidden ({split.reachable} reachable), {split.near_copies} near copies are left out; "
        f"{len(rules.allowed)} elements, {sizes}, {neutral}.",
        "",
        "| generator | found | near | balanced | in other tables | systems | distance | known | CPU s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, each in scores.items():
        found = [one.found for one in each]
        lines.append(
            f"| {name} | {mean(found):.1f} ({min(found):.0f}-{max(found):.0f}) | {mean(s.near for s in each):.1f} "
            f"| {mean(s.balanced for s in each):.0%} | {mean(s.elsewhere for s in each):.1%} "
            f"| {mean(s.systems for s in each):.0f} | {mean(s.distance for s in each):.2f} "
            f"| {mean(s.known for s in each):.2f} | {mean(s.seconds for s in each):.1f} |"
        )
    return [*lines, ""]


def main(arguments: Sequence[str] | None = None) -> int:
    """Hide, propose, score and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.generation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", choices=[table.name for table in TABLES], metavar="NAME")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    begun = time.process_time()
    folder = Path(os.environ.get("DESIGNER_DATA", "../shared/data"))
    values = {table.name: values_of(folder, table) for table in TABLES}
    sections: list[str] = []
    for table in TABLES:
        if given.tables and table.name not in given.tables:
            continue
        made = split(table, values[table.name])
        elsewhere = frozenset(amounts for name, each in values.items() if name != table.name for amounts in each)
        scores = {
            f"{kind}, from the best" if best else kind: [
                score(made, kind, best, seed, elsewhere) for seed in range(given.seeds)
            ]
            for best, kinds in ((False, KINDS), (True, FROM_BEST))
            for kind in kinds
        }
        before = time.process_time()
        trained = train(made.left)
        print(f"{table.name}: trained in {time.process_time() - before:.0f} CPU s", file=sys.stderr)
        makes: dict[str, Callable[[FormulaRules, KnownFormulas], Generator]] = {
            "learned": trained.generator,
            "learned, beside the baseline": partial(BesideBaseline.of, trained),
        }
        for name, make in makes.items():
            scores[name] = [score(made, name, True, seed, elsewhere, make) for seed in range(given.seeds)]
        sections += lines_of(made, scores)
        print(f"{table.name}: {time.process_time() - begun:.0f} s", file=sys.stderr)
    words = sys.argv[1:] if arguments is None else arguments
    about = provenance("python", "-m", "benchmarks.studies.generation", *words)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    about |= {
        "seeds": str(given.seeds),
        "CPU time": f"{time.process_time() - begun:.0f} s",
        "largest memory of the process": f"{peak:.0f} MB",
    }
    text = (__doc__ or "").partition("\n\n")[2].strip()
    head = ["# Recall of proposed formulas", "", text, "", *(f"- {key}: {value}" for key, value in about.items()), ""]
    write_over(given.out, "\n".join([*head, *sections]).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
