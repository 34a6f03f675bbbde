"""`designer generate --structures FOLDER`: crystals that are not known, from known ones, ranked by a potential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from designer.cli.operations.proposal_lists import csv_text
from designer.cli.output import Report, Table
from designer.counting import count
from designer.errors import Fault, InvalidInput
from designer.whole_files import write_new

if TYPE_CHECKING:
    from designer.chemistry.formula_rules import FormulaRules
    from designer.chemistry.whole_formulas import Amounts
    from designer.generation.crystals.crystal_substitution import CrystalProposal
    from designer.generation.crystals.stability import Screening
    from designer.generation.crystals.structure_files import KnownStructure

SHOWN = 20
MAX_CRYSTALS, MAX_STEPS, MAX_SECONDS = 500, 1_000, 86_400.0
POTENTIAL, STEPS, SECONDS = "chgnet", 200, 600.0
NONE = "none"
ABOVE_HULL = "energy_above_hull"
"""A column of the table, in eV an atom."""
NOT_A_SYNTHESIS = (
    "A proposed crystal is not a synthesis: a low energy above the hull of the given structures says nothing about "
    "compounds that were not given, about temperature, or about a way to make it."
)


@dataclass(frozen=True)
class CrystalRequest:
    """What was asked for on the command line; see `designer generate`."""

    folder: Path
    potential: str
    max_steps: int
    max_seconds: float
    number: int
    seed: int
    cif: Path | None
    out: Path | None

    def __post_init__(self) -> None:
        limits = (
            ("-n", self.number, 1, MAX_CRYSTALS),
            ("--max-steps", self.max_steps, 1, MAX_STEPS),
            ("--max-seconds", self.max_seconds, 1, MAX_SECONDS),
        )
        faults = [
            Fault(f"{option} {value:g} is out of range with --structures", f"give a number from {low} to {high:,g}")
            for option, value, low, high in limits
            if not low <= value <= high
        ]
        if self.cif is not None and self.cif.exists():
            faults.append(Fault("the folder of --cif exists already", "name one that does not", file=str(self.cif)))
        if faults:
            raise InvalidInput(faults)


def crystal_report(
    request: CrystalRequest, known: Sequence[KnownStructure], rules: FormulaRules, taken: frozenset[Amounts]
) -> Report:
    """Propose crystals, relax and rank them, write them where a folder is named, and return what is shown.

    Raises
    ------
    InvalidInput
        If no crystal was found, or what the hull needs cannot be had.
    MissingExtra
        If the potential is not installed.
    """
    from designer.generation.crystals.crystal_substitution import SubstitutingCrystals
    from designer.generation.crystals.potentials import potential_of
    from designer.generation.crystals.stability import KnownHull, Screening, screened

    hull = None
    if request.potential != NONE:
        hull = KnownHull(tuple(known), potential_of(request.potential), request.max_steps)
    made = SubstitutingCrystals(rules, tuple(known)).propose(request.number, seed=request.seed, taken=taken)
    if not made:
        what = f"no new crystal of {', '.join(rules.allowed)} keeps the rules"
        raise InvalidInput(Fault(what, "give more structures, allow more elements, or give --not-charge-neutral"))
    found = Screening(made, (), (), 0.0) if hull is None else screened(made, hull, max_seconds=request.max_seconds)
    if request.cif is not None:
        from designer.generation.crystals.structure_files import write_structures

        write_structures(request.cif, [each.structure for each in found.proposals])
    if request.out is not None:
        write_new(request.out, _csv(found.proposals))
    return _report(found, request)


def _csv(found: Sequence[CrystalProposal]) -> str:
    rows = []
    for each in found:
        above = "" if each.above_hull is None else f"{each.above_hull:.5g}"
        atoms = len(each.structure)
        origin = [each.parent, each.move, each.balanced, atoms]
        rows.append([each.formula, *origin, above, each.hull, each.note])
    return csv_text(["formula", "parent", "move", "balanced", "atoms", f"{ABOVE_HULL} [eV]", "hull", "note"], rows)


def _report(found: Screening, request: CrystalRequest) -> Report:
    report = Report(
        {
            "proposals": [
                {
                    "formula": each.formula, "origin": each.origin, "parent": each.parent, "move": each.move,
                    "balanced": each.balanced, "atoms": len(each.structure), "above_hull": each.above_hull,
                    "hull": each.hull, "note": each.note,
                }
                for each in found.proposals
            ],
            "failed": [{"formula": each.formula, "note": each.note} for each in found.failed],
            "duplicates": list(found.duplicates),
            "cif": None if request.cif is None else str(request.cif),
            "file": None if request.out is None else str(request.out),
        }
    )  # fmt: skip
    shown = [[each.formula, each.origin] for each in found.proposals[:SHOWN]]
    report.show(Table(["crystal", "origin"], shown))
    if len(found.proposals) > SHOWN:
        report.say(f"... and {count(len(found.proposals) - SHOWN, 'crystal')} more: write them with --csv or --cif")
    for each in found.failed:
        report.say(f"{each.formula} is left out: {each.note}.")
    if found.duplicates:
        formulas = ", ".join(found.duplicates)
        report.say(f"Left out, since relaxing made them equal to a known crystal or to another one: {formulas}.")
    proposed = len(found.proposals) + len(found.failed) + len(found.duplicates)
    if proposed < request.number:
        report.say(f"Only {proposed} of {request.number}: no others were found; allow more elements.")
    if found.seconds:
        report.say(f"Relaxing took {found.seconds:.1f} s a crystal, with the known ones that its hull needs.")
    for path in filter(None, (request.cif, request.out)):
        report.say(f"Written to {path}.")
    report.say(NOT_A_SYNTHESIS)
    return report
