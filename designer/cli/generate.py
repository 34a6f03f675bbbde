"""`designer generate`: formulas, molecules and crystals that are on no list, like those of given tables and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designer.cli.operations import crystal_proposals as crystals
from designer.cli.operations.molecule_proposals import MoleculeRequest, campaign_molecules, molecule_report
from designer.cli.operations.proposal_lists import csv_text, digits, proposals_report
from designer.cli.options import SUFFIXES, JsonFlag
from designer.cli.output import Report, emit
from designer.errors import Fault, InvalidInput
from designer.whole_files import write_new

if TYPE_CHECKING:
    from designer.campaign.file.spec import CampaignSpec
    from designer.chemistry.formula_rules import FormulaRules
    from designer.generation.base import Accept, MakeGenerator
    from designer.generation.known_formulas import KnownFormulas

MAX_PROPOSALS = 10_000
DEFAULTS = {"max_elements": 5, "max_atoms": 20, "max_accessibility": 6}


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(rich_help_panel="Past work")(generate)


def generate(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[TABLE ... | CAMPAIGN.yaml]", help="Tables of known formulas.")
    ] = None,
    number: Annotated[int, typer.Option("-n", help="How many formulas.")] = 100,
    elements: Annotated[
        str | None, typer.Option(metavar="SYMBOLS", help="Allowed elements, such as Li,La,Zr,O; default: the tables'.")
    ] = None,
    exclude: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="Excluded elements or groups: toxic,precious,radioactive,noble_gases."),
    ] = None,
    max_elements: Annotated[int, typer.Option(help="The largest number of elements.")] = DEFAULTS["max_elements"],
    max_atoms: Annotated[int, typer.Option(help="The largest number of atoms of the reduced formula.")] = DEFAULTS[
        "max_atoms"
    ],
    neutral: Annotated[
        bool, typer.Option("--charge-neutral/--not-charge-neutral", help="Whether oxidation states must balance.")
    ] = True,
    electronegativity: Annotated[
        bool,
        typer.Option(
            "--electronegativity/--no-electronegativity",
            help="Whether cations must be less electronegative than anions.",
        ),
    ] = True,
    column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of formulas; default: formula.")
    ] = None,
    novel_to: Annotated[
        list[Path] | None,
        typer.Option("--novel-to", metavar="TABLE", help="Formulas not to propose either; may be repeated."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--generator", metavar="NAME", help="The generator; default: that of the campaign file, else baseline."
        ),
    ] = None,
    learn: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Learn from this column of the tables, in about half a minute; half of the formulas are then drawn "
            "for its largest values.",
        ),
    ] = None,
    minimize: Annotated[
        bool, typer.Option("--minimize", help="Small values of --learn or --best are the good ones.")
    ] = False,
    smiles: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Propose molecules instead, from the parts of those of this column (SMILES)."
        ),
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="With --smiles: what a molecule satisfies, such as 'molecule.MolWt <= 500'; may be repeated.",
        ),
    ] = None,
    max_accessibility: Annotated[
        float, typer.Option(help="With --smiles: the largest synthetic accessibility score, 1 (easy) to 10.")
    ] = DEFAULTS["max_accessibility"],
    best: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="With --smiles: start from the best tenth by this column; see --minimize."),
    ] = None,
    structures: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Propose crystals instead, from those of this folder (CIF files)."),
    ] = None,
    potential: Annotated[
        str, typer.Option(metavar="NAME", help="With --structures: what ranks the crystals: chgnet, emt or none.")
    ] = crystals.POTENTIAL,
    max_steps: Annotated[int, typer.Option(help="With --structures: steps to relax one crystal.")] = crystals.STEPS,
    max_seconds: Annotated[
        float, typer.Option(help="With --structures: seconds after which no further crystal is relaxed.")
    ] = crystals.SECONDS,
    cif: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="With --structures: write the crystals to this new folder.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The seed: the same one gives the same formulas.")] = 0,
    out: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the formulas to this file.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Propose formulas, molecules or crystals that are on no list, with the origin of each.

    Formulas keep the allowed elements, sizes and charge balance, or the rules of the open formula of a campaign file.
    For example: designer generate perovskites.csv --elements Ca,Sr,Ba,Ti,Zr,O -n 100 --csv new.csv; or of molecules:
    designer generate dyes.csv --smiles dye --condition 'molecule.MolWt <= 500' -n 100 --csv new.csv; or of crystals:
    designer generate --structures oxides --elements Ca,Sr,Ba,Ti,Zr,O -n 20 --cif new
    """
    from designer.chemistry.formula_rules import FormulaRules
    from designer.chemistry.generator_settings import BASELINE
    from designer.generation.formula_tables import read_formulas
    from designer.generation.known_formulas import KnownFormulas, element_symbols

    def rules_of(like: Sequence[str]) -> FormulaRules:
        return FormulaRules(
            elements=_words(elements) or element_symbols(like),
            exclude=_words(exclude),
            max_elements=max_elements,
            max_atoms=max_atoms,
            charge_neutral=neutral,
            electronegativity=electronegativity,
        )

    if not 1 <= number <= MAX_PROPOSALS:
        what = f"{number} is no number of formulas"
        raise InvalidInput(Fault(what, f"give -n a whole number from 1 to {MAX_PROPOSALS:,}"))
    if seed < 0:
        raise InvalidInput(Fault(f"the seed {seed} is negative", "give a whole number from 0"))
    campaigns = [path for path in files or [] if path.suffix in SUFFIXES]
    of_formulas = {
        "--elements": elements is not None,
        "--exclude": exclude is not None,
        "--max-elements": max_elements != DEFAULTS["max_elements"],
        "--max-atoms": max_atoms != DEFAULTS["max_atoms"],
        "--not-charge-neutral": not neutral,
        "--no-electronegativity": not electronegativity,
        "--column": column is not None,
        "--novel-to": bool(novel_to),
        "--learn": learn is not None,
    }
    of_molecules = {
        "--condition": bool(condition),
        "--max-accessibility": max_accessibility != DEFAULTS["max_accessibility"],
        "--best": best is not None,
    }
    of_crystals = {
        "--potential": potential != crystals.POTENTIAL,
        "--max-steps": max_steps != crystals.STEPS,
        "--max-seconds": max_seconds != crystals.SECONDS,
        "--cif": cif is not None,
    }
    if structures is not None:
        others = {
            **of_molecules, "--smiles": smiles is not None, "--generator": kind is not None,
            "--learn": learn is not None, "--minimize": minimize, "a table": bool(files),
        }  # fmt: skip
        _refuse([name for name, given in others.items() if given], "cannot be used with --structures", "leave it out")
        wanted = crystals.CrystalRequest(structures, potential, max_steps, max_seconds, number, seed, cif, out)
        emit(_crystals(wanted, rules_of, novel_to or [], column), as_json)
        return
    _refuse([name for name, given in of_crystals.items() if given], "is used with --structures", "name its folder")
    if smiles is not None:
        others = {**of_formulas, "--generator": kind is not None, "a campaign file": bool(campaigns)}
        _refuse([name for name, given in others.items() if given], "cannot be used with --smiles", "leave it out")
        request = MoleculeRequest(
            files or [], smiles, condition or [], max_accessibility, best, minimize, number, seed, out
        )
        emit(molecule_report(request), as_json)
        return
    _refuse([name for name, given in of_molecules.items() if given], "is used with --smiles", "name its column")
    if campaigns:
        given = [name for name, given in {**of_formulas, "another file": len(files or []) > 1}.items() if given]
        spec = _campaign(campaigns[0], given)
        molecules = campaign_molecules(spec, number, seed, out) if kind is None else None
        if molecules is not None:
            emit(molecules, as_json)
            return
        rules, known, accept, own = _of_campaign(spec)
        _propose(rules, known, kind or BASELINE, number, seed, out, as_json, accept, own if kind is None else None)
        return
    like = [text for path in files or [] for text in read_formulas(path, column)]
    also = [text for path in novel_to or [] for text in read_formulas(path, column)]
    rules = rules_of(like)
    kind = kind or BASELINE
    make, parents = _learned(files or [], learn, column, minimize, kind)
    _propose(rules, KnownFormulas.of(like, also), kind, number, seed, out, as_json, make=make, parents=parents)


def _crystals(
    request: crystals.CrystalRequest,
    rules_of: Callable[[Sequence[str]], FormulaRules],
    novel_to: Sequence[Path],
    column: str | None,
) -> Report:
    """Read the known structures and propose crystals from them."""
    from designer.chemistry.whole_formulas import exact_amounts
    from designer.generation.crystals.structure_files import read_structures
    from designer.generation.formula_tables import read_formulas

    known = read_structures(request.folder)
    taken = frozenset(exact_amounts(text) for path in novel_to for text in read_formulas(path, column))
    return crystals.crystal_report(request, known, rules_of([each.formula for each in known]), taken)


def _refuse(given: Sequence[str], why: str, remedy: str) -> None:
    if given:
        raise InvalidInput(Fault(f"{' and '.join(given)} {why}", remedy))


def _campaign(path: Path, given: Sequence[str]) -> CampaignSpec:
    """Read a campaign file, which goes with no option for rules."""
    from designer.campaign.file.spec import CampaignSpec

    if given:
        what = f"{' and '.join(given)} cannot be used with a campaign file, which has its own rules"
        raise InvalidInput(Fault(what, "change them in the file", file=str(path)))
    return CampaignSpec.from_file(path)


def _of_campaign(spec: CampaignSpec) -> tuple[FormulaRules, KnownFormulas, Accept | None, MakeGenerator]:
    """Return the rules, known formulas, constraints and generator of the open formula of a campaign file."""
    from designer.campaign.file.open_formulas import acceptance, known_formulas, own_constraints
    from designer.campaign.proposing.trained_generators import generator_of, trained_generator
    from designer.space.parameters.formula import FormulaParameter

    for parameter in spec.space.parameters:
        if isinstance(parameter, FormulaParameter) and parameter.rules is not None:
            accept = acceptance(parameter, own_constraints(spec.space, parameter))
            trained = trained_generator(spec, parameter) if parameter.generator.is_learned else None
            return parameter.rules, known_formulas(parameter, spec.folder), accept, generator_of(parameter, trained)
    what = "the campaign has no formula with 'elements' and no molecule with 'like'"
    raise InvalidInput(Fault(what, "give a table of formulas, or such a campaign file", file=str(spec.file)))


def _learned(
    files: Sequence[Path], learn: str | None, column: str | None, minimize: bool, kind: str
) -> tuple[MakeGenerator | None, Mapping[str, float] | None]:
    """Return what makes a generator that is trained on a column of tables, and the best tenth of their formulas.

    None where no column is named.
    """
    from designer.chemistry.generator_settings import BASELINE

    if learn is None:
        if minimize:
            what = "--minimize is about the column of --learn"
            raise InvalidInput(Fault(what, "give --learn COLUMN, or leave it out"))
        return None, None
    if not files or kind != BASELINE:
        what = "--learn needs tables with values" if not files else f"--learn is used beside the baseline, not {kind!r}"
        raise InvalidInput(Fault(what, "name a table" if not files else "leave --generator out"))
    from designer.generation.formula_tables import read_values
    from designer.generation.learned_generator import BesideBaseline, train

    sign = -1.0 if minimize else 1.0
    values = {text: sign * value for path in files for text, value in read_values(path, learn, column).items()}
    best = sorted(values, key=lambda text: -values[text])[: max(1, len(values) // 10)]
    return partial(BesideBaseline.of, train(values)), dict.fromkeys(best, 1.0)


def _propose(
    rules: FormulaRules,
    known: KnownFormulas,
    kind: str,
    number: int,
    seed: int,
    out: Path | None,
    as_json: bool,
    accept: Accept | None = None,
    make: MakeGenerator | None = None,
    parents: Mapping[str, float] | None = None,
) -> None:
    from designer.generation.base import GENERATORS

    found = (make or GENERATORS.load(kind))(rules, known).propose(number, seed=seed, parents=parents, accept=accept)
    if not found:
        what = f"no new formula of {', '.join(rules.allowed)} keeps the rules"
        raise InvalidInput(Fault(what, "allow more elements or atoms, or give --not-charge-neutral"))
    if out is not None:
        header = ["formula", "parent", "move", "balanced", "nearest_known", "distance"]
        rows = [[f.formula, f.parent, f.move, f.balanced, f.nearest, digits(f.distance)] for f in found]
        write_new(out, csv_text(header, rows))
    remedy = "allow more elements or atoms"
    report = proposals_report(found, number, out, noun="formula", plural="formulas", remedy=remedy)
    emit(report, as_json)


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())
