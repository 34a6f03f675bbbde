"""The application: a lab, the API and the page, behind the limits."""

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
from designer.errors import DesignerError
from designer.service.http.api import api
from designer.service.http.api_views import looks
from designer.service.http.assets import Assets, root
from designer.service.http.pages import pages, problem_page
from designer.service.http.responses import Answer, of_error
from designer.service.http.schemas import Results
from designer.service.http.security import Limits, Options, Wrapping
from designer.service.lab import Lab
from designer.service.problems import kind_of

LOG = logging.getLogger("designer.service")
DESCRIPTION = (
    "The verbs of the command line over HTTP. Errors are problem details (RFC 9457) that list every fault. A write "
    "with an Idempotency-Key is carried out once, however often it is sent. Amendments name the version they amend "
    "(If-Match). Suggestions are made by jobs, whose progress can be followed as server-sent events."
)


def create_app(lab: Lab, options: Options | None = None) -> FastAPI:
    """Return the application that serves a lab; it takes up waiting jobs when it starts, and closes the lab at its end.

    Parameters
    ----------
    options
        How it is open to the world; by default on loopback names alone, and to nobody without a token.
    """
    options = options or Options()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        left = await run_in_threadpool(lab.begin)
        if left:
            LOG.info("took up %d suggestions that were asked for before", left)
        await run_in_threadpool(_warm_up, lab)
        yield
        lab.close()

    app = FastAPI(
        title="designer", version=version("materials-designer"), description=DESCRIPTION, lifespan=lifespan,
        docs_url=None, redoc_url=None, openapi_url="/openapi.json",
    )  # fmt: skip
    app.state.lab, app.state.options = lab, options
    app.include_router(api)
    app.include_router(looks)
    app.include_router(pages)
    app.mount(root(), Assets(), name="static")
    app.add_middleware(Limits, options=options)
    app.add_middleware(Wrapping, options=options)
    for kind in (DesignerError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer)
    app.add_api_route("/healthz", healthy, methods=["GET"], include_in_schema=False)
    _describe(app)
    return app


def _warm_up(lab: Lab) -> None:
    """Do what would make the first visitor wait: read what is stored, and load what reading a table takes."""
    import pandas as pd

    lab.shelf.states()
    pd.DataFrame({"a": [1.0]}).describe()
    units.convert(1.0, "degC", "K")


def healthy(request: Request) -> Answer:
    """Say that the service answers and its store can be read."""
    lab: Lab = request.app.state.lab
    lab.store.names()
    return Answer({"ok": True})


async def _answer(request: Request, error: Exception) -> Response:
    """Answer with what is wrong: to a program as problem details, to a person as a page."""
    if kind_of(error).status == 500 and not isinstance(error, RequestValidationError | HTTPException):
        LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    found = of_error(error)
    is_page = not request.url.path.startswith(("/api/", "/static/", "/openapi.json", "/healthz"))
    return problem_page(request, found) if is_page else found


def _describe(app: FastAPI) -> None:
    """Add to the description what routes read by themselves."""
    made: Callable[[], dict[str, object]] = app.openapi

    def described() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = made()
            schemas = schema["components"]["schemas"]  # type: ignore[index]
            schemas["Results"] = Results.model_json_schema(ref_template="#/components/schemas/{model}")
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
