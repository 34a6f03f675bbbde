"""Routes that check the token, the role and the campaign before they read the body of a request."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from designer.service.http.requests import ReadRequest, media_type_of, parse_json, read_body
from designer.service.http.security import authenticate, bearer
from designer.service.lab import Lab
from designer.service.url_names import campaign_name

MAX_JSON_BYTES = 1_000_000
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def requires(role: str, *, max_bytes: int = MAX_JSON_BYTES) -> Callable[[Endpoint], Endpoint]:
    """Return a decorator that states the role an endpoint requires, and the largest body that it reads."""

    def state(endpoint: Endpoint) -> Endpoint:
        endpoint.required_role, endpoint.max_bytes = role, max_bytes  # type: ignore[attr-defined]
        return endpoint

    return state


class AuthorizedRoute(APIRoute):
    """A route whose endpoint is called only for a caller with the required role, on a campaign that exists.

    FastAPI reads and parses the body before it resolves dependencies, so a check in a dependency comes too late: a
    caller without permission could make the service read and parse megabytes.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of a request."""
        handle = super().get_route_handler()
        role: str = getattr(self.endpoint, "required_role", "read")
        max_bytes: int = getattr(self.endpoint, "max_bytes", MAX_JSON_BYTES)

        async def authorized(request: Request) -> Response:
            given = await bearer(request)

            def check() -> None:
                caller = request.scope["designer.caller"] = authenticate(request, given)
                caller.require(role)
                if "campaign" in request.path_params:
                    lab: Lab = request.app.state.lab
                    lab.cache.require(campaign_name(request.path_params["campaign"]))

            await run_in_threadpool(check)
            body = await read_body(request, max_bytes)
            if body and media_type_of(request) == "application/json":
                await run_in_threadpool(parse_json, body)  # so that its errors are problems like all others
            return await handle(ReadRequest(request.scope, request.receive, body))

        return authorized
