"""The routes of comparisons of results (goal: prefer)."""

from __future__ import annotations

from fastapi import APIRouter, Request

from designer.errors import InvalidData
from designer.service import commands, queries
from designer.service.http import schemas
from designer.service.http.authorized_route import AuthorizedRoute, requires
from designer.service.http.responses import ApiResponse
from designer.service.http.routing import PROBLEMS, CampaignId, IdempotencyKey, SubjectId, lab_of, view_result
from designer.service.http.security import CurrentCaller
from designer.service.url_names import campaign_name

comparison_routes = APIRouter(prefix="/api", responses=PROBLEMS, route_class=AuthorizedRoute, tags=["results"])


@comparison_routes.get("/campaigns/{campaign}/comparisons")
def comparisons(request: Request, caller: CurrentCaller, campaign: CampaignId) -> ApiResponse:
    """List comparisons of results, and contradictions among them."""
    return ApiResponse(queries.comparisons(lab_of(request), caller, campaign_name(campaign)))


@comparison_routes.get("/campaigns/{campaign}/comparisons/next")
async def next_comparison(request: Request, caller: CurrentCaller, campaign: CampaignId) -> ApiResponse:
    """Return which two results to compare next, and why; null where no pair is left or the goal is another."""
    found = await view_result(request, caller, campaign_name(campaign), "next_comparison")
    return ApiResponse({"campaign": campaign_name(campaign), **found})


@comparison_routes.post("/campaigns/{campaign}/comparisons")
@requires("record")
def compare(
    request: Request, caller: CurrentCaller, campaign: CampaignId, body: schemas.Comparisons, key: IdempotencyKey = None
) -> ApiResponse:
    """Record which of two results is better, all rows or none."""
    name = campaign_name(campaign)
    try:
        found = commands.compare(lab_of(request), caller, name, body.rows, again=body.again, key=key)
    except InvalidData as error:  # a row of JSON is named by its index in the list
        raise InvalidData([fault.at(path=_path(fault.row, fault.column)) for fault in error.faults]) from None
    return ApiResponse(found)


def _path(row: int | None, column: str | None) -> tuple[str | int, ...]:
    path: tuple[str | int, ...] = () if row is None else ("rows", max(row - 2, 0))
    return path if column is None else (*path, column)


@comparison_routes.post("/campaigns/{campaign}/comparisons/{comparison}/withdrawal", response_model=schemas.Changed)
@requires("steer")
def withdraw_comparison(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    comparison: SubjectId,
    body: schemas.Withdrawal,
    key: IdempotencyKey = None,
) -> ApiResponse:
    """Withdraw a comparison: it is ignored from then on."""
    lab, name = lab_of(request), campaign_name(campaign)
    queries.comparison(lab, caller, name, comparison)
    return ApiResponse(commands.withdraw(lab, caller, name, comparison, reason=body.reason, key=key))
