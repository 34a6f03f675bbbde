"""`designer prior`: fit a prior to past tasks, show a saved one, and evaluate how well kinds of prior predict tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.options import JsonFlag, one_of
from designer.cli.output import Report, Table, emit, number, warn
from designer.counting import count
from designer.errors import Fault, InvalidPrior
from designer.whole_files import is_full

if TYPE_CHECKING:
    from designer.campaign.suggesting.replay import Replay
    from designer.priors.evaluation import Line
    from designer.tasks import Task

PANEL = "Past tasks"

TasksArgument = Annotated[
    list[Path],
    typer.Argument(metavar="TASKS...", help="Folders with a family.yaml, campaign files, or stores (.db)."),
]
KindOption = Annotated[str, typer.Option("--kind", metavar="KIND", help="The kind of prior.")]
FitKindOption = Annotated[
    str, typer.Option("--kind", metavar="KIND", help="For campaigns: auto, ...; for 'designer predict': properties.")
]
LeaveOutOption = Annotated[
    list[str] | None,
    typer.Option("--leave-out", metavar="TASK", help="A task (or a pattern with *) to leave out; may be repeated."),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="The seed of all random choices.")]
MaxTasksOption = Annotated[
    int | None,
    typer.Option("--max-tasks", min=1, help="Predict at most this number of tasks, spread over all; default: all."),
]
OldMaxTasksOption = Annotated[int | None, typer.Option("--most", min=1, hidden=True)]
RepeatsOption = Annotated[
    int, typer.Option("--draws", min=1, help="Number of random draws of the measurements given to the model.")
]

prior = typer.Typer(name="prior", help="Priors learned from past tasks.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(prior, rich_help_panel=PANEL)


@prior.command()
def fit(
    tasks: TasksArgument,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="The folder to write.")],
    kind: FitKindOption = "auto",
    leave_out: LeaveOutOption = None,
    seed: SeedOption = 0,
    held_out: Annotated[
        int,
        typer.Option("--held-out", min=0, help="For the card: predict this number of tasks from the others."),
    ] = 3,
    replays: Annotated[
        int,
        typer.Option("--replays", min=0, help="For the card: simulate campaigns on this number of tasks with a goal."),
    ] = 6,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing prior.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Fit a prior to past tasks and save it, with a card of its sources and of its predictive quality."""
    from designer.campaign.observing.past_observations import words_on_observations
    from designer.campaign.suggesting.past_tasks import content_digest
    from designer.campaign.suggesting.replay import replay
    from designer.priors import saving
    from designer.priors.evaluation import evaluate, source_tasks_for, summary
    from designer.priors.kinds import PROPERTIES, prior_of
    from designer.tasks.quantities_matched import listed_quantities, past_quantities

    existing = _existing(out, force)
    read = _read(tasks, leave_out)
    request = {
        "kind": kind, "seed": seed, "held_out": held_out, "replays": replays, "content": content_digest(kind, read),
    }  # fmt: skip
    if existing is not None and not force:
        if existing.get("request") != request:
            raise InvalidPrior(Fault("the folder contains a prior", "give --force to replace it", file=str(out)))
        answer = Report({"folder": str(out), "card": existing})
        answer.say(f"{out} holds this prior already: nothing was fitted.")
        emit(answer, as_json)
        return
    whole = kind == PROPERTIES  # its card has the out-of-fold skill of each task instead
    fitted = prior_of(kind, **{"progress": _report_step} if whole else {}).fit(read, seed=seed)
    lines: list[Line] = []
    if held_out and not whole and any(source_tasks_for(task, read) for task in read):
        lines = summary(evaluate(read, [kind], seed=seed, repeats=1, max_tasks=held_out, progress=_show), seed=seed)
    simulated = [] if whole else replay(read, kind, seed=seed, max_tasks=replays, progress=_show_simulated)
    known = {
        "data": _terms(tasks), "held_out": [line.as_dict() for line in lines],
        "replays": [each.as_dict() for each in simulated], "request": request,
    }  # fmt: skip
    if observations := words_on_observations(tasks, leave_out or ()):
        known["observations"] = observations
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        card = saving.save_whole(fitted, out, known)
    except OSError as error:
        if is_full(error):
            raise
        what = f"cannot be written: {error.strerror}"
        raise InvalidPrior(Fault(what, "give another folder with --out", file=str(out))) from None
    answer = Report({"folder": str(out), "card": card})
    answer.say(f"Wrote {out}: a prior of kind {kind!r} from {count(len(read), 'past task')}.")
    for line in [*listed_quantities(past_quantities(read)), *map(_sentence, observations)]:
        answer.say(line)
    if lines:
        answer.show(_table(lines))
        answer.say(_LEGEND)
    _show_replays(answer, kind, simulated)
    emit(answer, as_json)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _say_adaptive(answer: Report, tasks: Sequence[dict[str, Any]]) -> None:
    names = [str(task.get("name")) for task in tasks if task.get("adaptive") is True]
    if names:
        listed = f"{', '.join(names[:12])}{', ...' if len(names) > 12 else ''}"
        answer.say(f"Measured in searches for a best design, and so less informative about other designs: {listed}.")


def _show_simulated(task: str) -> None:
    warn(f"simulating campaigns on {task}")


def _show_replays(answer: Report, kind: str, replays: Sequence[Replay]) -> None:
    from designer.campaign.suggesting.replay import description

    if not replays:
        return
    headers = ["simulated on", "designs", "budget", f"to the best 5 %: {kind}", "without past tasks", "random order"]

    def shown(experiments: int, budget: int) -> str:
        return str(experiments) if experiments <= budget else f"not in {budget}"

    answer.show(Table(headers, [
        [each.task, str(each.designs), str(each.budget), shown(each.with_prior, each.budget),
         shown(each.without, each.budget), f"{each.chance:.1f}"]
        for each in replays
    ]))  # fmt: skip
    answer.say(description(replays, kind))


def _report_step(done: int, steps: int) -> None:
    if done % 500 == 0:
        warn(f"step {done} of {steps}")


@prior.command()
def show(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder written by 'designer prior fit'.")],
    as_json: JsonFlag = False,
) -> None:
    """Show a saved prior: its kind, its tasks and their licences, and its predictive quality."""
    from designer.campaign.suggesting.replay import replays_of
    from designer.priors import saving

    card, _ = saving.read(folder)
    answer = Report({"folder": str(folder), "card": card})
    by = f"seed {card.get('seed', '-')}, by designer {card.get('version', '-')}"
    answer.say(f"A prior of kind {card.get('kind')!r}, {by}.")
    known = _entries(card, "tasks")
    if known:
        headers = ["task", "measured", "designs", "leave-one-out R²"]
        shown = headers if any("skill" in task for task in known) else headers[:-1]
        answer.show(Table(shown, [[str(cell) for cell in _task_cells(task)[: len(shown)]] for task in known]))
    _say_adaptive(answer, known)
    for data in _entries(card, "data"):
        terms = data.get("license") or "licence unknown"
        answer.say(f"Data of {data.get('place', '-')}: {terms}" + _after(" Source: ", data.get("source")))
    observed = card.get("observations")
    for words in observed if isinstance(observed, list) else ():
        answer.say(_sentence(str(words)))
    lines = [_line_of(entry) for entry in _entries(card, "held_out")]
    if lines:
        answer.show(_table(lines))
        answer.say(_LEGEND)
    _show_replays(answer, str(card.get("kind")), replays_of(card))
    emit(answer, as_json)


@prior.command()
def evaluate(
    tasks: TasksArgument,
    kind: KindOption = "auto",
    leave_out: LeaveOutOption = None,
    seed: SeedOption = 0,
    max_tasks: MaxTasksOption = None,
    most: OldMaxTasksOption = None,
    draws: RepeatsOption = 3,
    as_json: JsonFlag = False,
) -> None:
    """Predict each task with a prior learned from the others, and compare with the model without past tasks."""
    _evaluate(tasks, [kind], leave_out, seed, one_of("--max-tasks", max_tasks, "--most", most), draws, as_json)


@prior.command()
def compare(
    tasks: TasksArgument,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="A kind; may be repeated; default: all."),
    ] = None,
    leave_out: LeaveOutOption = None,
    seed: SeedOption = 0,
    max_tasks: MaxTasksOption = None,
    most: OldMaxTasksOption = None,
    draws: RepeatsOption = 3,
    as_json: JsonFlag = False,
) -> None:
    """Compare several kinds of prior on the same tasks and measurements."""
    from designer.priors.kinds import campaign_kinds

    limit = one_of("--max-tasks", max_tasks, "--most", most)
    _evaluate(tasks, kinds or list(campaign_kinds()), leave_out, seed, limit, draws, as_json)


def _evaluate(
    places: Sequence[Path],
    kinds: Sequence[str],
    leave_out: Sequence[str] | None,
    seed: int,
    max_tasks: int | None,
    draws: int,
    as_json: bool,
) -> None:
    from dataclasses import asdict

    from designer.priors import evaluation

    read = _read(places, leave_out)
    scores = evaluation.evaluate(read, kinds, seed=seed, repeats=draws, max_tasks=max_tasks, progress=_show)
    lines = evaluation.summary(scores, seed=seed)
    answer = Report({
        "seed": seed, "draws": draws, "lines": [line.as_dict() for line in lines],
        "scores": [asdict(score) for score in scores],
    })  # fmt: skip
    answer.show(_table([line for line in lines if line.kind != "none" or list(kinds) == ["none"]]))
    answer.say(_LEGEND)
    emit(answer, as_json)


_LEGEND = (
    "NLPD: mean negative log predictive density of the remaining values (lower is better); baseline: the model without "
    "past tasks; gain: its NLPD minus the prior's, with a 95 % interval over tasks; in 90 %: share of values inside "
    "their 90 % intervals; rank: Spearman correlation."
)


def _table(lines: Sequence[Line]) -> Table:
    columns = ("NLPD", "baseline", "gain", "95 % interval", "in 90 %", "baseline", "rank", "baseline")
    headers = ["prior", "measured", "tasks", *columns]
    rows = []
    for line in lines:
        interval = f"{number(line.low, 3)} to {number(line.high, 3)}" if line.low == line.low else "-"
        figures = (line.nlpd, line.plain_nlpd, line.gain)
        shares = (line.coverage, line.plain_coverage, line.spearman, line.plain_spearman)
        rows.append([
            line.kind, str(line.count), str(line.tasks), *(f"{value:.2f}" for value in figures), interval,
            *(f"{value:.2f}" for value in shares),
        ])  # fmt: skip
    return Table(headers, rows)


def _entries(card: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the entries that a card lists under a key; none where a kind of prior has something else there."""
    given = card.get(key)
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def _line_of(entry: dict[str, Any]) -> Line:
    from designer.priors.evaluation import Line

    try:
        figures = {
            key: float("nan") if value is None else float(value) for key, value in entry.items() if key != "kind"
        }
        counts = {key: int(figures.pop(key)) for key in ("count", "tasks")}
        return Line(kind=str(entry["kind"]), **counts, **figures)  # type: ignore[arg-type]
    except (KeyError, OverflowError, TypeError, ValueError):
        raise InvalidPrior(Fault("'held_out' of its card cannot be read", "fit the prior again")) from None


def _task_cells(task: dict[str, Any]) -> tuple[Any, ...]:
    quantity, unit = task.get("quantity", "-"), task.get("unit")
    if isinstance(quantity, list) and len(quantity) == 2:
        quantity, unit = quantity
    cells = (
        task.get("name", "-"),
        f"{quantity} ({unit})" if unit else quantity,
        task.get("designs", task.get("rows", "-")),
    )
    skill = task.get("skill", "")
    return (*cells, f"{skill:.2f}" if isinstance(skill, float) else skill)


def _read(places: Sequence[Path], leave_out: Sequence[str] | None) -> tuple[Task, ...]:
    from designer.campaign.file.past_work_formats import FORMS, form_of
    from designer.campaign.past_work import past_tasks

    faults = [
        Fault("these are not past tasks" if place.exists() else "no such file or folder", FORMS, file=str(place))
        for place in places
        if form_of(place) in (None, "saved")
    ]
    if faults:
        raise InvalidPrior(faults)
    return past_tasks(places, leave_out or ())


def _terms(places: Sequence[Path]) -> list[dict[str, Any]]:
    """Return source, licence and citation of the data: from a family's card; unknown for a campaign."""
    from designer.campaign.file.past_work_formats import form_of
    from designer.tasks import load_family

    terms = []
    for place in places:
        family = load_family(place) if form_of(place) == "family" else None
        known = {name: getattr(family, name, None) for name in ("license", "source", "citation")}
        terms.append({"place": str(place), **known})
    return terms


def _existing(out: Path, force: bool) -> dict[str, Any] | None:
    """Return the card of the prior in a folder; None where there is none, or one that cannot be read is replaced."""
    from designer.priors import saving

    if out.exists() and not out.is_dir():
        raise InvalidPrior(Fault("this is a file, not a folder", "give a folder", file=str(out)))
    if not out.is_dir() or saving.is_unfinished(out):
        return None
    if not saving.is_saved(out):
        raise InvalidPrior(Fault("the folder contains other files", "give a new folder", file=str(out)))
    try:
        return saving.read(out)[0]
    except InvalidPrior:
        if force:
            return None
        raise


def _after(word: str, text: str | None) -> str:
    return f".{word}{text}" if text else ""


def _show(task: str, kind: str) -> None:
    warn(f"fitting {kind} without {task}")
