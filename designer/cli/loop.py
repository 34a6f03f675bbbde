"""The commands of the loop: suggest designs and record results."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.command_words import (
    compared_ids,
    ids_and_reason,
    read_bounds,
    read_choices,
    require_only_one,
    subject_of,
)
from designer.cli.options import (
    CampaignArgument,
    CampaignOption,
    ContextOption,
    IgnoreOption,
    JsonFlag,
    StoreOption,
    campaign_file,
    open_campaign,
    split_campaign,
)
from designer.cli.output import OTHER, OutputError, Report, disk_words, emit, warn
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.results.recording import RecordReport

PANEL = "The loop"

Partial = Annotated[bool, typer.Option("--partial", help="Record the rows without faults and report the others.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="COLUMN=VALUE", help="A setting that was made differently from the suggestion."),
]
Reason = Annotated[str, typer.Option("--reason", help="The reason, in a few words.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (suggest, record, compare, fail, attach, amend, withdraw):
        app.command(rich_help_panel=PANEL)(command)


def suggest(
    campaign: CampaignArgument = None,
    n: Annotated[
        int | None, typer.Option("-n", min=1, help="Number of designs; default: the campaign's batch_size.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also write a table to fill in with results.")
    ] = None,
    replicate_of: Annotated[
        list[str] | None, typer.Option("--replicate-of", metavar="ID", help="Repeat this suggestion; may be repeated.")
    ] = None,
    context: ContextOption = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Suggest the next experiments."""
    from designer.campaign.file.contexts import context_from_text
    from designer.campaign.observing.campaign_stages import first_stage
    from designer.cli.design_cells import design_table, refuse_existing, suggested_data

    path = campaign_file(campaign, option)
    if n is not None and replicate_of:
        what = "-n and --replicate-of are both given"
        raise InvalidInput(Fault(what, "give --replicate-of once for each replicate, without -n"))
    if csv is not None:
        refuse_existing(csv)
    opened = open_campaign(path, store)
    frame = opened.suggest(n, replicate_of=replicate_of or (), context=context_from_text(context))
    rows = [(str(name), opened.state.suggestions[str(name)].design) for name in frame.index]
    notes = _notes_of(opened, [name for name, _ in rows])
    failed = None if csv is None else _try_to_write_sheet(csv, opened, rows)
    data: dict[str, Any] = {
        "campaign": opened.name,
        "suggestions": suggested_data(opened, rows),
        "notes": notes,
        "csv": str(csv) if csv is not None and failed is None else None,
    }
    if failed is not None:
        data |= {"error": failed, "faults": []}
    report = Report(data)
    report.show(design_table(opened.space, rows, id_column=opened.settings.id_column))
    for note in notes:
        report.say(note)
    if failed is not None:
        report.say("These suggestions are recorded: 'designer status' shows them again.")
    elif csv is not None:
        report.say(f"Fill in {csv}, then: designer record {csv}")
    else:
        names = [each.name for each in first_stage(opened.settings.observations)]
        values = " ".join(f"{name}=VALUE" for name in names or [target.name for target in opened.objective.targets])
        report.say(f"Then record the result: designer record {rows[0][0]} {values}")
    try:
        emit(report, as_json)
    except OutputError:
        warn(f"Recorded: {', '.join(name for name, _ in rows)}")
        raise
    if failed is not None:
        if not as_json:
            warn(f"designer: {failed}")
        raise typer.Exit(OTHER)


def record(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[CAMPAIGN.yaml] (TABLE.csv | ID TARGET=VALUE...)", help="A table of results, or one result."
        ),
    ],
    made: Settings = None,
    replicate: Annotated[
        bool, typer.Option("--replicate", help="Record a further measurement of a design, even with equal values.")
    ] = False,
    partial: Partial = False,
    ignore: IgnoreOption = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Record results: a filled-in table, or the values of one suggestion.

    Examples: designer record next.csv; designer record S0001 overpotential=372; designer record S0001
    overpotential="0.372 V" --set temperature=455.
    """
    from designer.cli.design_cells import SHEETS, read_words, without_rows

    path, rest = split_campaign(words, option)
    if rest and rest[0].lower().endswith(SHEETS):
        require_only_one(rest, "table")
        if replicate or made:
            what = "--set and --replicate cannot be used with a table"
            raise InvalidInput(Fault(what, "add columns of settings, or a column 'replicate', to the table"))
        opened = open_campaign(path, store)
        _answer(opened, opened.record(_sheet(opened, rest[0], ignore), partial=partial, file=rest[0]), as_json)
        return
    if len(rest) < 2:
        raise InvalidInput(Fault("no result is given", "give a table, or an id and TARGET=VALUE"))
    if ignore or partial:
        what = f"{'--ignore' if ignore else '--partial'} is for a table, and one result is given"
        raise InvalidInput(Fault(what, "leave it out"))
    values = read_words(rest[1:])
    opened = open_campaign(path, store)
    name = opened.suggestion_of(rest[0])
    row: dict[str, Any] = {"suggestion": name, **_with_files(opened, values), **_made(opened, made)}
    if replicate:
        row["replicate"] = _next_replicate(opened, name)
    with without_rows():
        done = opened.record([row])
    _answer(opened, done, as_json)


def compare(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CAMPAIGN.yaml] [(ID ID) | TABLE.csv]", help="Two results, or a table of comparisons."),
    ] = None,
    better: Annotated[str, typer.Option("--better", metavar="ID", help="Which of the two is better.")] = "",
    tie: Annotated[bool, typer.Option("--tie", help="Both are as good.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Record an answer that was given before as another judgement.")
    ] = False,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Record which of two results is better (goal: prefer), or show which two to compare next.

    Examples: designer compare S0003 S0007 --better S0003; designer compare S0003 S0007 --tie; designer compare
    comparisons.csv (columns better, worse, tie); designer compare (shows the next pair).
    """
    from designer.cli.design_cells import SHEETS

    path, rest = split_campaign(words or [], option)
    table = bool(rest) and rest[0].lower().endswith(SHEETS)
    names = [] if table else compared_ids(rest, better, tie=tie)
    if table:
        require_only_one(rest, "table")
    if (table or not names) and (better or tie or (again and not table)):
        raise InvalidInput(Fault("--better, --tie and --again are about two results", "give their ids"))
    opened = open_campaign(path, store)
    if table:
        report = opened.compare_all(_sheet(opened, rest[0], None), again=again, file=rest[0])
    elif names:
        report = opened.compare(names[0], names[1], tie=tie, again=again)
    else:
        report = None
    following = opened.next_comparison()
    next_pair = None if following is None else {"first": following.first, "second": following.second}
    answer = Report({"campaign": opened.name, **({} if report is None else report.as_dict()), "next": next_pair})
    for line in [] if report is None else report.lines():
        answer.say(line)
    answer.say("no further pair of results can be compared" if following is None else following.words)
    emit(answer, as_json)


def fail(
    words: Annotated[
        list[str], typer.Argument(metavar="[CAMPAIGN.yaml] ID... [REASON]", help="One suggestion, or several.")
    ],
    reason: Reason = "",
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Record that an experiment failed. Similar designs are then less likely to be suggested."""
    path, rest = split_campaign(words, option)
    names, why = ids_and_reason(rest, reason, "designer fail S0003 'film peeled'")
    opened = open_campaign(path, store)
    _answer(opened, opened.record_failure(names, why), as_json)


def attach(
    words: Annotated[list[str], typer.Argument(metavar="[CAMPAIGN.yaml] TABLE.csv", help="Designs with results.")],
    partial: Partial = False,
    ignore: IgnoreOption = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Add results of designs that were not suggested, also off the step or out of bounds."""
    path, rest = split_campaign(words, option)
    require_only_one(rest, "table")
    opened = open_campaign(path, store)
    _answer(opened, opened.attach(_sheet(opened, rest[0], ignore), partial=partial, file=rest[0]), as_json)


def amend(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CAMPAIGN.yaml] [ID TARGET=VALUE...]", help="The measurement and its corrected values."
        ),
    ] = None,
    made: Settings = None,
    space: Annotated[
        bool, typer.Option("--space", help="Use the space and the constraints of the campaign file from now on.")
    ] = False,
    bounds: Annotated[
        list[str] | None, typer.Option(metavar="PARAMETER=LOW,HIGH", help="New bounds of a parameter.")
    ] = None,
    choice: Annotated[
        list[str] | None, typer.Option(metavar="PARAMETER=WORD", help="A further choice of a parameter.")
    ] = None,
    reason: Reason = "",
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Correct a measurement, or change the space.

    Examples: designer amend M0003 overpotential=327; designer amend M0003 overpotential= (removes the value);
    designer amend --bounds temperature=300,1000; designer amend --space.
    """
    path, rest = split_campaign(words or [], option)
    if space or bounds or choice:
        if rest or made or (space and (bounds or choice)):
            what = "these changes cannot be made by one command"
            raise InvalidInput(Fault(what, "give a measurement, or --space, or --bounds and --choice"))
        if reason:
            what = "--reason is for a measurement; a change of the space records what changed"
            raise InvalidInput(Fault(what, "leave it out"))
        if space:
            opened, before = _take_over_space(path, store)
        else:
            opened = open_campaign(path, store)
            before = opened.state.position
            opened.amend_space(bounds=read_bounds(bounds or []), add_choices=read_choices(choice or []))
        changes = _space_changes(opened) if opened.state.position > before else []
        _answer_changes(opened, changes, opened.file_differences(), as_json)
        return
    from designer.cli.design_cells import read_words

    example = "designer amend M0003 overpotential=327"
    name, values = subject_of(rest, example), read_words(rest[1:])
    if not values and not made:
        raise InvalidInput(Fault(f"no correction of {name} is given", f"for example: {example}"))
    opened = open_campaign(path, store)
    design = _amended_design(opened, name, made)
    corrected = {key: text or None for key, text in _with_files(opened, values).items()}
    changed = opened.amend(name, corrected, design=design, reason=reason)
    _answer_change(opened, name, "amended" if changed else "unchanged, it has these values already", changed, as_json)


def withdraw(
    words: Annotated[
        list[str],
        typer.Argument(metavar="[CAMPAIGN.yaml] ID... [REASON]", help="Suggestions (S0003) or measurements (M0003)."),
    ],
    reason: Reason = "",
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Withdraw suggestions, which are then never suggested again, or measurements, which are then not used.

    Several ids are withdrawn together, for one reason: designer withdraw S0007 S0008 "the furnace is broken".
    """
    path, rest = split_campaign(words, option)
    names, why = ids_and_reason(rest, reason, "designer withdraw S0003")
    opened = open_campaign(path, store)
    before = opened.state.position
    changed = opened.withdraw(names, why)
    new = [event.subject for event in opened.events[before:] if event.kind == "withdrawn"]
    report = Report({"campaign": opened.name, "subject": names[0], "changed": changed, "withdrawn": new})
    for name in names:
        report.say(f"{name}: {'withdrawn' if name in new else 'unchanged, it was withdrawn before'}")
    emit(report, as_json)


def _take_over_space(path: Path, store: str | None) -> tuple[Campaign, int]:
    """Return the campaign with the file's space, and its position before that."""
    from designer.campaign.campaign import Campaign
    from designer.errors import InvalidCampaign

    try:
        before = open_campaign(path, store).state.position
    except InvalidCampaign:  # the space differs, as expected; all other faults are reported below
        before = 0
    return Campaign.open(path, store=store, accept_space=True), before


def _try_to_write_sheet(csv: Path, opened: Campaign, rows: Sequence[tuple[str, Any]]) -> str | None:
    """Write the table to fill in; return what is wrong where it cannot be written: the suggestions are recorded."""
    from designer.campaign.results.sheets import sheet_of
    from designer.whole_files import write_new

    settings = opened.settings
    sheet = sheet_of(
        opened.space, opened.objective.targets, rows, settings.replicates, settings.id_column, settings.observations
    )
    try:
        write_new(csv, sheet.text())
    except OSError as error:
        return disk_words(error)
    return None


def _notes_of(opened: Campaign, names: Sequence[str]) -> list[str]:
    """Return remarks about the suggestions that were just made."""
    from designer.campaign.log.events import Suggested
    from designer.campaign.suggesting.stopping import over_budget

    notes = list(opened.notices)
    for event in reversed(opened.events):
        if isinstance(event, Suggested) and any(each.id == names[0] for each in event.designs):
            notes += event.notes
            if event.how == "model" and _is_first_by_model(opened, names[0]):
                notes += [each for each in opened.matched_quantities() if each not in notes]
            break
    earlier = [each.id for each in opened.state.open if each.id not in names]
    if earlier:
        notes.append(f"Open from before: {', '.join(earlier)}")
    excess = over_budget(opened.settings, opened.state)
    if excess is not None:
        notes.append(excess)
    # Without the rule that needs a model: `designer status` reports that one.
    decided = opened.verdict(ask_model=False)
    if decided.stop:
        notes.append(f"The campaign can stop: {decided.reason}")
    return notes


def _is_first_by_model(opened: Campaign, name: str) -> bool:
    """Whether no suggestion before this one was chosen by a model."""
    earlier = takewhile(lambda each: each.id != name, opened.state.suggestions.values())
    return all(each.how != "model" for each in earlier)


def _sheet(opened: Campaign, file: str, ignore: list[str] | None) -> Any:
    from designer.campaign.results.curve_paths import with_paths
    from designer.cli.design_cells import read_sheet, without_columns

    frame = without_columns(read_sheet(Path(file)), ignore or [], file)
    return with_paths(frame, opened.settings.observations, Path(file).parent)


def _with_files(opened: Campaign, values: dict[str, str]) -> dict[str, Any]:
    """Return values with the paths of files of curves, relative to the working folder."""
    from designer.campaign.results.curve_paths import values_with_paths

    return values_with_paths(values, opened.settings.observations, Path())


def _made(opened: Campaign, made: list[str] | None) -> dict[str, str]:
    """Return the settings by lab column; each may be named by its column or by its parameter."""
    from designer.cli.design_cells import read_words
    from designer.errors import did_you_mean
    from designer.space.table_reader import headers_of

    known = dict(headers_of(opened.space))
    given = read_words(made or [])
    columns = {known[name]: name for name in reversed(given) if name in known}
    faults = [Fault(f"there is no column {name!r}", did_you_mean(name, known)) for name in given if name not in known]
    faults += [
        Fault(f"{name!r} and {columns[known[name]]!r} are the same setting", "give it once")
        for name in given
        if name in known and columns[known[name]] != name
    ]
    if faults:
        raise InvalidInput(faults)
    return {known[name]: value for name, value in given.items()}


def _amended_design(opened: Campaign, name: str, made: list[str] | None) -> dict[str, Any] | None:
    given = _made(opened, made)
    measurement = opened.state.measurements.get(name)
    if not given or measurement is None:
        return None  # the campaign itself reports that there is no such measurement
    return {**measurement.design, **given}


def _next_replicate(opened: Campaign, name: str) -> int:
    if name not in opened.state.suggestions:
        return 1  # recording reports that there is no such suggestion
    known = [each for each in opened.state.measurements.values() if each.suggestion == name]
    return 1 + max([len(known), *(each.replicate or 0 for each in known)])


def _space_changes(opened: Campaign) -> list[str]:
    """Return the changes of the space by the newest event; none if it is another event."""
    from designer.campaign.log.events import SpaceChanged

    last = opened.events[-1]
    return list(last.changes) if isinstance(last, SpaceChanged) else []


def _answer(opened: Campaign, done: RecordReport, as_json: bool) -> None:
    data = {
        "campaign": opened.name,
        "recorded": list(done.recorded),
        "completed": list(done.completed),
        "failed": list(done.failed),
        "unchanged": list(done.unchanged),
        "blank": list(done.blank),
        "flags": {name: list(texts) for name, texts in done.flags.items()},
        "remarks": list(done.remarks),
        "faults": [fault.as_dict() for fault in done.faults],
        "changed": done.changed,
    }
    report = Report(data)
    for line in done.lines():
        report.say(line)
    for notice in opened.notices:
        report.say(notice)
    emit(report, as_json)


def _answer_change(opened: Campaign, subject: str, what: str, changed: bool, as_json: bool) -> None:
    report = Report({"campaign": opened.name, "subject": subject, "changed": changed})
    report.say(f"{subject}: {what}")
    emit(report, as_json)


def _answer_changes(opened: Campaign, changes: list[str], differences: list[str], as_json: bool) -> None:
    data = {"campaign": opened.name, "changed": bool(changes), "changes": changes, "file_differs": differences}
    report = Report(data)
    for change in changes or ["Unchanged: the space already has these settings."]:
        report.say(change)
    if differences:
        report.say(f"The file {opened.file} is not changed. Write the same there, so that both agree:")
        for difference in differences:
            report.say(f"  {difference}")
    emit(report, as_json)
