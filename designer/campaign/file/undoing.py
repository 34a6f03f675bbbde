"""Undoing the last action of a campaign: an event that says which events count no more. Nothing is deleted.

An action is what one command wrote: the results of one table, a withdrawal, an amendment. Results, failures,
comparisons, withdrawals and amendments can be undone, the last first; suggestions and changes of the space or the
settings are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from designer.campaign.log.events import Amended, Compared, Event, Failed, Recorded, Undone, Withdrawn
from designer.campaign.log.state import fold
from designer.counting import count
from designer.errors import Fault, InvalidData

_UNDOABLE = (Recorded, Compared, Failed, Withdrawn, Amended)
_NOUNS = {
    "recorded": ("result", "results"),
    "compared": ("comparison", "comparisons"),
    "failed": ("failure", "failures"),
    "withdrawn": ("withdrawal", "withdrawals"),
    "amended": ("amendment", "amendments"),
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
    assert isinstance(event, Amended)
    return event.measurement


def last_action(events: Sequence[Event]) -> Action | None:
    """Return the last action that was not undone yet; None where there is none that can be undone."""
    undone = {position for event in events if isinstance(event, Undone) for position in event.undoes}
    found: list[Event] = []
    for event in reversed(events):
        counts = isinstance(event, _UNDOABLE) and event.position not in undone
        belongs = counts and (not found or _of_one_command(event, found[0]))
        if found and not belongs:
            break
        if belongs:
            found.insert(0, event)
    return Action(tuple(found)) if found else None


def _of_one_command(event: Event, other: Event) -> bool:
    """Whether two events were written by one command: a table holds results and failures."""
    of_tables = all(isinstance(each, Recorded | Failed) for each in (event, other))
    return event.at == other.at and (event.kind == other.kind or of_tables)


def plan_undo(events: Sequence[Event], position: int | None, at: datetime) -> tuple[list[Event], str | None]:
    """Return the event that undoes the last action, and the action in words; none where nothing can be undone.

    Parameters
    ----------
    position
        The position of the last event of the action; without it, whatever action is the last.

    Raises
    ------
    InvalidData
        If another action is the last one.
    """
    action = last_action(events)
    if position is not None and (action is None or action.position != position):
        last = "nothing can be undone" if action is None else f"the last action is {action.words}"
        raise InvalidData(Fault(f"the action at {position} is not the last one", last))
    return ([], None) if action is None else ([undo_event(events, action, at)], action.words)


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
