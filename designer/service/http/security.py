"""Authentication over HTTP (tokens and the page's cookie), request limits, security headers and the access log."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from designer.service.http.responses import problem_response
from designer.service.lab import Lab
from designer.service.problems import Refused
from designer.service.store.accounts import Caller, Session
from designer.service.work.uploads import MAX_BYTES

LOG = logging.getLogger("designer.service.access")
COOKIE = "designer_session"
CSRF = "x-csrf-token"
_SAFE = ("GET", "HEAD", "OPTIONS")

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


@dataclass(frozen=True)
class Options:
    """CurrentCaller may use a service, and how it is reached.

    Parameters
    ----------
    anonymous
        The role of callers without a token; None: every caller needs one.
    https
        Whether browsers reach it over HTTPS, through a proxy: then the cookie is sent over HTTPS only.
    hosts
        The allowed host names; a request with another one is refused. Empty: any.
    """

    anonymous: str | None = None
    https: bool = False
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")


bearer = HTTPBearer(auto_error=False, description="A token, created with `designer token create`.")


def authenticate(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Caller:
    """Return the caller: by a token, by the page's cookie, or anonymous where that is allowed.

    Raises
    ------
    Refused
        As ``not-signed-in``, or as ``not-allowed`` for a write that may come from another site.
    """
    lab: Lab = request.app.state.lab
    if given is not None:
        found = lab.accounts.caller(given.credentials)
        if found is None:
            raise Refused("not-signed-in", "the token is not known, was revoked or has expired")
        return _logged(request, found)
    session = session_of(request)
    if session is not None:
        if request.method not in _SAFE:
            require_same_origin(request)
            if not hmac.compare_digest(request.headers.get(CSRF, "").encode(), session.csrf.encode()):
                raise Refused("not-allowed", f"a write with the page's cookie needs the header {CSRF}")
        return _logged(request, session.caller)
    return _logged(request, anonymous_caller(request))


def anonymous_caller(request: Request) -> Caller:
    """Return the anonymous caller.

    Raises
    ------
    Refused
        If anonymous callers are not allowed.
    """
    options: Options = request.app.state.options
    if options.anonymous is None:
        raise Refused(
            "not-signed-in", "a token is required; an admin creates it with: designer token create NAME --role ROLE"
        )
    if request.method not in _SAFE:
        require_same_origin(request)
    return Caller("anonymous", options.anonymous)


def session_of(request: Request) -> Session | None:
    """Return the session of the page's cookie."""
    cookie = request.cookies.get(COOKIE)
    lab: Lab = request.app.state.lab
    return lab.accounts.session(cookie) if cookie and len(cookie) < 200 else None


def require_same_origin(request: Request) -> None:
    """Refuse a write that comes from a page of another site.

    Raises
    ------
    Refused
        As ``not-allowed``.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = site not in (None, "same-origin", "none")
    if foreign or (origin is not None and urlsplit(origin).netloc != request.headers.get("host")):
        raise Refused("not-allowed", "this write comes from a page of another site")


def _logged(request: Request, caller: Caller) -> Caller:
    request.scope["designer.user"] = caller.user  # for the access log
    return caller


CurrentCaller = Annotated[Caller, Depends(authenticate)]


class RequestLimits:
    """Middleware that refuses request bodies that are too large, and requests to other host names."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self.app = app
        self.options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        if self.options.hosts and _host(headers.get("host", "")) not in self.options.hosts:
            error = Refused("not-allowed", "this host name is not allowed; see --allow-host")
            await problem_response(error)(scope, receive, send)
            return
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > MAX_BYTES:
            await problem_response(_too_large())(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BYTES:
                raise _too_large()
            return message

        await self.app(scope, counted, send)


def _too_large() -> Refused:
    return Refused("too-large", f"a request has at most {MAX_BYTES} bytes")


def _host(header: str) -> str:
    """Return the host of a Host header, without its port."""
    return header.rpartition(":")[0] if header.rpartition(":")[2].isdigit() and ":" in header else header


class HeadersAndLog:
    """Middleware that adds security headers, and logs one line a request, without its query or headers."""

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
                given = {key for key, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in self.headers if each[0] not in given)]
                if b"cache-control" not in given:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        try:
            await self.app(scope, receive, wrapped)
        finally:
            milliseconds = 1000 * (time.perf_counter() - begun)
            user = scope.get("designer.user", "-")
            LOG.info("%s %s %s %d %.0f ms", user, scope["method"], scope["path"], status, milliseconds)
