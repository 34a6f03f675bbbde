"""Jobs whose worker was killed, with an executor as in Python 3.12: it calls back while it holds its own lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from designer.service.lab import Lab
from designer.service.store.accounts import Caller
from designer.service.work.job_progress import update_job
from designer.service.work.jobs import Jobs

CALLER = Caller("ann", "record", "api")


class LockedPool:
    """A pool that runs nothing; its futures end while the lock is held that `submit` takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.futures: list[Future[Any]] = []

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        assert self._lock.acquire(timeout=5), "a call back waits for the lock that its caller holds"
        try:
            self.futures.append(Future())
            return self.futures[-1]
        finally:
            self._lock.release()

    def kill(self) -> None:
        with self._lock:
            for future in [each for each in self.futures if not each.done()]:
                future.set_exception(BrokenProcessPool())

    def close(self) -> None:
        pass


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_the_killed_job_fails_and_the_one_that_waited_is_submitted_again(lab: Lab) -> None:
    pool = LockedPool()
    jobs = Jobs(lab.store, lab.paths, pool)
    running, waiting = (jobs.create(CALLER, "films", {"n": n}, None)["id"] for n in (1, 2))
    update_job(lab.store, running, state="running")
    pool.kill()
    wait_for(lambda: jobs.job(running)["state"] == "failed")
    wait_for(lambda: len(pool.futures) == 3)
    assert jobs.job(running)["problem"]["type"] == "/problems#worker"
    assert jobs.job(waiting)["state"] == "waiting"
