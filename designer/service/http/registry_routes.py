"""The routes of past work: campaigns and published tasks that a new campaign can learn from."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from designer.service import past_campaigns
from designer.service.http import schemas
from designer.service.http.authorized_route import AuthorizedRoute, requires
from designer.service.http.responses import ApiResponse
from designer.service.http.routing import PROBLEMS, CampaignId, lab_of
from designer.service.http.security import CurrentCaller
from designer.service.lab import result_of
from designer.service.representations import jsonable
from designer.service.url_names import campaign_name

registry_routes = APIRouter(prefix="/api", responses=PROBLEMS, route_class=AuthorizedRoute, tags=["past work"])


@registry_routes.get("/past-tasks", response_model=schemas.PublishedTasks)
def listed(request: Request, caller: CurrentCaller) -> ApiResponse:
    """List the published tasks, the newest version of each first."""
    return ApiResponse(past_campaigns.listed(lab_of(request), caller))


@registry_routes.post("/past-tasks/search", response_model=schemas.PastWork)
def search(request: Request, caller: CurrentCaller, body: schemas.PastWorkSearch) -> ApiResponse:
    """Return past campaigns and published tasks, those first that are like a campaign in space and quantities."""
    return ApiResponse(past_campaigns.search(lab_of(request), caller, body.campaign))


@registry_routes.post("/past-tasks/preview", response_model=schemas.Preview)
@requires("steer")
async def preview(request: Request, caller: CurrentCaller, body: schemas.PreviewRequest) -> ApiResponse:
    """Return the first suggestions of a campaign without and with past work. Nothing is written."""
    names = [campaign_name(each) for each in body.campaigns]
    arguments = (lab_of(request), caller, body.campaign, body.tasks, names, body.n)
    future = await run_in_threadpool(past_campaigns.preview, *arguments)
    await asyncio.wait([asyncio.wrap_future(future)])
    return ApiResponse(jsonable(result_of(future)))


@registry_routes.post("/campaigns/{campaign}/publication", response_model=schemas.Publication)
@requires("steer")
def publish(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    body: schemas.PublicationRequest,
) -> ApiResponse:
    """Publish the results of a campaign as past tasks, under the digest of their content; equal results once."""
    found = past_campaigns.publish(
        lab_of(request), caller, campaign_name(campaign), terms=body.license, source=body.source
    )
    return ApiResponse(found)
