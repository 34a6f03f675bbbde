"""Backups of a lab: whole while others write, refused when damaged, and never written over a lab."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import zipfile
from pathlib import Path

import pytest

from designer.campaign.log.events import Created, Recorded
from designer.campaign.log.store import SqlStore
from designer.errors import InvalidInput, StoreError
from designer.service.store.accounts import Accounts, Caller
from designer.service.store.backup import MANIFEST, TABLES, back_up, check, restore
from designer.service.store.idempotency import RequestLog, WriteRequest
from designer.service.store.paths import LabPaths
from tests.campaign.conftest import postgres_server, postgres_url
from tests.golden.extract import load_dump
from tests.golden.keep import KEPT

__all__ = ["postgres_server", "postgres_url"]
CALLER = Caller("ada", "steer")


@pytest.fixture
def paths(tmp_path: Path) -> LabPaths:
    """A lab with campaigns of version 0.1, a token, a request and files."""
    paths = LabPaths.of(tmp_path / "lab")
    load_dump(KEPT / "store.sql", paths.folder / "lab.db")
    (paths.folder / "tables").mkdir()
    (paths.folder / "tables" / "a.csv").write_text("x\n1\n")
    (paths.folder / ".hidden").write_text("left out")
    (paths.folder / "link.csv").symlink_to(paths.folder / "tables" / "a.csv")
    store = paths.open_store()
    Accounts(store).create("ada", "steer")
    RequestLog(store).add(WriteRequest.of(CALLER, "revoke", "", [], None))
    store.close()
    return paths


def test_files_of_curves_come_back_and_older_archives_have_none(paths: LabPaths, tmp_path: Path) -> None:
    back_up(paths, tmp_path / "without.zip")
    store = paths.open_store()
    digest = hashlib.sha256(b"1 2").hexdigest()
    store.add_files({digest: b"1 2"})
    store.close()
    back_up(paths, tmp_path / "with.zip")
    for name in ("with", "without"):
        restored = LabPaths.of(tmp_path / name)
        restore(tmp_path / f"{name}.zip", restored)
        store = restored.open_store()
        if name == "with":
            assert store.stored_file(digest) == b"1 2"
        else:
            with pytest.raises(StoreError, match="no file"):
                store.stored_file(digest)
        store.close()


def contents(paths: LabPaths) -> dict[str, object]:
    """Everything in a lab, as text."""
    store = paths.open_store()
    with store.snapshot() as connection:
        rows = {
            table.name: [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))]
            for table in TABLES
        }
    store.close()
    files = {path.name: path.read_text() for path in paths.folder.rglob("*.csv") if not path.is_symlink()}
    return {**rows, "files": files}


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_lab_comes_back_whole(paths: LabPaths, tmp_path: Path, place: str, request: pytest.FixtureRequest) -> None:
    made = back_up(paths, tmp_path / "lab.zip")
    store = str(request.getfixturevalue("postgres_url")) if place == "postgres" else None
    new = LabPaths.of(tmp_path / "new", store)
    assert restore(tmp_path / "lab.zip", new) == made == check(tmp_path / "lab.zip")
    assert (made.campaigns, made.files, made.rows["designer_tokens"]) == (3, 1, 1)
    assert contents(new) == contents(paths)
    opened = new.open_store()
    RequestLog(opened).add(WriteRequest.of(CALLER, "revoke", "", [], None))  # its number follows the restored ones
    assert [row["number"] for row in RequestLog(opened).audit_trail()] == [2, 1]
    opened.close()


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_one_moment_is_saved_while_others_write(
    tmp_path: Path, place: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = LabPaths.of(tmp_path / "lab", str(request.getfixturevalue("postgres_url")) if place == "postgres" else None)
    old = tmp_path / "old.db"
    load_dump(KEPT / "store.sql", old)
    source, store = SqlStore(old), paths.open_store()
    creation, *_ = source.read("rounds")
    assert isinstance(creation, Created)
    result = next(event for event in source.read("rounds") if isinstance(event, Recorded))
    names = [f"c{i}" for i in range(3)]
    for name in names:
        store.create(creation.model_copy(update={"name": name}))
    stop, written = threading.Event(), dict.fromkeys(names, 1)

    def write(name: str) -> None:
        while not stop.is_set() and written[name] < 100:
            written[name] = store.append(name, [result], written[name])

    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    try:
        while min(written.values()) < 3:
            stop.wait(0.01)
        before = dict(written)
        back_up(paths, tmp_path / "lab.zip")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    store.close()
    new = LabPaths.of(tmp_path / "new")
    restore(tmp_path / "lab.zip", new)
    restored = SqlStore(new.store)
    for name in names:
        events = restored.read(name)  # which refuses gaps
        assert before[name] <= len(events) <= written[name]


def test_damage_is_found_before_anything_is_written(paths: LabPaths, tmp_path: Path) -> None:
    back_up(paths, tmp_path / "lab.zip")
    with zipfile.ZipFile(tmp_path / "lab.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}

    def refused(changed: dict[str, bytes], what: str) -> None:
        damaged = tmp_path / "damaged.zip"
        with zipfile.ZipFile(damaged, "w") as archive:
            for name, content in changed.items():
                archive.writestr(name, content)
        with pytest.raises(InvalidInput, match=what):
            restore(damaged, LabPaths.of(tmp_path / "new"))
        assert not (tmp_path / "new" / "lab.db").exists()

    def with_manifest(**changes: object) -> dict[str, bytes]:
        return {**members, MANIFEST: json.dumps({**json.loads(members[MANIFEST]), **changes}).encode()}

    manifest = json.loads(members[MANIFEST])
    for name in members.keys() - {MANIFEST}:
        refused({**members, name: members[name][:-2] + b"9\n"}, f"{name} differs from its digest")
        refused({key: value for key, value in members.items() if key != name}, "its members are not those")
    refused({**members, "files/more.csv": b"x"}, "its members are not those")
    refused(with_manifest(format=2), "its format is 2, and this one reads 1: update designer")
    refused(with_manifest(rows={**manifest["rows"], "designer_events": 1}), "designer_events has")
    refused({**members, MANIFEST: b"[]"}, "no manifest that can be read")
    refused({MANIFEST: b"{}"}, "no manifest that can be read")
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(InvalidInput, match="it is no ZIP file"):
        check(tmp_path / "text.zip")


@pytest.mark.parametrize("name", ["../out.csv", "/out.csv", "tables/../../out.csv", "C:/out.csv"])
def test_no_file_leads_out_of_the_folder(paths: LabPaths, tmp_path: Path, name: str) -> None:
    back_up(paths, tmp_path / "lab.zip")
    with zipfile.ZipFile(tmp_path / "lab.zip") as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    manifest = json.loads(members.pop(MANIFEST))
    members[f"files/{name}"] = members.pop("files/tables/a.csv")
    manifest["members"][f"files/{name}"] = manifest["members"].pop("files/tables/a.csv")
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for each, content in {**members, MANIFEST: json.dumps(manifest).encode()}.items():
            archive.writestr(each, content)
    with pytest.raises(InvalidInput, match="leads out of the folder"):
        restore(tmp_path / "bad.zip", LabPaths.of(tmp_path / "new"))
    assert not (tmp_path / "out.csv").exists()
    restore(tmp_path / "lab.zip", LabPaths.of(tmp_path / "new"))  # nothing was written before, so it can be used


def test_nothing_is_overwritten(paths: LabPaths, tmp_path: Path) -> None:
    archive = tmp_path / "lab.zip"
    back_up(paths, archive)
    before = archive.read_bytes()
    with pytest.raises(InvalidInput, match="backups are never overwritten"):
        back_up(paths, archive)
    assert archive.read_bytes() == before
    found = contents(paths)
    with pytest.raises(InvalidInput, match="holds a lab already"):
        restore(archive, paths)
    assert contents(paths) == found
    shutil.rmtree(paths.folder)
    (paths.folder / "tables").mkdir(parents=True)
    (paths.folder / "tables" / "a.csv").write_text("mine")
    with pytest.raises(InvalidInput, match="there is another file already"):
        restore(archive, LabPaths.of(paths.folder))
    assert (paths.folder / "tables" / "a.csv").read_text() == "mine"
