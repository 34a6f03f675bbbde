"""Families of tasks on disk: a folder with a card and one CSV file a task, written whole or not at all.

Everything is written to a hidden folder beside the place, read back as any reader would, put on the disk, and only then
renamed to its name. A process that dies before that leaves the place as it was.
"""

from __future__ import annotations

import csv
import glob
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from designer.documents import write_document
from designer.errors import Fault, InvalidData, InvalidInput
from designer.space.parameters.open_vocabulary import VocabularyParameter
from designer.tasks.cleaning import CENSORED
from designer.tasks.family import CARD, Family, load_family
from designer.tasks.task import Task
from designer.whole_files import is_full, part_folder, publish


def save_family(family: Family, folder: Path | str) -> Path:
    """Write a family as a folder that `load_family` reads back as an equal family, and return its path.

    Rows that were dropped when the tasks were made are not in them any more, and so not in the folder.

    Raises
    ------
    InvalidData
        If the folder exists already or cannot be written, or a name cannot stand in a card.
    """
    names = file_names([task.name for task in family.tasks])
    shared = _shared_space(family.tasks)
    card: dict[str, Any] = {"family": family.name}
    for key in ("description", "license", "source", "citation", "retrieved"):
        if getattr(family, key) is not None:
            card[key] = getattr(family, key)
    card["related"] = family.related
    groups: dict[str, list[str]] = {}
    for task in family.tasks:
        if task.group is not None:
            groups.setdefault(task.group, []).append(glob.escape(task.name))
    if groups:
        card["leave_out"] = groups
    card |= shared or {}
    card["tasks"] = [_entry(task, name, own=shared is None) for task, name in zip(family.tasks, names, strict=True)]
    return write_folder(folder, card, {name: table_of(task) for task, name in zip(family.tasks, names, strict=True)})


def write_folder(
    folder: Path | str,
    card: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    extra: Mapping[str, str] | None = None,
) -> Path:
    """Write a card, the tables that it names (cells as text) and further files (text by path), all or nothing.

    Raises
    ------
    InvalidData
        If the folder exists already or cannot be written, or what was written is no family: then with every fault.
    """
    folder = Path(folder)
    if folder.exists():
        raise InvalidData(Fault("the folder exists already", "give another place, or move it away", file=str(folder)))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with part_folder(folder) as hidden:
            _write_text(hidden / CARD, write_document(_plain(card)))
            for name, table in tables.items():
                _write_text(hidden / name, table_text(table))
            for name, text in (extra or {}).items():
                _write_text(hidden / name, text)
            _read_back(hidden, folder)
            publish(hidden, folder)
    except OSError as error:
        if is_full(error):
            raise
        raise InvalidData(
            Fault(f"cannot be written: {error.strerror}", "give another place", file=str(folder))
        ) from None
    return folder


def _read_back(hidden: Path, folder: Path) -> None:
    """Read what was written; its faults name the place where it would have stood."""
    try:
        load_family(hidden)
    except InvalidInput as error:
        there = [
            fault.at(file=str(folder / Path(fault.file).relative_to(hidden)) + " (not written)" if fault.file else None)
            for fault in error.faults
        ]
        raise InvalidData(there) from None


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def table_text(frame: pd.DataFrame) -> str:
    """Return a table as CSV text; a row that CSV would take for a blank line is written as quoted nothing."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([str(header) for header in frame.columns])
    for row in frame.itertuples(index=False, name=None):
        writer.writerow([cell_text(cell) for cell in row])
    return text.getvalue()


def cell_text(cell: Any) -> str:
    """Return a cell as text from which the same value is read: the shortest digits that are the same float.

    >>> [cell_text(cell) for cell in (1.0, 0.1, 1e-7, "<5", None, float("nan"), True)]
    ['1.0', '0.1', '1e-07', '<5', '', '', 'True']
    """
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, np.generic):
        cell = cell.item()
    return repr(cell) if isinstance(cell, float) else str(cell)


def file_names(names: Sequence[str]) -> list[str]:
    """Return one file name a task: its name where a file may be called so, else something like it.

    >>> file_names(["a b", "a/b", "A_b", "..", "é" * 300])[:4]
    ['a_b.csv', 'a_b_2.csv', 'A_b_3.csv', 'task.csv']
    """
    taken: set[str] = set()
    found = []
    for name in names:
        base = re.sub(r"[^\w.+-]+", "_", name, flags=re.ASCII).strip("._")[:80] or "task"
        chosen, number = base, 1
        while chosen.casefold() in taken:
            number += 1
            chosen = f"{base}_{number}"
        taken.add(chosen.casefold())
        found.append(f"{chosen}.csv")
    return found


def table_of(task: Task) -> pd.DataFrame:
    """Return a task as the table that its card describes: designs and values, then the censored results."""
    targets = {target.name: target.column or target.name for target in task.targets}
    table = task.data.rename(columns=targets).astype(object)
    if len(task.censored):
        name, side, limit = (task.censored[column] for column in CENSORED)
        rows = task.censored[list(task.space.columns)].astype(object)
        for key, column in targets.items():
            shown = [f"{s}{cell_text(float(v))}" for s, v in zip(side, limit, strict=True)]
            rows[column] = [text if mine else None for text, mine in zip(shown, name == key, strict=True)]
        table = pd.concat([table, rows], ignore_index=True)
    return table


def _entry(task: Task, file: str, *, own: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": task.name, "file": file, "rows": len(task) + len(task.censored)}
    entry["targets"] = [target.model_dump(exclude_unset=True) for target in task.targets]
    return entry | (_space_keys(task) if own else {})


def _shared_space(tasks: Sequence[Task]) -> dict[str, Any] | None:
    """Return the keys of the space on the card if all tasks share it, else None."""
    spaces = [_space_keys(task) for task in tasks]
    return spaces[0] if spaces and all(space == spaces[0] for space in spaces) else None


def _space_keys(task: Task) -> dict[str, Any]:
    """Return the space's lines in the card; a vocabulary of formulas only where the table does not give the same."""
    data = task.space.to_dict()
    designs = pd.concat([task.data[list(task.space.columns)], task.censored]) if len(task.censored) else task.data
    for plain, parameter in zip(data["space"], task.space.parameters, strict=True):
        if isinstance(parameter, VocabularyParameter):
            seen = tuple(designs[parameter.lab_columns[0]].drop_duplicates())
            if seen == parameter.words:
                plain.pop(parameter.vocabulary, None)
    return {key: value for key, value in data.items() if value or key == "space"}


def _plain(value: Any) -> Any:
    """Return `value` as YAML's own kinds."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value
