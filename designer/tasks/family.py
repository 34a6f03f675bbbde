"""Families of tasks: a folder with a ``family.yaml`` and one CSV file a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from designer.documents import load_document, parse
from designer.errors import Fault, InvalidData, InvalidInput
from designer.space import DesignSpace
from designer.tasks.card import FamilyCard, TaskCard, group_faults, group_of, restricted
from designer.tasks.tables import read_text_table
from designer.tasks.task import Task


@dataclass(frozen=True, eq=False)
class Family:
    """Tasks that belong together, and where they came from.

    Parameters
    ----------
    name, description, license, source, citation
        As the family's card gives them.
    related
        Whether one task may teach about another.
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
        """Return the tasks that may teach about the task `name`: the others, without near copies of it.

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
    path = Path(path)
    path = path / "family.yaml" if path.is_dir() else path
    document = load_document(path)
    card = parse(FamilyCard, document, error=InvalidData)
    groups = card.leave_out if leave_out is None else {group: tuple(names) for group, names in leave_out.items()}
    faults = list(_argument_faults(card, tasks, groups))
    loaded: list[Task] = []
    for i, entry in enumerate(card.tasks):
        if tasks is None or entry.name in tasks:
            try:
                loaded.append(_task(card, i, entry, path.parent, group_of(entry.name, groups)))
            except InvalidInput as error:
                faults += [document.locate(fault) if fault.file is None else fault for fault in error.faults]
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
    )


def _argument_faults(
    card: FamilyCard, tasks: Sequence[str] | None, groups: Mapping[str, tuple[str, ...]]
) -> list[Fault]:
    names = [task.name for task in card.tasks]
    known = ", ".join(names)
    faults = [Fault(f"there is no task {name!r}", f"one of: {known}") for name in tasks or () if name not in names]
    return faults + list(group_faults(groups, names))


def _task(card: FamilyCard, i: int, entry: TaskCard, folder: Path, group: str | None) -> Task:
    space = _space(card, i, entry)
    file = folder / entry.file
    table = read_text_table(file)
    if entry.rows is not None and entry.rows != len(table):
        what = f"{entry.file!r} has {len(table)} rows of data, not {entry.rows}"
        raise InvalidData(Fault(what, "give the right file or the right number", path=("tasks", i, "rows")))
    return Task(
        space=space,
        targets=entry.targets,
        data=table,
        name=entry.name,
        family=card.family,
        group=group,
        file=str(file),
    )


def _space(card: FamilyCard, i: int, entry: TaskCard) -> DesignSpace:
    given = entry.space or card.space or ()
    try:
        parameters = [restricted(parameter, entry.inputs) for parameter in given]
        kept = [parameter for parameter in parameters if parameter is not None]
        return DesignSpace(parameters=kept, constraints=card.constraints)
    except InvalidInput as error:
        place = ("tasks", i, "inputs" if entry.inputs is not None else "space")
        raise InvalidData([fault.at(path=place) for fault in error.faults]) from None
