"""Routes for monitoring: whether the service lives, whether it is ready for work, and its metrics."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from starlette.responses import Response

from designer.errors import StoreError
from designer.service.http.authorized_route import AuthorizedRoute
from designer.service.http.metrics import CONTENT_TYPE, RequestMetrics, exposition, readiness
from designer.service.http.responses import ApiResponse
from designer.service.http.routing import lab_of
from designer.service.http.security import CurrentCaller

LOG = logging.getLogger("designer.service")
monitoring = APIRouter(include_in_schema=False)
metrics_routes = APIRouter(route_class=AuthorizedRoute, include_in_schema=False)


@monitoring.get("/healthz")
def healthy(request: Request) -> ApiResponse:
    """Return whether the service can read its database; the reason of a failure is for the log alone."""
    try:
        lab_of(request).store.names()
    except StoreError as error:
        LOG.warning("the database cannot be used: %s", error)
        return ApiResponse({"ok": False}, status_code=503)
    return ApiResponse({"ok": True})


@monitoring.get("/readyz")
def ready(request: Request) -> ApiResponse:
    """Return whether the service accepts work: 200 if so, else 503; and which of its needs are met."""
    checks = readiness(lab_of(request))
    is_ready = all(checks.values())
    return ApiResponse({"ready": is_ready, "checks": checks}, status_code=200 if is_ready else 503)


@metrics_routes.get("/metrics")
def metrics(request: Request, caller: CurrentCaller) -> Response:
    """Return the metrics in the text format of Prometheus, for a token of any role."""
    requests: RequestMetrics = request.app.state.metrics
    return Response(exposition(lab_of(request), requests), media_type=CONTENT_TYPE)
