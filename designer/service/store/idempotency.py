"""Writes that say who asked for them, and that are done once however often they are asked for.

A *note* is written in the same transaction as the events it belongs to. Its key comes from the client
(``Idempotency-Key``), so a request that is sent again after a crash on either side finds its note and gets the answer
of the first time. The note's primary key lets one of two that come at once through.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
class Note:
    """Who asked for a write, and what it is known by.

    Parameters
    ----------
    key
        What tells this request from all others.
    fingerprint
        A digest of what was asked: the same key with another one is a mistake.
    repeatable
        Whether the key is the client's, so that the request may come again.
    """

    key: str
    caller: Caller
    verb: str
    campaign: str
    fingerprint: str = ""
    repeatable: bool = False

    @classmethod
    def of(cls, caller: Caller, verb: str, campaign: str, asked: Any, key: str | None) -> Note:
        """Return the note of a request, with a key of its own where the client gave none."""
        text = json.dumps([verb, campaign, asked], sort_keys=True, default=str, ensure_ascii=False)
        _storable(text)
        fingerprint = digest(text)
        if key is None:
            return cls(uuid.uuid4().hex, caller, verb, campaign, fingerprint)
        return cls(digest(f"{caller.user}\0{key}"), caller, verb, campaign, fingerprint, True)

    def row(self, first: int | None = None, last: int | None = None) -> dict[str, Any]:
        """Return the row of `REQUESTS` for the events from `first` to `last`."""
        return {
            "key": self.key,
            "at": utc_now().isoformat(),
            "user": self.caller.user,
            "via": self.caller.via,
            "verb": self.verb,
            "campaign": self.campaign,
            "first": first,
            "last": last,
            "fingerprint": self.fingerprint,
        }


def _storable(text: str) -> None:
    """Refuse what a database cannot keep as text.

    Raises
    ------
    InvalidData
        If there is a zero character, or half of one that takes two.
    """
    if "\\u0000" in text or not _UNPAIRED.isdisjoint(text):
        raise InvalidData(Fault("a text holds characters that cannot be kept", "write it in plain Unicode"))


_UNPAIRED = frozenset(map(chr, range(0xD800, 0xE000)))


class Repeated(StoreError):
    """A request with this key was carried out before; nothing was written now."""


class NotedStore:
    """A campaign's store for the service: every append carries a note, and is guarded by what the client saw.

    One object belongs to one open campaign, whose lock the caller holds.

    Parameters
    ----------
    lock
        Lets the writers of this process in one after the other: SQLite's own waiting sleeps, and is not fair.
    """

    def __init__(self, store: SqlStore, lock: threading.Lock) -> None:
        self._store = store
        self._lock = lock
        self._note: Note | None = None
        self._guard: Callable[[], None] | None = None

    @property
    def location(self) -> str:
        """Where the events are, without a password."""
        return self._store.location

    @contextmanager
    def noting(self, note: Note, guard: Callable[[], None] | None = None) -> Iterator[None]:
        """Let what is appended inside carry `note`; `guard` is asked before each append and may raise."""
        self._note, self._guard = note, guard
        try:
            yield
        finally:
            self._note = self._guard = None

    def names(self) -> list[str]:
        """As `EventStore.names`."""
        return self._store.names()

    def read(self, name: str, after: int = 0) -> list[Event]:
        """As `EventStore.read`."""
        return self._store.read(name, after)

    def create(self, event: Created) -> None:
        """As `EventStore.create`."""
        note = self._noted()
        with self._lock:
            self._store.create(event, beside=lambda connection: _write(connection, note, 1, 1))

    def append(self, name: str, events: Sequence[Event], expected: int) -> int:
        """As `EventStore.append`; raises `Repeated` where the note's key was used before."""
        note = self._noted()
        if self._guard is not None:
            self._guard()
        first, last = expected + 1, expected + len(events)
        with self._lock:
            return self._store.append(
                name, events, expected, beside=lambda connection: _write(connection, note, first, last)
            )

    def _noted(self) -> Note:
        assert self._note is not None, "the service writes nothing without a note of who asked"
        return self._note


def _write(connection: Connection, note: Note, first: int | None, last: int | None) -> None:
    try:
        connection.execute(REQUESTS.insert(), note.row(first, last))
    except sa.exc.IntegrityError:
        raise Repeated("this request was carried out before") from None


class Notes:
    """The notes in a store: answers of the first time, and the audit trail."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def earlier(self, note: Note) -> Mapping[str, Any] | None:
        """Return the row of a request that was carried out before; None if this is the first time.

        Raises
        ------
        Refused
            If the key was used for something else.
        """
        if not note.repeatable:
            return None
        row = self.of(note.key)
        if row is not None and row["fingerprint"] != note.fingerprint:
            raise Refused("key-reused", "this Idempotency-Key came with another request; make a new one for each write")
        return row

    def answered(self, note: Note, reply: Mapping[str, Any]) -> None:
        """Keep the answer to a repeatable request, whether or not it wrote events."""
        if not note.repeatable:
            return
        text = json.dumps(reply)
        change = REQUESTS.update().where(REQUESTS.c.key == note.key, REQUESTS.c.reply.is_(None)).values(reply=text)
        with self._store.transaction(write=True) as connection:
            if connection.execute(change).rowcount == 0:
                known = connection.scalar(sa.select(REQUESTS.c.key).where(REQUESTS.c.key == note.key))
                if known is None:  # it changed nothing, which is an answer too
                    connection.execute(REQUESTS.insert(), {**note.row(), "reply": text})

    def keep(self, note: Note) -> None:
        """Write a note without events: a change of something else than a campaign."""
        with self._store.transaction(write=True) as connection:
            _write(connection, replace(note), None, None)

    def of(self, key: str) -> dict[str, Any] | None:
        """Return the row of a request by its key (a job's is its id); None if nothing was written for it."""
        with self._store.transaction() as connection:
            row = connection.execute(sa.select(REQUESTS).where(REQUESTS.c.key == key)).mappings().first()
        return None if row is None else dict(row)

    def who(self, campaign: str) -> dict[int, dict[str, Any]]:
        """Return who wrote what in a campaign: user and face by the position of each event."""
        columns = (REQUESTS.c.first, REQUESTS.c.last, REQUESTS.c.user, REQUESTS.c.via)
        query = sa.select(*columns).where(REQUESTS.c.campaign == campaign, REQUESTS.c.first.is_not(None))
        with self._store.transaction() as connection:
            rows = connection.execute(query).all()
        return {at: {"user": user, "via": via} for first, last, user, via in rows for at in range(first, last + 1)}

    def trail(self, *, before: int | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Return the audit trail, newest first: who did what to which campaign, and which events that wrote."""
        keys = ("number", "at", "user", "via", "verb", "campaign", "first", "last")
        query = sa.select(*(REQUESTS.c[key] for key in keys)).order_by(REQUESTS.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(REQUESTS.c.number < before)
        with self._store.transaction() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]
