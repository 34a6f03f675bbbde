"""The time limit of a suggestion."""

from __future__ import annotations

import time
from collections.abc import Callable


class Deadline:
    """A time after which no further stage of a suggestion is started.

    Parameters
    ----------
    seconds
        Seconds from now.
    clock
        The clock, in seconds.

    Examples
    --------
    >>> times = iter([0.0, 59.0, 61.0])
    >>> deadline = Deadline(60, clock=lambda: next(times))
    >>> deadline.passed, deadline.passed
    (False, True)
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._clock() >= self._end
