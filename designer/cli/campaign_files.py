"""Commands on campaign files: `init` writes one, `import-campaign` those of other programs, `validate` lists faults."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designer.cli.design_cells import refuse_existing
from designer.cli.options import CampaignArgument, CampaignOption, JsonFlag, campaign_file
from designer.cli.output import Report, emit
from designer.counting import agree, count
from designer.errors import Fault, InvalidInput
from designer.whole_files import is_full, write_new

if TYPE_CHECKING:
    import pandas as pd

    from designer.campaign.file.spec import CampaignSpec
    from designer.cli.draft import Draft
    from designer.cli.lab_column import AskedRoles, Column, ColumnRequest, Goal
    from designer.space import DesignSpace

PANEL = "Begin"
_ANOTHER = "give another with --output"
_MEASURED_BY = {
    "person": "a person",
    "table": "a table",
    "python": "a Python function",
    "command": "a command",
    "simulator": "a simulator",
    "by_level": "an oracle for each level",
}


def measured_by_words(kind: str) -> str:
    """Return what measures, in words: an oracle of another package by its kind.

    >>> measured_by_words("table"), measured_by_words("furnace")
    ('a table', "an oracle of kind 'furnace'")
    """
    return _MEASURED_BY.get(kind, f"an oracle of kind {kind!r}")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel=PANEL)(init)
    app.command(rich_help_panel=PANEL)(validate)
    app.command(rich_help_panel=PANEL)(import_campaign)


def init(
    table: Annotated[Path | None, typer.Argument(metavar="[TABLE.csv]", help="A table that your lab keeps.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")] = None,
    name: Annotated[str | None, typer.Option(help="The campaign's name; default: the file's name.")] = None,
    minimize: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A result to make small.")] = None,
    maximize: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A result to make large.")] = None,
    match: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE,TOLERANCE", help="A result to bring to a value.")
    ] = None,
    level_map: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN", help="A result to know for all designs.")
    ] = None,
    boundary: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="A result to know above and below a value.")
    ] = None,
    prefer: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A result without numbers, compared in pairs.")
    ] = None,
    context: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="A column that is known and not chosen.")
    ] = None,
    per_batch: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="A setting that all designs of a batch share.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A column to leave out.")] = None,
    candidates: Annotated[
        bool | None,
        typer.Option(
            "--candidates/--no-candidates",
            help="Only the designs of the table can be made, or others too.",
            show_default="a guess",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take the guesses.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write a commented campaign file, from a table or from a few questions.

    Kinds of parameters, bounds, steps and units are guessed from the table, and compositions from columns that are
    headed by elements; and so are the goal, and whether the rows are all that can be made. Of a table with a title,
    units in a row of their own, merged headers, a grid or replicates side by side, a tidy copy is written as well. A
    file that is there already is never overwritten.
    """
    may_ask = not yes and not as_json and sys.stdin.isatty()
    path = output or (table.with_suffix(".yaml") if table is not None else Path("campaign.yaml"))
    if may_ask or table is None:  # before any question
        refuse_existing(path, remedy=_ANOTHER)
    given = _requests({"minimize": minimize, "maximize": maximize, "map": level_map, "prefer": prefer})
    given += [*map(_match, match or []), *map(_boundary, boundary or [])]
    asked = _asked_roles(context or [], per_batch or [], table)
    title = name or (output or table or Path("campaign")).stem
    tidy: LabTable | None = None
    if table is not None:
        tidy = _read(table, path, given)
        draft = _from_table(tidy, path, title, given, ignore or [], candidates, asked, may_ask)
    elif may_ask:
        from designer.cli.questions import ask_draft

        draft = ask_draft(title)
    else:
        what = "there is nothing to write a campaign from"
        raise InvalidInput(Fault(what, "give a table: designer init results.csv; or answer questions in a terminal"))
    with tidy.written() if tidy is not None else nullcontext():
        _write(draft, path)
    used = None if tidy is None else str(tidy.path)
    report = Report({"file": str(path), "name": title, "table": used, "remarks": list(draft.remarks)})
    report.say(f"Wrote {path}. Read it through; then: designer validate {path}")
    if tidy is not None and tidy.text is not None:
        report.say(f"Wrote {used}, the table with one row for each experiment: use it for 'designer attach'.")
    for remark in draft.remarks[1:]:
        report.say(f"  {remark}")
    emit(report, as_json)


def import_campaign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A saved campaign of BayBE, Ax, Optuna, EDBO+ or NIMO.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="The folder to write.")] = None,
    name: Annotated[str | None, typer.Option(help="The campaign's name; default: that of the file.")] = None,
    form: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="The format; default: recognized by its content.")
    ] = None,
    maximize: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="EDBO+, NIMO: a result's goal.")] = None,
    minimize: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="EDBO+, NIMO: a result's goal.")] = None,
    study: Annotated[str | None, typer.Option(metavar="NAME", help="Optuna: which study, of several.")] = None,
    results: Annotated[
        Path | None,
        typer.Option(metavar="TABLE", help="BayBE: the measurements as a table, if the file's are unreadable."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Turn a saved campaign of another program into a folder with a campaign file and its results.

    What was changed or cannot be translated is listed, and stands at the head of the file. The file given is only read;
    nothing in it is executed.
    """
    from dataclasses import replace as with_fields

    from designer.campaign.importing.formats import Options, read_campaign
    from designer.campaign.importing.moving import write_campaign

    options = Options(file.stem, tuple(maximize or ()), tuple(minimize or ()), study, results)
    imported = read_campaign(file, options, form)
    if name is not None:
        imported = with_fields(imported, name=name)
    moved = write_campaign(imported, out or Path(f"{file.stem}-campaign"))
    done = moved.recorded
    unrecorded = [str(fault) for fault in done.faults] if done is not None else []
    numbers = {"recorded": len(done.recorded) if done else 0, "failed": len(done.failed) if done else 0}
    report = Report({
        "folder": str(moved.folder), "program": imported.program, "name": imported.name, **numbers,
        "pending": [dict(each) for each in imported.pending], "changed": list(imported.remarks),
        "left_out": list(imported.left_out), "not_recorded": unrecorded,
    })  # fmt: skip
    report.say(f"{imported.program}: {count(len(imported.space), 'parameter')}, "
               f"{count(len(imported.constraints), 'constraint')}, {count(len(imported.targets), 'target')}, "
               f"{count(numbers['recorded'], 'result')}, {count(numbers['failed'], 'failed experiment')}.")  # fmt: skip
    for title, lines in (("changed", imported.remarks), ("left out", imported.left_out), ("not recorded", unrecorded)):
        for line in lines:
            report.say(f"  {title}: {line}")
    if imported.pending:
        number = len(imported.pending)
        report.say(f"  {count(number, 'open design')} without a result yet: {moved.folder / 'pending.csv'}; attach "
                   f"{agree(number, 'it', 'them')} with {agree(number, 'its result', 'their results')}.")  # fmt: skip
    report.say(f"Wrote {moved.folder / 'campaign.yaml'}. Read it through; then: designer suggest "
               f"{moved.folder / 'campaign.yaml'}")  # fmt: skip
    emit(report, as_json)


def validate(campaign: CampaignArgument = None, option: CampaignOption = None, as_json: JsonFlag = False) -> None:
    """List all that is wrong with a campaign file, one line a fault, without writing or running anything."""
    from designer.campaign.file.candidates import refuse_unusable_candidates
    from designer.campaign.file.molecule_notes import molecule_notes
    from designer.campaign.file.spec import CampaignSpec
    from designer.campaign.file.unit_notes import unit_notes
    from designer.campaign.proposing.trained_generators import learned_formula_notes

    path = campaign_file(campaign, option)
    spec = CampaignSpec.from_file(path)
    targets = [target.name for target in spec.targets]
    measured_by = spec.settings.measure.kind if spec.settings.measure is not None else "person"
    refuse_unusable_candidates(spec)
    candidates, notes = _candidates(spec.space), [*unit_notes(spec), *molecule_notes(spec), *_past_quantities(spec)]
    notes += learned_formula_notes(spec)
    report = Report({
        "file": str(path), "name": spec.name, "columns": list(spec.space.columns), "targets": targets,
        "measure": measured_by, "candidates": candidates, "notes": notes,
    })  # fmt: skip
    report.say(f"{path}: campaign {spec.name!r} can run.")
    report.say(
        f"  {count(len(spec.space.parameters), 'parameter')}: {', '.join(p.name for p in spec.space.parameters)}"
    )
    report.say(f"  {count(len(targets), 'target')}: {', '.join(targets)}")
    report.say(f"  measured by {measured_by_words(measured_by)}")
    if candidates is not None:
        usable, listed = candidates["usable"], candidates["listed"]
        report.say(
            f"  {usable} of {count(listed, 'candidate')} {agree(usable, 'keeps', 'keep')} the bounds and constraints"
        )
    for note in notes:
        report.say(f"  note: {note}")
    emit(report, as_json)


def _past_quantities(spec: CampaignSpec) -> list[str]:
    """Return which past results each target is matched to; nothing without past tasks."""
    from designer.campaign.past_work import past_tasks
    from designer.campaign.suggesting.past_tasks import refuse_other_scales, saved_alone
    from designer.tasks.quantities_matched import matched_quantities, past_quantities

    settings = spec.settings.prior
    places = [(spec.folder / path).resolve() for path in settings.tasks]
    if not settings.learns:
        return []
    saved = saved_alone(places, settings.leave_out, "'leave_out'")
    if saved is None:
        tasks = past_tasks(places, settings.leave_out)
        past = past_quantities([task.on_scales_of(spec.targets, settings.quantities) for task in tasks])
        found = matched_quantities(past, spec.targets, settings.quantities)
    else:
        from designer.priors.kinds import load_prior
        from designer.priors.sources import matched_to

        prior = load_prior(saved)
        refuse_other_scales(prior, spec)
        found = matched_to(prior, spec.targets, settings.quantities)
    from designer.campaign.observing.past_observations import past_observations

    observed = [text for each in past_observations(spec) for text in each.words(spec.targets)]
    return [*(each.words for each in found), *observed]


def _candidates(space: DesignSpace) -> dict[str, int] | None:
    """Return how many designs the pool lists, and how many of them may be made; None without a pool."""
    if space.pool is None:
        return None
    listed = space.pool.coordinates
    return {"listed": len(listed), "usable": int(space.within(listed).sum())}


def _write(draft: Draft, path: Path) -> None:
    """Write the file, if its content is a campaign that can run."""
    from designer.campaign.file.spec import CampaignSpec
    from designer.cli.draft import render
    from designer.documents import read_document

    text = render(draft)
    CampaignSpec.from_document(read_document(text, file=f"{path} (not written)"), folder=path.parent)
    _write_text(path, text)


def _write_text(path: Path, text: str) -> None:
    """Write a new file; refuse to overwrite one."""
    try:
        write_new(path, text)
    except FileExistsError:
        refuse_existing(path, remedy=_ANOTHER)
    except OSError as error:
        if is_full(error):
            raise
        raise InvalidInput(Fault(f"cannot be written: {error.strerror}", _ANOTHER, file=str(path))) from None


@dataclass(frozen=True)
class LabTable:
    """A lab's table as it was read; `text` is the content of its tidy copy, None where the table is used as it is."""

    path: Path
    frame: pd.DataFrame
    notes: tuple[str, ...]
    text: str | None

    @contextmanager
    def written(self) -> Iterator[None]:
        """Write the tidy copy, if there is one, and remove it again if what follows fails.

        Raises
        ------
        InvalidInput
            If there is such a file already, or it cannot be written.
        """
        if self.text is None:
            yield
            return
        _write_text(self.path, self.text)
        try:
            yield
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise


def _read(table: Path, output: Path, requests: Sequence[ColumnRequest]) -> LabTable:
    """Read a lab's table, and tidy its layout where that is clear; a tidy copy has its place beside `output`."""
    from designer.space.spreadsheet.lab_tables import read_lab_table
    from designer.space.table_files import notes_of

    result = next((request.column for request in requests), None)
    frame, changes = read_lab_table(table, result)
    notes = (*changes, *notes_of(frame))
    if not changes:
        return LabTable(table, frame, notes, None)
    text = frame.to_csv(index=False, lineterminator="\n")
    return LabTable(output.with_name(f"{table.stem}-tidy.csv"), frame, notes, text)


def _from_table(
    lab_table: LabTable,
    path: Path,
    name: str,
    requests: list[ColumnRequest],
    ignore: Sequence[str],
    candidates: bool | None,
    asked: AskedRoles,
    may_ask: bool,
) -> Draft:
    from designer.cli.column_guess import guess, read_columns
    from designer.cli.goal_guess import refuse_comparisons
    from designer.tasks.quality.tidy_cells import plain_cells

    table = lab_table.path
    columns = read_columns(plain_cells(lab_table.frame))
    refuse_comparisons(columns, str(table))
    if not requests:
        requests = _choose(columns, str(table), may_ask)
    if may_ask:
        from designer.cli.questions import ask_contexts

        asked = ask_contexts(columns, requests, asked)
    shown = table.name if table.parent.resolve() == path.parent.resolve() else str(table)
    notes = [f"{note[:1].upper()}{note[1:]}." for note in lab_table.notes]
    draft = _noted(guess(columns, name, requests, ignore, shown, candidates, asked=asked), notes)
    if may_ask and candidates is None and draft.candidates is not None:
        from designer.cli.questions import ask_candidates

        return _noted(guess(columns, name, requests, ignore, shown, ask_candidates(draft), asked=asked), notes)
    return draft


def _noted(draft: Draft, notes: Sequence[str]) -> Draft:
    """Return the draft with what was ignored or rewritten when its table was read, behind its first remark."""
    return replace(draft, remarks=[*draft.remarks[:1], *notes, *draft.remarks[1:]])


def _choose(columns: Sequence[Column], table: str, may_ask: bool) -> list[ColumnRequest]:
    from designer.cli.goal_guess import likely_target
    from designer.cli.lab_column import ColumnRequest
    from designer.cli.questions import ask_requests

    if may_ask:
        return ask_requests(columns, table)
    likely = likely_target(columns)
    if likely is None:
        remedy = "give one of numbers; for a list of candidates: --candidates --maximize NAME"
        raise InvalidInput(Fault("no column of the table can be a target", remedy, file=table))
    return [ColumnRequest(likely.header, "guess")]


def _asked_roles(contexts: Sequence[str], shared: Sequence[str], table: Path | None) -> AskedRoles:
    from designer.cli.lab_column import AskedRoles

    if table is None and (contexts or shared):
        raise InvalidInput(Fault("--context and --per-batch name columns of a table", "give a table as well"))
    return AskedRoles(frozenset(contexts), frozenset(shared))


def _requests(given: Mapping[Goal, Sequence[str] | None]) -> list[ColumnRequest]:
    from designer.cli.lab_column import ColumnRequest

    return [ColumnRequest(column, goal) for goal, columns in given.items() for column in columns or []]


def _match(text: str) -> ColumnRequest:
    from designer.cli.lab_column import ColumnRequest

    column, numbers = _numbers_of(text, 2, "--match", "COLUMN=VALUE,TOLERANCE, for example --match size=40,5")
    return ColumnRequest(column, "match", *numbers)


def _boundary(text: str) -> ColumnRequest:
    from designer.cli.lab_column import ColumnRequest

    column, numbers = _numbers_of(text, 1, "--boundary", "COLUMN=VALUE, for example --boundary haze=5")
    return ColumnRequest(column, "boundary", *numbers)


def _numbers_of(text: str, number: int, option: str, form: str) -> tuple[str, list[Decimal]]:
    column, _, given = text.rpartition("=")
    try:
        numbers = [Decimal(each.strip()) for each in given.split(",")]
    except InvalidOperation:
        numbers = []
    if len(numbers) != number or not all(each.is_finite() for each in numbers):
        raise InvalidInput(Fault(f"{option} {text!r} cannot be read", f"write {form}"))
    return column, numbers
