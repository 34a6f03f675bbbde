"""The route that undoes the last action of a campaign."""

from __future__ import annotations

from fastapi import APIRouter, Request

from designer.service import commands
from designer.service.http import schemas
from designer.service.http.authorized_route import AuthorizedRoute, requires
from designer.service.http.responses import ApiResponse
from designer.service.http.routing import PROBLEM, PROBLEMS, CampaignId, IdempotencyKey, lab_of
from designer.service.http.security import CurrentCaller
from designer.service.url_names import campaign_name

undo_routes = APIRouter(prefix="/api", responses=PROBLEMS, route_class=AuthorizedRoute, tags=["campaigns"])


@undo_routes.post(
    "/campaigns/{campaign}/undo",
    response_model=schemas.Undone,
    responses={412: {**PROBLEM, "description": "Another action is the last one"}},
)
@requires("record")
def undo(
    request: Request, caller: CurrentCaller, campaign: CampaignId, body: schemas.Undo, key: IdempotencyKey = None
) -> ApiResponse:
    """Undo the last action: results, a failure, a comparison, a withdrawal or an amendment; it stays in the history.

    The action of another user needs the role steer.
    """
    return ApiResponse(commands.undo(lab_of(request), caller, campaign_name(campaign), body.position, key=key))
