"""Shared by the routes: parameters, documented problems, and how a view is requested from a worker."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from designer.service import queries
from designer.service.http import schemas
from designer.service.http.security import CurrentCaller
from designer.service.lab import Lab, result_of
from designer.service.problems import MEDIA_TYPE

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
YAML = "application/yaml"
MAX_WAIT_SECONDS = 60.0

PROBLEM = {"model": schemas.Problem, "content": {MEDIA_TYPE: {}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {**PROBLEM, "description": what}
    for status, what in {
        400: "The request cannot be read",
        401: "A token is required",
        403: "The role does not allow this",
        404: "Not found",
        409: "Not possible in the current state",
        413: "Too large",
        422: "Invalid input, with every fault",
        429: "Too many requests are waiting",
        503: "The database or a worker is unavailable",
    }.items()
}
VERSIONED: dict[int | str, dict[str, Any]] = {
    412: {**PROBLEM, "description": "It was changed since it was read"},
    428: {**PROBLEM, "description": "If-Match is missing"},
}

CampaignId = Annotated[str, Path(description="The campaign's `id`.", max_length=200, examples=["nickel-films"])]
SubjectId = Annotated[str, Path(max_length=40, examples=["S0001"])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A text that identifies this write. A request with the same key is carried out once.",
    ),
]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag that was read.")]
Before = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only entries before this number.")]
OfUser = Annotated[str | None, Query(max_length=60, description="Only what this user requested.")]
Limit = Annotated[int, Query(ge=1, le=500)]


def lab_of(request: Request) -> Lab:
    """Return the lab of the application."""
    lab: Lab = request.app.state.lab
    return lab


async def view_result(request: Request, caller: CurrentCaller, name: str, what: str, *arguments: Any) -> Any:
    """Return the result of a view without blocking other requests."""
    future = await run_in_threadpool(queries.view, lab_of(request), caller, name, what, *arguments)
    await asyncio.wait([asyncio.wrap_future(future)])
    return result_of(future)
