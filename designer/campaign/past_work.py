"""Past work as a campaign names it: tasks of folders, of finished campaigns and of stores; and where what was learned
from it is cached."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from designer.campaign.as_task import task_of_campaign, tasks_of_store
from designer.campaign.file.past_work_formats import FAMILY, form_of
from designer.errors import Fault, InvalidInput, InvalidPrior
from designer.tasks import Task, load_family

CACHE = "DESIGNER_CACHE"
"""The environment variable that names the folder of what was learned; ``~/.cache/designer`` without it."""


def past_tasks(places: Sequence[Path], leave_out: Sequence[str] = ()) -> tuple[Task, ...]:
    """Read tasks from folders of families, from finished campaigns and from stores (every campaign with results).

    Parameters
    ----------
    leave_out
        Names (or patterns with ``*``) of tasks, or of groups of near copies, that are not read: ``plate_3496``, or
        with the family, ``oer_plates/plate_3496``.

    Raises
    ------
    InvalidInput
        With every fault of all of them, or if a name of `leave_out` fits no task.
    """
    faults: list[Fault] = []
    found: list[Task] = []
    for place in places:
        try:
            match form_of(place):
                case "family":
                    found += load_family(place).tasks
                case "campaign":
                    found.append(task_of_campaign(place))
                case "store":
                    found += tasks_of_store(place)
                case form:
                    what = "is a saved prior" if form == "saved" else "is no past work"
                    faults.append(Fault(f"{str(place)!r} {what}", f"name a folder with a {FAMILY} or a campaign file"))
        except InvalidInput as error:
            faults += error.faults
    kept = [task for task in found if not any(_is_named(task, pattern) for pattern in leave_out)]
    if not faults:
        known = ", ".join(task.name for task in found[:12])
        faults += [
            Fault(f"{pattern!r} in 'leave_out' names no past task", f"tasks: {known}")
            for pattern in leave_out
            if not any(_is_named(task, pattern) for task in found)
        ]
    if faults:
        raise InvalidPrior(faults)
    return tuple(kept)


def _is_named(task: Task, pattern: str) -> bool:
    names = (task.name, f"{task.family}/{task.name}", task.group or task.name)
    return any(fnmatchcase(name, pattern) for name in names)


def cache_folder() -> Path:
    """Return the folder of fitted priors and trained generators."""
    return Path(os.environ.get(CACHE) or Path.home() / ".cache" / "designer")


def file_signatures(places: Sequence[Path]) -> Iterator[tuple[str, int, int]]:
    """Yield path, time and size of every file that past work is read from."""
    for place in places:
        family = place.parent if place.name == FAMILY else place
        files = sorted(family.rglob("*")) if family.is_dir() else sorted(place.parent.glob(f"{place.stem}.*"))
        for file in files:
            if file.is_file():
                known = file.stat()
                yield str(file), known.st_mtime_ns, known.st_size
