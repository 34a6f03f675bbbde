"""`designer generate --smiles COLUMN`: molecules that are on no list, from the parts of known ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from designer.cli.output import Report, Table
from designer.counting import count
from designer.errors import Fault, InvalidInput
from designer.whole_files import write_new

if TYPE_CHECKING:
    from designer.generation.molecules.recombination import MoleculeProposal

SHOWN = 20
BEST_SHARE, MIN_BEST = 0.1, 5
NOT_A_SYNTHESIS = "A proposed molecule is not a synthesis: it is not known to be stable, or that it can be made."


@dataclass(frozen=True)
class MoleculeRequest:
    """What was asked for on the command line; see `designer generate`."""

    files: Sequence[Path]
    column: str
    conditions: Sequence[str]
    max_accessibility: float
    best: str | None
    minimize: bool
    number: int
    seed: int
    out: Path | None


def molecule_report(request: MoleculeRequest) -> Report:
    """Propose molecules, write them where a file is named, and return what is shown.

    Raises
    ------
    InvalidInput
        With every fault of the tables and conditions, or if no molecule was found.
    """
    from designer.generation.molecules.conditioned_rules import MoleculeRules
    from designer.generation.molecules.molecule_tables import read_molecule_values, read_molecules
    from designer.generation.molecules.recombination import RecombiningGenerator

    if not request.files:
        raise InvalidInput(Fault("--smiles names a column of a table", "name a table of molecules"))
    known = tuple(dict.fromkeys(text for path in request.files for text in read_molecules(path, request.column)))
    parents = None
    if request.best is not None:
        sign = -1.0 if request.minimize else 1.0
        values: dict[str, float] = {}
        for path in request.files:
            values |= read_molecule_values(path, request.column, request.best)
        if not values:
            raise InvalidInput(Fault(f"no molecule has a value of {request.best!r}", "leave --best out"))
        ordered = sorted(values, key=lambda text: (-sign * values[text], text))
        parents = dict.fromkeys(ordered[: max(MIN_BEST, round(BEST_SHARE * len(ordered)))], 1.0)
    rules = MoleculeRules(conditions=request.conditions, max_accessibility=request.max_accessibility)
    found = RecombiningGenerator(rules, known).propose(request.number, seed=request.seed, parents=parents)
    if not found:
        what = "no new molecule was found that satisfies the rules"
        raise InvalidInput(Fault(what, "give more molecules, loosen a condition, or raise --max-accessibility"))
    if request.out is not None:
        write_new(request.out, _csv(found))
    return _report(found, request)


def _csv(found: Sequence[MoleculeProposal]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["smiles", "parent", "move", "accessibility", "nearest_known", "distance"])
    for each in found:
        distance = "" if each.distance is None else f"{each.distance:.4g}"
        writer.writerow([each.smiles, each.parent, each.move, f"{each.accessibility:.3g}", each.nearest, distance])
    return text.getvalue()


def _report(found: Sequence[MoleculeProposal], request: MoleculeRequest) -> Report:
    report = Report(
        {
            "proposals": [
                {
                    "smiles": each.smiles, "origin": each.origin, "parent": each.parent, "move": each.move,
                    "accessibility": each.accessibility, "nearest_known": each.nearest, "distance": each.distance,
                }
                for each in found
            ],
            "file": None if request.out is None else str(request.out),
        }
    )  # fmt: skip
    report.show(Table(["molecule", "origin"], [[each.smiles, each.origin] for each in found[:SHOWN]]))
    if len(found) > SHOWN:
        report.say(f"... and {count(len(found) - SHOWN, 'molecule')} more: write them with --csv FILE")
    if len(found) < request.number:
        report.say(f"Only {len(found)} of {request.number}: no others were found; give more molecules.")
    if request.out is not None:
        report.say(f"Written to {request.out}.")
    report.say(NOT_A_SYNTHESIS)
    return report
