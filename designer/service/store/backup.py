"""Backups of a lab: one archive with every row of its database and every file of its folder, checked by digests.

The rows are read in one transaction that sees one state of the database, on SQLite and on PostgreSQL, while others
write. The archive is a ZIP file of JSON lines, so a lab in a file can be restored to a server and back. Its manifest
holds the SHA-256 digest of each member: a restore checks all of them before it writes anything.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from designer.campaign.log.events import utc_now
from designer.campaign.log.store import EVENT_TABLES, FILES, SCHEMA_VERSION
from designer.campaign.log.store_location import within
from designer.counting import count
from designer.errors import Fault, InvalidInput, StoreError
from designer.service.store.paths import DATABASE_FILE, LabPaths
from designer.service.store.schema import JOBS, REQUESTS, SCHEMA, TOKENS, VERSION
from designer.whole_files import is_full, new_file, write_new

FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 50_000_000
MAX_ROW_BYTES = 50_000_000
TABLES = (*EVENT_TABLES, SCHEMA, TOKENS, REQUESTS, JOBS)
"""In the order of a restore. Browser sessions are left out: people sign in again."""
STORED_FILES = f"{FILES.name}.jsonl"
"""The member with the files of curves; archives of earlier versions have none."""
_FILES = "files/"
_CHUNK = 1 << 20
_ROWS_AT_ONCE = 1000
_VERSIONS = {EVENT_TABLES[0]: SCHEMA_VERSION, SCHEMA: VERSION}
"""The tables that hold the version of others, and the version that this program reads."""


@dataclass(frozen=True)
class Backup:
    """What an archive holds.

    Parameters
    ----------
    at
        When it was made.
    rows
        For each table of the database, the number of its rows.
    files
        The number of files of the lab's folder.
    """

    at: datetime
    rows: dict[str, int]
    files: int

    @property
    def campaigns(self) -> int:
        """The number of campaigns."""
        return self.rows["designer_campaigns"]

    @property
    def events(self) -> int:
        """The number of events of all campaigns."""
        return self.rows["designer_events"]


def back_up(paths: LabPaths, archive: Path) -> Backup:
    """Write an archive of a lab, which may be in use, and return what it holds.

    Raises
    ------
    InvalidInput
        If there is such a file already, or it cannot be written.
    StoreError
        If the database cannot be read.
    """
    at = utc_now()
    manifest: dict[str, Any] = {
        "format": FORMAT, "designer": version("materials-designer"), "at": at.isoformat(), "rows": {}, "members": {},
    }  # fmt: skip
    store = paths.open_store()
    try:
        with new_file(archive) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as output:
            with store.snapshot() as connection:
                stored = [FILES] if sa.inspect(connection).has_table(FILES.name) else []
                for table in (*TABLES, *stored):
                    manifest["rows"][table.name] = _write_rows(connection, table, output, manifest["members"])
            # After the rows: tables of candidates are written before the campaigns that use them, and never change.
            for file in _files(paths, archive):
                _write_file(file, f"{_FILES}{file.relative_to(paths.folder).as_posix()}", output, manifest["members"])
            output.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
    except FileExistsError:
        what = "the file exists already, and backups are never overwritten"
        raise InvalidInput(Fault(what, "give another name", file=str(archive))) from None
    except OSError as error:
        if is_full(error):
            raise
        what = f"cannot be written: {error.strerror}"
        raise InvalidInput(Fault(what, "give a file in a folder that you can write to", file=str(archive))) from None
    finally:
        store.close()
    return _described(manifest)


def check(archive: Path) -> Backup:
    """Return what an archive holds, after comparing every member with its digest.

    Raises
    ------
    InvalidInput
        If it is no archive of a lab, is damaged, or is of a later version.
    """
    with _opened(archive) as content:
        manifest = _manifest(content, archive)
        for name, digest in manifest["members"].items():
            if _digest_of(content, name) != digest:
                raise _damaged(archive, f"{name} differs from its digest")
        for table in _tables(manifest):
            rows = 0
            for row in _rows(content, table, archive):
                rows += 1
                if table in _VERSIONS and row != {"version": _VERSIONS[table]}:
                    what = f"its tables are of version {str(row['version'])[:20]}, and this program reads "
                    raise _damaged(archive, f"{what}{_VERSIONS[table]}: update designer")
            if rows != manifest["rows"].get(table.name):
                raise _damaged(archive, f"{table.name} has {count(rows, 'row')}, and the manifest gives another number")
    return _described(manifest)


def restore(archive: Path, paths: LabPaths) -> Backup:
    """Write a lab from an archive, into a folder and a database that hold no lab yet, and return what it holds.

    The rows are written in one transaction, after all files: a restore that is killed leaves no lab, and can be given
    again.

    Raises
    ------
    InvalidInput
        If the archive is damaged (see `check`), or there is a lab already.
    StoreError
        If the database cannot be written.
    """
    found = check(archive)
    store = paths.open_store()
    try:
        with _opened(archive) as content, store.transaction(write=True) as connection:
            _refuse_a_lab(connection, paths)
            for name in _manifest(content, archive)["members"]:
                if name.startswith(_FILES):
                    _restore_file(content, name, paths.folder, archive)
            for table in _tables(_manifest(content, archive)):
                if table not in _VERSIONS:  # which the new store has already, the same
                    _insert(connection, table, _rows(content, table, archive))
            _continue_numbers(connection)
    finally:
        store.close()
    return found


def _refuse_a_lab(connection: Connection, paths: LabPaths) -> None:
    for table in TABLES:
        if (
            table not in _VERSIONS
            and connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None
        ):
            what = f"{paths.location} holds a lab already, and a restore overwrites nothing"
            raise InvalidInput(Fault(what, "restore to a new folder, or to an empty database with --store"))


def _continue_numbers(connection: Connection) -> None:
    """Let PostgreSQL number the next request behind the restored ones; SQLite does this by itself."""
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(REQUESTS.name, REQUESTS.c.number.name)
        last = sa.select(sa.func.coalesce(sa.func.max(REQUESTS.c.number), 0) + 1).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(sequence, last, sa.false())))


# Writing


def _write_rows(connection: Connection, table: sa.Table, output: zipfile.ZipFile, members: dict[str, str]) -> int:
    name, digest, number = f"{table.name}.jsonl", hashlib.sha256(), 0
    rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(sa.select(table).order_by(*table.primary_key))
    with output.open(name, "w", force_zip64=True) as member:
        for row in rows:
            line = json.dumps(list(row), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            member.write(line)
            digest.update(line)
            number += 1
    members[name] = digest.hexdigest()
    return number


def _files(paths: LabPaths, archive: Path) -> Iterator[Path]:
    """Yield the files of a lab's folder, without its database, links, hidden files and the archive itself."""
    for path in sorted(paths.folder.rglob("*")):
        inside = path.relative_to(paths.folder)
        is_hidden = any(part.startswith(".") for part in inside.parts)
        is_database = len(inside.parts) == 1 and path.name.startswith(DATABASE_FILE)
        is_link = any(parent.is_symlink() for parent in (path, *path.parents) if parent.is_relative_to(paths.folder))
        is_archive = path == archive.absolute() or path.suffix == ".part"
        if path.is_file() and not (is_hidden or is_database or is_link or is_archive):
            yield path


def _write_file(path: Path, name: str, output: zipfile.ZipFile, members: dict[str, str]) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as source, output.open(name, "w", force_zip64=True) as member:
        while piece := source.read(_CHUNK):
            member.write(piece)
            digest.update(piece)
    members[name] = digest.hexdigest()


# Reading


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except FileNotFoundError:
        raise InvalidInput(Fault("no such file", "give the path of a backup", file=str(archive))) from None
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        raise _damaged(archive, "it is no ZIP file") from None


def _damaged(archive: Path, what: str) -> InvalidInput:
    return InvalidInput(Fault(f"the backup cannot be used: {what}", "give another backup", file=str(archive)))


def _manifest(content: zipfile.ZipFile, archive: Path) -> dict[str, Any]:
    """Return the manifest, after checking its form and the names in it."""
    try:
        if content.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
            raise _damaged(archive, "its manifest is too large")
        manifest = json.loads(content.read(MANIFEST))
        known = manifest["format"]
        rows, members = manifest["rows"], manifest["members"]
        datetime.fromisoformat(manifest["at"])
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile, RecursionError):
        raise _damaged(archive, "it has no manifest that can be read") from None
    if known != FORMAT:
        raise _damaged(archive, f"its format is {str(known)[:20]}, and this one reads {FORMAT}: update designer")
    are_counts = isinstance(rows, dict) and all(isinstance(number, int) for number in rows.values())
    if not are_counts or not isinstance(members, dict):
        raise _damaged(archive, "it has no manifest that can be read")
    needed = {f"{table.name}.jsonl" for table in TABLES}
    names = set(content.namelist())
    if not needed <= members.keys() <= names or names != {*members, MANIFEST}:
        raise _damaged(archive, "its members are not those of its manifest")
    for name in members.keys() - needed:
        if not name.startswith(_FILES) and name != STORED_FILES:
            raise _damaged(archive, f"it has a member {name[:80]!r}")
    return dict(manifest)


def _tables(manifest: dict[str, Any]) -> tuple[sa.Table, ...]:
    """Return the tables whose rows an archive holds."""
    return (*TABLES, FILES) if STORED_FILES in manifest["members"] else TABLES


def _digest_of(content: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with suppress(zipfile.BadZipFile, OSError, EOFError, NotImplementedError), content.open(name) as member:
        while piece := member.read(_CHUNK):
            digest.update(piece)
        return digest.hexdigest()
    return ""


def _rows(content: zipfile.ZipFile, table: sa.Table, archive: Path) -> Iterator[dict[str, Any]]:
    keys = table.c.keys()
    with content.open(f"{table.name}.jsonl") as member:
        while line := _line(member, archive):
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise _damaged(archive, f"{table.name} has a row that cannot be read") from None
            if not isinstance(row, list) or len(row) != len(keys):
                raise _damaged(archive, f"{table.name} has a row that is none of its rows")
            yield dict(zip(keys, row, strict=True))


def _line(member: IO[bytes], archive: Path) -> bytes:
    line = member.readline(MAX_ROW_BYTES + 1)
    if len(line) > MAX_ROW_BYTES:
        raise _damaged(archive, "it has a row that is too long")
    return line


def _insert(connection: Connection, table: sa.Table, rows: Iterator[dict[str, Any]]) -> None:
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _ROWS_AT_ONCE:
            connection.execute(table.insert(), waiting)
            waiting = []
    if waiting:
        connection.execute(table.insert(), waiting)


def _restore_file(content: zipfile.ZipFile, name: str, folder: Path, archive: Path) -> None:
    inside = name.removeprefix(_FILES)
    try:
        within(inside, folder, "file", "give another backup")
    except ValueError:
        raise _damaged(archive, f"its file {inside[:80]!r} leads out of the folder") from None
    place = folder / inside
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(place, content.read(name))
    except FileExistsError:
        what = "there is another file already, and a restore overwrites nothing"
        raise InvalidInput(Fault(what, "restore to a new folder", file=str(place))) from None
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {error.strerror}") from None


def _described(manifest: dict[str, Any]) -> Backup:
    files = sum(name.startswith(_FILES) for name in manifest["members"])
    rows = {table.name: int(manifest["rows"].get(table.name, 0)) for table in TABLES}
    return Backup(datetime.fromisoformat(manifest["at"]), rows, files)
