"""Families of tasks: a folder with a ``family.yaml`` and one CSV file a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from designer.counting import count
from designer.documents import load_document, parse
from designer.errors import Fault, InvalidData, InvalidInput
from designer.space import DesignSpace
from designer.tasks.card import FamilyCard, TaskCard, group_faults, group_of, restricted
from designer.tasks.csv_text import read_text_table
from designer.tasks.task import Task

CARD = "family.yaml"


@dataclass(frozen=True, eq=False)
class Family:
    """Tasks that belong together, and where they came from.

    Parameters
    ----------
    name, description, license, source, citation, retrieved
        As the family's card gives them.
    related
        Whether one task may be a source for another.
    tasks
        The tasks, in the order of the card.
    """

    name: str
    tasks: tuple[Task, ...]
    related: bool = True
    description: str | None = None
    license: str | None = None
    source: str | None = None
    citation: str | None = None
    retrieved: str | None = None

    def task(self, name: str) -> Task:
        """Return a task by name.

        Raises
        ------
        InvalidData
            If there is none of this name.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        known = ", ".join(task.name for task in self.tasks)
        raise InvalidData(Fault(f"family {self.name!r} has no task {name!r}", f"one of: {known}"))

    def sources(self, name: str) -> tuple[Task, ...]:
        """Return the source tasks of the task `name`: the others, without near copies of it.

        None, where the family is a folder of unrelated tasks.
        """
        target = self.task(name)
        if not self.related:
            return ()
        return tuple(
            task for task in self.tasks if task.name != name and (target.group is None or task.group != target.group)
        )


def load_family(
    path: Path | str,
    *,
    tasks: Sequence[str] | None = None,
    leave_out: Mapping[str, Sequence[str]] | None = None,
) -> Family:
    """Load a family from its folder (or the path of its ``family.yaml``).

    Parameters
    ----------
    tasks
        The names of the tasks to read; all, unless given.
    leave_out
        Groups of tasks that are near copies, in place of the card's own.

    Raises
    ------
    InvalidInput
        With every fault of the card and the tables, each with file and line or row.
    """
    opened = open_family(path, tasks=tasks, leave_out=leave_out)
    card = opened.card
    faults: list[Fault] = []
    loaded: list[Task] = []
    for table in opened.tables:
        try:
            loaded.append(table.task())
        except InvalidInput as error:
            faults += error.faults
    if faults:
        raise InvalidData(faults)
    return Family(
        name=card.family,
        tasks=tuple(loaded),
        related=card.related,
        description=card.description,
        license=card.license,
        source=card.source,
        citation=card.citation,
        retrieved=card.retrieved,
    )


@dataclass(frozen=True, eq=False)
class TaskTable:
    """The table of one task as in its file, and its entry on the card.

    Parameters
    ----------
    card
        The task's entry in the card.
    space
        Its space, narrowed to its inputs.
    frame
        The cells as text; the index, called ``row``, counts as a spreadsheet does.
    family, group, file
        The family's name, the group of near copies that the task belongs to, and the table's path.
    """

    card: TaskCard
    space: DesignSpace
    frame: pd.DataFrame
    family: str
    group: str | None
    file: str

    @property
    def name(self) -> str:
        """The task's name."""
        return self.card.name

    def task(self) -> Task:
        """Return the task that the table holds; every faulty cell raises, as `Task` does."""
        return Task(
            space=self.space,
            targets=self.card.targets,
            data=self.frame,
            name=self.card.name,
            family=self.family,
            group=self.group,
            file=self.file,
        )


@dataclass(frozen=True, eq=False)
class OpenedFamily:
    """A family with a valid card, whose tables are read but not yet checked."""

    card: FamilyCard
    folder: Path
    tables: tuple[TaskTable, ...]


def open_family(
    path: Path | str,
    *,
    tasks: Sequence[str] | None = None,
    leave_out: Mapping[str, Sequence[str]] | None = None,
) -> OpenedFamily:
    """Read the card and the tables of a family, without looking at what the cells hold; see `load_family`.

    Raises
    ------
    InvalidInput
        With every fault of the card and of the tables as files.
    """
    path = Path(path)
    path = path / CARD if path.is_dir() else path
    document = load_document(path)
    card = parse(FamilyCard, document, error=InvalidData)
    groups = card.leave_out if leave_out is None else {group: tuple(names) for group, names in leave_out.items()}
    faults = list(_argument_faults(card, tasks, groups))
    tables: list[TaskTable] = []
    for i, entry in enumerate(card.tasks):
        if tasks is None or entry.name in tasks:
            try:
                tables.append(_table(card, i, entry, path.parent, group_of(entry.name, groups)))
            except InvalidInput as error:
                faults += [document.locate(fault) if fault.file is None else fault for fault in error.faults]
    if faults:
        raise InvalidData(faults)
    return OpenedFamily(card, path.parent, tuple(tables))


def _argument_faults(
    card: FamilyCard, tasks: Sequence[str] | None, groups: Mapping[str, tuple[str, ...]]
) -> list[Fault]:
    names = [task.name for task in card.tasks]
    known = ", ".join(names)
    faults = [Fault(f"there is no task {name!r}", f"one of: {known}") for name in tasks or () if name not in names]
    return faults + list(group_faults(groups, names))


def _table(card: FamilyCard, i: int, entry: TaskCard, folder: Path, group: str | None) -> TaskTable:
    space = _space(card, i, entry)
    file = folder / entry.file
    frame = read_text_table(file)
    if entry.rows is not None and entry.rows != len(frame):
        what = f"{entry.file!r} has {count(len(frame), 'row')} of data, not {entry.rows}"
        raise InvalidData(Fault(what, "give the right file or the right number", path=("tasks", i, "rows")))
    return TaskTable(entry, space, frame, card.family, group, str(file))


def _space(card: FamilyCard, i: int, entry: TaskCard) -> DesignSpace:
    given = entry.space or card.space or ()
    constraints = card.constraints if entry.constraints is None else entry.constraints
    try:
        parameters = [restricted(parameter, entry.inputs) for parameter in given]
        kept = [parameter for parameter in parameters if parameter is not None]
        return DesignSpace(parameters=kept, constraints=constraints)
    except InvalidInput as error:
        place = ("tasks", i, "inputs" if entry.inputs is not None else "space")
        raise InvalidData([fault.at(path=place) for fault in error.faults]) from None
