"""The time limit of a suggestion, and the iterative fits that it ends early."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


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
        self.ended_fit = False
        """Whether a fit inside `ends_fits` was ended by this limit."""

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._clock() >= self._end


_OF_FITS: ContextVar[Deadline | None] = ContextVar("deadline of fits", default=None)


@contextmanager
def ends_fits(deadline: Deadline) -> Iterator[None]:
    """End the fits of hyperparameters inside the context once `deadline` has passed, each with its best iterate.

    A context and not an argument: priors of other packages are conditioned through interfaces without a time.
    """
    token = _OF_FITS.set(deadline)
    try:
        yield
    finally:
        _OF_FITS.reset(token)


def fit_must_end() -> bool:
    """Whether the limit of the surrounding `ends_fits` has passed; False outside one. The limit notes that it ended a
    fit."""
    deadline = _OF_FITS.get()
    if deadline is None or not deadline.passed:
        return False
    deadline.ended_fit = True
    return True
