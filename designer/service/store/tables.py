"""Uploaded tables of candidates, as files in the lab's folder that are named after their content."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from designer.errors import StoreError
from designer.service.store.paths import TABLES_FOLDER

if TYPE_CHECKING:
    import pandas as pd


def save_table(frame: pd.DataFrame, folder: Path) -> str:
    """Write a table of candidates to the lab's folder and return the name by which a campaign refers to it.

    The name is a digest of the content: a saved table never changes, and equal tables are saved once.

    Raises
    ------
    StoreError
        If it cannot be written; then nothing is left of it.
    """
    text = frame.to_csv(index=False, lineterminator="\n")
    name = f"{TABLES_FOLDER}/{hashlib.sha256(text.encode()).hexdigest()[:20]}.csv"
    path = folder / name
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if path.exists():
            path.touch()  # an old table that no campaign names is removed (see `designer.service.work.retention`)
        else:
            _write_whole(path, text)
    except OSError as error:
        what = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else f"{error.strerror}"
        raise StoreError(f"the table cannot be saved: {what}; nothing was written") from None
    return name


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there with all its content or not at all."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, suffix=".part", encoding="utf-8", newline="", delete=False
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
