"""`designer generate --smiles COLUMN`: molecules that are on no list, from the parts of known ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from designer.cli.operations.proposal_lists import csv_text, digits, proposals_report
from designer.cli.output import Report
from designer.errors import Fault, InvalidInput
from designer.whole_files import write_new

if TYPE_CHECKING:
    from designer.campaign.file.spec import CampaignSpec
    from designer.generation.molecules.recombination import MoleculeProposal

BEST_SHARE, MIN_BEST = 0.1, 5


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
    return _reported(found, request.number, request.out)


def campaign_molecules(spec: CampaignSpec, number: int, seed: int, out: Path | None) -> Report | None:
    """Propose molecules by the rules and constraints of the first open molecule of a campaign; None where it has none.

    Raises
    ------
    InvalidInput
        With every fault of the tables of known molecules, or if no molecule was found.
    """
    from designer.campaign.file.open_formulas import own_constraints
    from designer.campaign.file.open_parameters import acceptance_of, known_molecules_of, open_molecules
    from designer.generation.molecules.recombination import RecombiningGenerator

    for parameter in open_molecules(spec.space):
        known = known_molecules_of(parameter, spec.folder)
        generator = RecombiningGenerator(parameter.rules, known.like, also=known.also)
        accept = acceptance_of(parameter, own_constraints(spec.space, parameter))
        return _reported(generator.propose(number, seed=seed, accept=accept), number, out)
    return None


def _reported(found: Sequence[MoleculeProposal], number: int, out: Path | None) -> Report:
    if not found:
        what = "no new molecule was found that satisfies the rules"
        raise InvalidInput(Fault(what, "give more molecules, loosen a condition, or raise --max-accessibility"))
    if out is not None:
        header = ["smiles", "parent", "move", "accessibility", "nearest_known", "distance"]
        rows = [[m.smiles, m.parent, m.move, f"{m.accessibility:.3g}", m.nearest, digits(m.distance)] for m in found]
        write_new(out, csv_text(header, rows))
    return proposals_report(found, number, out, noun="molecule", remedy="give more molecules")
