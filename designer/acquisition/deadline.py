"""A bound on how long a suggestion may take."""

from __future__ import annotations

import time
from collections.abc import Callable


class Deadline:
    """A moment after which no further stage of a suggestion is begun.

    Parameters
    ----------
    seconds
        How long from now.
    clock
        What tells the time, in seconds.

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
        """Whether the moment has come."""
        return self._clock() >= self._end
