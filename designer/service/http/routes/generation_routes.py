"""The routes that propose candidates which are on no list."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from designer.documents import Value
from designer.service import generation_requests
from designer.service.http import schemas
from designer.service.http.authorized_route import AuthorizedRoute, requires
from designer.service.http.responses import ApiResponse
from designer.service.http.routing import PROBLEMS, lab_of
from designer.service.http.security import CurrentCaller
from designer.service.lab import result_of
from designer.service.representations import jsonable
from designer.service.store.accounts import Caller
from designer.service.work.generated import FormulaRequest, MoleculeRequest

generation_routes = APIRouter(prefix="/api", responses=PROBLEMS, route_class=AuthorizedRoute, tags=["generation"])


@generation_routes.post("/generate/formulas", response_model=schemas.GeneratedFormulas)
@requires("steer")
async def formulas(request: Request, caller: CurrentCaller, body: FormulaRequest) -> ApiResponse:
    """Propose formulas that are on no list, like known ones, with the origin of each. Nothing is written."""
    return await _generated(request, caller, "formulas", body)


@generation_routes.post("/generate/molecules", response_model=schemas.GeneratedMolecules)
@requires("steer")
async def molecules(request: Request, caller: CurrentCaller, body: MoleculeRequest) -> ApiResponse:
    """Propose molecules that are on no list, of parts of known ones, with the origin of each. Nothing is written."""
    return await _generated(request, caller, "molecules", body)


async def _generated(request: Request, caller: Caller, kind: str, body: Value) -> ApiResponse:
    future = await run_in_threadpool(generation_requests.generated, lab_of(request), caller, kind, body)
    await asyncio.wait([asyncio.wrap_future(future)])
    return ApiResponse(jsonable(result_of(future)))
