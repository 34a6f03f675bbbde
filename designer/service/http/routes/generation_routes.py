"""The routes that propose candidates which are on no list."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from designer.service import generation_requests
from designer.service.http import schemas
from designer.service.http.authorized_route import AuthorizedRoute, requires
from designer.service.http.responses import ApiResponse
from designer.service.http.routing import PROBLEMS, lab_of
from designer.service.http.security import CurrentCaller
from designer.service.lab import result_of
from designer.service.representations import jsonable
from designer.service.work.generated import FormulaRequest

generation_routes = APIRouter(prefix="/api", responses=PROBLEMS, route_class=AuthorizedRoute, tags=["generation"])


@generation_routes.post("/generate/formulas", response_model=schemas.GeneratedFormulas)
@requires("steer")
async def formulas(request: Request, caller: CurrentCaller, body: FormulaRequest) -> ApiResponse:
    """Propose formulas that are on no list, like known ones, with the origin of each. Nothing is written."""
    arguments = (lab_of(request), caller, "formulas", body)
    future = await run_in_threadpool(generation_requests.generated, *arguments)
    await asyncio.wait([asyncio.wrap_future(future)])
    return ApiResponse(jsonable(result_of(future)))
