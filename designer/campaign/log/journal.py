"""The events of one campaign in a store, and the state that they fold into; read again when other processes write."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from designer.campaign.log.events import Created, Event, placed
from designer.campaign.log.state import CampaignState, advance, fold
from designer.campaign.log.store import DAMAGED, EventStore
from designer.errors import Conflict, StoreError

Decide = Callable[[CampaignState], Sequence[Event]]


class Journal:
    """A campaign's events, read once and kept up to date.

    The creation is written with the first event that follows it, so that reading a campaign writes nothing.

    Parameters
    ----------
    store
        Where the events are.
    creation
        How the campaign begins, if the store does not hold it yet.
    remember
        Called with the campaign's creation after events were written.
    """

    def __init__(self, store: EventStore, creation: Created, remember: Callable[[Created], None] | None = None) -> None:
        self.store = store
        self._remember = remember
        self.name = creation.name
        self.events: list[Event] = store.read(self.name)
        self.is_stored = bool(self.events)
        if not self.is_stored:
            self.events = [placed(creation, 1)]
        self.state = fold(self.events)

    def refresh(self) -> CampaignState:
        """Read the events that other processes have written, and return the current state."""
        if not self.is_stored:
            stored = self.store.read(self.name)
            if stored:
                self._take_over(stored)
            return self.state
        self._add(self.store.read(self.name, after=self.state.position))
        return self.state

    def _take_over(self, stored: list[Event]) -> None:
        """Continue with the campaign that another process created at the same time, if it is the same one."""
        mine, theirs = self.events[0], stored[0]
        if not isinstance(mine, Created) or not isinstance(theirs, Created):
            raise StoreError(f"campaign {self.name!r} does not begin with its creation: the store is damaged")
        if (mine.spec, mine.pool_digest) != (theirs.spec, theirs.pool_digest):
            raise Conflict(f"another process has just begun a different campaign {self.name!r}: open it again")
        self.events, self.is_stored = stored, True
        self.state = fold(stored)

    def _add(self, events: Sequence[Event]) -> None:
        self.state = advance(self.state, events)
        self.events += events

    def commit(self, decide: Decide) -> int:
        """Append the events that `decide` returns for the current state; repeat if another process wrote first.

        Returns the number of events appended.
        """
        while True:
            events = list(decide(self.refresh()))
            if not events or self._append(events):
                return len(events)
            self._read_concurrent()

    def commit_choice(self, event: Event, state: CampaignState) -> bool:
        """Append a choice made at `state`, unless another choice was made since; return whether it was appended.

        Results recorded meanwhile do not invalidate it: the event states the position that it is based on.
        """
        while self.state.last_choice == state.last_choice:
            if self._append([event]):
                return True
            self._read_concurrent()
        return False

    def _read_concurrent(self) -> None:
        """Read the events of the process that wrote first; a store that refuses an append without any is damaged."""
        before = self.state.position if self.is_stored else 0
        self.refresh()
        if self.is_stored and self.state.position > before:
            return
        raise StoreError(f"campaign {self.name!r} cannot be written, though nothing was written before it: {DAMAGED}")

    def _append(self, events: Sequence[Event]) -> bool:
        try:
            if not self.is_stored:
                creation = self.events[0]
                assert isinstance(creation, Created)
                self.store.create(creation)
                self.is_stored = True
            last = self.state.position
            self.store.append(self.name, events, expected=last)
        except Conflict:
            return False
        self._add([placed(event, last + i) for i, event in enumerate(events, start=1)])
        if self._remember is not None and isinstance(self.events[0], Created):
            self._remember(self.events[0])
        return True
