"""A lab: one place with its store, accounts, campaigns, jobs and workers. Every face holds one and asks its verbs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from designer.errors import DesignerError
from designer.service.problems import Refused
from designer.service.store.accounts import Accounts
from designer.service.store.cache import CampaignCache
from designer.service.store.idempotency import Notes
from designer.service.store.paths import Place
from designer.service.work import worker_tasks
from designer.service.work.jobs import Jobs
from designer.service.work.workers import Workers

MAX_LOOKS = 512


class Told(DesignerError):
    """A problem that a worker found, as the problem document it made of it."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        super().__init__(problem["detail"])


class Lab:
    """Everything that the verbs in `reading` and `writing` need.

    Parameters
    ----------
    place
        Where the data is.
    crew
        Who carries out what takes time; one process for suggestions and one for looks unless given.
    """

    def __init__(self, place: Place, crew: Workers | None = None) -> None:
        self.place = place
        self.store = place.open()
        self.accounts = Accounts(self.store)
        self.notes = Notes(self.store)
        self.shelf = CampaignCache(self.store, place)
        self._crew = crew or Workers.of(1)
        self.jobs = Jobs(self.store, place, self._crew.suggesting)
        self._looks: OrderedDict[tuple[Any, ...], Future[dict[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self) -> int:
        """Take up the jobs that an earlier service left; return how many.

        A first worker is started as well, so that the first suggestion does not wait for it.
        """
        self._crew.suggesting.submit(worker_tasks.ready)
        return self.jobs.resume()

    def close(self) -> None:
        """End the workers and close the store."""
        self._crew.suggesting.close()
        self._crew.looking.close()
        self.store.close()

    def look(self, campaign: str, position: int, what: str, *arguments: Any) -> Future[dict[str, Any]]:
        """Return what a worker answers (see `looks`), kept for as long as the campaign stays at `position`."""
        key = (campaign, position, what, repr(arguments))
        with self._lock:
            known = self._looks.get(key)
            if known is not None and not (known.done() and known.exception() is not None):
                self._looks.move_to_end(key)
                return known
            future = self._crew.looking.submit(worker_tasks.look, self.place, campaign, what, list(arguments))
            self._looks[key] = future
            while len(self._looks) > MAX_LOOKS:
                self._looks.popitem(last=False)
        return future


def answer(done: dict[str, Any]) -> Any:
    """Return what a look found.

    Raises
    ------
    Told
        If it found a problem.
    """
    if "problem" in done:
        raise Told(done["problem"])
    return done["answer"]


def wait_for(future: Future[dict[str, Any]], seconds: float | None = None) -> Any:
    """Return what a look found, when it has: for faces without an event loop of their own."""
    try:
        return answer(future.result(seconds))
    except BrokenProcessPool:
        raise Refused("worker", "the process that looked was ended; ask again") from None
