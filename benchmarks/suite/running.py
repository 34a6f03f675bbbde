"""Run campaigns in parallel, each in its own single-threaded process; resumable, independent of the worker count.

A method's libraries are imported once, in a fork server, and every campaign is forked from it: peak memory is measured
per campaign, and a campaign that hangs is ended without affecting the others.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from benchmarks.suite import methods, rows
from benchmarks.suite.campaigns import Job, Row, simulate

Runner = Callable[[Sequence[Job]], Iterator[Row]]
"""Runs the campaigns of one method and yields their rows as they finish."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass
class _Running:
    job: Job
    process: Any
    connection: Connection
    limit: float
    ends: float


def missing(jobs: list[Job], folder: Path) -> list[Job]:
    """Return the jobs that have no row in `folder` yet."""
    done = {row.key for row in rows.read(folder)}
    return [job for job in jobs if job.key not in done]


def run(jobs: list[Job], folder: Path, runner: Runner, *, on_row: Callable[[Row], None] | None = None) -> None:
    """Run the `jobs` of one method that have no row in `folder` yet, and append a row for each.

    Parameters
    ----------
    runner
        What runs them: `here`, or `benchmarks.suite.cluster.there`.
    on_row
        Called with each finished row.
    """
    os.environ.update(ONE_THREAD)
    for row in runner(missing(jobs, folder)):
        rows.append(folder, row)
        if on_row is not None:
            on_row(row)


def here(workers: int = 1, limit: float = 3600.0) -> Runner:
    """Return what runs campaigns on this machine, `workers` at once.

    Parameters
    ----------
    limit
        Wall seconds after which a campaign is ended; its row records that.
    """
    return lambda jobs: _results(list(jobs), workers, limit)


def alone(job: Job, limit: float) -> Row:
    """Run one job in a process of its own, ended after `limit` wall seconds."""
    (row,) = _results([job], 1, limit)
    return row


def _context(method: str) -> Any:
    """Return how processes are started: forked from a server that has imported the first method's libraries."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([methods.MODULES.get(method, method)])
    return context


def _results(waiting: list[Job], workers: int, limit: float) -> Iterator[Row]:
    if not waiting:
        return
    context = _context(waiting[0].method)
    waiting = waiting[::-1]
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_start(waiting.pop(), context, limit))
            wait([item.connection for item in running], timeout=1.0)
            for item in list(running):
                row = _collect(item)
                if row is not None:
                    running.remove(item)
                    yield row
    finally:
        for item in running:
            item.process.kill()


def _start(job: Job, context: Any, limit: float) -> _Running:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, sender), daemon=True)
    process.start()
    sender.close()
    return _Running(job, process, receiver, limit, time.monotonic() + limit)


def _work(job: Job, sender: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sender.send(simulate(job))


def _end_with_parent() -> None:
    """End this process when the run that started it was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _collect(item: _Running) -> Row | None:
    if item.connection.poll():
        try:
            row: Row = item.connection.recv()
        except EOFError:
            item.process.join()
            return _lost(item.job, f"the process ended with code {item.process.exitcode}")
        item.process.join()
        return row
    if time.monotonic() > item.ends:
        item.process.kill()
        item.process.join()
        return _lost(item.job, f"took longer than its limit of {item.limit:g} s")
    return None


def _lost(job: Job, error: str) -> Row:
    return job.row(job.first(), error=error)
