"""Undoing the last action of a campaign: an event that says which events count no more. Nothing is deleted.

An action is what one command wrote: the results of one table, a withdrawal, an amendment, a change of the space or of
beliefs. The last one is undone first; suggestions are passed over. A change of the space or of beliefs is undone by an
event that changes it back. It is passed over where the earlier space could not hold what was measured since (a choice
less), and where the campaign has a file, which states both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeAlias

from designer.campaign.file.corrections import space_changed
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import (
    Amended,
    Compared,
    Event,
    Failed,
    Recorded,
    SettingsChanged,
    SpaceChanged,
    Undone,
    Withdrawn,
)
from designer.campaign.log.state import fold
from designer.counting import count
from designer.errors import DesignerError, Fault, InvalidData

Change: TypeAlias = SpaceChanged | SettingsChanged
Reader: TypeAlias = Callable[[Mapping[str, Any]], CampaignSpec]
"""Reads the content of a campaign."""

_RECORDS = (Recorded, Compared, Failed, Withdrawn, Amended)
_NOUNS = {
    "recorded": ("result", "results"),
    "compared": ("comparison", "comparisons"),
    "failed": ("failure", "failures"),
    "withdrawn": ("withdrawal", "withdrawals"),
    "amended": ("amendment", "amendments"),
    "space_changed": ("change", "changes"),
    "settings_changed": ("change", "changes"),
}
_MAX_NAMED = 3


@dataclass(frozen=True)
class Action:
    """What one command wrote, and what can be undone of it.

    Parameters
    ----------
    events
        Events that one command wrote: of one kind, or results and failures of one table.
    """

    events: tuple[Event, ...]

    @property
    def position(self) -> int:
        """The position of its last event: it identifies the action."""
        return self.events[-1].position

    @property
    def words(self) -> str:
        """What it did, in words: ``the withdrawal of S0003``."""
        kinds = dict.fromkeys(event.kind for event in self.events)
        return " and ".join(_words([event for event in self.events if event.kind == kind]) for kind in kinds)


def _words(events: Sequence[Event]) -> str:
    """Return events of one kind in words."""
    subjects = list(dict.fromkeys(_subject(event) for event in events))
    one, many = _NOUNS[events[0].kind]
    named = ", ".join(subjects[:_MAX_NAMED]) + (", ..." if len(subjects) > _MAX_NAMED else "")
    if len(events) > 1:
        return f"{count(len(events), one, many)}: {named}"
    link = " " if isinstance(events[0], Recorded | Compared) else " of "
    return f"the {one}{link}{named}"


def _subject(event: Event) -> str:
    if isinstance(event, Recorded):
        return f"{event.measurement} of {event.suggestion}" if event.suggestion else event.measurement
    if isinstance(event, Compared):
        return event.comparison
    if isinstance(event, Failed):
        return event.suggestion or "a design"
    if isinstance(event, Withdrawn):
        return event.subject
    if isinstance(event, SpaceChanged):
        return f"the space ({'; '.join(event.changes)})"
    if isinstance(event, SettingsChanged):
        return ", ".join(event.settings)
    assert isinstance(event, Amended)
    return event.measurement


def last_action(events: Sequence[Event], read: Reader | None = None) -> Action | None:
    """Return the last action that was not undone yet; None where there is none that can be undone.

    Without a reader, changes of the space and the settings are passed over.
    """
    passed_over = _undone(events) | _changed_back(events)
    found: list[Event] = []
    for event in reversed(events):
        counts = event.position not in passed_over and _can_be_undone(events, event, read)
        belongs = counts and (not found or _of_one_command(event, found[0]))
        if found and not belongs:
            break
        if belongs:
            found.insert(0, event)
    return Action(tuple(found)) if found else None


def undone_action(events: Sequence[Event], position: int) -> Action | None:
    """Return the action that was undone by the event at a position; None if that event undid nothing."""
    event = events[position - 1]
    return Action(tuple(events[each - 1] for each in event.undoes)) if isinstance(event, Undone) else None


def _undone(events: Sequence[Event]) -> set[int]:
    return {position for event in events if isinstance(event, Undone) for position in event.undoes}


def _changed_back(events: Sequence[Event]) -> set[int]:
    """Return the positions of the changes that undo another one: each follows the event that says so."""
    found = set()
    for before, event in pairwise(events):
        if isinstance(before, Undone) and isinstance(event, SpaceChanged | SettingsChanged):
            undone = {events[position - 1].kind for position in before.undoes}
            found |= {event.position} if event.kind in undone and event.at == before.at else set()
    return found


def _can_be_undone(events: Sequence[Event], event: Event, read: Reader | None) -> bool:
    if isinstance(event, SpaceChanged | SettingsChanged):
        return read is not None and change_back(events, event, read, event.at) is not None
    return isinstance(event, _RECORDS)


def _of_one_command(event: Event, other: Event) -> bool:
    """Whether two events were written by one command: a table holds results and failures."""
    if isinstance(event, SpaceChanged | SettingsChanged):
        return False
    of_tables = all(isinstance(each, Recorded | Failed) for each in (event, other))
    return event.at == other.at and (event.kind == other.kind or of_tables)


def change_back(events: Sequence[Event], change: Change, read: Reader, at: datetime) -> Event | None:
    """Return the event that changes the space or the settings back to what they were before a change.

    None where the earlier space could not hold what the later one can, or where another change of the same kind came
    after it.
    """
    passed_over = _undone(events) | _changed_back(events)
    later = [each for each in events[change.position :] if each.kind == change.kind]
    if any(each.position not in passed_over for each in later):
        return None
    before, now = fold(events[: change.position - 1]).spec, read(fold(events).spec)
    try:
        if isinstance(change, SettingsChanged):
            settings = {key: before.get(key) for key in change.settings}
            now.with_data({key: value for key, value in {**now.data, **settings}.items() if value is not None})
            return SettingsChanged(at=at, settings=settings)
        data = {"space": before["space"], "constraints": before.get("constraints") or []}
        return next(iter(space_changed(now, data, read, at)), None)
    except DesignerError:
        return None


def plan_undo(
    events: Sequence[Event], position: int | None, at: datetime, read: Reader | None = None
) -> tuple[list[Event], str | None]:
    """Return the events that undo the last action, and the action in words; none where nothing can be undone.

    Parameters
    ----------
    position
        The position of the last event of the action; without it, whatever action is the last.

    Raises
    ------
    InvalidData
        If another action is the last one.
    """
    action = last_action(events, read)
    if position is not None and (action is None or action.position != position):
        last = "nothing can be undone" if action is None else f"the last action is {action.words}"
        raise InvalidData(Fault(f"the action at {position} is not the last one", last))
    if action is None:
        return [], None
    changes = [each for each in action.events if isinstance(each, SpaceChanged | SettingsChanged)]
    back = [change_back(events, each, read, at) for each in changes] if read is not None else []
    return [undo_event(events, action, at), *(each for each in back if each is not None)], action.words


def undo_event(events: Sequence[Event], action: Action, at: datetime) -> Undone:
    """Return the event that undoes the last action of a campaign's `events`."""
    first = action.events[0].position
    before = fold(events[: first - 1]).measurements
    withdraws: list[str] = []
    restores: list[str] = []
    changed: list[str] = []
    for event in action.events:
        if isinstance(event, Recorded) and event.measurement not in before:
            withdraws.append(event.measurement)
        elif isinstance(event, Recorded | Amended):
            changed.append(event.measurement)
        elif isinstance(event, Compared):
            withdraws.append(event.comparison)
        elif isinstance(event, Withdrawn):
            restores.append(event.subject)
    return Undone(
        at=at,
        undoes=tuple(event.position for event in action.events),
        withdraws=tuple(dict.fromkeys(withdraws)),
        restores=tuple(restores),
        becomes=tuple(before[name].as_current() for name in dict.fromkeys(changed)),
    )
