"""A cache of open campaigns: reading one costs reading its new events only.

A campaign's state is the fold of its events. The cache holds the state at a position and advances it by the events
after that position. For the list of all campaigns, one query returns which have changed; a small view of each is kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from designer.campaign.campaign import Campaign
from designer.campaign.file.opening import from_store
from designer.campaign.log.state import CampaignState, fold
from designer.campaign.log.store import SqlStore
from designer.service.problems import Refused
from designer.service.store.idempotency import AuditedStore
from designer.service.store.paths import LabPaths

T = TypeVar("T")

MAX_OPEN = 1000
"""Open campaigns."""
MAX_EVENTS = 200_000
"""Events of open campaigns together, of which each takes some 3 kB of memory; the campaign in use is always open."""
MAX_COVARIANCES = 25_000_000
"""Squares of the numbers of events of the campaigns whose posterior is in memory, together: at most 8 bytes each for a
target. Those that were used longest ago are computed again when they are needed."""


@dataclass(eq=False)
class CachedCampaign:
    """One cached campaign; hold `lock` to use `campaign`."""

    name: str
    store: AuditedStore
    lock: threading.Lock = field(default_factory=threading.Lock)
    campaign: Campaign | None = None

    @property
    def events(self) -> int:
        """How many events it holds in memory."""
        return 0 if self.campaign is None else self.campaign.state.position

    @property
    def covariances(self) -> int:
        """The square of its number of events: at most as many numbers has the covariance of its results."""
        return self.events**2

    def forget_posterior(self) -> None:
        """Free the memory of its posterior, unless it is in use."""
        if self.campaign is not None and self.lock.acquire(blocking=False):
            try:
                self.campaign.forget_posterior()
            finally:
                self.lock.release()

    def state_at(self, position: int) -> CampaignState | None:
        """Return the state at a position or later; None where the campaign is in use or not open."""
        if self.campaign is None or not self.lock.acquire(blocking=False):
            return None
        try:
            if self.campaign.state.position < position:
                self.campaign.refresh()
            return self.campaign.state
        finally:
            self.lock.release()


class CampaignCache:
    """The campaigns of a database, each opened once in this process.

    Parameters
    ----------
    paths
        The lab's folder, which holds the tables of candidates.
    runs_models
        Whether this process makes suggestions; then formulas are proposed for open spaces.
    """

    def __init__(self, store: SqlStore, paths: LabPaths, *, runs_models: bool = False) -> None:
        self._runs_models = runs_models
        self._store = store
        self._paths = paths
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._entries: OrderedDict[str, CachedCampaign] = OrderedDict()
        self._views: dict[Callable[[CampaignState], Any], dict[str, tuple[int, Any]]] = {}

    def require(self, name: str) -> None:
        """Check that a campaign exists.

        Raises
        ------
        Refused
            As ``not-found``.
        """
        if name.isprintable() and len(name) <= 100:
            entry = self._entries.get(name)
            if (entry is not None and entry.campaign is not None) or name in self._store.names():
                return
        raise Refused("not-found", f"there is no campaign {name[:100]!r}")

    @contextmanager
    def open(self, name: str) -> Iterator[tuple[Campaign, AuditedStore]]:
        """Yield the current state of a campaign; other threads wait for it.

        Raises
        ------
        Refused
            As ``not-found``.
        InvalidInput
            If the campaign cannot be opened here, because its table of candidates is missing.
        """
        self.require(name)
        entry = self._entry(name)
        with entry.lock:
            if entry.campaign is None:
                found = from_store(entry.store, name, None, self._paths.folder)
                entry.campaign = Campaign(replace(found, proposes=self._runs_models))
            else:
                entry.campaign.refresh()
            yield entry.campaign, entry.store

    def _close_unused(self) -> None:
        """Close the campaigns that were used longest ago, until the others are within the limits."""
        events = sum(entry.events for entry in self._entries.values())
        while len(self._entries) > 1 and (len(self._entries) > MAX_OPEN or events > MAX_EVENTS):
            _, closed = self._entries.popitem(last=False)  # a thread that uses it still holds it
            events -= closed.events

    def new_store(self) -> AuditedStore:
        """Return a store for a new campaign."""
        return AuditedStore(self._store, self._writing)

    def _entry(self, name: str) -> CachedCampaign:
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                entry = self._entries[name] = CachedCampaign(name, self.new_store())
            self._entries.move_to_end(name)
            self._close_unused()
            self._forget_posteriors()
            return entry

    def _forget_posteriors(self) -> None:
        """Free the posteriors of the campaigns that were used longest ago, but for the last, beyond the limit."""
        covariances = 0
        for i, entry in enumerate(reversed(self._entries.values())):
            covariances += entry.covariances
            if i and covariances > MAX_COVARIANCES:
                entry.forget_posterior()

    def views(self, view: Callable[[CampaignState], T]) -> dict[str, T]:
        """Return a view of the state of every campaign, in the order of names.

        The view, which is small, is kept, and the state of a campaign that is not open is not. It is made anew once a
        campaign has changed. `view` is a function of a module: what is kept is found by it.
        """
        known: dict[str, tuple[int, T]] = self._views.setdefault(view, {})
        positions = self._store.positions()
        for name, position in positions.items():
            if name not in known or known[name][0] < position:
                state = self._state(name, position)
                known[name] = (state.position, view(state))
        return {name: known[name][1] for name in sorted(positions)}

    def _state(self, name: str, position: int) -> CampaignState:
        """Return the state of a campaign at a position or later; its events are read where it is in use or not open."""
        opened = self._entries.get(name)
        shared = None if opened is None else opened.state_at(position)
        return fold(self._store.read(name)) if shared is None else shared
