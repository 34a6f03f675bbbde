"""Connections with limits: on their number, and on the time for headers, bodies, idling and stalled responses.

Without them, clients that open connections and send nothing use up the file descriptors of the process (Slowloris).
When the limit on the number is reached, the connection that has been waiting longest for its client is closed, so that
a client which sends its request at once is served during such an attack.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

LOG = logging.getLogger("designer.service")
MAX_CONNECTIONS = 400
MAX_ACCEPTED_AT_ONCE = 128  # the listen backlog: asyncio accepts as many connections before any is handled
HEADER_SECONDS = 10.0
BODY_SECONDS = 60.0
IDLE_SECONDS = 30.0
STALLED_SECONDS = 60.0
HEADER_PIECE = 1024  # bytes
SPARE_FILES = 200  # file descriptors for the database, workers and static files

_SECONDS = {"headers": HEADER_SECONDS, "body": BODY_SECONDS, "unread body": HEADER_SECONDS, "idle": IDLE_SECONDS}


def raise_file_limit() -> int:
    """Raise the process's limit on open files as far as needed, and return how many connections it allows."""
    try:
        import resource
    except ImportError:  # not on Windows, where sockets are not files
        return MAX_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = MAX_CONNECTIONS + MAX_ACCEPTED_AT_ONCE + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(10, min(MAX_CONNECTIONS, soft - MAX_ACCEPTED_AT_ONCE - SPARE_FILES))


class LimitedConnection(H11Protocol):
    """One connection of uvicorn's HTTP server, in one of these phases, each with a time limit except the response.

    ``headers``: the request's headers are incomplete; ``body``: its body is; ``response``: the application works or
    responds; ``unread body``: the response is sent, but the client still sends a body that is not used; ``idle``: the
    next request on the same connection has not begun.
    """

    max_connections = MAX_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.phase = "headers"
        self.phase_began = self.loop.time()
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline for headers; over the limit, close the connection that has been waiting longest."""
        over = len(self.connections) >= self.max_connections
        waiting = [each for each in self.connections if isinstance(each, LimitedConnection) and each.is_waiting]
        super().connection_made(transport)
        if over:
            victim = min(waiting, key=lambda each: each.phase_began, default=self)
            victim.drop("too many connections")
        if self in self.connections:
            self._enter("headers")

    @property
    def is_waiting(self) -> bool:
        """Whether the connection waits for its client."""
        return self.phase != "response"

    def drop(self, reason: str) -> None:
        """Close the connection at once."""
        LOG.warning("closed a connection in the phase %r: %s", self.phase, reason)
        self.connections.discard(self)  # now, not when the event loop has closed it: others count the connections
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Handle data, then start the deadline of the phase that it leads to.

        Headers are handled piece by piece: their limit holds for what is incomplete, and many arrive whole.
        """
        size = HEADER_PIECE if self.phase in ("headers", "idle") else len(data)
        for start in range(0, len(data), size):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + size])
        self._track()

    def on_response_complete(self) -> None:
        """Handle the next request of the connection, or wait for it."""
        super().on_response_complete()
        self._track()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadlines."""
        self._cancel()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the deadline of a client that does not read its response."""
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.drop, "the client does not read the response")

    def resume_writing(self) -> None:
        """Cancel the deadline of a client that does not read its response."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def _track(self) -> None:
        if self.transport.is_closing():
            self._cancel()
            return
        phase = self._current_phase()
        if phase != self.phase:
            self._enter(phase)

    def _current_phase(self) -> str:
        state = self.conn.their_state
        if state is h11.IDLE:
            has_begun = self.cycle is None or bool(self.conn.trailing_data[0])
            return "headers" if has_begun else "idle"
        if state is h11.SEND_BODY:
            return "unread body" if self.cycle is not None and self.cycle.response_complete else "body"
        return "response"

    def _enter(self, phase: str) -> None:
        self._cancel()
        self.phase, self.phase_began = phase, self.loop.time()
        seconds = _SECONDS.get(phase)
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self.drop, f"nothing complete within {seconds:.0f} s")

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
