"""The routes of campaigns, suggestions and results. Each reads the request, calls one operation, and responds.

Roles and faults are checked by the operations in `commands` and `queries`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from designer.acquisition.classical.run_order import Order
from designer.errors import InvalidData
from designer.service import commands, queries
from designer.service.http import schemas
from designer.service.http.authorized_route import AuthorizedRoute, requires
from designer.service.http.middleware import SANDBOX_HEADERS
from designer.service.http.requests import media_type_of, parse_json
from designer.service.http.responses import ApiResponse, version_of, with_etag
from designer.service.http.routing import (
    CSV,
    MAX_WAIT_SECONDS,
    PROBLEMS,
    VERSIONED,
    XLSX,
    YAML,
    Before,
    CampaignId,
    IdempotencyKey,
    IfMatch,
    Limit,
    SubjectId,
    lab_of,
)  # fmt: skip
from designer.service.http.security import CurrentCaller
from designer.service.problems import Refused
from designer.service.url_names import campaign_name
from designer.service.work.uploads import MAX_BYTES, MAX_CAMPAIGN_BYTES

api = APIRouter(prefix="/api", responses=PROBLEMS, route_class=AuthorizedRoute)


# Campaigns


@api.get("/me", response_model=schemas.Me, tags=["accounts"])
def me(caller: CurrentCaller) -> ApiResponse:
    """Return the user and the role of the token."""
    return ApiResponse({"user": caller.user, "role": caller.role})


@api.get("/campaigns", response_model=schemas.Campaigns, tags=["campaigns"])
def campaigns(
    request: Request, caller: CurrentCaller, search: str = "", after: str = "", limit: Limit = 50
) -> ApiResponse:
    """List campaigns by name."""
    return ApiResponse(queries.campaigns(lab_of(request), caller, search=search, after=after, limit=limit))


_CAMPAIGN_BODY = {
    "requestBody": {
        "required": True,
        "description": "A campaign file: as YAML text, or the same as JSON.",
        "content": {"application/json": {"schema": {"type": "object"}}, YAML: {"schema": {"type": "string"}}},
    }
}


@api.post(
    "/campaigns",
    status_code=201,
    response_model=schemas.CampaignSummary,
    tags=["campaigns"],
    openapi_extra=_CAMPAIGN_BODY,
)
@requires("steer")
async def create(request: Request, caller: CurrentCaller, key: IdempotencyKey = None) -> ApiResponse:
    """Create a campaign. It may not name a store, a program, a Python function or a file outside the data folder."""
    content = await _campaign(request)
    made = await run_in_threadpool(commands.create, lab_of(request), caller, content, key=key)
    return ApiResponse(made, status_code=201, headers={"Location": f"/api/campaigns/{made['id']}"})


@api.post("/campaigns/check", response_model=schemas.CampaignSummary, tags=["campaigns"], openapi_extra=_CAMPAIGN_BODY)
async def check_campaign(request: Request, caller: CurrentCaller) -> ApiResponse:
    """Check a campaign and list every fault; nothing is written."""
    return ApiResponse(await run_in_threadpool(commands.validate, lab_of(request), caller, await _campaign(request)))


async def _campaign(request: Request) -> str | dict[str, Any]:
    kind, body = media_type_of(request), await request.body()
    if len(body) > MAX_CAMPAIGN_BYTES:
        raise Refused("too-large", f"a campaign has at most {MAX_CAMPAIGN_BYTES} bytes; upload tables separately")
    if kind in (YAML, "text/yaml", "application/x-yaml"):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("not-readable", "the campaign is not UTF-8 text") from None
    if kind != "application/json":
        raise Refused("unsupported", f"send application/json or {YAML}")
    data = parse_json(body)
    if not isinstance(data, dict):
        raise Refused("not-readable", "a campaign is a JSON object")
    return data


@api.post(
    "/tables",
    status_code=201,
    response_model=schemas.Table,
    tags=["campaigns"],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {CSV: {"schema": {"type": "string"}}, XLSX: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
@requires("steer", max_bytes=MAX_BYTES)
async def upload(
    request: Request, caller: CurrentCaller, filename: Annotated[str, Query(max_length=200)] = ""
) -> ApiResponse:
    """Upload a table of candidates, to which a campaign can refer."""
    kind, body = media_type_of(request), await request.body()
    file = _file_name(kind, filename)
    return ApiResponse(await run_in_threadpool(commands.upload, lab_of(request), caller, body, file), status_code=201)


def _file_name(kind: str, given: str) -> str:
    if kind not in (CSV, XLSX):
        raise Refused("unsupported", f"send {CSV} or {XLSX}")
    suffix = ".csv" if kind == CSV else ".xlsx"
    return given if given.lower().endswith(suffix) else f"{given or 'table'}{suffix}"


@api.get("/campaigns/{campaign}", response_model=schemas.Campaign, tags=["campaigns"])
def campaign(request: Request, caller: CurrentCaller, campaign: CampaignId) -> Response:
    """Return the state of a campaign. Its ETag changes with every event and every job."""
    data = queries.campaign(lab_of(request), caller, campaign_name(campaign))
    return with_etag(request, data, f"{data['version']}.{len(data['jobs'])}")


@api.get("/campaigns/{campaign}/space", response_model=schemas.Space, tags=["campaigns"])
def space(request: Request, caller: CurrentCaller, campaign: CampaignId) -> Response:
    """Return the design space; a change of it must name its ETag."""
    data = queries.space(lab_of(request), caller, campaign_name(campaign))
    return with_etag(request, data, data["version"])


@api.patch("/campaigns/{campaign}/space", response_model=schemas.Changed, responses=VERSIONED, tags=["campaigns"])
@requires("steer")
def amend_space(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    body: schemas.SpaceAmendment,
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> ApiResponse:
    """Change bounds, choices or constraints from now on."""
    return ApiResponse(
        commands.amend_space(
            lab_of(request), caller, campaign_name(campaign), bounds=body.bounds, add_choices=body.add_choices,
            constraints=body.constraints, expected_version=version_of(if_match), key=key,
        )
    )  # fmt: skip


@api.put("/campaigns/{campaign}/beliefs", response_model=schemas.Changed, responses=VERSIONED, tags=["campaigns"])
@requires("steer")
def amend_beliefs(
    request: Request, caller: CurrentCaller, campaign: CampaignId, body: schemas.Beliefs, key: IdempotencyKey = None
) -> ApiResponse:
    """Replace the beliefs of an expert from now on."""
    name = campaign_name(campaign)
    return ApiResponse(commands.amend_beliefs(lab_of(request), caller, name, body.beliefs, key=key))


@api.get("/campaigns/{campaign}/history", response_model=schemas.History, tags=["campaigns"])
def history(
    request: Request, caller: CurrentCaller, campaign: CampaignId, before: Before = None, limit: Limit = 100
) -> ApiResponse:
    """Return the events, newest first, and who caused each."""
    return ApiResponse(queries.history(lab_of(request), caller, campaign_name(campaign), before=before, limit=limit))


@api.get("/campaigns/{campaign}/sheet.csv", tags=["results"], response_class=Response)
def sheet(request: Request, caller: CurrentCaller, campaign: CampaignId) -> Response:
    """Return the open suggestions as a table to fill in and upload."""
    return _csv(queries.sheet(lab_of(request), caller, campaign_name(campaign)), f"{campaign}-next.csv")


@api.get("/campaigns/{campaign}/run-sheet.html", tags=["results"], response_class=Response)
def run_sheet(request: Request, caller: CurrentCaller, campaign: CampaignId, order: Order = "random") -> Response:
    """Return the open suggestions, in random order or with few changes of settings, as a page to print."""
    text = queries.printable_run_sheet(lab_of(request), caller, campaign_name(campaign), order)
    return Response(text, media_type="text/html", headers=SANDBOX_HEADERS)


@api.get("/campaigns/{campaign}/measurements.csv", tags=["results"], response_class=Response)
def measurements_table(request: Request, caller: CurrentCaller, campaign: CampaignId) -> Response:
    """Return all measurements as a table."""
    return _csv(queries.export(lab_of(request), caller, campaign_name(campaign), "csv"), f"{campaign}.csv")


@api.get("/campaigns/{campaign}/events.jsonl", tags=["campaigns"], response_class=Response)
def events(request: Request, caller: CurrentCaller, campaign: CampaignId) -> Response:
    """Return all events, one JSON object per line."""
    return Response(
        queries.export(lab_of(request), caller, campaign_name(campaign), "jsonl"), media_type="application/jsonl"
    )


def _csv(text: str, file: str) -> Response:
    plain = "".join(letter if letter.isascii() and letter not in '"\\' else "_" for letter in file)
    return Response(text, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{plain}"'})


# Suggestions


@api.get("/campaigns/{campaign}/suggestions", response_model=schemas.Suggestions, tags=["suggestions"])
def suggestions(
    request: Request, caller: CurrentCaller, campaign: CampaignId, status: str | None = None
) -> ApiResponse:
    """List suggestions: all, or those that are open, recorded, failed or withdrawn."""
    return ApiResponse(queries.suggestions(lab_of(request), caller, campaign_name(campaign), status=status))


@api.post(
    "/campaigns/{campaign}/suggestions", status_code=202, response_model=schemas.Job, tags=["suggestions"],
)  # fmt: skip
@requires("record")
async def suggest(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    body: schemas.SuggestionRequest,
    wait: Annotated[
        float, Query(ge=0, le=MAX_WAIT_SECONDS, description="ApiResponse when it is done, or after s.")
    ] = 0.0,
    key: IdempotencyKey = None,
) -> ApiResponse:
    """Suggest the next experiments. This creates a job; poll it until its state is done or failed."""
    lab = lab_of(request)
    job = await run_in_threadpool(
        commands.suggest, lab, caller, campaign_name(campaign), n=body.n, replicate_of=body.replicate_of,
        context=body.context, key=key,
    )  # fmt: skip
    future = lab.jobs.future(job["id"])
    if wait and future is not None:
        await asyncio.wait([asyncio.wrap_future(future)], timeout=wait)
    found = await run_in_threadpool(queries.job, lab, caller, job["id"])
    return ApiResponse(found, status_code=202, headers={"Location": f"/api/jobs/{job['id']}"})


@api.get("/campaigns/{campaign}/suggestions/{suggestion}", response_model=schemas.Suggestion, tags=["suggestions"])
def suggestion(request: Request, caller: CurrentCaller, campaign: CampaignId, suggestion: SubjectId) -> ApiResponse:
    """Return one suggestion."""
    return ApiResponse(queries.suggestion(lab_of(request), caller, campaign_name(campaign), suggestion))


@api.post("/campaigns/{campaign}/suggestions/{suggestion}/failure", response_model=schemas.Recorded, tags=["results"])
@requires("record")
def fail(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    suggestion: SubjectId,
    body: schemas.Failure,
    key: IdempotencyKey = None,
) -> ApiResponse:
    """Record that an experiment gave no result; similar designs are avoided from then on."""
    return ApiResponse(
        commands.fail(lab_of(request), caller, campaign_name(campaign), suggestion, body.reason, key=key)
    )


@api.post(
    "/campaigns/{campaign}/suggestions/{suggestion}/withdrawal", response_model=schemas.Changed, tags=["suggestions"]
)
@requires("steer")
def withdraw_suggestion(
    request: Request,
    caller: CurrentCaller,
    campaign: CampaignId,
    suggestion: SubjectId,
    body: schemas.Withdrawal,
    key: IdempotencyKey = None,
) -> ApiResponse:
    """Withdraw a suggestion: it is never suggested again."""
    queries.suggestion(lab_of(request), caller, campaign_name(campaign), suggestion)
    return ApiResponse(
        commands.withdraw(lab_of(request), caller, campaign_name(campaign), suggestion, reason=body.reason, key=key)
    )


@api.get("/jobs/{job}", response_model=schemas.Job, tags=["suggestions"])
def job(request: Request, caller: CurrentCaller, job: Annotated[str, Path(max_length=40)]) -> ApiResponse:
    """Return the state of a job; if it is done, with its suggestions."""
    return ApiResponse(queries.job(lab_of(request), caller, job))


@api.get("/jobs/{job}/events", tags=["suggestions"], response_class=StreamingResponse)
async def job_events(request: Request, caller: CurrentCaller, job: Annotated[str, Path(max_length=40)]) -> Response:
    """Stream the state of a job as server-sent events: one `job` event for each change, until it is done or failed."""
    lab = lab_of(request)
    first = await run_in_threadpool(queries.job, lab, caller, job)

    async def changes() -> AsyncIterator[str]:
        found, sent = first, ""
        while True:
            text = json.dumps(found)
            if text != sent:
                sent = text
                yield f"event: job\ndata: {text}\n\n"
            if found["state"] in ("done", "failed"):
                return
            await asyncio.sleep(0.5)
            found = await run_in_threadpool(queries.job, lab, caller, job)

    return StreamingResponse(changes(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


# Results


_RESULTS_BODY = {
    "requestBody": {
        "required": True,
        "description": "Rows as JSON, or a filled-in table.",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Results"}},
            CSV: {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
Partial = Annotated[bool, Query(description="Record the rows without faults, and report the others.")]
Attach = Annotated[bool, Query(description="The results are of designs without a suggestion.")]
FileName = Annotated[str, Query(max_length=200, description="The name of the table, for messages.")]


@api.get("/campaigns/{campaign}/measurements", response_model=schemas.Measurements, tags=["results"])
def measurements(request: Request, caller: CurrentCaller, campaign: CampaignId) -> ApiResponse:
    """List measurements, in the order of recording."""
    return ApiResponse(queries.measurements(lab_of(request), caller, campaign_name(campaign)))


@api.post(
    "/campaigns/{campaign}/measurements", response_model=schemas.Recorded, tags=["results"], openapi_extra=_RESULTS_BODY
)
@requires("record", max_bytes=MAX_BYTES)
async def record(
    request: Request, caller: CurrentCaller, campaign: CampaignId, partial: Partial = False, attach: Attach = False,
    filename: FileName = "", key: IdempotencyKey = None,
) -> ApiResponse:  # fmt: skip
    """Record results, all rows or none."""

    def act(results: Any, file: str | None, partly: bool) -> dict[str, Any]:
        return commands.record(
            lab_of(request),
            caller,
            campaign_name(campaign),
            results,
            attach=attach,
            partial=partial or partly,
            file=file,
            key=key,
        )

    return await _act_on_results(request, filename, act)


@api.post(
    "/campaigns/{campaign}/measurements/check",
    response_model=schemas.Recorded,
    tags=["results"],
    openapi_extra=_RESULTS_BODY,
)
@requires("read", max_bytes=MAX_BYTES)
async def check(
    request: Request, caller: CurrentCaller, campaign: CampaignId, attach: Attach = False, filename: FileName = ""
) -> ApiResponse:
    """Check results and list every fault; nothing is written."""

    def act(results: Any, file: str | None, _: bool) -> dict[str, Any]:
        return queries.check(lab_of(request), caller, campaign_name(campaign), results, attach=attach, file=file)

    return await _act_on_results(request, filename, act)


async def _act_on_results(
    request: Request, filename: str, act: Callable[[Any, str | None, bool], dict[str, Any]]
) -> ApiResponse:
    kind, body = media_type_of(request), await request.body()
    if kind == "application/json":
        try:
            given = schemas.Results.model_validate(parse_json(body))
        except ValidationError as error:
            raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None
        try:
            return ApiResponse(await run_in_threadpool(act, given.model_dump()["rows"], None, given.partial))
        except InvalidData as error:  # a row of JSON is named by its index in the list
            raise InvalidData([fault.at(path=_path(fault.row, fault.column)) for fault in error.faults]) from None
    file = _file_name(kind, filename)
    frame = await run_in_threadpool(lab_of(request).read_table, body, file)
    return ApiResponse(await run_in_threadpool(act, frame, file, False))


def _path(row: int | None, column: str | None) -> tuple[str | int, ...]:
    path: tuple[str | int, ...] = () if row is None else ("rows", max(row - 2, 0))
    return path if column is None else (*path, column)


@api.get("/campaigns/{campaign}/measurements/{measurement}", response_model=schemas.Measurement, tags=["results"])
def measurement(request: Request, caller: CurrentCaller, campaign: CampaignId, measurement: SubjectId) -> Response:
    """Return one measurement; an amendment must name its ETag."""
    data = queries.measurement(lab_of(request), caller, campaign_name(campaign), measurement)
    return with_etag(request, data, data["version"])


@api.patch(
    "/campaigns/{campaign}/measurements/{measurement}",
    response_model=schemas.Changed,
    responses=VERSIONED,
    tags=["results"],
)
@requires("steer")
def amend(
    request: Request, caller: CurrentCaller, campaign: CampaignId, measurement: SubjectId, body: schemas.Amendment,
    if_match: IfMatch = None, key: IdempotencyKey = None,
) -> ApiResponse:  # fmt: skip
    """Correct a measurement. The first values stay in the history."""
    return ApiResponse(
        commands.amend(
            lab_of(request), caller, campaign_name(campaign), measurement, values=body.values, noise=body.noise,
            design=body.design or None, reason=body.reason, expected_version=version_of(if_match), key=key,
        )
    )  # fmt: skip


@api.post(
    "/campaigns/{campaign}/measurements/{measurement}/withdrawal",
    response_model=schemas.Changed,
    responses=VERSIONED,
    tags=["results"],
)
@requires("steer")
def withdraw_measurement(
    request: Request, caller: CurrentCaller, campaign: CampaignId, measurement: SubjectId, body: schemas.Withdrawal,
    if_match: IfMatch = None, key: IdempotencyKey = None,
) -> ApiResponse:  # fmt: skip
    """Withdraw a measurement: it is ignored from then on."""
    queries.measurement(lab_of(request), caller, campaign_name(campaign), measurement)
    return ApiResponse(
        commands.withdraw(
            lab_of(request),
            caller,
            campaign_name(campaign),
            measurement,
            reason=body.reason,
            expected_version=version_of(if_match),
            key=key,
        )
    )
