"""The commands that change nothing: status, best designs, explanations, reports and exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.options import (
    CampaignArgument,
    CampaignOption,
    ContextOption,
    JsonFlag,
    StoreOption,
    campaign_file,
    open_campaign,
    split_campaign,
)
from designer.cli.output import Report, Table, emit, hanging, number, with_error
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign

PANEL = "Inspect"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (status, best, explain, report, export, run_sheet):
        app.command(rich_help_panel=PANEL)(command)


def status(
    campaign: CampaignArgument = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the status of the campaign: open suggestions, results, and whether to stop."""
    from designer.cli.design_cells import design_table, suggested_data

    opened = open_campaign(campaign_file(campaign, option), store)
    found = opened.status()
    waiting = [(each.id, each.design) for each in opened.state.open]
    answer = Report({
        **found.as_dict(),
        "open_designs": suggested_data(opened, waiting),
    })  # fmt: skip
    for line in found.lines():
        answer.say(line)
    if waiting:
        answer.show(design_table(opened.space, waiting, id_column=opened.settings.id_column))
    emit(answer, as_json)


def best(
    campaign: CampaignArgument = None,
    context: ContextOption = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the best measured designs: by the model, which allows for noise, and by their measurements.

    Where the goal is a map or a boundary, show what is still uncertain.
    """
    opened = open_campaign(campaign_file(campaign, option), store)
    from designer.campaign.file.contexts import context_from_text
    from designer.campaign.results.frames import best_data, forbidden_data

    given = context_from_text(context)
    if opened.objective.explores:
        _show_remaining(opened, given, as_json)
        return
    rows = best_data(opened.best(given), opened.space, opened.objective.targets)
    forbidden = forbidden_data(opened.forbidden_best(), opened.space, opened.objective.targets)
    answer = Report({"campaign": opened.name, "best": rows, "forbidden": forbidden})
    averaged = None if given else opened.averaged_over()
    if rows:
        if averaged is not None:
            answer.say(f"The best {averaged}; 'designer best --context ...' shows the best for one context.")
        answer.show(_best_table(opened, rows))
        for row in rows:
            if "why" in row:
                answer.say(f"{row['id']} ({row['best_by']}): {row['why']}.")
        for line in _meaning(opened):
            answer.say(line)
    else:
        answer.say(_why_no_best(opened))
    if forbidden:
        answer.say("Not counted, since the space forbids them now:")
        answer.show(_best_table(opened, forbidden))
        for row in forbidden:
            answer.say(f"{row['id']}: {row['forbidden']}")
    emit(answer, as_json)


def _meaning(opened: Campaign) -> Iterator[str]:
    """Yield what the columns of the table of best designs mean."""
    objective = opened.objective
    if objective.preference is not None:
        name = objective.goals[0].name
        yield f"Ranked by the utility of {name}, learned from comparisons; 0 is the mean of the compared designs."
    yield "measured: the mean of the measurements; expected: the model's mean ± one standard deviation."
    if opened.robust():
        yield f"The best by the model is the robust one: {opened.robust()}."
    if any(target.is_log for target in objective.targets):
        yield "Targets with scale: log: the geometric mean, and the model's median with its 95 % interval."


def _why_no_best(opened: Campaign) -> str:
    if not opened.state.results:
        return "Nothing has been measured yet."
    if not opened.top_state.results:
        return "Nothing has been measured at the top level yet; results of lower levels are in designer status."
    if opened.posterior() is None and opened.objective.preference is not None:
        return "No two results were compared yet: designer compare shows which to compare first."
    if opened.posterior() is None and opened.space.context_parameters:
        return "No design was measured in this context, and a model of others needs at least two results."
    return "No measured design meets all limits yet."


def _show_remaining(opened: Campaign, context: Mapping[str, Any] | None, as_json: bool) -> None:
    """Show what is still uncertain over the space, where the goal is a map or a boundary."""
    found = opened.remaining_uncertainty(context)
    answer = Report({
        "campaign": opened.name, "best": [], "forbidden": [], "remaining": [each.as_dict() for each in found],
    })  # fmt: skip
    for each in found:
        answer.say(each.words[:1].upper() + each.words[1:] + ".")
    if not opened.state.results:
        answer.say("Nothing has been measured yet.")
    elif not found:
        answer.say("A model needs at least two results.")
    goal = opened.objective.mode
    answer.say(f"The goal is a {goal}, so no design is the best one. 'designer report' draws the {goal}.")
    emit(answer, as_json)


def explain(
    words: Annotated[list[str], typer.Argument(metavar="[CAMPAIGN.yaml] S0001", help="The suggestion.")],
    picture: Annotated[
        Path | None, typer.Option("--picture", "-p", metavar="FILE.svg", help="Also write a picture: .svg or .png.")
    ] = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Explain a suggestion: prediction, chances, what matters, the runner-up, and the weights of past tasks.

    Uses only what was known when it was suggested.
    """
    path, rest = split_campaign(words, option)
    if len(rest) != 1:
        raise InvalidInput(Fault("exactly one suggestion must be given", "for example: designer explain S0001"))
    if picture is not None:
        writable(picture, (".svg", ".png"), "a picture")
    opened = open_campaign(path, store)
    found = opened.explain(rest[0])
    effects = [each for each in opened.observation_effects() if each.suggestion == found.suggestion]
    data = {"campaign": opened.name, **found.as_dict(), "picture": None if picture is None else str(picture)}
    answer = Report({**data, **({"observations": [each.as_dict() for each in effects]} if effects else {})})
    for line in found.headline():
        answer.say(line)
    for head, text in found.paragraphs():
        answer.say(hanging(f"{head}: {text}"))
    for each in effects:
        answer.say(hanging(f"Observed since: {each.words}"))
    if picture is not None:
        from designer.report.cards import card

        answer.say(f"Wrote {card(found).write(picture)}")
    emit(answer, as_json)


def writable(file: Path, endings: Sequence[str], what: str) -> None:
    """Refuse a file that cannot be written; an existing one is replaced.

    Raises
    ------
    InvalidInput
        If its ending is none of `endings`, or its folder does not exist.
    """
    if file.suffix.lower() not in endings:
        ending = file.suffix or "no ending"
        raise InvalidInput(Fault(f"{what} cannot end in {ending}", f"end it in {' or '.join(endings)}", file=str(file)))
    if not file.parent.is_dir():
        raise InvalidInput(Fault("the folder does not exist", "create it first", file=str(file)))


def report(
    campaign: CampaignArgument = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: beside the campaign file.")
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="html|md", help="Default: by the ending of the file; otherwise html."),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="FOLDER", help="Also write each figure into this folder.")
    ] = None,
    figure_format: Annotated[
        str, typer.Option("--figure-format", metavar="svg|png", help="The format of --figures.")
    ] = "svg",
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the campaign's report: one self-contained HTML file, or Markdown with its figures beside it.

    An existing report is replaced.
    """
    from designer.report import write_report

    path = campaign_file(campaign, option)
    target = output or path.with_suffix(".md" if format_ == "md" else ".html")
    _check_report(target, format_, figures, figure_format)
    opened = open_campaign(path, store)
    written = write_report(opened, target, figures=figures, figure_format="png" if figure_format == "png" else "svg")
    answer = Report(
        {"campaign": opened.name, "file": str(written), "figures": None if figures is None else str(figures)}
    )
    answer.say(f"Wrote {written}" + (f" and the figures in {figures}" if figures is not None else ""))
    emit(answer, as_json)


def _check_report(target: Path, format_: str | None, figures: Path | None, figure_format: str) -> None:
    """Refuse options that cannot be used, with every fault."""
    endings = {None: (".html", ".htm", ".md"), "html": (".html", ".htm"), "md": (".md",)}
    faults = []
    if format_ not in endings:
        faults.append(Fault(f"--format cannot be {format_!r}", "html or md"))
    if figure_format not in ("svg", "png"):
        faults.append(Fault(f"--figure-format cannot be {figure_format!r}", "svg or png"))
    if figures is not None and not figures.parent.is_dir():
        faults.append(Fault("the folder around it does not exist", "create it first", file=str(figures)))
    elif figures is not None and figures.exists() and not figures.is_dir():
        faults.append(Fault("this is a file, not a folder", "give a folder", file=str(figures)))
    try:
        writable(target, endings.get(format_, endings[None]), "a report")
    except InvalidInput as error:
        faults += error.faults
    if faults:
        raise InvalidInput(faults)


def export(
    words: Annotated[
        list[str], typer.Argument(metavar="[CAMPAIGN.yaml] (RESULTS.csv | EVENTS.jsonl)", help="The file to write.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write all measurements to a CSV file (comparisons to *.comparisons.csv), or all events to a JSON-lines file."""
    from designer.cli.design_cells import refuse_existing

    path, rest = split_campaign(words, option)
    if len(rest) != 1:
        raise InvalidInput(Fault("exactly one file must be given", "for example: designer export results.csv"))
    target = Path(rest[0])
    refuse_existing(target, allow_file=True)
    opened = open_campaign(path, store)
    try:
        written = opened.export(target, replace=force)
    except FileExistsError:
        refuse_existing(target)
        raise
    answer = Report({"campaign": opened.name, "file": str(written)})
    answer.say(f"Wrote {written}")
    emit(answer, as_json)


def run_sheet(
    campaign: CampaignArgument = None,
    order: Annotated[
        str, typer.Option("--order", metavar="ORDER", help="random, or least-changes of settings from run to run.")
    ] = "random",
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table to fill in.")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", metavar="FILE", help="Write a workbook to fill in.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page to print.")] = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the open suggestions in the order in which to make them, or write them with blanks for the results."""
    from designer.campaign.results.sheets import written
    from designer.cli.design_cells import refuse_existing
    from designer.report import run_sheet as sheets
    from designer.whole_files import write_new

    given = [path for path in (csv, xlsx, html) if path is not None]
    for path in given:
        refuse_existing(path)
    if len(set(given)) < len(given):
        raise InvalidInput(Fault("one file is given for two formats", "give another name"))
    opened = open_campaign(campaign_file(campaign, option), store)
    runs = sheets.run_sheet(opened, order)  # type: ignore[arg-type]
    kinds = (csv, sheets.as_csv), (xlsx, sheets.as_xlsx), (html, sheets.as_html)
    contents = [(path, make(runs)) for path, make in kinds if path is not None]
    for path, content in contents:
        write_new(path, content)
    rows = [[written(cell) for cell in row] for row in runs.sheet.rows]
    data = {
        "campaign": opened.name,
        "order": runs.order,
        "columns": list(runs.sheet.headers),
        "rows": rows,
        "blocks": list(runs.blocks),
        "files": [str(path) for path, _ in contents],
    }
    answer = Report(data)
    if not contents:
        blocked = any(runs.blocks)
        headers = ["run", *(["block"] if blocked else []), *runs.sheet.headers]
        numbers = [[str(i + 1), *([str(block or "")] if blocked else [])] for i, block in enumerate(runs.blocks)]
        answer.show(Table(headers, [[*number, *row] for number, row in zip(numbers, rows, strict=True)]))
    for path, _ in contents:
        answer.say(f"Wrote {path}")
    emit(answer, as_json)


def _best_table(opened: Campaign, rows: Sequence[dict[str, Any]]) -> Table:
    from designer.cli.design_cells import parameter_cells, parameter_headers

    targets = opened.objective.targets
    headers = ["", "best by", *parameter_headers(opened.space)]
    for target in targets:
        headers += [_header(target.name, target.unit), "expected"]
    lines = []
    for row in rows:
        line = [row["id"], row["best_by"], *parameter_cells(opened.space, row["design"])]
        for target in targets:
            expected = row["expected"].get(target.name)
            side = row.get("censored", {}).get(target.name, "")
            line += ["made" if target.is_preference else side + number(row["measured"][target.name], 6)]
            line += [_expected(expected) if expected else "-"]
        lines.append(line)
    return Table(headers, lines)


def _expected(prediction: dict[str, float]) -> str:
    """Return a prediction with its standard deviation, or with the interval that it has on a log scale."""
    if "low" in prediction:
        return f"{number(prediction['mean'], 3)} ({number(prediction['low'], 2)} to {number(prediction['high'], 2)})"
    return with_error(prediction["mean"], prediction["sd"])


def _header(name: str, unit: str | None) -> str:
    from designer.units import with_unit

    return with_unit(name, unit)
