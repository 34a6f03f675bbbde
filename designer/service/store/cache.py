"""Campaigns kept open and up to date, so that looking at one costs reading what is new and no more.

A campaign's state is the fold of its events: kept by position, it is brought up to date from the events after it. For
the list of all campaigns one query tells which have changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from designer.campaign.campaign import Campaign
from designer.campaign.log.state import CampaignState, advance, fold
from designer.campaign.log.store import SqlStore
from designer.service.problems import Refused
from designer.service.store.idempotency import NotedStore
from designer.service.store.paths import Place
from designer.service.url_names import name_of

MAX_OPEN = 1000


@dataclass(eq=False)
class Book:
    """One campaign on the shelf; hold `lock` to use `campaign`."""

    name: str
    store: NotedStore
    lock: threading.Lock = field(default_factory=threading.Lock)
    campaign: Campaign | None = None


class CampaignCache:
    """The campaigns of a store, each opened once in this process.

    Parameters
    ----------
    place
        Where tables of candidates are.
    """

    def __init__(self, store: SqlStore, place: Place) -> None:
        self._store = store
        self._place = place
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._books: OrderedDict[str, Book] = OrderedDict()
        self._states: dict[str, CampaignState] = {}

    def name(self, path: str) -> str:
        """Return the campaign's name from its part of a path.

        Raises
        ------
        Refused
            As ``not-found``, if it can be none.
        """
        name = name_of(path)
        if name is None:
            raise Refused("not-found", f"there is no campaign {path!r}")
        return name

    @contextmanager
    def open(self, name: str) -> Iterator[tuple[Campaign, NotedStore]]:
        """Yield a campaign as it is now, to this thread alone.

        Raises
        ------
        Refused
            As ``not-found``.
        InvalidInput
            If the campaign cannot be opened here: its table of candidates is elsewhere.
        """
        if not name.isprintable() or len(name) > 100:
            raise Refused("not-found", f"there is no campaign {name!r}")
        book = self._book(name)
        with book.lock:
            if book.campaign is None:
                if not self._store.read(name)[:1]:
                    raise Refused("not-found", f"there is no campaign {name!r}")
                book.campaign = Campaign.resume(book.store, name, folder=self._place.folder)
            else:
                book.campaign.refresh()
            yield book.campaign, book.store

    def new_store(self) -> NotedStore:
        """Return a store for a campaign that is about to begin."""
        return NotedStore(self._store, self._writing)

    def _book(self, name: str) -> Book:
        with self._lock:
            book = self._books.get(name)
            if book is None:
                book = self._books[name] = Book(name, self.new_store())
            self._books.move_to_end(name)
            while len(self._books) > MAX_OPEN:  # whoever uses it still holds it; only the next one reads it anew
                self._books.popitem(last=False)
            return book

    def states(self) -> dict[str, CampaignState]:
        """Return what is known of every campaign, by name in order."""
        positions = self._store.positions()
        for name, position in positions.items():
            known = self._states.get(name)
            if known is None:
                self._states[name] = fold(self._store.read(name))
            elif known.position < position:
                self._states[name] = advance(known, self._store.read(name, after=known.position))
        return {name: self._states[name] for name in sorted(positions)}
