"""Recall of proposed molecules: `python -m benchmarks.studies.generation_molecules` writes the page.

The best 1 % of the molecules of a table (at least three) are hidden, and with them every molecule whose Tanimoto
similarity to one of them exceeds 0.7 (Morgan fingerprints of radius 2; near copies). A generator sees the others and
proposes 1,000 molecules. How many of the hidden are among them?

- `any halves`: known molecules cut at BRICS bonds, and any two halves joined;
- `BRICS`: two halves are joined where the BRICS rules join their environments;
- `BRICS and substituents`: the generator of `designer generate --smiles` and of open molecules in campaigns: molecules
  are cut at the other single bonds of aromatic carbons as well;
- `from the best`: with the best tenth of the molecules that are left as parents, as a campaign has them; the generators
  without it know no value;
- `unranked`: the first 1,000 molecules drawn. The others choose seven tenths of theirs as those most similar to the
  parents, of three times as many.

The rules are those of a campaign without further keys: at most 60 heavy atoms, a synthetic accessibility score of at
most 6. *Reachable* are the hidden molecules of which both sides of one bond are halves of molecules that are left:
one step makes them. *Near* counts the hidden molecules with a similarity above 0.7 to a proposal. *Valid* is the
share that RDKit reads again as the same canonical SMILES. That all are new to the molecules that are left, different
and within the rules is checked. *In other tables* is the share of proposals that are molecules of another of these
tables. *Distance* is the mean of one minus the similarity of two proposals, *known* that to the nearest molecule that
is left, and *scaffolds* the number of different Murcko scaffolds among 1,000. Every figure is a mean over the seeds.

Stereochemistry is removed from all molecules: the generator does not keep it at a double bond beside the bond that it
joins. The bonds of aromatic carbons were added after BRICS bonds alone had come near to none of the hidden molecules of
these tables, since BRICS cuts no azo group; so the figures with substituents are somewhat too good. Nothing else was
chosen on these tables.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

from benchmarks.suite.provenance import provenance
from designer.chemistry.molecule_properties import tanimoto_similarities
from designer.chemistry.molecule_rules import MoleculeLimits
from designer.chemistry.smiles import canonical_smiles, read_smiles
from designer.generation.molecules.halves import halves_of
from designer.generation.molecules.recombination import RecombiningGenerator
from designer.whole_files import write_over

PAGE = Path(__file__).parents[1] / "results" / "generation_molecules.md"
ROWS = Path(__file__).parents[1] / "results" / "generation_molecules.jsonl"
HIDDEN, MIN_HIDDEN, NEAR, BEST, PROPOSALS, PAIRS = 0.01, 3, 0.7, 0.1, 1000, 2000
METHODS = (
    "any halves",
    "BRICS",
    "any halves, from the best",
    "BRICS, from the best",
    "BRICS, from the best, unranked",
    "BRICS and substituents",
    "BRICS and substituents, from the best",
)


@dataclass(frozen=True)
class Table:
    """A table of molecules; `files` are merged, a molecule has its largest value."""

    name: str
    files: str
    smiles: str
    column: str


TABLES = (
    Table("photoswitches, E isomers, pi-pi*", "photoswitches/e_pi_pi.csv", "molecule_smiles", "wavelength_nm"),
    Table("photoswitches, E isomers, n-pi*", "photoswitches/e_n_pi.csv", "molecule_smiles", "wavelength_nm"),
    Table("photoswitches, Z isomers, n-pi*", "photoswitches/z_n_pi.csv", "molecule_smiles", "wavelength_nm"),
    Table("photoswitches, Z isomers, pi-pi*", "photoswitches/z_pi_pi.csv", "molecule_smiles", "wavelength_nm"),
)


@dataclass(frozen=True, eq=False)
class Split:
    """The hidden molecules of a table, and the values of those that are left."""

    table: Table
    hidden: tuple[str, ...]
    left: Mapping[str, float]
    near_copies: int

    def reachable(self, substituents: bool) -> int:
        """Return how many hidden molecules have a bond whose sides are halves of molecules that are left."""
        known = {half.text for smiles in self.left for half in halves_of(smiles, substituents)}
        halves = [halves_of(each, substituents) for each in self.hidden]
        sides = [zip(each[::2], each[1::2], strict=True) for each in halves]
        return sum(any(a.text in known and b.text in known for a, b in each) for each in sides)

    def best(self) -> dict[str, float]:
        """Return the best tenth of the molecules that are left, all of one weight."""
        ordered = sorted(self.left, key=lambda text: (-self.left[text], text))
        return dict.fromkeys(ordered[: max(1, round(BEST * len(ordered)))], 1.0)


@dataclass(frozen=True)
class Row:
    """What 1,000 proposals of one method and seed are."""

    table: str
    method: str
    seed: int
    proposed: int
    found: int
    near: int
    valid: float
    elsewhere: float
    scaffolds: float
    distance: float
    known: float
    seconds: float


def values_of(folder: Path, table: Table) -> dict[str, float]:
    """Return the largest value of each molecule of a table, without stereochemistry; others are left out."""
    found: dict[str, float] = {}
    for file in sorted(folder.glob(table.files)):
        frame = pd.read_csv(file)
        for text, value in zip(frame[table.smiles], frame[table.column], strict=True):
            molecule = read_smiles(str(text))
            flat = None if molecule is None else Chem.MolToSmiles(molecule, isomericSmiles=False)
            smiles = None if flat is None else canonical_smiles(flat)
            if smiles is not None and np.isfinite(value):
                found[smiles] = max(found.get(smiles, -np.inf), float(value))
    return found


def split(table: Table, values: Mapping[str, float]) -> Split:
    """Hide the best molecules and their near copies."""
    ordered = sorted(values, key=lambda text: (-values[text], text))
    hidden = tuple(ordered[: max(MIN_HIDDEN, round(HIDDEN * len(ordered)))])
    others = ordered[len(hidden) :]
    copies = np.max([tanimoto_similarities(each, others) for each in hidden], axis=0) > NEAR
    left = {text: values[text] for text, copy in zip(others, copies.tolist(), strict=True) if not copy}
    return Split(table, hidden, left, int(copies.sum()))


def generator_of(method: str, known: Sequence[str]) -> RecombiningGenerator:
    """Return the generator of a method."""
    rules, substituents = method.startswith("BRICS"), "substituents" in method
    made = RecombiningGenerator(MoleculeLimits(), tuple(known), by_rules=rules, substituents=substituents)
    return replace(made, draws=1, ranked=0.0) if method.endswith("unranked") else made


def row_of(split: Split, method: str, seed: int, elsewhere: frozenset[str]) -> Row:
    """Return what the proposals of a method are."""
    begun = time.process_time()
    parents = split.best() if "from the best" in method else None
    found = generator_of(method, tuple(split.left)).propose(PROPOSALS, seed=seed, parents=parents)
    seconds = time.process_time() - begun
    made = [each.smiles for each in found]
    limits = MoleculeLimits()
    if len(set(made)) != len(made) or split.left.keys() & set(made) or not limits.allows(made).all():
        raise AssertionError(f"{method} proposed a molecule that is known, made twice or not allowed")
    near = [float(tanimoto_similarities(each, made).max(initial=0.0)) > NEAR for each in split.hidden]
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, len(made), (PAIRS, 2))
    apart = [1.0 - float(tanimoto_similarities(made[i], [made[j]])[0]) for i, j in pairs if i != j]
    scaffolds = {_scaffold(text) for text in made}
    return Row(
        split.table.name,
        method,
        seed,
        proposed=len(made),
        found=len(set(made) & set(split.hidden)),
        near=sum(near),
        valid=mean(canonical_smiles(text) == text for text in made),
        elsewhere=mean(text in elsewhere for text in made),
        scaffolds=len(scaffolds) * PROPOSALS / len(made),
        distance=mean(apart),
        known=mean(each.distance or 0.0 for each in found),
        seconds=seconds,
    )


def _scaffold(smiles: str) -> str:
    return str(MurckoScaffold.MurckoScaffoldSmiles(mol=read_smiles(smiles)))  # type: ignore[no-untyped-call]


def lines_of(split: Split, rows: Sequence[Row]) -> list[str]:
    """Return the section of a table."""
    by_brics, with_all = split.reachable(False), split.reachable(True)
    lines = [
        f"## {split.table.name[0].upper()}{split.table.name[1:]}",
        "",
        f"`{split.table.files}`, `{split.table.column}`, larger is better; {len(split.left):,} molecules are left, "
        f"{len(split.hidden)} are hidden ({by_brics} reachable by BRICS bonds, {with_all} with substituents), "
        f"{split.near_copies} near copies are left out.",
        "",
        "| generator | proposed | found | near | valid | in other tables | scaffolds | distance | known | CPU s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for method in METHODS:
        each = [row for row in rows if (row.table, row.method) == (split.table.name, method)]
        if each:
            found = [row.found for row in each]
            lines.append(
                f"| {method} | {mean(r.proposed for r in each):.0f} | {mean(found):.1f} ({min(found)}-{max(found)}) "
                f"| {mean(r.near for r in each):.1f} | {mean(r.valid for r in each):.0%} "
                f"| {mean(r.elsewhere for r in each):.1%} | {mean(r.scaffolds for r in each):.0f} "
                f"| {mean(r.distance for r in each):.2f} | {mean(r.known for r in each):.2f} "
                f"| {mean(r.seconds for r in each):.1f} |"
            )
    return [*lines, ""]


def read_rows(path: Path) -> list[Row]:
    """Return the rows of an earlier run; none where there is no file."""
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]


def main(arguments: Sequence[str] | None = None) -> int:
    """Hide, propose, score, keep a row for each table, method and seed, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.generation_molecules", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=Path, default=ROWS, help="rows that are there are not computed again")
    parser.add_argument("--report", action="store_true", help="write the page from the rows alone")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    folder = Path(os.environ.get("DESIGNER_DATA", "../shared/data"))
    values = {table.name: values_of(folder, table) for table in TABLES}
    splits = [split(table, values[table.name]) for table in TABLES if values[table.name]]
    rows = read_rows(given.rows)
    done = {(row.table, row.method, row.seed) for row in rows}
    for each in () if given.report else splits:
        elsewhere = frozenset(text for known in values.values() for text in known) - each.left.keys()
        for method in METHODS:
            for seed in range(given.seeds):
                if (each.table.name, method, seed) not in done:
                    rows.append(row_of(each, method, seed, elsewhere))
                    with given.rows.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(rows[-1])) + "\n")
                    print(rows[-1], file=sys.stderr, flush=True)
    words = sys.argv[1:] if arguments is None else arguments
    about = provenance("python", "-m", "benchmarks.studies.generation_molecules", *words)
    about |= {"seeds": str(given.seeds), "CPU time of the proposals": f"{sum(row.seconds for row in rows):.0f} s"}
    text = (__doc__ or "").partition("\n\n")[2].strip()
    head = ["# Recall of proposed molecules", "", text, "", *(f"- {key}: {value}" for key, value in about.items()), ""]
    sections = [line for each in splits for line in lines_of(each, rows)]
    write_over(given.out, "\n".join([*head, *sections]).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
