"""Where events are kept: one append-only list a campaign, many campaigns a store.

A writer says how many events it has seen; if another wrote in the meantime, `Conflict` is raised and the writer reads
and decides again. So positions have no gaps, and no lock outlives a killed process. On SQLite an append is on the disk
when `append` returns (write-ahead log, ``synchronous=FULL``); on PostgreSQL it is committed.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from designer.campaign.log.events import Created, Event, from_json, placed, to_json
from designer.campaign.log.sqlite_snapshot import is_nearly_full, is_read_only, remove_empty, snapshot
from designer.campaign.log.store_location import is_sqlite, parse_location, shown, without_password
from designer.errors import Conflict, MissingExtra, StoreError

SCHEMA_VERSION = 1
BUSY_SECONDS = 30
DAMAGED = "the store is damaged; restore it from a backup"
_UNWRITABLE = ("disk i/o error", "disk is full", "readonly database", "read-only", "unable to open")
_LOCK_KEY = 0x64657369676E  # "design": serialises the creation of tables on PostgreSQL

_METADATA = sa.MetaData()
_SCHEMA = sa.Table("designer_schema", _METADATA, sa.Column("version", sa.Integer, primary_key=True))
_CAMPAIGNS = sa.Table(
    "designer_campaigns",
    _METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("created_at", sa.Text, nullable=False),
)
FILES = sa.Table(
    "designer_files",
    _METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)
"""Files of curves by the SHA-256 of their content, which is in base64."""
_EVENTS = sa.Table(
    "designer_events",
    _METADATA,
    sa.Column("campaign", sa.Text, sa.ForeignKey("designer_campaigns.name"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
)

EVENT_TABLES = (_SCHEMA, _CAMPAIGNS, _EVENTS)
"""All tables of a store, in the order in which their rows can be inserted."""

Beside = Callable[[Connection], None]


class EventStore(Protocol):
    """What a campaign needs of a store. `tests/campaign/test_store.py` holds the contract that each must keep."""

    def names(self) -> list[str]:
        """Return the names of the campaigns in this store, sorted."""

    def create(self, event: Created) -> None:
        """Begin the campaign ``event.name`` with `event` at position 1; raise Conflict if the name is taken."""

    def read(self, name: str, after: int = 0) -> list[Event]:
        """Return the events of a campaign beyond position `after`, in order; none if there is no such campaign."""

    def append(self, name: str, events: Sequence[Event], expected: int) -> int:
        """Append all of `events`, or none, after position `expected`; return the new last position.

        Raises
        ------
        Conflict
            If the last position of the campaign is not `expected`.
        """

    def add_files(self, files: Mapping[str, bytes]) -> None:
        """Store files by the SHA-256 of their content, before the events that name them; known ones stay."""

    def stored_file(self, digest: str) -> bytes:
        """Return the content of a stored file; raise StoreError where it is not there or is damaged."""


class MemoryStore:
    """Events of one process, kept nowhere else: for programs and notebooks that write no file."""

    def __init__(self) -> None:
        self._events: dict[str, list[Event]] = {}
        self._files: dict[str, bytes] = {}

    def names(self) -> list[str]:
        """Return the names of the stored campaigns, in alphabetical order."""
        return sorted(self._events)

    def create(self, event: Created) -> None:
        """Begin a campaign by its first event; see `EventStore.create`."""
        if event.name in self._events:
            raise Conflict(f"there is a campaign {event.name!r} already")
        self._events[event.name] = [placed(event, 1)]

    def read(self, name: str, after: int = 0) -> list[Event]:
        """Return the events of a campaign after a position; see `EventStore.read`."""
        return self._events.get(name, [])[after:]

    def append(self, name: str, events: Sequence[Event], expected: int) -> int:
        """Append events and return the last position; see `EventStore.append`."""
        kept = self._events.get(name)
        if kept is None:
            raise StoreError(f"there is no campaign {name!r}")
        if len(kept) != expected:
            raise _conflict(name, expected, len(kept))
        kept += [placed(event, expected + i) for i, event in enumerate(events, start=1)]
        return len(kept)

    def add_files(self, files: Mapping[str, bytes]) -> None:
        """Store files by their digests; see `EventStore.add_files`."""
        self._files |= files

    def stored_file(self, digest: str) -> bytes:
        """Return a stored file; see `EventStore.stored_file`."""
        if digest not in self._files:
            raise StoreError(f"there is no file {digest[:12]}...")
        return self._files[digest]


class SqlStore:
    """Events in an SQLite file or a PostgreSQL database.

    Parameters
    ----------
    location
        The path of an SQLite file, or a URL: ``sqlite:///file.db``, ``postgresql://user@host/database``.
    pooled
        Keep connections open and share them between threads, for a process that serves many requests. Such a store
        must not be inherited over a fork.

    Raises
    ------
    StoreError
        Here and in every method, in one line and without the password, when the database cannot be used.
    MissingExtra
        If the URL is PostgreSQL's and psycopg is not installed.
    """

    def __init__(self, location: str | Path, *, pooled: bool = False) -> None:
        self._url = parse_location(location)
        self._file = Path(self._url.database or "") if is_sqlite(self._url) else None
        self._engine = (_sqlite_engine if self._file else _postgres_engine)(self._url, pooled)
        self._pooled = pooled
        self._schema_is_known = False

    def __repr__(self) -> str:
        return f"SqlStore({self.location!r})"

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a database server."""
        return self._file

    @property
    def location(self) -> str:
        """Where the events are, without a password."""
        return shown(self._url)

    def names(self) -> list[str]:
        """Return the names of the stored campaigns, in alphabetical order."""
        with self._transaction() as connection:
            if connection is None:
                return []
            return sorted(connection.scalars(sa.select(_CAMPAIGNS.c.name)))

    def positions(self) -> dict[str, int]:
        """Return the last position of every campaign, by one query: what has changed since it was read."""
        query = sa.select(_EVENTS.c.campaign, sa.func.max(_EVENTS.c.position)).group_by(_EVENTS.c.campaign)
        with self._transaction() as connection:
            return {} if connection is None else {row[0]: row[1] for row in connection.execute(query)}

    def prepare(self, beside: sa.MetaData | None = None) -> None:
        """Create the store before its first campaign, and the tables in `beside` with it; what exists is kept."""
        with self._begun_file(), self._transaction(write=True) as connection:
            assert connection is not None  # a writing transaction creates the file
            _prepare(connection)
            if beside is not None:
                beside.create_all(connection)

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[Connection]:
        """Yield a transaction in the database of a prepared store, for tables that stand beside the events."""
        with self._transaction(write=write, must_exist=True) as connection:
            if connection is None:
                raise StoreError(f"{self.location} holds no store")
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yield a transaction in which every statement reads the same state of the database, while others write."""
        with self._transaction(snapshot=True) as connection:
            if connection is None:
                raise StoreError(f"{self.location} holds no store")
            yield connection

    def close(self) -> None:
        """Close the connections that a pooled store keeps open."""
        self._engine.dispose()

    @contextmanager
    def _begun_file(self) -> Iterator[None]:
        """Set the journal mode; if a new file cannot be written, remove what was written of it."""
        new = self._file is not None and not self._file.exists()
        try:
            if self._file is not None:
                _use_write_ahead_log(self._file)
            yield
        except (sqlite3.Error, UnicodeDecodeError, StoreError) as error:
            failed = not isinstance(error, Conflict)
            if new and failed and self._file is not None:
                remove_empty(self._file)
            if isinstance(error, StoreError):
                raise
            raise StoreError(self._explain(error)) from None

    def create(self, event: Created, *, beside: Beside | None = None) -> None:
        """As `EventStore.create`; `beside` may write to tables of its own in the same transaction."""
        with self._begun_file(), self._transaction(write=True) as connection:
            assert connection is not None  # a writing transaction creates the file
            _prepare(connection)
            row = {"name": event.name, "created_at": event.at.isoformat()}
            try:
                connection.execute(_CAMPAIGNS.insert(), row)
            except sa.exc.IntegrityError:
                raise Conflict(f"{self.location} holds a campaign {event.name!r} already") from None
            connection.execute(_EVENTS.insert(), _rows(event.name, [event], 0))
            if beside is not None:
                beside(connection)

    def read(self, name: str, after: int = 0) -> list[Event]:
        """Return the events of a campaign after a position; see `EventStore.read`."""
        columns = sa.select(_EVENTS.c.position, _EVENTS.c.payload)
        query = columns.where(_EVENTS.c.campaign == name, _EVENTS.c.position > after).order_by(_EVENTS.c.position)
        with self._transaction() as connection:
            rows = [] if connection is None else [tuple(row) for row in connection.execute(query)]
            if connection is not None and not rows and after == 0:
                named = sa.select(_CAMPAIGNS.c.name).where(_CAMPAIGNS.c.name == name)
                if connection.scalar(named) is not None:
                    raise StoreError(f"{self.location}: campaign {name!r} has no events: {DAMAGED}")
        for expected, (position, _) in enumerate(rows, start=after + 1):
            if position != expected:
                raise StoreError(f"{self.location}: event {expected} of {name!r} is missing: {DAMAGED}")
        return [from_json(payload, position) for position, payload in rows]

    def append(self, name: str, events: Sequence[Event], expected: int, *, beside: Beside | None = None) -> int:
        """As `EventStore.append`; `beside` may write to tables of its own in the same transaction: both or none."""
        if not events:
            return expected
        last = sa.select(sa.func.max(_EVENTS.c.position)).where(_EVENTS.c.campaign == name)
        with self._transaction(write=True, must_exist=True) as connection:
            found = None if connection is None else connection.scalar(last)
            if connection is None or found is None:
                raise StoreError(f"{self.location} holds no campaign {name!r}")
            if found != expected:
                raise _conflict(name, expected, found)
            try:
                connection.execute(_EVENTS.insert(), _rows(name, events, expected))
            except sa.exc.IntegrityError:
                # On PostgreSQL two writers may both see the same last position; the primary key lets one through.
                raise _conflict(name, expected, None) from None
            if beside is not None:
                beside(connection)
        return expected + len(events)

    def add_files(self, files: Mapping[str, bytes]) -> None:
        """As `EventStore.add_files`: each file is written whole or not at all."""
        if not files:
            return
        with self._begun_file(), self._transaction(write=True) as connection:
            assert connection is not None  # a writing transaction creates the file
            _prepare(connection)
            known = set(connection.scalars(sa.select(FILES.c.digest).where(FILES.c.digest.in_(list(files)))))
            rows = [
                {"digest": digest, "content": base64.b64encode(content).decode()}
                for digest, content in sorted(files.items())
                if digest not in known
            ]
            if rows:
                connection.execute(FILES.insert(), rows)

    def stored_file(self, digest: str) -> bytes:
        """As `EventStore.stored_file`."""
        query, found = sa.select(FILES.c.content).where(FILES.c.digest == digest), None
        with self._transaction() as connection:
            if connection is not None and sa.inspect(connection).has_table(FILES.name):
                found = connection.scalar(query)
        if found is None:
            raise StoreError(f"{self.location} holds no file {digest[:12]}...")
        content = base64.b64decode(found)
        if hashlib.sha256(content).hexdigest() != digest:
            raise StoreError(f"{self.location}: file {digest[:12]}... differs from its digest: {DAMAGED}")
        return content

    @contextmanager
    def _transaction(
        self, *, write: bool = False, must_exist: bool = False, snapshot: bool = False
    ) -> Iterator[Connection | None]:
        """Yield a connection in a transaction; None where there is nothing to read yet."""
        try:
            if self._file and not self._file.exists() and (not write or must_exist):
                yield None
                return
            with self._connection(write) as connection:
                connection = connection.execution_options(designer_write=write)
                if snapshot and not self._file:  # a transaction of SQLite sees one state in any case
                    connection = connection.execution_options(isolation_level="REPEATABLE READ")
                elif self._pooled and not self._file and not write:
                    # A read is one statement: without begin and commit it is one way to the server and back, not three.
                    connection = connection.execution_options(isolation_level="AUTOCOMMIT")
                with connection.begin():
                    known = self._schema(connection)
                    yield connection if known is not None or (write and not must_exist) else None
        except (sa.exc.SQLAlchemyError, UnicodeDecodeError) as error:
            raise StoreError(self._explain(error)) from None

    @contextmanager
    def _connection(self, write: bool) -> Iterator[Connection]:
        """Yield a connection; of a file that can only be read (full disk, read-only mount) one to a copy in memory."""
        if self._file is None or write or self._readable():
            with self._engine.connect() as connection:
                yield connection
            return
        with closing(snapshot(self._file)) as copy:
            engine = sa.create_engine("sqlite://", creator=lambda: copy, poolclass=sa.StaticPool)
            with engine.connect() as connection:
                yield connection

    def _readable(self) -> bool:
        """Whether SQLite can open the file as usual, which takes some space for the index of its log."""
        if self._pooled and self._schema_is_known:
            return True
        try:
            with self._engine.connect() as connection, connection.begin():
                connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        except sa.exc.OperationalError as error:
            text = str(error.orig).lower()
            return not any(sign in text for sign in _UNWRITABLE)
        return True

    def _schema(self, connection: Connection) -> int | None:
        """Return the version of the tables, None where there are none yet; refuse versions that are not known."""
        known = SCHEMA_VERSION if self._schema_is_known else _known_schema(connection)
        self._schema_is_known = self._pooled and known == SCHEMA_VERSION
        if known is not None and known != SCHEMA_VERSION:
            shown = known if isinstance(known, int) else repr(known)[:40]
            message = f"holds schema version {shown}; this designer knows {SCHEMA_VERSION}: update designer"
            raise StoreError(f"{self.location} {message}")
        return known

    def _explain(self, error: Exception) -> str:
        if isinstance(error, UnicodeDecodeError):  # of SQLite's own message about damaged tables
            return f"{self.location}: its tables cannot be read: {DAMAGED}"
        original = getattr(error, "orig", None) or error
        text = " ".join(str(original).split())
        text = without_password(text, self._url)
        if self._file is not None and "disk i/o error" in text.lower() and is_nearly_full(self._file):
            return f"{self.location}: {_MEANINGS['disk is full']} ({text})"
        if self._file is not None and "unable to open" in text.lower() and is_read_only(self._file):
            return f"{self.location}: the store cannot be written: its disk or folder is read-only ({text})"
        for sign, meaning in _MEANINGS.items():
            if sign in text.lower():
                return f"{self.location}: {meaning} ({text})"
        return f"{self.location}: {text or type(error).__name__}"


_MEANINGS = {
    "disk is full": "the disk is full; nothing of this was written",
    "no space left": "the disk is full; nothing of this was written",
    "disk i/o error": "the disk cannot be read or written, or it is full; nothing of this was written",
    "readonly database": "the store cannot be written; check the permissions of the file and its folder",
    "read-only": "the store cannot be written",
    "not a database": "the file is not an SQLite database",
    "malformed": "the database is damaged; restore it from a backup",
    "database is locked": f"another program has held the store for {BUSY_SECONDS} s; try again",
    "unable to open": "the file cannot be opened; check that its folder exists and may be written",
    "permission denied": "the database user may not do this",
    "authentication failed": "user or password are wrong",
    "no password supplied": "a password is needed; put it into ~/.pgpass or PGPASSWORD",
    "does not exist": "the database, user or table does not exist",
    "connection refused": "no database server answers there",
    "could not translate host name": "the host is not known",
    "failed to resolve host": "the host is not known",
    "timeout expired": "the database server does not answer",
}


def open_store(location: str | Path) -> SqlStore:
    """Return the store at `location`: a path, or a URL of SQLite or PostgreSQL."""
    return SqlStore(location)


def _rows(name: str, events: Sequence[Event], after: int) -> list[dict[str, Any]]:
    return [
        {"campaign": name, "position": position, "kind": event.kind, "payload": to_json(event)}
        for position, event in enumerate(events, start=after + 1)
    ]


def _conflict(name: str, expected: int, found: int | None) -> Conflict:
    now = "another process wrote first" if found is None else f"it is at {found} now"
    return Conflict(f"campaign {name!r} was read up to event {expected}; {now}: read again")


def _known_schema(connection: Connection) -> int | None:
    """Return the version of the tables in a database, None where there are none yet."""
    if not sa.inspect(connection).has_table(_SCHEMA.name):
        return None
    version = connection.scalar(sa.select(_SCHEMA.c.version))
    if version is None:
        raise StoreError(f"{shown(connection.engine.url)}: its table {_SCHEMA.name} is empty: {DAMAGED}")
    return int(version) if isinstance(version, int) else version


def _prepare(connection: Connection) -> None:
    """Create the tables and the schema's version row where they are missing."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
    _METADATA.create_all(connection)
    if connection.scalar(sa.select(_SCHEMA.c.version)) is None:
        connection.execute(_SCHEMA.insert(), {"version": SCHEMA_VERSION})


# Without a pool a connection is opened for each operation: nothing is shared between threads or inherited over a fork,
# and nothing stays open. With one, a request does not pay for connecting (on PostgreSQL: for the password's hashing).
_POOL: dict[str, Any] = {"poolclass": sa.QueuePool, "pool_size": 8, "max_overflow": 40, "pool_timeout": BUSY_SECONDS}


def _sqlite_engine(url: URL, pooled: bool) -> Engine:
    pool = _POOL if pooled else {"poolclass": sa.NullPool}
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": not pooled}, **pool)

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver's guess
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error:
            connection.close()
            raise

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: a lock taken later could fail half-way, beyond the busy timeout.
        write = connection.get_execution_options().get("designer_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _use_write_ahead_log(file: Path) -> None:
    """Set a file's journal mode, which it then keeps.

    SQLite does not wait for its lock when several processes do this to a new file at once: hence the loop.
    """
    until = time.monotonic() + BUSY_SECONDS
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.02)


def _postgres_engine(url: URL, pooled: bool) -> Engine:
    try:
        import psycopg  # noqa: F401  the driver that SQLAlchemy will load
    except ImportError:
        raise MissingExtra("psycopg", "postgres") from None
    options: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": BUSY_SECONDS}
    # No ping before use: after a restart of the server one request fails (503), and the pool is renewed.
    return sa.create_engine(url, connect_args=options, **(_POOL if pooled else {"poolclass": sa.NullPool}))


__all__ = ["EventStore", "MemoryStore", "SqlStore", "open_store"]
