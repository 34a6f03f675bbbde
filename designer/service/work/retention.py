"""What a lab does not keep for ever: each has a stated age, after which the service removes it every day.

Campaigns, their events, published tasks, tokens and the audit log are never removed: the audit log says who caused each
event of a campaign.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from designer.campaign.log.events import to_json, utc_now
from designer.campaign.log.store import SqlStore
from designer.counting import count
from designer.errors import StoreError
from designer.service.store.paths import TABLES_FOLDER, LabPaths
from designer.service.store.schema import JOBS, REQUESTS, SESSIONS
from designer.service.work.job_progress import UNFINISHED

REPLY_DAYS = 30
"""Days for which a request with an ``Idempotency-Key`` gets its first reply again."""
JOB_DAYS = 90
"""Days for which the state of a finished suggestion job can be read; its suggestions are events and stay."""
TABLE_DAYS = 30
"""Days after which an uploaded table that no campaign names is removed."""
PART_DAYS = 1
"""Days after which a half-written table is removed, which a killed process left."""
SECONDS_BETWEEN = 86_400.0
_NAMING = ("created", "settings_changed", "space_changed")  # kinds of events that may name a table


@dataclass(frozen=True)
class Pruned:
    """How much was removed.

    Parameters
    ----------
    sessions, replies, jobs, tables
        Ended browser sessions, replies to repeated requests, finished jobs, and uploaded tables without a campaign.
    """

    sessions: int
    replies: int
    jobs: int
    tables: int

    @property
    def words(self) -> str:
        """What was removed, in words."""
        parts = [
            count(self.sessions, "ended session"),
            count(self.replies, "reply", "replies"),
            count(self.jobs, "finished job"),
            count(self.tables, "table without a campaign", "tables without a campaign"),
        ]
        return ", ".join(parts)


def prune(store: SqlStore, paths: LabPaths, now: datetime | None = None) -> Pruned:
    """Remove what is older than its stated age, also while the service runs.

    Raises
    ------
    StoreError
        If the database cannot be written.
    """
    now = now or utc_now()

    def before(days: int) -> str:
        return (now - timedelta(days=days)).isoformat()

    old = REQUESTS.c.at < before(REPLY_DAYS)
    with store.transaction(write=True) as connection:
        sessions = connection.execute(SESSIONS.delete().where(SESSIONS.c.expires_at < now.isoformat())).rowcount
        # A reply to a write is rebuilt from its events; a request that wrote nothing is in no campaign's history.
        cleared = REQUESTS.update().where(old, REQUESTS.c.reply.is_not(None), REQUESTS.c.first.is_not(None))
        replies = connection.execute(cleared.values(reply=None)).rowcount
        without = REQUESTS.delete().where(old, REQUESTS.c.reply.is_not(None), REQUESTS.c.first.is_(None))
        replies += connection.execute(without).rowcount
        finished = JOBS.c.state.not_in(UNFINISHED), JOBS.c.finished_at < before(JOB_DAYS)
        jobs = connection.execute(JOBS.delete().where(*finished)).rowcount
    return Pruned(sessions, replies, jobs, _remove_tables(store, paths.folder / TABLES_FOLDER, now))


def _remove_tables(store: SqlStore, folder: Path, now: datetime) -> int:
    """Remove old tables that no event names, and half-written ones; return how many."""
    if not folder.is_dir():
        return 0
    old = [path for path in folder.glob("*.csv") if _age(path, now) > timedelta(days=TABLE_DAYS)]
    if old:
        events = (event for name in store.names() for event in store.read(name))
        named = "\n".join(to_json(event) for event in events if event.kind in _NAMING)
        old = [path for path in old if path.name not in named]
    parts = [path for path in folder.glob("*.part") if _age(path, now) > timedelta(days=PART_DAYS)]
    for path in (*old, *parts):
        path.unlink(missing_ok=True)
    return len(old) + len(parts)


def _age(path: Path, now: datetime) -> timedelta:
    return now - datetime.fromtimestamp(path.stat().st_mtime, tz=now.tzinfo)


class DailyPruning:
    """Prunes a lab when it starts, and every day until it is closed.

    Parameters
    ----------
    report
        Called with what was removed, or with what went wrong, in words.
    """

    def __init__(self, store: SqlStore, paths: LabPaths, report: Callable[[str], None]) -> None:
        self._store = store
        self._paths = paths
        self._report = report
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="designer-pruning", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """End, after the pruning that runs."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                found = prune(self._store, self._paths)
                if any((found.sessions, found.replies, found.jobs, found.tables)):
                    self._report(f"removed what is older than its stated age: {found.words}")
            except (StoreError, OSError) as error:
                self._report(f"old entries could not be removed: {error}")
            self._end.wait(SECONDS_BETWEEN)
