"""What the routes have in common: their parameters, the problems they answer with, and how a worker is asked."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from designer.service import queries
from designer.service.http import schemas
from designer.service.http.security import Who
from designer.service.lab import Lab, answer
from designer.service.problems import MEDIA_TYPE, Refused
from designer.service.url_names import name_of

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
YAML = "application/yaml"
LONGEST_WAIT = 60.0

PROBLEM = {"model": schemas.Problem, "content": {MEDIA_TYPE: {}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {**PROBLEM, "description": what}
    for status, what in {
        400: "The request cannot be read",
        401: "A token is needed",
        403: "The role does not allow this",
        404: "There is no such thing",
        409: "Not possible now",
        413: "Too large",
        422: "Bad input, with every fault",
        429: "Too much is waiting",
        503: "The store or a worker cannot be used now",
    }.items()
}
VERSIONED: dict[int | str, dict[str, Any]] = {
    412: {**PROBLEM, "description": "Somebody changed it since"},
    428: {**PROBLEM, "description": "If-Match is missing"},
}

Id = Annotated[str, Path(description="The campaign's `id`.", max_length=200, examples=["nickel-films"])]
Sub = Annotated[str, Path(max_length=40, examples=["S0001"])]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A text of the client's own for this write. Sent again with it, the write is not done again.",
    ),
]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag that was read.")]
Before = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only what was before this number.")]
Limit = Annotated[int, Query(ge=1, le=500)]


def lab_of(request: Request) -> Lab:
    """Return the lab that the application serves."""
    lab: Lab = request.app.state.lab
    return lab


def named(path: str) -> str:
    """Return the campaign's name of a path's part."""
    name = name_of(path)
    if name is None:
        raise Refused("not-found", f"there is no campaign {path!r}")
    return name


async def looked(request: Request, who: Who, name: str, what: str, *arguments: Any) -> Any:
    """Return what a worker answers; other requests go on meanwhile."""
    future = await run_in_threadpool(queries.look, lab_of(request), who, name, what, *arguments)
    return answer(await asyncio.shield(asyncio.wrap_future(future)))
