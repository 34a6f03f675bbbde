"""What past tasks would change for a campaign: its next suggestions with and without them, recorded nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.campaign.campaign import Campaign
from designer.campaign.file.opening import Opening, Place, from_file
from designer.campaign.file.settings import PriorSettings
from designer.campaign.log.events import Created
from designer.campaign.log.store import MemoryStore
from designer.counting import count

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class TaskPreview:
    """The next suggestions of a campaign as it is, and with past tasks.

    Parameters
    ----------
    without, with_tasks
        Designs in lab units, one row a suggestion.
    """

    without: pd.DataFrame
    with_tasks: pd.DataFrame

    @property
    def changed(self) -> int:
        """How many of the suggestions are made with the tasks only."""
        known = {tuple(row) for row in self.without.itertuples(index=False)}
        return sum(tuple(row) not in known for row in self.with_tasks.itertuples(index=False))

    @property
    def words(self) -> str:
        """How many suggestions differ, in words."""
        if not self.changed:
            return "the next suggestions are the same with these past tasks"
        return f"{self.changed} of the next {count(len(self.with_tasks), 'suggestion')} would be others"


def preview_tasks(
    path: Path | str, tasks: Sequence[Path], *, n: int | None = None, store: Place | None = None
) -> TaskPreview:
    """Return what past tasks would change for the campaign of a file; nothing is written.

    Parameters
    ----------
    tasks
        Folders of tasks, which are added to those of the file.
    n
        How many suggestions; the campaign's batch size unless given.
    store
        Where the campaign's events are, if not where its file says.

    Raises
    ------
    InvalidInput
        If the file or the tasks have faults, or the tasks have nothing in common with the campaign.
    """
    opening = from_file(path, store)
    return preview_of(opening, tasks, n=n)


def preview_of(opening: Opening, tasks: Sequence[Path], *, n: int | None = None) -> TaskPreview:
    """Return what past tasks would change for a campaign that is opened; see `preview_tasks`."""
    events = opening.store.read(opening.spec.name)
    given = opening.spec.settings.prior
    places = tuple(dict.fromkeys([*given.tasks, *(str(place.resolve()) for place in tasks)]))
    kind = "auto" if given.kind == "none" else given.kind
    prior = PriorSettings(kind=kind, tasks=places, leave_out=given.leave_out, quantities=given.quantities)
    return TaskPreview(_next(opening, events, given, n), _next(opening, events, prior, n))


def _next(opening: Opening, events: Sequence[Any], prior: PriorSettings, n: int | None) -> pd.DataFrame:
    """Return the next suggestions with a prior, of a copy of the campaign in memory."""
    memory = MemoryStore()
    if events and isinstance(events[0], Created):
        memory.create(events[0])
        memory.append(opening.spec.name, events[1:], 1)
    settings = opening.spec.settings.model_copy(update={"prior": prior})
    copied = Opening(memory, replace(opening.spec, settings=settings), opening.candidates)
    return Campaign(copied).suggest(n)
