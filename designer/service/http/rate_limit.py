"""A limit on the requests of one user: the token bucket algorithm."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from designer.counting import count
from designer.service.problems import Refused

MAX_USERS = 10_000
_BURST_SECONDS = 10.0
"""How many seconds' worth of requests a user may send at once."""


class RateLimit:
    """The requests that each user may still send.

    Parameters
    ----------
    per_minute
        Requests per minute and user, 0 for no limit.
    clock
        Returns the time in seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60.0
        self._size = max(1.0, self._rate * _BURST_SECONDS)
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._users: OrderedDict[str, tuple[float, float]] = OrderedDict()  # requests left, and when that was

    def count(self, user: str) -> None:
        """Count a request of a user.

        Raises
        ------
        Refused
            As ``busy``, if the user has sent too many.
        """
        if not self._per_minute:
            return
        with self._lock:
            now = self._clock()
            left, before = self._users.pop(user, (self._size, now))
            left = min(self._size, left + (now - before) * self._rate)
            allowed = left >= 1.0
            self._users[user] = (left - 1.0 if allowed else left, now)
            while len(self._users) > MAX_USERS:
                self._users.popitem(last=False)
        if not allowed:
            raise Refused("busy", f"one user may send {count(self._per_minute, 'request')} a minute; send fewer")
