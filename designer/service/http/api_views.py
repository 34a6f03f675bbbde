"""The routes of views that need a model or a figure, and of accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from designer.campaign.file.contexts import context_from_text
from designer.service import queries
from designer.service.http import schemas
from designer.service.http.authorized_route import AuthorizedRoute, requires
from designer.service.http.middleware import SANDBOX_HEADERS
from designer.service.http.responses import ApiResponse
from designer.service.http.routing import (
    PROBLEMS,
    Before,
    CampaignId,
    Limit,
    OfUser,
    SubjectId,
    lab_of,
    view_result,
)
from designer.service.http.security import CurrentCaller
from designer.service.url_names import campaign_name

view_routes = APIRouter(prefix="/api", responses=PROBLEMS, route_class=AuthorizedRoute)


@view_routes.get("/campaigns/{campaign}/suggestions/{suggestion}/card", tags=["suggestions"])
async def card(request: Request, caller: CurrentCaller, campaign: CampaignId, suggestion: SubjectId) -> ApiResponse:
    """Explain a suggestion: why it was made and what was predicted for it, from the results at that time."""
    return ApiResponse(await view_result(request, caller, campaign_name(campaign), "card", suggestion))


@view_routes.get(
    "/campaigns/{campaign}/suggestions/{suggestion}/card.svg", tags=["suggestions"], response_class=Response
)  # fmt: skip
async def card_picture(
    request: Request, caller: CurrentCaller, campaign: CampaignId, suggestion: SubjectId
) -> Response:
    """Return the explanation of a suggestion as one picture (SVG)."""
    text = await view_result(request, caller, campaign_name(campaign), "card_picture", suggestion)
    return Response(text, media_type="image/svg+xml", headers=SANDBOX_HEADERS)


@view_routes.get("/campaigns/{campaign}/best", tags=["views"])
async def best(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    context: Annotated[
        list[str] | None, Query(max_length=50, description="For this context: humidity=45,lot=B7; may be repeated.")
    ] = None,
) -> ApiResponse:
    """Return the best measured designs, with measured and predicted values; apart those that the space forbids now."""
    given = context_from_text(context)
    found = await view_result(request, caller, campaign_name(campaign), "best", *([given] if given else []))
    return ApiResponse({"campaign": campaign_name(campaign), **found})


@view_routes.get("/campaigns/{campaign}/verdict", tags=["views"])
async def verdict(request: Request, caller: CurrentCaller, campaign: CampaignId) -> ApiResponse:
    """Return whether the campaign should stop, and why."""
    return ApiResponse(await view_result(request, caller, campaign_name(campaign), "verdict"))


@view_routes.post("/campaigns/{campaign}/predictions", tags=["views"])
async def predict(request: Request, caller: CurrentCaller, campaign: CampaignId, body: schemas.Designs) -> ApiResponse:
    """Predict the targets of designs, in lab units; nothing is written."""
    found = await view_result(
        request, caller, campaign_name(campaign), "predict", [dict(each) for each in body.designs]
    )
    return ApiResponse({"campaign": campaign_name(campaign), "predictions": found})


@view_routes.get("/campaigns/{campaign}/report.html", tags=["views"], response_class=Response)
async def report(request: Request, caller: CurrentCaller, campaign: CampaignId) -> Response:
    """Return the campaign's report as one self-contained HTML page."""
    text = await view_result(request, caller, campaign_name(campaign), "report")
    return Response(text, media_type="text/html", headers=SANDBOX_HEADERS)


@view_routes.get("/campaigns/{campaign}/progress.svg", tags=["views"], response_class=Response)
async def progress(
    request: Request, caller: CurrentCaller, campaign: CampaignId, target: Annotated[str, Query(max_length=200)]
) -> Response:
    """Return the figure of a target's measured values, by experiment (SVG)."""
    text = await view_result(request, caller, campaign_name(campaign), "progress", target)
    return Response(text, media_type="image/svg+xml", headers=SANDBOX_HEADERS)


@view_routes.get("/campaigns/{campaign}/trade-off.svg", tags=["views"], response_class=Response)
async def trade_off(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    first: Annotated[str, Query(max_length=200, description="A target.")],
    second: Annotated[str, Query(max_length=200, description="Another target.")],
) -> Response:
    """Return the figure of two goals against each other, with the measured Pareto front (SVG)."""
    text = await view_result(request, caller, campaign_name(campaign), "trade_off", first, second)
    return Response(text, media_type="image/svg+xml", headers=SANDBOX_HEADERS)


@view_routes.get("/campaigns/{campaign}/ternary.svg", tags=["views"], response_class=Response)
async def ternary(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    target: Annotated[str, Query(max_length=200)],
    parameter: Annotated[str, Query(max_length=200, description="A composition or mixture of three or more.")],
) -> Response:
    """Return the figure (SVG) of a predicted target over three constituents around the best design."""
    text = await view_result(request, caller, campaign_name(campaign), "ternary", target, parameter)
    return Response(text, media_type="image/svg+xml", headers=SANDBOX_HEADERS)


@view_routes.get("/campaigns/{campaign}/curves.svg", tags=["views"], response_class=Response)
async def curves(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    observation: Annotated[str, Query(max_length=200, description="An observation that is a curve.")],
) -> Response:
    """Return the figure (SVG) of the observed curves by the goal, and of those of open suggestions."""
    text = await view_result(request, caller, campaign_name(campaign), "curves", observation)
    return Response(text, media_type="image/svg+xml", headers=SANDBOX_HEADERS)


# Accounts


@view_routes.get("/tokens", tags=["accounts"])
@requires("admin")
def tokens(request: Request, caller: CurrentCaller) -> ApiResponse:
    """List tokens, without their secrets."""
    return ApiResponse(queries.tokens(lab_of(request), caller))


@view_routes.delete("/tokens/{token}", tags=["accounts"])
@requires("admin")
def revoke(
    request: Request, caller: CurrentCaller, token: Annotated[str, Path(max_length=40, pattern="^[0-9a-f]+$")]
) -> ApiResponse:
    """Revoke a token and end its sessions."""
    return ApiResponse(queries.revoke(lab_of(request), caller, token))


@view_routes.get("/audit", tags=["accounts"])
@requires("admin")
def audit(
    request: Request, caller: CurrentCaller, before: Before = None, limit: Limit = 100, user: OfUser = None
) -> ApiResponse:
    """Return the audit log, newest first."""
    return ApiResponse(queries.audit_trail(lab_of(request), caller, before=before, limit=limit, user=user))
