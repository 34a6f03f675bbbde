"""The grammar of ``family.yaml``: the card of a folder of measured tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from designer.documents import Value
from designer.errors import Fault, InvalidInput
from designer.objective import Target
from designer.space import Constraint, Parameter, ShareParameter

Text = Annotated[str, Field(min_length=1)]
Groups = dict[Text, tuple[Text, ...]]


def _some(given: Any) -> Any:
    if isinstance(given, (list, tuple)) and not given:
        raise ValueError("the list is empty; give at least one")
    return given


NonEmpty = BeforeValidator(_some)


def without_empty_match(given: Any) -> Any:
    """Return targets with `goal: match` without a value as targets without a goal: a campaign gives the value."""
    if not isinstance(given, (list, tuple)):
        return given
    return [
        {key: value for key, value in target.items() if key != "goal"}
        if isinstance(target, Mapping) and target.get("goal") == "match" and "value" not in target
        else target
        for target in given
    ]


class TaskCard(Value):
    """One task of a family.

    Parameters
    ----------
    name, file, rows
        The task's name, its CSV file in the same folder, and how many rows of data that has.
    targets
        What was measured. ``goal: match`` without a value counts as no goal.
    inputs
        The columns of the space that this task varies; all of them, unless given. Members of a composition or mixture
        that are left out are absent in every row.
    space, constraints
        The task's own space and constraints, where the family has none or others.
    """

    name: Text
    file: Text
    targets: Annotated[tuple[Target, ...], BeforeValidator(without_empty_match), NonEmpty]
    rows: int | None = Field(default=None, ge=0)
    inputs: tuple[Text, ...] | None = None
    space: tuple[Parameter, ...] | None = None
    constraints: tuple[Constraint, ...] | None = None
    description: str | None = None

    @model_validator(mode="after")
    def _check(self) -> TaskCard:
        path = PurePosixPath(self.file)
        if path.is_absolute() or ".." in path.parts:
            raise InvalidInput(
                Fault(f"file {self.file!r} lies outside the family's folder", "give a file in it", path=("file",))
            )
        return self


class FamilyCard(Value):
    """A family of tasks.

    Parameters
    ----------
    family, description, license, source, citation, retrieved
        The family's name, and where its data came from and when.
    related
        Whether one task may be a source for another; False for a folder of unrelated single tasks.
    space, constraints
        The space of all tasks that give none of their own.
    tasks
        The tasks.
    leave_out
        Groups of tasks that are near copies (names, or patterns with ``*``): when one is the target, none of its
        group is a source.
    """

    family: Text
    tasks: Annotated[tuple[TaskCard, ...], NonEmpty]
    space: tuple[Parameter, ...] | None = None
    constraints: tuple[Constraint, ...] = ()
    related: bool = True
    leave_out: Groups = Field(default_factory=dict)
    description: str | None = None
    license: str | None = None
    source: str | None = None
    citation: str | None = None
    retrieved: str | None = None

    @model_validator(mode="after")
    def _check(self) -> FamilyCard:
        faults = [*self._task_faults(), *group_faults(self.leave_out, [task.name for task in self.tasks])]
        if faults:
            raise InvalidInput(faults)
        return self

    def _task_faults(self) -> Iterator[Fault]:
        seen: set[str] = set()
        for i, task in enumerate(self.tasks):
            if task.name in seen:
                yield Fault(f"task {task.name!r} is given twice", "give each its own name", path=("tasks", i, "name"))
            seen.add(task.name)
            space = task.space or self.space
            if space is None:
                yield Fault(f"task {task.name!r} has no space", "add 'space' to it or the family", path=("tasks", i))
                continue
            columns = [column for parameter in space for column in parameter.lab_columns]
            for j, column in enumerate(task.inputs or ()):
                if column not in columns:
                    what = f"input {column!r} is no column of the space"
                    yield Fault(what, f"one of: {', '.join(columns)}", path=("tasks", i, "inputs", j))


def group_faults(groups: Mapping[str, tuple[str, ...]], names: list[str]) -> Iterator[Fault]:
    """Find patterns that name no task, and tasks that are in two groups."""
    owner: dict[str, str] = {}
    for group, patterns in groups.items():
        for i, pattern in enumerate(patterns):
            matched = [name for name in names if fnmatchcase(name, pattern)]
            path = ("leave_out", group, i)
            if not matched:
                yield Fault(f"{pattern!r} names no task", f"tasks: {', '.join(names[:12])}", path=path)
            for name in matched:
                if owner.setdefault(name, group) != group:
                    what = f"task {name!r} is in the groups {owner[name]!r} and {group!r}"
                    yield Fault(what, "put each task into one group", path=path)


def group_of(name: str, groups: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return the group to which a task belongs.

    >>> group_of("lipf6__ec__T20C", {"lipf6": ("lipf6__*",)})
    'lipf6'
    """
    for group, patterns in groups.items():
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            return group
    return None


def restricted(parameter: Parameter, inputs: tuple[str, ...] | None) -> Parameter | None:
    """Return the part of a parameter that lies in the columns `inputs`; None where nothing of it does.

    Raises
    ------
    InvalidInput
        If what is left is no parameter: a mixture of one component.
    """
    if inputs is None or set(parameter.lab_columns) <= set(inputs):
        return parameter
    kept = [i for i, column in enumerate(parameter.lab_columns) if column in inputs]
    if not kept or not isinstance(parameter, ShareParameter):
        return None
    members = [parameter.members[i] for i in kept]
    given = parameter.model_dump(exclude_unset=True)
    for key in ("bounds", "fixed"):
        if given.get(key):
            given[key] = {name: value for name, value in given[key].items() if name in members or name == "*"}
    if not isinstance(given.get("zero_or", False), bool):
        given["zero_or"] = [name for name in given["zero_or"] if name in members]
    given[parameter.members_key] = members
    given["columns"] = [parameter.lab_columns[i] for i in kept]
    return type(parameter)(**given)
