"""Result rows on disk: one JSON line a campaign, one file a method; runs resume, and are read as they grow."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path

from benchmarks.suite.campaigns import Key, Row
from designer.errors import Fault, InvalidData

FIELDS = {field.name for field in fields(Row)}


def append(folder: Path, row: Row) -> None:
    """Add one row to the file of its method, in one write; a last line that a crash cut off is taken away.

    Several runs may append to one file: each holds it alone for that moment.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{row.method}.jsonl"
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
        file.write(json.dumps(asdict(row), separators=(",", ":")).encode() + b"\n")


def read(folder: Path) -> list[Row]:
    """Return all rows of a folder, ordered by what they are the result of; of two with one key the last counts.

    A last line that was cut off by a crash is left out: its campaign runs again.

    Raises
    ------
    InvalidData
        If another line is no row.
    """
    rows: dict[Key, Row] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for row in _rows(path):
            rows[row.key] = row
    return [rows[key] for key in sorted(rows)]


def _rows(path: Path) -> Iterable[Row]:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            given = json.loads(line)
        except json.JSONDecodeError:
            if number == len(lines):
                return
            given = None
        if not isinstance(given, dict) or given.keys() != FIELDS:
            what = "this is no result of a campaign"
            raise InvalidData(Fault(what, "remove the line", file=str(path), line=number))
        yield Row(**given)
