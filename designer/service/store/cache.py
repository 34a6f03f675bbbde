"""A cache of open campaigns: reading one costs reading its new events only.

A campaign's state is the fold of its events. The cache holds the state at a position and advances it by the events
after that position. For the list of all campaigns, one query returns which have changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from designer.campaign.campaign import Campaign
from designer.campaign.file.opening import from_store
from designer.campaign.log.state import CampaignState, advance, fold
from designer.campaign.log.store import SqlStore
from designer.service.problems import Refused
from designer.service.store.idempotency import AuditedStore
from designer.service.store.paths import LabPaths

MAX_OPEN = 1000


@dataclass(eq=False)
class CachedCampaign:
    """One cached campaign; hold `lock` to use `campaign`."""

    name: str
    store: AuditedStore
    lock: threading.Lock = field(default_factory=threading.Lock)
    campaign: Campaign | None = None


class CampaignCache:
    """The campaigns of a database, each opened once in this process.

    Parameters
    ----------
    paths
        The lab's folder, which holds the tables of candidates.
    """

    def __init__(self, store: SqlStore, paths: LabPaths) -> None:
        self._store = store
        self._paths = paths
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._entries: OrderedDict[str, CachedCampaign] = OrderedDict()
        self._states: dict[str, CampaignState] = {}

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
                entry.campaign = Campaign(replace(found, proposes=False))  # no model runs in this process
            else:
                entry.campaign.refresh()
            yield entry.campaign, entry.store

    def new_store(self) -> AuditedStore:
        """Return a store for a new campaign."""
        return AuditedStore(self._store, self._writing)

    def _entry(self, name: str) -> CachedCampaign:
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                entry = self._entries[name] = CachedCampaign(name, self.new_store())
            self._entries.move_to_end(name)
            while len(self._entries) > MAX_OPEN:  # a thread that uses it still holds it
                self._entries.popitem(last=False)
            return entry

    def states(self) -> dict[str, CampaignState]:
        """Return the state of every campaign, in the order of names."""
        positions = self._store.positions()
        for name, position in positions.items():
            known = self._states.get(name)
            if known is None:
                self._states[name] = fold(self._store.read(name))
            elif known.position < position:
                self._states[name] = advance(known, self._store.read(name, after=known.position))
        return {name: self._states[name] for name in sorted(positions)}
