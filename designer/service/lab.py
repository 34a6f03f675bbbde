"""A lab: its database, accounts, campaigns, jobs and workers, which all operations of the service use."""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from designer.counting import count
from designer.service.problems import Refused, WorkerProblem
from designer.service.store.accounts import Accounts
from designer.service.store.cache import CampaignCache
from designer.service.store.idempotency import RequestLog
from designer.service.store.paths import LabPaths
from designer.service.work import worker_tasks
from designer.service.work.jobs import Jobs
from designer.service.work.retention import DailyPruning
from designer.service.work.uploads import frame_of
from designer.service.work.workers import Workers

if TYPE_CHECKING:
    import pandas as pd

LOG = logging.getLogger("designer.service")
MAX_CACHED_VIEWS = 512
MAX_PREVIEWS = 4


class Lab:
    """What the operations in `queries` and `commands` need.

    Parameters
    ----------
    paths
        Where the data is.
    workers
        The pools of worker processes; by default one process for suggestions, one for views and two for uploads.

    Attributes
    ----------
    is_open
        Whether its workers were started and not ended.
    """

    def __init__(self, paths: LabPaths, workers: Workers | None = None) -> None:
        self.paths = paths
        self.store = paths.open_store()
        self.accounts = Accounts(self.store)
        self.requests = RequestLog(self.store)
        self.cache = CampaignCache(self.store, paths)
        self._workers = workers or Workers.of_processes(1)
        self.jobs = Jobs(self.store, paths, self._workers.suggestions)
        self._views: OrderedDict[tuple[Any, ...], Future[dict[str, Any]]] = OrderedDict()
        self._pruning = DailyPruning(self.store, paths, LOG.info)
        self._previews: list[Future[dict[str, Any]]] = []
        self._lock = threading.Lock()
        self.is_open = False

    def start(self) -> int:
        """Resume the unfinished jobs of an earlier run of the service; return how many.

        This also starts a worker, so that the first suggestion does not wait for imports.
        """
        self._workers.suggestions.submit(worker_tasks.import_models)
        self._workers.uploads.start()
        self._pruning.start()
        self.is_open = True
        return self.jobs.resume()

    def close(self) -> None:
        """End the workers and close the store."""
        self.is_open = False
        self._pruning.close()
        self._workers.suggestions.close()
        self._workers.views.close()
        self._workers.uploads.close()
        self.store.close()

    def read_table(self, content: bytes, name: str) -> pd.DataFrame:
        """Return an uploaded CSV or XLSX table, which a worker reads (see `uploads.read_table` for errors)."""
        return frame_of(self._workers.uploads.run("table", content, {"name": name}))

    def read_campaign(self, content: str | Mapping[str, Any]) -> dict[str, Any]:
        """Return an uploaded campaign as plain data, which a worker reads (see `uploads.campaign_data`)."""
        kind = "yaml" if isinstance(content, str) else "json"
        text = content if isinstance(content, str) else json.dumps(dict(content))
        arguments = {"folder": str(self.paths.folder), "kind": kind}
        found: dict[str, Any] = self._workers.uploads.run("campaign", text.encode("utf-8", "replace"), arguments)
        return found

    def preview(
        self, content: dict[str, Any], tasks: list[str], campaigns: list[str], n: int
    ) -> Future[dict[str, Any]]:
        """Return the future preview of past work (see `worker_tasks.preview`); the workers of suggestions make it.

        Raises
        ------
        Refused
            As ``busy``, if `MAX_PREVIEWS` are waiting or running.
        """
        return self._without_job("preview", worker_tasks.preview, self.paths, content, tasks, campaigns, n)

    def generate(self, kind: str, request: dict[str, Any]) -> Future[dict[str, Any]]:
        """Return the future candidates of a kind (see `generated.GENERATED`); the workers of suggestions make them.

        Raises
        ------
        Refused
            As `preview`.
        """
        return self._without_job("proposal", worker_tasks.generate, kind, request)

    def _without_job(self, what: str, task: Callable[..., Any], *arguments: Any) -> Future[dict[str, Any]]:
        """Submit a task that writes nothing, unless too many such ones are waiting or running."""
        with self._lock:
            self._previews = [each for each in self._previews if not each.done()]
            if len(self._previews) >= MAX_PREVIEWS:
                raise Refused("busy", f"{count(MAX_PREVIEWS, what)} are waiting; try again later")
            future: Future[dict[str, Any]] = self._workers.suggestions.submit(task, *arguments)
            self._previews.append(future)
        return future

    def view(self, campaign: str, position: int, view: str, *arguments: Any) -> Future[dict[str, Any]]:
        """Return the future result of a view (see `views`), cached while the campaign stays at `position`."""
        key = (campaign, position, view, repr(arguments))
        with self._lock:
            known = self._views.get(key)
            if known is not None and not (known.done() and known.exception() is not None):
                self._views.move_to_end(key)
                return known
            future = self._workers.views.submit(worker_tasks.compute_view, self.paths, campaign, view, list(arguments))
            self._views[key] = future
            while len(self._views) > MAX_CACHED_VIEWS:
                self._views.popitem(last=False)
        return future


def result_of(future: Future[dict[str, Any]]) -> Any:
    """Return the result of a worker's task, after waiting for it.

    Raises
    ------
    WorkerProblem
        If the worker reported a problem.
    Refused
        As ``worker``, if the worker process was ended.
    """
    try:
        done = future.result()
    except BrokenProcessPool:
        raise Refused("worker", "the worker process was ended; send the request again") from None
    if "problem" in done:
        raise WorkerProblem(done["problem"])
    return done["answer"]
