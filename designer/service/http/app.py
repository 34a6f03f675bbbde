"""The web application: the API, the pages and the middleware around them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from designer import units
from designer.errors import Conflict, DesignerError, StoreError
from designer.service import representations
from designer.service.http.api import api
from designer.service.http.api_views import view_routes
from designer.service.http.assets import Assets, root
from designer.service.http.comparison_routes import comparison_routes
from designer.service.http.metrics import RequestMetrics
from designer.service.http.middleware import AllowedHosts, HeadersAndLog, shown_path
from designer.service.http.monitoring_routes import metrics_routes, monitoring
from designer.service.http.pages import pages, problem_page
from designer.service.http.rate_limit import RateLimit
from designer.service.http.registry_routes import registry_routes
from designer.service.http.responses import problem_response
from designer.service.http.routes.generation_routes import generation_routes
from designer.service.http.schemas import Results
from designer.service.http.security import Options
from designer.service.http.undo_routes import undo_routes
from designer.service.lab import Lab

LOG = logging.getLogger("designer.service")
DESCRIPTION = (
    "The commands of the command line over HTTP. Errors are problem details (RFC 9457) that list every fault. A write "
    "with an Idempotency-Key is carried out once, however often it is sent. An amendment names the version that it "
    "changes (If-Match). Jobs make suggestions; their progress can be followed as server-sent events."
)

_FOR_MACHINES = ("/healthz", "/readyz", "/metrics")


def create_app(lab: Lab, options: Options | None = None) -> FastAPI:
    """Return the web application of a lab. It resumes unfinished jobs when it starts, and closes the lab at its end.

    Parameters
    ----------
    options
        Who may use it; by default only by loopback names and with a token.
    """
    options = options or Options()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        resumed = await run_in_threadpool(lab.start)
        if resumed:
            LOG.info("resumed %d unfinished suggestion jobs", resumed)
        await run_in_threadpool(_warm_up, lab)
        yield
        lab.close()

    app = FastAPI(
        title="designer", version=version("materials-designer"), description=DESCRIPTION, lifespan=lifespan,
        docs_url=None, redoc_url=None, openapi_url="/openapi.json",
    )  # fmt: skip
    app.state.lab, app.state.options = lab, options
    app.state.metrics, app.state.rate_limit = RequestMetrics(), RateLimit(options.requests_per_minute)
    app.include_router(api)
    app.include_router(view_routes)
    app.include_router(comparison_routes)
    app.include_router(undo_routes)
    app.include_router(registry_routes)
    app.include_router(generation_routes)
    for router in (pages, monitoring, metrics_routes):
        app.include_router(router)
    app.mount(root(), Assets(), name="static")
    app.add_middleware(AllowedHosts, options=options)
    app.add_middleware(HeadersAndLog, options=options)
    for kind in (DesignerError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _respond)
    _describe(app)
    return app


def _warm_up(lab: Lab) -> None:
    """Read the stored campaigns and import what reading a table needs, so that the first request does not wait."""
    import pandas as pd

    lab.cache.views(representations.summary)
    pd.DataFrame({"a": [1.0]}).describe()
    units.convert(1.0, "degC", "K")


async def _respond(request: Request, error: Exception) -> Response:
    """Return an error as problem details, or as a page where a page was requested."""
    if isinstance(error, StoreError) and not isinstance(error, Conflict):
        LOG.warning("%s %s: %s", request.method, shown_path(request.scope), error)
    found = problem_response(error)
    is_page = not request.url.path.startswith(("/api/", "/static/", "/openapi.json", *_FOR_MACHINES))
    return problem_page(request, found) if is_page else found


def _describe(app: FastAPI) -> None:
    """Add to the API description the bodies that routes read themselves."""
    made: Callable[[], dict[str, object]] = app.openapi

    def described() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = made()
            schemas = schema["components"]["schemas"]  # type: ignore[index]
            results = Results.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(results.pop("$defs"), Results=results)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
