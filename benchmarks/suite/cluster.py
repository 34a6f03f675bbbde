"""The same campaigns on a Dask cluster: each on a worker, in a process of its own; only the client writes results.

A worker that is lost takes its campaigns with it; Dask gives them to another one. Since rows are appended by the client
alone, once a campaign, none is lost or doubled.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.suite import running
from benchmarks.suite.campaigns import Job, Row
from benchmarks.suite.provenance import HERE, commit
from benchmarks.suite.running import Runner
from designer.errors import Fault, InvalidInput, MissingExtra

AHEAD = 3
"""Campaigns that wait at each thread of a worker, so that it is never idle."""
WAIT = 60.0
DAEMON = "start workers with --no-nanny, or with DASK_DISTRIBUTED__WORKER__DAEMON=False"


def there(address: str, limit: float) -> Runner:
    """Return what runs campaigns on the workers of the scheduler at `address`; see `results` for what it raises."""
    return lambda jobs: results(jobs, address, limit)


def results(waiting: Sequence[Job], address: str, limit: float) -> Iterator[Row]:
    """Run the campaigns on the workers of the scheduler at `address`; yield rows as they come.

    Raises
    ------
    InvalidInput
        If there is no scheduler or no worker, or a worker has other code than this process or cannot start processes.
    MissingExtra
        If Dask is not installed.
    """
    distributed = _distributed()
    if not waiting:
        return
    try:
        client = distributed.Client(address, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        what = f"there is no scheduler at {address!r}: {type(error).__name__}"
        raise InvalidInput(Fault(what, "give the address that `dask scheduler` prints, as tcp://HOST:PORT")) from None
    with client:
        threads = _checked(client, distributed)
        yield from _spread(client, distributed, list(waiting), max(1, AHEAD * threads), limit)


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise MissingExtra("dask", "cluster") from None
    return distributed


def _checked(client: Any, distributed: Any) -> int:
    """Check that every worker can do the work; return how many campaigns they run at once."""
    try:
        client.wait_for_workers(1, timeout=WAIT)
    except (TimeoutError, distributed.TimeoutError):
        what = "the scheduler has no worker"
        raise InvalidInput(Fault(what, "start some: dask worker --nthreads 1 ADDRESS")) from None
    here = _abilities()["commit"]
    faults = []
    for worker, able in sorted(client.run(_abilities).items()):
        if able["commit"] != here:
            what = f"worker {worker} has the code of commit {able['commit']}, and this is {here}"
            faults.append(Fault(what, "check out the same commit there"))
        if able["daemon"]:
            faults.append(Fault(f"worker {worker} may not start processes", DAEMON))
    if faults:
        raise InvalidInput(faults)
    return int(sum(client.nthreads().values()))


def _abilities() -> dict[str, Any]:
    """Return what this process runs and may do; called on every worker."""
    return {"commit": commit(HERE), "daemon": bool(multiprocessing.current_process().daemon)}


def _spread(client: Any, distributed: Any, waiting: list[Job], max_running: int, limit: float) -> Iterator[Row]:
    waiting = waiting[::-1]
    jobs: dict[str, Job] = {}

    def submit() -> Any:
        job = waiting.pop()
        future = client.submit(work, job, limit, key="/".join(map(str, ("campaign", *job.key))), pure=False)
        jobs[future.key] = job
        return future

    first = [submit() for _ in range(min(max_running, len(waiting)))]
    ended = distributed.as_completed(first, loop=client.loop, raise_errors=False)
    for future in ended:
        job = jobs.pop(future.key)
        if waiting:
            ended.add(submit())
        problem = future.exception() if future.status == "error" else None
        if isinstance(problem, distributed.KilledWorker):
            yield job.row(job.first(), error="the workers that ran it were lost, again and again")
        elif problem is not None:
            raise problem
        else:
            yield future.result()
        future.release()


def work(job: Job, limit: float) -> Row:
    """Run one campaign on a worker, in a process of its own."""
    os.environ.update(running.ONE_THREAD)
    return running.alone(job, limit)
