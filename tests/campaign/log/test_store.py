"""The contract of an event store, run on every backend, and what is particular to each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from designer.campaign.log import store as store_module
from designer.campaign.log.events import Created, Event, Recorded, Withdrawn
from designer.campaign.log.store import EventStore, MemoryStore, SqlStore, open_store
from designer.errors import Conflict, MissingExtra, StoreError
from tests.campaign.postgres import PASSWORD, QUOTED

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def created(name: str = "run") -> Created:
    return Created(at=AT, name=name, spec={"name": name, "µ": [1, 0.1, None]})


def withdrawn(number: int) -> Withdrawn:
    return Withdrawn(at=AT, subject=f"S{number:04d}", reason="zu teuer – 太贵")


def contents(events: list[Event]) -> list[Event]:
    return [event.model_copy(update={"position": 0}) for event in events]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], EventStore]:
    """Return a function that opens the same store anew."""
    if request.param == "memory":
        only = MemoryStore()
        return lambda: only
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        return lambda: open_store(url)
    return lambda: open_store(tmp_path / "lab.db")


class TestContract:
    def test_an_empty_store_has_no_campaign(self, make: Callable[[], EventStore]) -> None:
        assert make().names() == []
        assert make().read("run") == []

    def test_created_event_is_the_first(self, make: Callable[[], EventStore]) -> None:
        make().create(created())
        assert make().names() == ["run"]
        (event,) = make().read("run")
        assert event.position == 1
        assert contents([event]) == [created()]

    def test_a_name_is_taken_once(self, make: Callable[[], EventStore]) -> None:
        make().create(created())
        with pytest.raises(Conflict, match="'run' already"):
            make().create(created())
        assert len(make().read("run")) == 1

    def test_positions_have_no_gap(self, make: Callable[[], EventStore]) -> None:
        make().create(created())
        assert make().append("run", [withdrawn(1), withdrawn(2)], expected=1) == 3
        assert make().append("run", [withdrawn(3)], expected=3) == 4
        events = make().read("run")
        assert [event.position for event in events] == [1, 2, 3, 4]
        assert contents(events) == [created(), withdrawn(1), withdrawn(2), withdrawn(3)]

    def test_reads_only_what_came_after(self, make: Callable[[], EventStore]) -> None:
        make().create(created())
        make().append("run", [withdrawn(1), withdrawn(2)], expected=1)
        assert [event.position for event in make().read("run", after=2)] == [3]
        assert make().read("run", after=3) == []

    @pytest.mark.parametrize("expected", [0, 1, 3, 99])
    def test_a_stale_or_wrong_position_appends_nothing(self, make: Callable[[], EventStore], expected: int) -> None:
        make().create(created())
        make().append("run", [withdrawn(1)], expected=1)
        with pytest.raises(Conflict, match="at 2 now: read again"):
            make().append("run", [withdrawn(2), withdrawn(3)], expected=expected)
        assert len(make().read("run")) == 2

    def test_nothing_is_appended_to_no_campaign(self, make: Callable[[], EventStore]) -> None:
        with pytest.raises(StoreError, match="no campaign 'run'"):
            make().append("run", [withdrawn(1)], expected=0)
        make().create(created("other"))
        with pytest.raises(StoreError, match="no campaign 'run'"):
            make().append("run", [withdrawn(1)], expected=1)

    def test_campaigns_of_one_store_are_apart(self, make: Callable[[], EventStore]) -> None:
        make().create(created("b"))
        make().create(created("a"))
        make().append("a", [withdrawn(1)], expected=1)
        assert make().names() == ["a", "b"]
        assert contents(make().read("b")) == [created("b")]
        assert make().append("b", [withdrawn(2)], expected=1) == 2

    def test_a_batch_of_no_events_changes_nothing(self, make: Callable[[], EventStore]) -> None:
        make().create(created())
        assert make().append("run", [], expected=1) == 1
        assert len(make().read("run")) == 1

    def test_floats_and_texts_come_back_to_the_last_digit(self, make: Callable[[], EventStore]) -> None:
        event = Recorded(
            at=AT,
            measurement="M0001",
            design={"T": 0.1 + 0.2, "gas": "N₂ 'quoted'; DROP TABLE"},
            values={"y": 5e-324, "z": -1.7976931348623157e308},
        )
        make().create(created())
        make().append("run", [event], expected=1)
        assert contents(make().read("run"))[1] == event


class TestSqlite:
    def test_reading_creates_no_file(self, tmp_path: Path) -> None:
        store = open_store(tmp_path / "lab.db")
        assert store.names() == []
        assert store.read("run") == []
        assert list(tmp_path.iterdir()) == []

    def test_journal_is_write_ahead_and_synchronous(self, tmp_path: Path) -> None:
        store = open_store(tmp_path / "lab.db")
        store.create(created())
        with store._engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2

    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        path = tmp_path / "lab.db"
        path.write_text("name,y\na,1\n" * 100)
        before = path.read_bytes()
        for act in (open_store(path).names, lambda: open_store(path).create(created())):
            with pytest.raises(StoreError, match="not an SQLite database") as caught:
                act()
            assert "\n" not in str(caught.value)
        assert path.read_bytes() == before

    def test_another_programs_database_is_left_as_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE plants (name TEXT)")
        connection.close()
        before = path.read_bytes()
        assert open_store(path).names() == []
        assert path.read_bytes() == before

    def test_a_missing_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="folder exists"):
            open_store(tmp_path / "no" / "lab.db").create(created())

    def test_a_read_only_file(self, tmp_path: Path) -> None:
        path = tmp_path / "lab.db"
        open_store(path).create(created())
        read_only = open_store(f"sqlite:///file:{path}?mode=ro&uri=true")
        read_only._file = path
        assert len(read_only.read("run")) == 1
        with pytest.raises(StoreError, match="cannot be written"):
            read_only.append("run", [withdrawn(1)], expected=1)

    def test_a_full_disk(self, tmp_path: Path) -> None:
        store = open_store(tmp_path / "lab.db")
        store.create(created())

        @sa.event.listens_for(store._engine, "connect")
        def limit(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA max_page_count=20")

        with pytest.raises(StoreError, match="disk is full"):
            store.append("run", [withdrawn(i) for i in range(5000)], expected=1)
        assert len(open_store(tmp_path / "lab.db").read("run")) == 1

    def test_a_lock_that_is_held_too_long(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "lab.db"
        open_store(path).create(created())
        monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.2)
        holder = sqlite3.connect(path, isolation_level=None)
        try:
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="another program has held the store"):
                open_store(path).append("run", [withdrawn(1)], expected=1)
            assert len(open_store(path).read("run")) == 1, "readers do not wait for writers"
        finally:
            holder.close()
        assert open_store(path).append("run", [withdrawn(1)], expected=1) == 2

    def test_a_gap_is_reported_as_damage(self, tmp_path: Path) -> None:
        path = tmp_path / "lab.db"
        open_store(path).create(created())
        open_store(path).append("run", [withdrawn(1), withdrawn(2)], expected=1)
        _execute(path, "DELETE FROM designer_events WHERE position = 2")
        with pytest.raises(StoreError, match="event 2 of 'run' is missing"):
            open_store(path).read("run")

    def test_a_later_schema_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "lab.db"
        open_store(path).create(created())
        _execute(path, "UPDATE designer_schema SET version = 2")
        for act in (open_store(path).names, lambda: open_store(path).append("run", [withdrawn(1)], expected=1)):
            with pytest.raises(StoreError, match="schema version 2; this designer knows 1: update designer"):
                act()

    def test_an_unknown_kind_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "lab.db"
        open_store(path).create(created())
        _execute(path, "UPDATE designer_events SET payload = '" + json.dumps({"v": 1, "kind": "dreamt"}) + "'")
        with pytest.raises(StoreError, match=r"event 1 is of kind 'dreamt'.*update designer"):
            open_store(path).read("run")


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


class TestLocations:
    @pytest.mark.parametrize(
        ("location", "message"),
        [
            ("mysql://ada:hunter2@host/db", "kind 'mysql' is not supported"),
            ("sqlite://", "needs a file"),
            ("sqlite:///:memory:", "needs a file"),
            ("postgresql://ada:hunter2@host:port/db", "cannot be read"),
            ("postgresql://ada:half@hunter2@host/db", "write '@' in a password as %40"),
        ],
    )
    def test_unusable_locations_are_refused_without_their_password(self, location: str, message: str) -> None:
        with pytest.raises(StoreError, match=message) as caught:
            open_store(location)
        assert "hunter2" not in str(caught.value)

    def test_relative_path_and_url_are_the_same_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        open_store("lab.db").create(created())
        assert open_store("sqlite:///lab.db").names() == ["run"]
        assert open_store("sqlite:///lab.db").location == "lab.db"

    def test_psycopg_is_an_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
        with pytest.raises(MissingExtra, match=r"pip install 'materials-designer\[postgres\]'"):
            open_store("postgresql://host/db")


class TestPostgres:
    def test_the_password_is_never_shown(self, postgres_url: str) -> None:
        store = open_store(postgres_url)
        wrong = postgres_url.replace(QUOTED, "wr%2Fong")
        missing = postgres_url.replace("/postgres?", "/missing?")
        for text in (repr(store), store.location, _message(wrong), _message(missing)):
            assert PASSWORD not in text
            assert QUOTED not in text
            assert "wr/ong" not in text
            assert "wr%2Fong" not in text
            assert "\n" not in text
        assert "user or password are wrong" in _message(wrong)
        assert "does not exist" in _message(missing)

    def test_a_password_in_the_query_is_not_shown(self) -> None:
        pytest.importorskip("psycopg")
        store = SqlStore("postgresql://lab@host/db?password=hunter2&sslpassword=hunter3")
        assert "hunter" not in repr(store)

    def test_no_server_there(self) -> None:
        pytest.importorskip("psycopg")
        assert "no database server answers there" in _message("postgresql://lab:hunter2@127.0.0.1:1/db")


def _message(location: str) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(location).names()
    return str(caught.value)


class TestPooled:
    """A store that keeps its connections keeps the contract too, from many threads at once."""

    @pytest.mark.parametrize("backend", ["sqlite", "postgres"])
    def test_many_threads_append_and_nothing_is_lost(
        self, backend: str, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        from concurrent.futures import ThreadPoolExecutor

        from designer.errors import Conflict

        place = request.getfixturevalue("postgres_url") if backend == "postgres" else tmp_path / "lab.db"
        store = SqlStore(place, pooled=True)
        try:
            store.prepare()
            assert store.positions() == {}
            store.create(created())

            def append(number: int) -> None:
                while True:
                    try:
                        store.append("run", [withdrawn(number)], expected=store.positions()["run"])
                        return
                    except Conflict:
                        continue

            with ThreadPoolExecutor(6) as threads:
                list(threads.map(append, range(1, 31)))
            assert store.positions() == {"run": 31}
            assert len({event.subject for event in store.read("run", after=1)}) == 30  # type: ignore[union-attr]
        finally:
            store.close()

    def test_what_stands_beside_is_written_with_the_events_or_not_at_all(self, tmp_path: Path) -> None:
        store = SqlStore(tmp_path / "lab.db", pooled=True)
        try:
            store.create(created())

            def broken(_: object) -> None:
                raise RuntimeError("no")

            with pytest.raises(RuntimeError):
                store.append("run", [withdrawn(1)], expected=1, beside=broken)
            assert store.positions() == {"run": 1}
        finally:
            store.close()
