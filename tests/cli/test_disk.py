"""Commands on a full disk, on one that is read-only, and with an output that cannot be written."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import designer
from designer.campaign.campaign import Campaign
from designer.campaign.log.sqlite_snapshot import snapshot
from designer.campaign.log.store import SqlStore
from designer.errors import StoreError
from tests.cli.conftest import Designer


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class TestFullForFiles:
    """The disk has no space for the file that a command writes."""

    @pytest.fixture(autouse=True)
    def full(self, designer: Designer, monkeypatch: pytest.MonkeyPatch) -> None:
        designer("suggest", "-n", "1")
        designer("record", "S0001", "strength=100", "haze=1")
        monkeypatch.setattr(os, "fsync", no_space)

    @pytest.mark.parametrize(
        ("words", "file"),
        [
            ("export out.csv", "out.csv"),
            ("export out.jsonl", "out.jsonl"),
            ("init t.csv --output new.yaml --yes", "new.yaml"),
            ("tasks import t.csv --output past --yes --maximize y", "past"),
        ],
    )
    def test_nothing_half_written_stays(self, designer: Designer, folder: Path, words: str, file: str) -> None:
        (folder / "t.csv").write_text("T,y\n300,1\n400,2\n500,2.5\n550,2\n")
        before = names(folder)
        done = designer(*words.split())
        assert (done.code, done.out) == (1, "")
        assert "the disk is full, nothing was written; free some space and run the command again" in done.err
        assert len(done.err.splitlines()) == 1
        assert names(folder) == before

    def test_recorded_suggestions_are_shown(self, designer: Designer, folder: Path) -> None:
        done = designer("suggest", "-n", "2", "--csv", "next.csv")
        assert done.code == 1
        assert done.err == (
            "designer: next.csv: the disk is full, nothing was written; free some space and run the command again\n"
        )
        assert "S0002" in done.out
        assert "S0003" in done.out
        assert "These suggestions are recorded: 'designer status' shows them again." in done.out
        assert not (folder / "next.csv").exists()
        assert [each.id for each in Campaign.open(folder / "glass.yaml").state.open] == ["S0002", "S0003"]

    def test_in_json_too(self, designer: Designer) -> None:
        done = designer("suggest", "-n", "2", "--csv", "next.csv", "--json")
        assert (done.code, done.data["csv"]) == (1, None)
        assert [each["id"] for each in done.data["suggestions"]] == ["S0002", "S0003"]
        assert "the disk is full" in done.data["error"]


def run(folder: Path, *words: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "DESIGNER_STORE"}
    environment["PYTHONPATH"] = str(Path(designer.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "designer", *words], cwd=folder, env=environment, stdout=stdout, stderr=subprocess.PIPE,
        text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize(
    ("words", "shown"),
    [(["status"], ""), (["status", "--json"], ""), (["suggest", "-n", "2"], "Recorded: S0001, S0002\n")],
)
def test_an_output_that_cannot_be_written(folder: Path, words: list[str], shown: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(folder, *words, stdout=full.fileno())
    assert (done.returncode, done.stderr) == (
        1,
        f"{shown}designer: the output cannot be written: the disk is full; what was recorded is kept, see "
        "'designer status'\n",
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB, for those who may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> None:
    with (disk / "fill").open("ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017  the disk is full now, as it should be


@pytest.mark.slow
class TestSmallDisk:
    def test_status_works_on_a_full_disk_and_writing_says_it_is_full(self, small_disk: Path, folder: Path) -> None:
        shutil.copy(folder / "glass.yaml", small_disk)
        assert run(small_disk, "suggest", "-n", "2").returncode == 0
        fill(small_disk)
        done = run(small_disk, "status", "--json")
        assert (done.returncode, json.loads(done.stdout)["open"]) == (0, ["S0001", "S0002"])
        for words in (["suggest"], ["record", "S0001", "strength=5"], ["withdraw", "S0001"]):
            refused = run(small_disk, *words)
            assert (refused.returncode, refused.stdout) == (1, "")
            assert refused.stderr.startswith("designer: glass.db: the disk is full; nothing of this was written")
        (small_disk / "fill").unlink()
        assert run(small_disk, "record", "S0001", "strength=5").returncode == 0

    def test_a_campaign_that_cannot_begin_leaves_nothing(self, small_disk: Path, folder: Path) -> None:
        shutil.copy(folder / "glass.yaml", small_disk)
        fill(small_disk)
        before = names(small_disk)
        refused = run(small_disk, "suggest")
        assert (refused.returncode, "the disk is full" in refused.stderr) == (1, True)
        assert names(small_disk) == before
        assert run(small_disk, "status").returncode == 0

    def test_status_works_on_a_read_only_mount(self, small_disk: Path, folder: Path) -> None:
        shutil.copy(folder / "glass.yaml", small_disk)
        assert run(small_disk, "suggest", "-n", "2").returncode == 0
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        for words in (["status"], ["best"], ["export", str(folder / "out.jsonl")]):
            assert run(small_disk, *words).returncode == 0
        refused = run(small_disk, "suggest")
        assert refused.returncode == 1
        assert "cannot be written" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


class TestSnapshot:
    """Reading a file beside which nothing can be written."""

    def test_with_what_the_log_holds(self, tmp_path: Path) -> None:
        file = tmp_path / "a.db"
        writer = sqlite3.connect(file)
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("CREATE TABLE t (x)")
        writer.execute("INSERT INTO t VALUES (7)")
        writer.commit()
        assert (tmp_path / "a.db-wal").stat().st_size > 0
        before = {path: path.read_bytes() for path in tmp_path.iterdir() if not path.name.endswith("-shm")}
        copy = snapshot(file)
        assert copy.execute("SELECT x FROM t").fetchall() == [(7,)]
        copy.close()
        assert {path: path.read_bytes() for path in before} == before
        writer.close()

    def test_without_a_log(self, tmp_path: Path) -> None:
        file = tmp_path / "a.db"
        writer = sqlite3.connect(file)
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE t (x)")
        writer.close()
        copy = snapshot(file)
        assert copy.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]
        copy.close()

    def test_a_store_reads_through_it_when_it_cannot_be_opened(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Campaign.open(folder / "glass.yaml").suggest(2)
        monkeypatch.setattr(SqlStore, "_readable", lambda _: False)
        assert [each.id for each in Campaign.open(folder / "glass.yaml").state.open] == ["S0001", "S0002"]

    def test_a_copy_that_cannot_be_filled_is_closed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "a.db"
        with closing(sqlite3.connect(file)) as writer:
            writer.execute("CREATE TABLE t (x)")
        copies = []

        class Unfillable(sqlite3.Connection):
            closed = False

            def deserialize(self, *_: object, **__: object) -> None:
                copies.append(self)
                raise sqlite3.DatabaseError("file is not a database")

            def close(self) -> None:
                self.closed = True
                super().close()

        connect = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Unfillable))
        with pytest.raises(StoreError, match=r"a\.db: cannot be read: file is not a database"):
            snapshot(file)
        assert copies
        assert all(copy.closed for copy in copies)

    def test_a_file_that_is_gone(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="cannot be read: No such file"):
            snapshot(tmp_path / "a.db")
