"""Suggestions as jobs: asked for at once, made in a worker, and kept in the store, so that none is lost or doubled.

A job that was waiting or running when the service ended is taken up again when it starts. The events of a suggestion
carry the job's id in the same transaction: if they are there, the job is done, whoever made them.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from typing import Any

import sqlalchemy as sa

from designer.campaign.log.events import utc_now
from designer.campaign.log.store import SqlStore
from designer.service.problems import Refused
from designer.service.store.accounts import Caller, digest
from designer.service.store.paths import Place
from designer.service.store.schema import JOBS
from designer.service.work import worker_tasks
from designer.service.work.job_progress import UNFINISHED, fail, mark, plain, settle
from designer.service.work.workers import Lane

MAX_WAITING = 1000


class Jobs:
    """The jobs in a store, and the lane of workers that carries them out."""

    def __init__(self, store: SqlStore, place: Place, lane: Lane) -> None:
        self._store = store
        self._place = place
        self._lane = lane
        self._lock = threading.Lock()
        self._running: dict[str, Future[Any]] = {}

    def ask(self, caller: Caller, campaign: str, arguments: Mapping[str, Any], key: str | None) -> dict[str, Any]:
        """Begin a job; the same key again returns the same job.

        Raises
        ------
        Refused
            If too many jobs wait, or the key was used for something else.
        """
        asked = json.dumps(dict(arguments), sort_keys=True)
        fingerprint = digest(json.dumps([campaign, asked]))
        row = {
            "id": uuid.uuid4().hex[:20],
            "key": None if key is None else digest(f"{caller.user}\0{key}"),
            "fingerprint": fingerprint,
            "campaign": campaign,
            "user": caller.user,
            "via": caller.via,
            "arguments": asked,
            "state": "waiting",
            "asked_at": utc_now().isoformat(),
        }
        earlier = self._earlier(row)
        if earlier is not None:
            return earlier
        with self._lock:
            if len(self._running) >= MAX_WAITING:
                raise Refused("busy", f"{MAX_WAITING} suggestions are waiting already")
        try:
            with self._store.transaction(write=True) as connection:
                try:
                    connection.execute(JOBS.insert(), row)
                except sa.exc.IntegrityError:
                    raise _KeyTakenError from None
        except _KeyTakenError:
            earlier = self._earlier(row)
            assert earlier is not None
            return earlier
        self._submit(row)
        return plain({**row, "started_at": None, "finished_at": None, "outcome": None})

    def _earlier(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        if row["key"] is None:
            return None
        with self._store.transaction() as connection:
            found = connection.execute(sa.select(JOBS).where(JOBS.c.key == row["key"])).mappings().first()
        if found is not None and found["fingerprint"] != row["fingerprint"]:
            raise Refused("key-reused", "this Idempotency-Key came with another request; make a new one for each write")
        return None if found is None else plain(dict(found))

    def _submit(self, row: Mapping[str, Any]) -> None:
        caller = Caller(row["user"], "record", row["via"])
        arguments = json.loads(row["arguments"])
        future = self._lane.submit(worker_tasks.suggest, self._place, row["id"], caller, row["campaign"], arguments)
        with self._lock:
            self._running[row["id"]] = future
        future.add_done_callback(lambda done: self._ended(row["id"], done))

    def _ended(self, job: str, future: Future[Any]) -> None:
        """Look after a job whose worker has ended; a worker that was killed left its job unfinished."""
        with self._lock:
            self._running.pop(job, None)
        if future.cancelled() or future.exception() is None:
            return
        row = self._row(job)
        if row is None or row["state"] not in UNFINISHED or settle(self._store, job):
            return
        if row["state"] == "waiting":  # it was only in line behind the one that ended the worker
            try:
                self._submit(row)
            except RuntimeError:  # the service is ending: the next start takes it up
                return
            return
        fail(self._store, job, Refused("worker", "the process that made this suggestion was ended; ask again"))

    def resume(self) -> int:
        """Take up what an earlier service left unfinished; return how many jobs that is."""
        query = sa.select(JOBS).where(JOBS.c.state.in_(UNFINISHED)).order_by(JOBS.c.asked_at)
        with self._store.transaction() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        left = [row for row in rows if not settle(self._store, row["id"])]
        for row in left:
            mark(self._store, row["id"], state="waiting", started_at=None)
            self._submit(row)
        return len(left)

    def _row(self, job: str) -> Mapping[str, Any] | None:
        with self._store.transaction() as connection:
            row = connection.execute(sa.select(JOBS).where(JOBS.c.id == job)).mappings().first()
        return None if row is None else dict(row)

    def job(self, job: str) -> dict[str, Any]:
        """Return where a job stands.

        Raises
        ------
        Refused
            As ``not-found``.
        """
        row = self._row(job) if job.isalnum() else None
        if row is None:
            raise Refused("not-found", f"there is no job {job!r}")
        return plain(row)

    def unfinished(self, campaign: str) -> list[dict[str, Any]]:
        """Return the jobs of a campaign that are waiting or running, oldest first."""
        query = sa.select(JOBS).where(JOBS.c.campaign == campaign, JOBS.c.state.in_(UNFINISHED))
        with self._store.transaction() as connection:
            return [plain(dict(row)) for row in connection.execute(query.order_by(JOBS.c.asked_at)).mappings()]

    def wait(self, job: str, seconds: float) -> None:
        """Return when a job has ended, or after so many seconds."""
        with self._lock:
            future = self._running.get(job)
        if future is not None:
            try:
                future.exception(timeout=seconds)
            except (TimeoutError, CancelledError):
                return

    def future(self, job: str) -> Future[Any] | None:
        """Return what ends when a job of this process does; None if it is not running here."""
        with self._lock:
            return self._running.get(job)


class _KeyTakenError(Exception):
    """Another request with the same key came at the same time."""
