"""Suggestions as jobs: stored at once and carried out by a worker, so that none is lost or done twice.

A job that was waiting or running when the service ended is resumed when it starts. The events of a suggestion are
recorded under the job's id in the same transaction: if they exist, the job is done.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from designer.campaign.log.events import utc_now
from designer.campaign.log.store import SqlStore
from designer.service.problems import Refused
from designer.service.store.accounts import Caller, digest
from designer.service.store.paths import LabPaths
from designer.service.store.schema import JOBS
from designer.service.work import worker_tasks
from designer.service.work.job_progress import UNFINISHED, complete_if_written, fail, job_data, update_job
from designer.service.work.workers import WorkerPool

MAX_WAITING_JOBS = 1000


class Jobs:
    """The jobs in a database, and the pool of workers that carries them out."""

    def __init__(self, store: SqlStore, paths: LabPaths, pool: WorkerPool) -> None:
        self._store = store
        self._paths = paths
        self._pool = pool
        self._lock = threading.Lock()
        self._running: dict[str, Future[Any]] = {}
        self._failures = ThreadPoolExecutor(1, "designer-failed-jobs")

    def create(self, caller: Caller, campaign: str, arguments: Mapping[str, Any], key: str | None) -> dict[str, Any]:
        """Create a job; the same key again returns the same job.

        Raises
        ------
        Refused
            If too many jobs wait, or the key was used for another request.
        """
        content = json.dumps(dict(arguments), sort_keys=True)
        fingerprint = digest(json.dumps([campaign, content]))
        row = {
            "id": uuid.uuid4().hex[:20],
            "key": None if key is None else digest(f"{caller.user}\0{key}"),
            "fingerprint": fingerprint,
            "campaign": campaign,
            "user": caller.user,
            "via": caller.via,
            "arguments": content,
            "state": "waiting",
            "asked_at": utc_now().isoformat(),
        }
        previous = self._previous(row)
        if previous is not None:
            return previous
        with self._lock:
            if len(self._running) >= MAX_WAITING_JOBS:
                raise Refused("busy", f"{MAX_WAITING_JOBS} suggestions are waiting; try again later")
        try:
            with self._store.transaction(write=True) as connection:
                try:
                    connection.execute(JOBS.insert(), row)
                except sa.exc.IntegrityError:
                    raise _KeyTakenError from None
        except _KeyTakenError:
            previous = self._previous(row)
            assert previous is not None
            return previous
        self._submit(row)
        return job_data({**row, "started_at": None, "finished_at": None, "outcome": None})

    def _previous(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        if row["key"] is None:
            return None
        with self._store.transaction() as connection:
            found = connection.execute(sa.select(JOBS).where(JOBS.c.key == row["key"])).mappings().first()
        if found is not None and found["fingerprint"] != row["fingerprint"]:
            raise Refused("key-reused", "this Idempotency-Key was used before; use a new key for each write")
        return None if found is None else job_data(dict(found))

    def _submit(self, row: Mapping[str, Any]) -> None:
        caller = Caller(row["user"], "record", row["via"])
        arguments = json.loads(row["arguments"])
        future = self._pool.submit(worker_tasks.suggest, self._paths, row["id"], caller, row["campaign"], arguments)
        with self._lock:
            self._running[row["id"]] = future
        future.add_done_callback(lambda done: self._on_end(row["id"], done))

    def _on_end(self, job: str, future: Future[Any]) -> None:
        """Forget a job whose worker has ended; a killed worker leaves its job unfinished."""
        with self._lock:
            self._running.pop(job, None)
        if future.cancelled() or future.exception() is None:
            return
        try:
            # In another thread: the executor calls this while it holds the lock that `submit` needs (Python 3.12).
            self._failures.submit(self._finish_or_resubmit, job)
        except RuntimeError:  # the service is ending: its next start resumes the job
            return

    def _finish_or_resubmit(self, job: str) -> None:
        row = self._row(job)
        if row is None or row["state"] not in UNFINISHED or complete_if_written(self._store, job):
            return
        if row["state"] == "waiting":  # the worker was killed during another job
            try:
                self._submit(row)
            except RuntimeError:  # the service is ending: its next start resumes the job
                return
            return
        fail(self._store, job, Refused("worker", "the worker process of this suggestion was ended; request it again"))

    def resume(self) -> int:
        """Submit the unfinished jobs of an earlier run of the service; return how many."""
        query = sa.select(JOBS).where(JOBS.c.state.in_(UNFINISHED)).order_by(JOBS.c.asked_at)
        with self._store.transaction() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        unfinished = [row for row in rows if not complete_if_written(self._store, row["id"])]
        for row in unfinished:
            update_job(self._store, row["id"], state="waiting", started_at=None)
            self._submit(row)
        return len(unfinished)

    def _row(self, job: str) -> Mapping[str, Any] | None:
        with self._store.transaction() as connection:
            row = connection.execute(sa.select(JOBS).where(JOBS.c.id == job)).mappings().first()
        return None if row is None else dict(row)

    def job(self, job: str) -> dict[str, Any]:
        """Return the state of a job.

        Raises
        ------
        Refused
            As ``not-found``.
        """
        row = self._row(job) if job.isalnum() else None
        if row is None:
            raise Refused("not-found", f"there is no job {job!r}")
        return job_data(row)

    def unfinished(self, campaign: str) -> list[dict[str, Any]]:
        """Return the jobs of a campaign that are waiting or running, oldest first."""
        query = sa.select(JOBS).where(JOBS.c.campaign == campaign, JOBS.c.state.in_(UNFINISHED))
        with self._store.transaction() as connection:
            return [job_data(dict(row)) for row in connection.execute(query.order_by(JOBS.c.asked_at)).mappings()]

    def wait(self, job: str, seconds: float) -> None:
        """Wait until a job has ended, at most `seconds`."""
        with self._lock:
            future = self._running.get(job)
        if future is not None:
            try:
                future.exception(timeout=seconds)
            except (TimeoutError, CancelledError):
                return

    def future(self, job: str) -> Future[Any] | None:
        """Return the future of a job that this process runs, else None."""
        with self._lock:
            return self._running.get(job)


class _KeyTakenError(Exception):
    """A simultaneous request has the same key."""
