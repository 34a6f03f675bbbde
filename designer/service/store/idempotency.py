"""Idempotent writes and the audit log: each write records who requested it, and is carried out once for each key.

The record of a write request is inserted in the same transaction as its events. Its key comes from the client
(``Idempotency-Key``): a request that is sent again, after a crash on either side, finds the record and gets the first
reply. The key is unique, so the database refuses one of two simultaneous requests.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from designer.campaign.log.events import Created, Event, utc_now
from designer.campaign.log.store import SqlStore
from designer.errors import Fault, InvalidData, StoreError
from designer.service.problems import Refused
from designer.service.store.accounts import Caller, digest
from designer.service.store.schema import REQUESTS


@dataclass(frozen=True)
class WriteRequest:
    """A request for a write: who sent it, its key and its content.

    Parameters
    ----------
    key
        Identifies the request.
    fingerprint
        A digest of the content: the same key with another fingerprint is an error.
    repeatable
        Whether the key is the client's, so that the request may be sent again.
    """

    key: str
    caller: Caller
    operation: str
    campaign: str
    fingerprint: str = ""
    repeatable: bool = False

    @classmethod
    def of(cls, caller: Caller, operation: str, campaign: str, content: Any, key: str | None) -> WriteRequest:
        """Return the record of a request, with a random key if the client gave none."""
        text = json.dumps([operation, campaign, content], sort_keys=True, default=str, ensure_ascii=False)
        _check_storable(text)
        fingerprint = digest(text)
        if key is None:
            return cls(uuid.uuid4().hex, caller, operation, campaign, fingerprint)
        return cls(digest(f"{caller.user}\0{key}"), caller, operation, campaign, fingerprint, True)

    def row(self, first: int | None = None, last: int | None = None) -> dict[str, Any]:
        """Return the row of `REQUESTS` for the events from `first` to `last`."""
        return {
            "key": self.key,
            "at": utc_now().isoformat(),
            "user": self.caller.user,
            "via": self.caller.via,
            "verb": self.operation,
            "campaign": self.campaign,
            "first": first,
            "last": last,
            "fingerprint": self.fingerprint,
        }


def _check_storable(text: str) -> None:
    """Refuse text that a database cannot store.

    Raises
    ------
    InvalidData
        If it holds a zero character or an unpaired surrogate.
    """
    if "\\u0000" in text or not _UNPAIRED.isdisjoint(text):
        raise InvalidData(Fault("a text holds characters that cannot be stored", "leave out control characters"))


_UNPAIRED = frozenset(map(chr, range(0xD800, 0xE000)))


class RepeatedRequest(StoreError):
    """A request with this key was carried out before; this one wrote nothing."""


class AuditedStore:
    """A campaign's store for the service: every append inserts the record of the request that made it.

    One object belongs to one open campaign; the caller holds its lock.

    Parameters
    ----------
    lock
        Serialises the writers of this process, because SQLite's own waiting sleeps and is not fair.
    """

    def __init__(self, store: SqlStore, lock: threading.Lock) -> None:
        self._store = store
        self._lock = lock
        self._request: WriteRequest | None = None
        self._guard: Callable[[], None] | None = None

    @property
    def location(self) -> str:
        """The database, without a password."""
        return self._store.location

    @contextmanager
    def attributed_to(self, request: WriteRequest, guard: Callable[[], None] | None = None) -> Iterator[None]:
        """Attribute the events that are appended inside to `request`; `guard` runs before each append and may raise."""
        self._request, self._guard = request, guard
        try:
            yield
        finally:
            self._request = self._guard = None

    def names(self) -> list[str]:
        """As `EventStore.names`."""
        return self._store.names()

    def read(self, name: str, after: int = 0) -> list[Event]:
        """As `EventStore.read`."""
        return self._store.read(name, after)

    def create(self, event: Created) -> None:
        """As `EventStore.create`."""
        request = self._current_request()
        with self._lock:
            self._store.create(event, beside=lambda connection: _insert(connection, request, 1, 1))

    def append(self, name: str, events: Sequence[Event], expected: int) -> int:
        """As `EventStore.append`; raises `RepeatedRequest` if the request's key was used before."""
        request = self._current_request()
        if self._guard is not None:
            self._guard()
        first, last = expected + 1, expected + len(events)
        with self._lock:
            return self._store.append(
                name, events, expected, beside=lambda connection: _insert(connection, request, first, last)
            )

    def add_files(self, files: Mapping[str, bytes]) -> None:
        """As `EventStore.add_files`."""
        if files:
            with self._lock:
                self._store.add_files(files)

    def stored_file(self, digest: str) -> bytes:
        """As `EventStore.stored_file`."""
        return self._store.stored_file(digest)

    def _current_request(self) -> WriteRequest:
        assert self._request is not None, "every write of the service names who requested it"
        return self._request


def _insert(connection: Connection, request: WriteRequest, first: int | None, last: int | None) -> None:
    try:
        connection.execute(REQUESTS.insert(), request.row(first, last))
    except sa.exc.IntegrityError:
        raise RepeatedRequest("this request was carried out before") from None


class RequestLog:
    """The records of write requests in a database: first replies, and the audit log."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def previous(self, request: WriteRequest) -> Mapping[str, Any] | None:
        """Return the row of the same request if it was carried out before, else None.

        Raises
        ------
        Refused
            If the key was used for another request.
        """
        if not request.repeatable:
            return None
        row = self.of(request.key)
        if row is not None and row["fingerprint"] != request.fingerprint:
            raise Refused("key-reused", "this Idempotency-Key was used before; use a new key for each write")
        return row

    def save_reply(self, request: WriteRequest, reply: Mapping[str, Any]) -> None:
        """Store the reply to a repeatable request, whether or not it wrote events."""
        if not request.repeatable:
            return
        text = json.dumps(reply)
        change = REQUESTS.update().where(REQUESTS.c.key == request.key, REQUESTS.c.reply.is_(None)).values(reply=text)
        with self._store.transaction(write=True) as connection:
            if connection.execute(change).rowcount == 0:
                known = connection.scalar(sa.select(REQUESTS.c.key).where(REQUESTS.c.key == request.key))
                if known is None:  # it wrote no events, and so no record yet
                    connection.execute(REQUESTS.insert(), {**request.row(), "reply": text})

    def add(self, request: WriteRequest) -> None:
        """Insert the record of a request that changes something other than a campaign."""
        with self._store.transaction(write=True) as connection:
            _insert(connection, request, None, None)

    def of(self, key: str) -> dict[str, Any] | None:
        """Return the row of a request by its key (a job's is its id); None if nothing was written for it."""
        with self._store.transaction() as connection:
            row = connection.execute(sa.select(REQUESTS).where(REQUESTS.c.key == key)).mappings().first()
        return None if row is None else dict(row)

    def authors(self, campaign: str) -> dict[int, dict[str, Any]]:
        """Return user and interface of each event of a campaign, by its position."""
        columns = (REQUESTS.c.first, REQUESTS.c.last, REQUESTS.c.user, REQUESTS.c.via)
        query = sa.select(*columns).where(REQUESTS.c.campaign == campaign, REQUESTS.c.first.is_not(None))
        with self._store.transaction() as connection:
            rows = connection.execute(query).all()
        return {at: {"user": user, "via": via} for first, last, user, via in rows for at in range(first, last + 1)}

    def audit_trail(
        self, *, before: int | None = None, limit: int = 100, user: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the audit log, newest first: user, operation, campaign, and the events that were written.

        With `user`, only what this user requested.
        """
        keys = ("number", "at", "user", "via", "verb", "campaign", "first", "last")
        query = sa.select(*(REQUESTS.c[key] for key in keys)).order_by(REQUESTS.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(REQUESTS.c.number < before)
        if user is not None:
            query = query.where(REQUESTS.c.user == user)
        with self._store.transaction() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]
