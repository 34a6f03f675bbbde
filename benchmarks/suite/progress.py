"""Progress of a run: a bar with the remaining time in a terminal, otherwise one line per campaign."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.suite.campaigns import Row

_LONG = 3600.0
_USUAL = ("shared", "none")


@contextmanager
def shown(method: str, total: int, done: int, console: Console | None = None) -> Iterator[Callable[[Row], None]]:
    """Show the progress of a method's run; yield a callback that takes each finished row.

    Parameters
    ----------
    total, done
        The number of campaigns of the run, and how many of them are already finished.
    console
        Where to write; standard output by default.
    """
    console = console or Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        yield lambda row: console.out(line(row))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, speed_estimate_period=_LONG) as bar:
        task = bar.add_task(method, total=total, completed=done)

        def on_row(row: Row) -> None:
            bar.advance(task)
            if row.error:
                bar.console.out(line(row))

        yield on_row


def line(row: Row) -> str:
    """Return one line about a finished campaign."""
    outcome = row.error or f"{sum(row.seconds):.1f} CPU s"
    unusual = [word for word in (row.track, row.control) if word not in _USUAL]
    what = [row.method, f"seed {row.seed}", *unusual, outcome]
    return " ".join([time.strftime("%H:%M:%S"), f"{row.family}/{row.task}", *what])
