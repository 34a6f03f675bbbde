"""Middleware around the application: host names, security headers, unexpected errors and the access log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from designer.service.http.metrics import RequestMetrics
from designer.service.http.responses import problem_response
from designer.service.http.security import Options
from designer.service.logs import ACCESS, escaped
from designer.service.problems import Refused

LOG = logging.getLogger("designer.service")
ACCESS_LOG = logging.getLogger(ACCESS)
CLIENT_CLOSED = 499  # the status in the log of a request whose client has hung up, as in nginx
MAX_LOGGED_PATH = 200

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# For documents that run no script: the report, and figures.
SANDBOX_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"}


class AllowedHosts:
    """Middleware that refuses requests to other host names."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self.app = app
        self.options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = self.options.hosts if scope["type"] == "http" else ()
        if hosts and _host(Request(scope).headers.get("host", "")) not in hosts:
            error = Refused("not-allowed", "this host name is not allowed; see --allow-host")
            await problem_response(error)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _host(header: str) -> str:
    """Return the host of a Host header, without its port."""
    return header.rpartition(":")[0] if header.rpartition(":")[2].isdigit() and ":" in header else header


class HeadersAndLog:
    """Middleware that adds security headers, answers unexpected errors, and logs one line a request.

    The line holds the user, method, path, status and time, and neither a query nor a header. An unexpected error has a
    traceback in the log, once; a client that hangs up has none.
    """

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self.app = app
        headers: Mapping[str, str] = HEADERS
        if options.https:
            headers = {**HEADERS, "Strict-Transport-Security": "max-age=31536000"}
        self.headers = [(key.lower().encode(), value.encode()) for key, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def wrapped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._missing(message["headers"])]
            await send(message)

        try:
            await self.app(scope, receive, wrapped)
        except ClientDisconnect:
            status = CLIENT_CLOSED
        except Exception as error:  # the last place that can answer it
            LOG.exception("%s %s failed", scope["method"], shown_path(scope))
            if not status:
                await problem_response(error)(scope, receive, wrapped)
        finally:
            seconds = time.perf_counter() - begun
            metrics: RequestMetrics = scope["app"].state.metrics
            metrics.observe(getattr(scope.get("route"), "path", "other"), scope["method"], status, seconds)
            user = scope.get("designer.user", "-")
            ACCESS_LOG.info("%s %s %s %d %.0f ms", user, scope["method"], shown_path(scope), status, 1000 * seconds)

    def _missing(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        names = {key for key, _ in given}
        missing = [each for each in self.headers if each[0] not in names]
        return missing if b"cache-control" in names else [*missing, (b"cache-control", b"no-store")]


def shown_path(scope: Scope) -> str:
    """Return the path of a request for the log: escaped, and cut where it is long."""
    path: str = scope["path"]
    return escaped(path if len(path) <= MAX_LOGGED_PATH else f"{path[:MAX_LOGGED_PATH]}…")
