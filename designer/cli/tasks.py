"""Commands on past tasks: `tasks import`, `tasks check`, `tasks map`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.options import JsonFlag
from designer.cli.output import Report, Table, emit, warn
from designer.counting import agree, count
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from designer.cli.lab_column import ColumnRequest
    from designer.tasks.importing.mapping import Mapping
    from designer.tasks.importing.raw import RawTable
    from designer.tasks.quality.findings import Finding

app = typer.Typer(name="tasks", help="Past tasks: import them, check them, compare them.", no_args_is_help=True)
_SHOWN = 40


def add_to(parent: typer.Typer) -> None:
    """Add the commands of this file."""
    parent.add_typer(app, rich_help_panel="Past work")


@app.command(name="import")
def import_(
    sources: Annotated[
        list[Path] | None, typer.Argument(metavar="[SOURCE ...]", help="Tables, folders, campaign files.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="The folder to write.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What the columns mean; else it is guessed.")
    ] = None,
    measured: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A result, without a goal.")] = None,
    minimize: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A result to make small.")] = None,
    maximize: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A result to make large.")] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="A column that is neither setting nor result.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that gives the task of each row.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The family's name; default: the folder's.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Make the proposed repairs; a log lists each.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take the guesses.")] = False,
    materials_project: Annotated[
        str | None, typer.Option("--materials-project", metavar="QUERY", help="For example 'chemsys=Li-Fe-O'.")
    ] = None,
    properties: Annotated[
        list[str] | None, typer.Option("--property", metavar="NAME", help="A property of the database.")
    ] = None,
    structures: Annotated[bool, typer.Option("--structures", help="With --materials-project: structures too.")] = False,
    optimade: Annotated[
        str | None, typer.Option("--optimade", metavar="ADDRESS", help="A database that speaks OPTIMADE.")
    ] = None,
    condition: Annotated[
        str | None, typer.Option("--filter", metavar="FILTER", help="""With --optimade: 'elements HAS "Li"'.""")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Turn tables, other programs' folders, finished campaigns or a query of a database into a folder of tasks."""
    from designer.space.table_files import notes_of
    from designer.tasks.importing.mapping import plan_import, write_import

    if optimade is not None or condition is not None:
        tables = _optimade_tables(sources or [], optimade, condition, properties or [], materials_project, structures)
    else:
        tables = _tables(sources or [], materials_project, properties or [], structures)
    folder = output or Path(f"{tables[0].name}-tasks")
    if folder.exists():
        raise InvalidInput(Fault("the folder exists already", "give another with --output", file=str(folder)))
    requests = _requests(measured or [], minimize or [], maximize or [])
    mappings, remarks = _mappings(tables, mapping, requests, ignore or [], by)
    remarks = [f"{table.file}: {note}" for table in tables for note in notes_of(table.frame)] + remarks
    guessed = mapping is None and not any(table.card for table in tables)
    _confirm(mappings, remarks, guessed=guessed, ask=not yes, as_json=as_json)
    plan = plan_import(tables, mappings, name=name or folder.name, guessed=guessed)
    if repair and guessed:  # wrong values must not widen the bounds
        plan = _guessed_again(plan, tables, mappings, requests, ignore or [], by)
    written, log = write_import(plan, folder, repair=repair)
    report = Report({
        "folder": str(written), "tasks": [{"name": s.task, "rows": len(s.frame)} for s in plan.sheets],
        "findings": [_finding(f) for f in plan.findings], "repairs": len(log), "mapping": shown_mappings(mappings),
        "remarks": remarks,
    })  # fmt: skip
    _say(report, plan.findings)
    rows = sum(len(sheet.frame) for sheet in plan.sheets)
    report.say(f"Wrote {written}: {count(len(plan.sheets), 'task')}, {count(rows, 'row')}.")
    if len(log):
        report.say(f"{_repaired(len(log), 'was ', 'were ')}; {written / 'repairs.csv'} lists each.")
    emit(report, as_json)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of tasks (with a family.yaml).")],
    repair: Annotated[bool, typer.Option("--repair", help="Write a repaired copy, and a log of every change.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Where the copy goes.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List what is probably wrong with the tables of a family: each finding with its row, the reason and a repair.

    Units, formulas, sums, replicates, slips of units, swapped columns, outliers, leakage. Only the copy
    that --repair writes is changed.
    """
    from designer.tasks.quality.folder import check_folder, repair_folder

    checked = check_folder(folder)
    report = Report({"folder": str(folder), "findings": [_finding(f) for f in checked.findings]})
    _say(report, checked.findings)
    if repair:
        place, log = repair_folder(checked, output or folder.with_name(f"{folder.name}-repaired"))
        report.data |= {"repaired": str(place), "repairs": len(log)}
        report.say(f"Wrote {place}: {_repaired(len(log))}; {place / 'repairs.csv'} lists each.")
    emit(report, as_json)


@app.command(name="map")
def map_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of tasks (with a family.yaml).")],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE.svg", help="The picture.")] = None,
    task: Annotated[str | None, typer.Option(metavar="NAME", help="Only the distances to this task.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show how similar tasks are: a table, and a picture with a map and a tree.

    The distance is 0 where two tasks rank designs alike, 0.5 where one is not informative about the other, 1 where they
    rank them in reverse.
    """
    from designer.report.task_map import task_map
    from designer.tasks import load_family
    from designer.tasks.similarity import distance_matrix, task_distances

    family = load_family(folder)
    names = [each.name for each in family.tasks]
    if task is not None:
        family.task(task)
    if len(names) < 2:
        raise InvalidInput(Fault("there is one task only", "give a folder with several", file=str(folder)))
    found = task_distances(family.tasks)
    pairs = [(names[i], names[j], d) for (i, j), d in sorted(found.items(), key=lambda item: item[1].value)]
    pairs = [pair for pair in pairs if task is None or task in pair[:2]]
    place = output or Path(f"{folder.resolve().name}-map.svg")
    if place.suffix not in (".svg", ".png"):
        raise InvalidInput(
            Fault(f"a picture cannot end in {place.suffix!r}", "end it in .svg or .png", file=str(place))
        )
    task_map(names, distance_matrix(found, len(names))).write(place)
    report = Report({"folder": str(folder), "picture": str(place), "pairs": [
        {"tasks": [a, b], "distance": d.value, "by": d.by, "shared": d.shared, "forward": d.forward,
         "backward": d.backward, "apart": d.apart} for a, b, d in pairs]})  # fmt: skip
    rows = [
        (a, b, f"{d.value:.3f}", d.by, str(d.shared), _r(d.forward), _r(d.backward), _r(d.apart)) for a, b, d in pairs
    ]
    headers = ("task", "task", "distance", "by", "shared", "forward", "backward", "apart")
    report.show(Table(headers, rows[:_SHOWN]))
    if len(rows) > _SHOWN:
        left = len(rows) - _SHOWN
        report.say(f"... and {count(left, 'pair')} that {agree(left, 'is', 'are')} farther apart; --json gives all")
    report.say(f"Wrote {place}")
    emit(report, as_json)


def _r(value: float) -> str:
    return "-" if value != value else f"{value:.2f}"


def _tables(sources: Sequence[Path], query: str | None, properties: Sequence[str], structures: bool) -> list[RawTable]:
    from designer.cli.options import SUFFIXES
    from designer.tasks.importing.source_formats import read_source

    if query is not None:
        from designer.tasks.importing.materials_project import Fetching, fetch_tables

        return fetch_tables(query, properties, structures=structures, fetching=Fetching(tell=warn))
    if not sources:
        raise InvalidInput(Fault("there is nothing to import", "give tables, folders, campaign files, or a query"))
    tables: list[RawTable] = []
    for source in sources:
        if source.suffix in SUFFIXES:
            from designer.campaign.as_task import raw_table

            tables.append(raw_table(source))
        else:
            tables += read_source(source)
    return tables


def _optimade_tables(
    sources: Sequence[Path],
    address: str | None,
    condition: str | None,
    properties: Sequence[str],
    query: str | None,
    structures: bool,
) -> list[RawTable]:
    from designer.tasks.importing.materials_project import Fetching
    from designer.tasks.importing.optimade import fetch_optimade

    if address is None:
        raise InvalidInput(Fault("--filter is for --optimade", "give the address of the database, or leave it out"))
    if sources or query is not None or structures:
        what = "--optimade cannot be used with tables, --materials-project or --structures"
        raise InvalidInput(Fault(what, "import them one after the other"))
    return fetch_optimade(address, condition or "", properties, fetching=Fetching(tell=warn))


def _requests(measured: Sequence[str], minimize: Sequence[str], maximize: Sequence[str]) -> list[ColumnRequest]:
    from designer.cli.lab_column import ColumnRequest

    requests = [ColumnRequest(column, None) for column in measured] + [
        ColumnRequest(column, "minimize") for column in minimize
    ]
    return requests + [ColumnRequest(column, "maximize") for column in maximize]


def _mappings(
    tables: Sequence[RawTable],
    given: Path | None,
    requests: Sequence[ColumnRequest],
    ignore: Sequence[str],
    by: str | None,
) -> tuple[list[Mapping], list[str]]:
    from designer.cli.mapping_draft import mapping_of, read_mapping

    if given is not None:
        return [read_mapping(given)] * len(tables), []
    if len(tables) > 1 and not any(table.card for table in tables):
        joined = _joined(tables)
        if joined is not None:
            mapping, remarks = mapping_of(joined, requests, ignore, by)
            return [mapping] * len(tables), remarks
    made = [mapping_of(table, requests, ignore, by) for table in tables]
    return [mapping for mapping, _ in made], list(dict.fromkeys(remark for _, remarks in made for remark in remarks))


def _joined(tables: Sequence[RawTable]) -> RawTable | None:
    """Return tables of the same columns as one, so that they get one space; None where they differ."""
    import pandas as pd

    from designer.tasks.importing.raw import RawTable

    headers = list(tables[0].frame.columns)
    if any(list(table.frame.columns) != headers for table in tables):
        return None
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    return RawTable(tables[0].name, tables[0].file, frame)


def _guessed_again(
    plan: Any,
    tables: Sequence[RawTable],
    mappings: Sequence[Mapping],
    requests: Sequence[ColumnRequest],
    ignore: Sequence[str],
    by: str | None,
) -> Any:
    """Return the plan with bounds read off the repaired tables; its findings and repairs stay as they are."""
    from dataclasses import replace

    from designer.space import DesignSpace
    from designer.tasks.importing.raw import RawTable
    from designer.tasks.quality.checking import repaired_sheet

    again: list[RawTable] = []
    for table in tables:
        frame = table.frame.copy()
        for sheet in plan.sheets:
            if sheet.file == table.file:
                repaired_one, _, _ = repaired_sheet(sheet, plan.findings)
                frame.loc[repaired_one.frame.index] = repaired_one.frame
        again.append(RawTable(table.name, table.file, frame))
    fresh, _ = _mappings(again, None, requests, ignore, by)
    new = dict(zip([id(mapping) for mapping in mappings], fresh, strict=True))
    place = {table.file: mapping for table, mapping in zip(tables, fresh, strict=True)}
    sheets = [
        replace(s, space=DesignSpace(parameters=place[s.file].space), targets=place[s.file].targets)
        for s in plan.sheets
    ]
    return replace(plan, mappings=tuple(new[id(m)] for m in plan.mappings), sheets=tuple(sheets))


def _confirm(mappings: Sequence[Mapping], remarks: Sequence[str], *, guessed: bool, ask: bool, as_json: bool) -> None:
    if not guessed or not ask:
        return
    shown = "\n".join(shown_mappings(mappings))
    if as_json or not sys.stdin.isatty():
        what = "the mapping is only a guess"
        raise InvalidInput(Fault(what, "confirm it with --yes, or correct it and give it with --mapping:\n" + shown))
    warn("What the columns seem to mean:\n" + shown)
    for remark in remarks:
        warn(f"  {remark}")
    typer.confirm(
        "Is this right? (If not: save it in a file, correct it, give it with --mapping)", abort=True, err=True
    )


def shown_mappings(mappings: Sequence[Mapping]) -> list[str]:
    """Return the different mappings, each as YAML."""
    from designer.cli.mapping_draft import shown

    return list(dict.fromkeys(shown(mapping) for mapping in mappings))


def _say(report: Report, findings: Sequence[Finding]) -> None:
    from designer.tasks.quality.findings import combined

    notes = [finding for finding in findings if finding.is_note]
    faults = combined([finding for finding in findings if not finding.is_note])
    for finding in faults[:_SHOWN]:
        report.say(str(finding))
    if len(faults) > _SHOWN:
        report.say(f"... and {len(faults) - _SHOWN} more; --json gives all")
    for kind, what in (("missing", "no value"), ("censored", "a limit"), ("unit", "a unit of its own")):
        number = sum(finding.kind == kind for finding in notes)
        if number:
            report.say(f"[{kind}] {count(number, 'cell')}: {what}")
    if not findings:
        report.say("No faults were found.")


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind, "task": finding.task, "file": finding.file, "row": finding.row, "column": finding.column,
        "what": finding.what, "remedy": finding.remedy,
        "repair": [{"row": c.row, "column": c.column, "now": c.now} for c in finding.repair],
    }  # fmt: skip


def _repaired(number: int, was: str = "", were: str = "") -> str:
    return f"{count(number, 'cell or row', 'cells and rows')} {agree(number, was, were)}repaired"
