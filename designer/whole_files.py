"""Files and folders that are written whole or not at all.

What is written goes into a hidden file or folder beside the place (``.name.<token>.part``), is put on the disk, and
then takes its name in one step. A program that is killed leaves at most the hidden part, which the next write to the
same place removes: a part that is still being written is locked by its writer.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

if sys.platform != "win32":  # where parts of killed programs stay
    import fcntl

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EACCES}
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Numbers of the errors by which a system says that there is no space left, or none for this user or file."""


def write_new(path: Path | str, content: str | bytes) -> None:
    """Write a file that does not exist yet, or has the same content: a command that was killed can be given again.

    Raises
    ------
    FileExistsError
        If it exists with another content; it stays as it is.
    OSError
        If it cannot be written; then nothing is there.
    """
    path = Path(path)
    if _holds(path, content):
        return
    with _part_file(path, content) as part:
        _take_name(part, path)
    sync_folder(path.parent)


def write_over(path: Path | str, content: str | bytes) -> None:
    """Write a file, in the place of an older one if there is one.

    Raises
    ------
    OSError
        If it cannot be written; then the older one is there.
    """
    path = Path(path)
    path = path.resolve() if path.is_symlink() else path
    with _part_file(path, content) as part:
        part.replace(path)
    sync_folder(path.parent)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write piece by piece, which takes the name `path` when it is complete.

    Raises
    ------
    FileExistsError
        If there is such a file already; it stays as it is.
    OSError
        If it cannot be written; then nothing is there.
    """
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    with _part_file(path, b"") as part:
        with part.open("r+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _take_name(part, path)
    sync_folder(path.parent)


def _take_name(part: Path, path: Path) -> None:
    """Give a part the name of a file that does not exist yet."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
    except OSError as error:
        if error.errno not in _NO_LINKS or path.exists():
            raise
        part.replace(path)  # a file system without hard links


def _holds(path: Path, content: str | bytes) -> bool:
    """Whether there is a file with just this content."""
    wanted = content.encode() if isinstance(content, str) else content
    try:
        return path.is_file() and path.stat().st_size == len(wanted) and path.read_bytes() == wanted
    except OSError:
        return False


@contextmanager
def part_folder(folder: Path) -> Iterator[Path]:
    """Yield a hidden folder beside `folder` to write into; `publish` gives it its name; it is removed otherwise."""
    _remove_leftovers(folder)
    part = _part_name(folder)
    try:
        part.mkdir()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from None
    handle = _locked(part)
    try:
        yield part
    finally:
        if handle is not None:
            os.close(handle)
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def sole_writer(folder: Path) -> Iterator[bool]:
    """Yield whether this program alone writes into a folder, which is made; where another one does, False at once."""
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        yield True
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:  # a file system without locks
            pass
        yield True
    finally:
        os.close(handle)


def publish(part: Path, folder: Path) -> None:
    """Give a hidden folder its name, with all that is in it on the disk.

    Raises
    ------
    OSError
        If there is a folder of this name that is not empty.
    """
    for path in part.rglob("*"):
        _sync(path)
    _sync(part)
    part.rename(folder)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of files on the disk, where the system lets folders be opened."""
    with suppress(OSError):
        _sync(folder)


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no space left."""
    return isinstance(error, OSError) and error.errno in NO_SPACE


@contextmanager
def _part_file(path: Path, content: str | bytes) -> Iterator[Path]:
    """Yield a hidden file beside `path` with the content, on the disk; it is removed in the end."""
    _remove_leftovers(path)
    part = _part_name(path)
    try:
        handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            _lock(handle)
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(handle)
            yield part
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _part_name(path: Path) -> Path:
    return path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")


def _remove_leftovers(path: Path) -> None:
    """Remove the parts of `path` that a killed program left: those that no writer holds."""
    begin = f".{path.name[:200]}."
    if sys.platform == "win32":
        return
    with suppress(OSError):
        for part in path.parent.iterdir():
            if part.name.startswith(begin) and part.name.endswith(".part"):
                _remove_if_unheld(part)


def _remove_if_unheld(part: Path) -> None:
    if sys.platform == "win32":
        return
    with suppress(OSError):
        handle = os.open(part, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink()
        finally:
            os.close(handle)


def _locked(folder: Path) -> int | None:
    """Open a folder and lock it; None where the system does not let folders be opened."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # pragma: no cover  Windows
        return None
    _lock(handle)
    return handle


def _lock(handle: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError):  # a file system without locks: parts of killed programs stay
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
