"""An SQLite file that can be read but not written beside: on a full disk, or on a read-only mount.

SQLite reads a file with a write-ahead log only where it can make the log's index. Here the file is copied into memory,
and where its log holds more, file and log are copied into a folder of the system for temporary files.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from designer.errors import StoreError

_TRIES = 5
_SPACE = 64 * 1024  # bytes that SQLite may need for the log's index and a page
_LOG_MODE = slice(18, 20)  # bytes of the header: 2 for a write-ahead log, 1 without


def snapshot(file: Path) -> sqlite3.Connection:
    """Return a connection to a copy of an SQLite file in memory, with what its log holds.

    Raises
    ------
    StoreError
        If the file cannot be read or is written all the time.
    """
    log = file.with_name(file.name + "-wal")
    for _ in range(_TRIES):
        before = _state(file), _state(log)
        try:
            copy = _with_log(file, log) if before[1][0] else _alone(file)
        except OSError as error:
            raise StoreError(f"{file}: cannot be read: {error.strerror}") from None
        except sqlite3.Error as error:
            raise StoreError(f"{file}: cannot be read: {error}") from None
        if (_state(file), _state(log)) == before:
            return copy
        copy.close()
    raise StoreError(f"{file}: other programs write it all the time, and this one can only read it; try again")


def is_nearly_full(file: Path) -> bool:
    """Whether the disk of a file has no space left for a transaction."""
    try:
        return shutil.disk_usage(file.parent).free < _SPACE
    except OSError:
        return False


def is_read_only(file: Path) -> bool:
    """Whether a file is there, and nothing can be written beside it."""
    return file.exists() and not os.access(file.parent, os.W_OK)


def remove_empty(file: Path) -> None:
    """Remove an SQLite file that was begun and holds no table, with its log."""
    with suppress(OSError, StoreError, sqlite3.Error):
        with closing(snapshot(file)) as copy:
            if copy.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
                return
        for ending in ("", "-wal", "-shm", "-journal"):
            file.with_name(file.name + ending).unlink(missing_ok=True)


def _state(file: Path) -> tuple[int, int]:
    """Return size and time of a file; zeros where there is none."""
    try:
        known = file.stat()
    except OSError:
        return 0, 0
    return known.st_size, known.st_mtime_ns


def _alone(file: Path) -> sqlite3.Connection:
    content = bytearray(file.read_bytes())
    with _new_copy() as copy:
        if content:
            content[_LOG_MODE] = b"\1\1"
            copy.deserialize(bytes(content))
    return copy


def _with_log(file: Path, log: Path) -> sqlite3.Connection:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "copy.db"
        shutil.copyfile(file, place)
        shutil.copyfile(log, place.with_name("copy.db-wal"))
        with _new_copy() as copy, closing(sqlite3.connect(place)) as stored:
            stored.backup(copy)
        return copy


@contextmanager
def _new_copy() -> Iterator[sqlite3.Connection]:
    """Yield an empty database in memory, which is closed if it cannot be filled."""
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        yield copy
    except BaseException:
        copy.close()
        raise
