"""`designer run`: the closed loop with a progress bar; Ctrl-C stops it and the same command resumes it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.options import (
    CampaignArgument,
    CampaignOption,
    JsonFlag,
    StoreOption,
    campaign_file,
    one_of,
    open_campaign,
)
from designer.cli.output import INTERRUPTED, Report, emit, number, warn

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.run_loop import Step
    from designer.units.limits import Side

PANEL = "The loop"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel=PANEL)(run)


def run(
    campaign: CampaignArgument = None,
    max_experiments: Annotated[
        int | None, typer.Option("--max-experiments", min=1, help="Make at most this number of experiments now.")
    ] = None,
    most: Annotated[int | None, typer.Option("--most", min=1, hidden=True)] = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Suggest and measure until a stopping rule holds, with the oracle of `measure:` in the campaign file.

    Every result is recorded at once: stop with Ctrl-C at any time, and continue with the same command.
    """
    opened = open_campaign(campaign_file(campaign, option), store)
    limit = one_of("--max-experiments", max_experiments, "--most", most)
    with _progress(opened, quiet=as_json) as show:
        ended = opened.run(progress=show, max_experiments=limit)
    answer = Report({
        "campaign": opened.name,
        "experiments": [
            {
                "id": s.suggestion, "design": s.design, "values": s.values, "failed": s.failed,
                "notes": list(s.notes), **({"censored": dict(s.censored)} if s.censored else {}),
                **({"observed": dict(s.observed)} if s.observed else {}),
            }
            for s in ended.steps
        ],
        "reason": ended.reason,
        "rule": ended.rule,
        "interrupted": ended.interrupted,
    })  # fmt: skip
    answer.say(f"Stopped: {ended.reason}.")
    emit(answer, as_json)
    if ended.interrupted:
        raise typer.Exit(INTERRUPTED)


@contextmanager
def _progress(opened: Campaign, *, quiet: bool) -> Iterator[Callable[[Step], None]]:
    """Show each experiment when it is done, on stderr: a bar in a terminal, otherwise one line each.

    Output of an oracle's own code goes to stderr too; stdout has the result only.
    """
    with redirect_stdout(sys.stderr):
        if quiet:
            yield lambda step: None
        elif sys.stderr.isatty():
            with _bar(opened) as show:
                yield show
        else:
            yield lambda step: warn(f"{_count(step)}  {_outcome(opened, step)}  {_best(opened)}".rstrip())


@contextmanager
def _bar(opened: Campaign) -> Iterator[Callable[[Step], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text

    from designer.campaign.suggesting.stopping import spent

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        done = spent(opened.state)
        task = progress.add_task(_best(opened) or opened.name, total=opened.settings.max_experiments, completed=done)

        def show(step: Step) -> None:
            progress.console.print(Text(_outcome(opened, step)), soft_wrap=True)
            progress.update(task, completed=step.spent, description=_best(opened) or opened.name)

        yield show


def _count(step: Step) -> str:
    return f"{step.spent} of {step.budget}" if step.budget is not None else str(step.spent)


def _outcome(opened: Campaign, step: Step) -> str:
    from designer.campaign.levels.level_states import level_of

    level = level_of(opened.space, step.design)
    name = step.suggestion if level is None else f"{step.suggestion} at {level}"
    if step.failed is not None:
        return f"{name}  failed: {step.failed}"
    if step.observed:
        return f"{name}  {', '.join(f'{each} {value}' for each, value in step.observed.items())}"
    values = [step.values.get(target.name) for target in opened.objective.targets]
    sides = [step.censored.get(target.name) for target in opened.objective.targets]
    return f"{name}  {_values(opened, values, sides)}"


def _best(opened: Campaign) -> str:
    """Return the best measured design so far as text; empty before the first result."""
    import numpy as np

    from designer.campaign.best import best_rows
    from designer.campaign.results.measured_designs import allowed_mask, by_design

    if opened.objective.explores:
        return ""  # no design is better than another
    groups = by_design(opened.space, opened.objective.targets, opened.top_state.results)
    if not groups:
        return ""
    rows = best_rows(opened.objective, np.array([group.certain for group in groups]), allowed=allowed_mask(groups))
    if not rows:
        return "(no measured design meets all limits yet)"
    if len(rows) > 1:
        return f"(best so far: {len(rows)} designs on the Pareto front)"
    best = groups[rows[0]]
    return f"(best so far: {best.label}, {_values(opened, best.means, best.sides)})"


def _values(opened: Campaign, values: Any, sides: Sequence[Side | None]) -> str:
    shown = []
    for target, value, side in zip(opened.objective.targets, values, sides, strict=True):
        shown.append(f"{target.name} {side or ''}{number(value, 6)}{f' {target.unit}' if target.unit else ''}")
    return ", ".join(shown)
