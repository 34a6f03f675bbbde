"""Files and paths that a user names: what can be no path, and what is no file, is refused before it is opened."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

MAX_NAME, MAX_PATH = 255, 4_000
"""Bytes of one name and of a whole path, beyond which file systems refuse them."""


def path_fault(text: str) -> str | None:
    """Return why a text can be no path, in words; None where it can be one.

    >>> path_fault("a/b.csv"), path_fault("a\\0"), path_fault("x" * 300)
    (None, 'holds a character that no path has', 'is longer than a path can be')
    """
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return "holds a character that no path has"
    if b"\0" in data:
        return "holds a character that no path has"
    if len(data) > MAX_PATH or any(len(name) > MAX_NAME for name in data.split(b"/")):
        return "is longer than a path can be"
    return None


def read_file(path: Path) -> bytes:
    """Return the content of a file or a pipe; a device, which may never end, is refused.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    mode = path.stat().st_mode
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise OSError(errno.EINVAL, "it is a device and no file", str(path))
    return path.read_bytes()
