"""Authentication over HTTP: tokens, the page's cookie, anonymous callers, and writes from other sites."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from designer.service.http.rate_limit import RateLimit
from designer.service.lab import Lab
from designer.service.problems import Refused
from designer.service.store.accounts import Caller, Session

COOKIE = "designer_session"
CSRF = "x-csrf-token"
_SAFE = ("GET", "HEAD", "OPTIONS")


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
    requests_per_minute
        How many requests one user may send, on average; 0 for no limit.
    """

    anonymous: str | None = None
    https: bool = False
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    requests_per_minute: int = 6000


bearer = HTTPBearer(auto_error=False, description="A token, created with `designer token create`.")


def authenticate(request: Request, given: HTTPAuthorizationCredentials | None) -> Caller:
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
    if foreign or (origin is not None and _host_of(origin) != request.headers.get("host")):
        raise Refused("not-allowed", "this write comes from a page of another site")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # for example an incomplete IPv6 address
        return None


def _logged(request: Request, caller: Caller) -> Caller:
    request.scope["designer.user"] = caller.user  # for the access log
    limit: RateLimit = request.app.state.rate_limit
    limit.count(caller.user)
    return caller


def _authenticated(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Caller:
    """Return the caller that `AuthorizedRoute` has authenticated."""
    caller: Caller = request.scope["designer.caller"]
    return caller


CurrentCaller = Annotated[Caller, Depends(_authenticated)]
