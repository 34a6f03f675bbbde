"""The commands of the loop: what to make next, and what came out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.options import (
    CampaignArgument,
    CampaignOption,
    IgnoreOption,
    JsonFlag,
    StoreOption,
    campaign_file,
    open_campaign,
    split_campaign,
)
from designer.cli.output import Report, emit
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.results.recording import RecordReport

PANEL = "The loop"

Partial = Annotated[bool, typer.Option("--partial", help="Record the rows without faults and report the others.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="COLUMN=VALUE", help="What was really made, where it differs from the suggestion."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (suggest, record, fail, attach, amend, withdraw):
        app.command(rich_help_panel=PANEL)(command)


def suggest(
    campaign: CampaignArgument = None,
    n: Annotated[int | None, typer.Option("-n", min=1, help="How many; default: the campaign's batch_size.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also write a table to fill in and record.")
    ] = None,
    replicate_of: Annotated[
        list[str] | None, typer.Option("--replicate-of", metavar="ID", help="Make this suggestion once more.")
    ] = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what to make next."""
    from designer.cli.design_cells import design_table, refuse_existing, write_sheet

    path = campaign_file(campaign or option)
    if n is not None and replicate_of:
        what = "-n and --replicate-of are both given"
        raise InvalidInput(Fault(what, "give --replicate-of once for each replicate, without -n"))
    if csv is not None:
        refuse_existing(csv)
    opened = open_campaign(path, store)
    frame = opened.suggest(n, replicate_of=replicate_of or ())
    rows = [(str(name), opened.state.suggestions[str(name)].design) for name in frame.index]
    notes = _notes_of(opened, [name for name, _ in rows])
    if csv is not None:
        write_sheet(csv, opened.space, opened.objective.targets, rows)
    data: dict[str, Any] = {
        "campaign": opened.name,
        "suggestions": [{"id": name, "design": dict(design)} for name, design in rows],
        "notes": notes,
        "csv": str(csv) if csv is not None else None,
    }
    report = Report(data)
    report.show(design_table(opened.space, rows))
    for note in notes:
        report.say(note)
    if csv is not None:
        report.say(f"Fill in {csv}; then: designer record {csv}")
    else:
        values = " ".join(f"{target.name}=VALUE" for target in opened.objective.targets)
        report.say(f"When it is measured: designer record {rows[0][0]} {values}")
    emit(report, as_json)


def record(
    words: Annotated[
        list[str],
        typer.Argument(metavar="[CAMPAIGN.yaml] (TABLE.csv | ID TARGET=VALUE...)", help="What came out."),
    ],
    made: Settings = None,
    replicate: Annotated[
        bool, typer.Option("--replicate", help="A further measurement, even if its values were seen before.")
    ] = False,
    partial: Partial = False,
    ignore: IgnoreOption = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Record what came out: a filled-in table, or one suggestion's values.

    Examples: designer record next.csv; designer record S0001 overpotential=372; designer record S0001
    overpotential="0.372 V" --set temperature=455.
    """
    from designer.cli.design_cells import SHEETS, read_words, without_rows

    path, rest = split_campaign(words, option)
    if rest and rest[0].lower().endswith(SHEETS):
        _only_one(rest, "table")
        if replicate or made:
            what = "--set and --replicate belong to one suggestion"
            raise InvalidInput(Fault(what, "give the table columns of settings, and a column 'replicate'"))
        opened = open_campaign(path, store)
        _tell(opened, opened.record(_sheet(rest[0], ignore), partial=partial, file=rest[0]), as_json)
        return
    if len(rest) < 2:
        raise InvalidInput(Fault("there is nothing to record", "give a table, or an id and TARGET=VALUE"))
    values = read_words(rest[1:])
    opened = open_campaign(path, store)
    row: dict[str, Any] = {"suggestion": rest[0], **values, **_made(opened, made)}
    if replicate:
        row["replicate"] = _next_replicate(opened, rest[0])
    with without_rows():
        done = opened.record([row], partial=partial)
    _tell(opened, done, as_json)


def fail(
    words: Annotated[list[str], typer.Argument(metavar="[CAMPAIGN.yaml] ID [REASON]", help="Which suggestion.")],
    reason: Reason = "",
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Record that an experiment gave no result. Designs like it are avoided from then on."""
    path, rest = split_campaign(words, option)
    name, said = _subject(rest, "designer fail S0003 'film peeled'"), reason or " ".join(rest[1:])
    opened = open_campaign(path, store)
    _tell(opened, opened.record_failure(name, said), as_json)


def attach(
    words: Annotated[list[str], typer.Argument(metavar="[CAMPAIGN.yaml] TABLE.csv", help="Results with designs.")],
    partial: Partial = False,
    ignore: IgnoreOption = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take in results that nobody asked for, off the grid and out of bounds included."""
    path, rest = split_campaign(words, option)
    _only_one(rest, "table")
    opened = open_campaign(path, store)
    _tell(opened, opened.attach(_sheet(rest[0], ignore), partial=partial, file=rest[0]), as_json)


def amend(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[CAMPAIGN.yaml] [ID TARGET=VALUE...]", help="What to correct.")
    ] = None,
    made: Settings = None,
    space: Annotated[
        bool, typer.Option("--space", help="Take over the space and the constraints that the campaign file now says.")
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

    Examples: designer amend M0003 overpotential=327; designer amend M0003 overpotential= (not measured after all);
    designer amend --bounds temperature=300,1000; designer amend --space.
    """
    path, rest = split_campaign(words or [], option)
    if space or bounds or choice:
        if rest or made or (space and (bounds or choice)):
            raise InvalidInput(Fault("too much at once", "give a measurement, or --space, or --bounds and --choice"))
        if space:
            opened, before = _take_over_space(path, store)
        else:
            opened = open_campaign(path, store)
            before = opened.state.position
            opened.amend_space(bounds=_bounds(bounds or []), add_choices=_choices(choice or []))
        _tell_changes(opened, _space_changes(opened) if opened.state.position > before else [], as_json)
        return
    from designer.cli.design_cells import read_words

    name, values = _subject(rest, "designer amend M0003 overpotential=327"), read_words(rest[1:])
    opened = open_campaign(path, store)
    design = _amended_design(opened, name, made)
    changed = opened.amend(name, {key: text or None for key, text in values.items()}, design=design, reason=reason)
    _tell_change(opened, name, "amended", changed, as_json)


def withdraw(
    words: Annotated[list[str], typer.Argument(metavar="[CAMPAIGN.yaml] ID [REASON]", help="S0003 or M0003.")],
    reason: Reason = "",
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Withdraw a suggestion, which never returns then, or a measurement, which counts no more."""
    path, rest = split_campaign(words, option)
    name, said = _subject(rest, "designer withdraw S0003"), reason or " ".join(rest[1:])
    opened = open_campaign(path, store)
    _tell_change(opened, name, "withdrawn", opened.withdraw(name, said), as_json)


def _take_over_space(path: Path, store: str | None) -> tuple[Campaign, int]:
    """Return the campaign with the file's space, and its position before that."""
    from designer.campaign.campaign import Campaign
    from designer.errors import InvalidCampaign

    try:
        before = open_campaign(path, store).state.position
    except InvalidCampaign:  # the space differs, as it should; whatever else is wrong is said again below
        before = 0
    return Campaign.open(path, store=store, accept_space=True), before


def _notes_of(opened: Campaign, names: Sequence[str]) -> list[str]:
    """Return what is to be known about the suggestions that were just made."""
    from designer.campaign.log.events import Suggested
    from designer.campaign.suggesting.stopping import verdict

    notes = list(opened.notices)
    for event in reversed(opened.events):
        if isinstance(event, Suggested) and any(each.id == names[0] for each in event.designs):
            notes += event.notes
            break
    earlier = [each.id for each in opened.state.open if each.id not in names]
    if earlier:
        notes.append(f"still open from before: {', '.join(earlier)}")
    # Without the rule that asks a model: `designer status` tells that one.
    decided = verdict(opened.settings, opened.objective, opened.space, opened.state)
    if decided.stop:
        notes.append(f"the campaign could stop here: {decided.reason}")
    return notes


def _sheet(file: str, ignore: list[str] | None) -> Any:
    from designer.cli.design_cells import without_columns
    from designer.space.table_files import read_frame

    return without_columns(read_frame(Path(file)), ignore or [], file)


def _made(opened: Campaign, made: list[str] | None) -> dict[str, str]:
    from designer.cli.design_cells import read_words
    from designer.errors import did_you_mean

    given = read_words(made or [])
    columns = opened.space.columns
    faults = [
        Fault(f"there is no column {name!r}", did_you_mean(name, columns)) for name in given if name not in columns
    ]
    if faults:
        raise InvalidInput(faults)
    return given


def _amended_design(opened: Campaign, name: str, made: list[str] | None) -> dict[str, Any] | None:
    given = _made(opened, made)
    measurement = opened.state.measurements.get(name)
    if not given or measurement is None:
        return None  # the campaign itself says that there is no such measurement
    return {**measurement.design, **given}


def _next_replicate(opened: Campaign, name: str) -> int:
    if name not in opened.state.suggestions:
        return 1  # recording will say that there is no such suggestion
    known = [each for each in opened.state.measurements.values() if each.suggestion == name]
    return 1 + max([len(known), *(each.replicate or 0 for each in known)])


def _subject(rest: list[str], example: str) -> str:
    if not rest:
        raise InvalidInput(Fault("no id is given", f"for example: {example}"))
    return rest[0]


def _only_one(rest: list[str], what: str) -> None:
    if len(rest) != 1:
        raise InvalidInput(Fault(f"{len(rest)} words where one {what} should be", f"give one {what}"))


def _bounds(words: list[str]) -> dict[str, list[float]]:
    from designer.cli.design_cells import read_words

    result, faults = {}, []
    for name, text in read_words(words).items():
        try:
            low, high = (float(part) for part in text.split(","))
            result[name] = [low, high]
        except ValueError:
            faults.append(Fault(f"bounds {text!r} of {name} cannot be read", f"write {name}=LOW,HIGH"))
    if faults:
        raise InvalidInput(faults)
    return result


def _choices(words: list[str]) -> dict[str, list[str]]:
    from designer.cli.design_cells import read_words

    result: dict[str, list[str]] = {}
    for word in words:
        for name, text in read_words([word]).items():
            result.setdefault(name, []).append(text)
    return result


def _space_changes(opened: Campaign) -> list[str]:
    """Return what the newest event changed in the space, if that is what it did."""
    from designer.campaign.log.events import SpaceChanged

    last = opened.events[-1]
    return list(last.changes) if isinstance(last, SpaceChanged) else []


def _tell(opened: Campaign, done: RecordReport, as_json: bool) -> None:
    data = {
        "campaign": opened.name,
        "recorded": list(done.recorded),
        "completed": list(done.completed),
        "failed": list(done.failed),
        "unchanged": list(done.unchanged),
        "blank": list(done.blank),
        "flags": {name: list(texts) for name, texts in done.flags.items()},
        "faults": [fault.as_dict() for fault in done.faults],
        "changed": done.changed,
    }
    report = Report(data)
    for line in done.lines():
        report.say(line)
    emit(report, as_json)


def _tell_change(opened: Campaign, subject: str, what: str, changed: bool, as_json: bool) -> None:
    report = Report({"campaign": opened.name, "subject": subject, "changed": changed})
    report.say(f"{subject}: {what}" if changed else f"{subject}: nothing was changed; it was so before")
    emit(report, as_json)


def _tell_changes(opened: Campaign, changes: list[str], as_json: bool) -> None:
    report = Report({"campaign": opened.name, "changed": bool(changes), "changes": changes})
    for change in changes or ["nothing was changed; the space was so before"]:
        report.say(change)
    emit(report, as_json)
