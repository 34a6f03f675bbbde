"""The routes of campaigns, suggestions and results. Each reads the request, calls one verb, and answers.

Nothing is decided here: what may be done, and what is wrong, is for the verbs to say.
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

from designer.errors import InvalidData
from designer.service import commands, queries
from designer.service.http import schemas
from designer.service.http.requests import decoded, kind_of_body
from designer.service.http.responses import Answer, seen, versioned
from designer.service.http.routing import (
    CSV,
    LONGEST_WAIT,
    PROBLEMS,
    VERSIONED,
    XLSX,
    YAML,
    Before,
    Id,
    IfMatch,
    Key,
    Limit,
    Sub,
    lab_of,
    named,
)  # fmt: skip
from designer.service.http.security import Who
from designer.service.http.uploads import MAX_CAMPAIGN_BYTES, read_sheet
from designer.service.problems import Refused

api = APIRouter(prefix="/api", responses=PROBLEMS)


# Campaigns


@api.get("/me", response_model=schemas.Me, tags=["accounts"])
def me(who: Who) -> Answer:
    """Say who the token belongs to."""
    return Answer({"user": who.user, "role": who.role})


@api.get("/campaigns", response_model=schemas.Campaigns, tags=["campaigns"])
def campaigns(request: Request, who: Who, search: str = "", after: str = "", limit: Limit = 50) -> Answer:
    """List campaigns by name."""
    return Answer(queries.campaigns(lab_of(request), who, search=search, after=after, limit=limit))


_CAMPAIGN_BODY = {
    "requestBody": {
        "required": True,
        "description": "A campaign file: as YAML text, or the same as JSON.",
        "content": {"application/json": {"schema": {"type": "object"}}, YAML: {"schema": {"type": "string"}}},
    }
}


@api.post("/campaigns", status_code=201, response_model=schemas.Begun, tags=["campaigns"], openapi_extra=_CAMPAIGN_BODY)
async def create(request: Request, who: Who, key: Key = None) -> Answer:
    """Begin a campaign. It may not name a store, a program, a Python function or a file outside the data folder."""
    content = await _campaign(request)
    made = await run_in_threadpool(commands.create, lab_of(request), who, content, key=key)
    return Answer(made, status_code=201, headers={"Location": f"/api/campaigns/{made['id']}"})


@api.post("/campaigns/check", response_model=schemas.Begun, tags=["campaigns"], openapi_extra=_CAMPAIGN_BODY)
async def check_campaign(request: Request, who: Who) -> Answer:
    """Say all that is wrong with a campaign; nothing is written."""
    return Answer(await run_in_threadpool(commands.validate, lab_of(request), who, await _campaign(request)))


async def _campaign(request: Request) -> str | dict[str, Any]:
    kind, body = kind_of_body(request), await request.body()
    if len(body) > MAX_CAMPAIGN_BYTES:
        raise Refused("too-large", f"a campaign has at most {MAX_CAMPAIGN_BYTES} bytes; upload tables as files")
    if kind in (YAML, "text/yaml", "application/x-yaml"):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("not-readable", "the campaign is not UTF-8 text") from None
    if kind != "application/json":
        raise Refused("unsupported", f"send application/json or {YAML}")
    data = decoded(body)
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
async def upload(request: Request, who: Who, filename: Annotated[str, Query(max_length=200)] = "") -> Answer:
    """Upload a table of candidates, for a campaign to name."""
    kind, body = kind_of_body(request), await request.body()
    file = _file_name(kind, filename)
    return Answer(await run_in_threadpool(commands.upload, lab_of(request), who, body, file), status_code=201)


def _file_name(kind: str, given: str) -> str:
    if kind not in (CSV, XLSX):
        raise Refused("unsupported", f"send {CSV} or {XLSX}")
    suffix = ".csv" if kind == CSV else ".xlsx"
    return given if given.lower().endswith(suffix) else f"{given or 'table'}{suffix}"


@api.get("/campaigns/{campaign}", response_model=schemas.Campaign, tags=["campaigns"])
def campaign(request: Request, who: Who, campaign: Id) -> Response:
    """Say where a campaign stands. Its ETag changes with every event and every job."""
    data = queries.campaign(lab_of(request), who, named(campaign))
    return versioned(request, data, f"{data['version']}.{len(data['jobs'])}")


@api.get("/campaigns/{campaign}/space", response_model=schemas.Space, tags=["campaigns"])
def space(request: Request, who: Who, campaign: Id) -> Response:
    """Say what can be made; its ETag is what a change of it must name."""
    data = queries.space(lab_of(request), who, named(campaign))
    return versioned(request, data, data["version"])


@api.patch("/campaigns/{campaign}/space", response_model=schemas.Changed, responses=VERSIONED, tags=["campaigns"])
def amend_space(
    request: Request, who: Who, campaign: Id, body: schemas.SpaceAmendment, if_match: IfMatch = None, key: Key = None
) -> Answer:
    """Change bounds, choices or constraints from now on."""
    return Answer(
        commands.amend_space(
            lab_of(request), who, named(campaign), bounds=body.bounds, add_choices=body.add_choices,
            constraints=body.constraints, seen=seen(if_match), key=key,
        )
    )  # fmt: skip


@api.get("/campaigns/{campaign}/history", response_model=schemas.History, tags=["campaigns"])
def history(request: Request, who: Who, campaign: Id, before: Before = None, limit: Limit = 100) -> Answer:
    """Say what happened, newest first, and who did it."""
    return Answer(queries.history(lab_of(request), who, named(campaign), before=before, limit=limit))


@api.get("/campaigns/{campaign}/sheet.csv", tags=["results"], response_class=Response)
def sheet(request: Request, who: Who, campaign: Id) -> Response:
    """Return the open suggestions as a table to fill in and send back."""
    return _csv(queries.sheet(lab_of(request), who, named(campaign)), f"{campaign}-next.csv")


@api.get("/campaigns/{campaign}/measurements.csv", tags=["results"], response_class=Response)
def measurements_table(request: Request, who: Who, campaign: Id) -> Response:
    """Return all measurements as a table."""
    return _csv(queries.export(lab_of(request), who, named(campaign), "csv"), f"{campaign}.csv")


@api.get("/campaigns/{campaign}/events.jsonl", tags=["campaigns"], response_class=Response)
def events(request: Request, who: Who, campaign: Id) -> Response:
    """Return all events, one JSON object a line."""
    return Response(queries.export(lab_of(request), who, named(campaign), "jsonl"), media_type="application/jsonl")


def _csv(text: str, file: str) -> Response:
    plain = "".join(letter if letter.isascii() and letter not in '"\\' else "_" for letter in file)
    return Response(text, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{plain}"'})


# Suggestions


@api.get("/campaigns/{campaign}/suggestions", response_model=schemas.Suggestions, tags=["suggestions"])
def suggestions(request: Request, who: Who, campaign: Id, status: str | None = None) -> Answer:
    """List suggestions: all, or those that are open, recorded, failed or withdrawn."""
    return Answer(queries.suggestions(lab_of(request), who, named(campaign), status=status))


@api.post(
    "/campaigns/{campaign}/suggestions", status_code=202, response_model=schemas.Job, tags=["suggestions"],
)  # fmt: skip
async def suggest(
    request: Request,
    who: Who,
    campaign: Id,
    body: schemas.Ask,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Answer when it is done, or after s.")] = 0.0,
    key: Key = None,
) -> Answer:
    """Ask what to make next. A job makes it; look at the job until its state is done or failed."""
    lab = lab_of(request)
    job = await run_in_threadpool(
        commands.suggest, lab, who, named(campaign), n=body.n, replicate_of=body.replicate_of, key=key
    )
    future = lab.jobs.future(job["id"])
    if wait and future is not None:
        await asyncio.wait([asyncio.wrap_future(future)], timeout=wait)
    found = await run_in_threadpool(queries.job, lab, who, job["id"])
    return Answer(found, status_code=202, headers={"Location": f"/api/jobs/{job['id']}"})


@api.get("/campaigns/{campaign}/suggestions/{suggestion}", response_model=schemas.Suggestion, tags=["suggestions"])
def suggestion(request: Request, who: Who, campaign: Id, suggestion: Sub) -> Answer:
    """Show one suggestion."""
    return Answer(queries.suggestion(lab_of(request), who, named(campaign), suggestion))


@api.post("/campaigns/{campaign}/suggestions/{suggestion}/failure", response_model=schemas.Recorded, tags=["results"])
def fail(request: Request, who: Who, campaign: Id, suggestion: Sub, body: schemas.Failure, key: Key = None) -> Answer:
    """Record that an experiment gave no result; designs like it are avoided from then on."""
    return Answer(commands.fail(lab_of(request), who, named(campaign), suggestion, body.reason, key=key))


@api.post(
    "/campaigns/{campaign}/suggestions/{suggestion}/withdrawal", response_model=schemas.Changed, tags=["suggestions"]
)
def withdraw_suggestion(
    request: Request, who: Who, campaign: Id, suggestion: Sub, body: schemas.Withdrawal, key: Key = None
) -> Answer:
    """Withdraw a suggestion: it never returns."""
    who.needs("steer")
    queries.suggestion(lab_of(request), who, named(campaign), suggestion)
    return Answer(commands.withdraw(lab_of(request), who, named(campaign), suggestion, reason=body.reason, key=key))


@api.get("/jobs/{job}", response_model=schemas.Job, tags=["suggestions"])
def job(request: Request, who: Who, job: Annotated[str, Path(max_length=40)]) -> Answer:
    """Say where a job stands; when it is done, with its suggestions."""
    return Answer(queries.job(lab_of(request), who, job))


@api.get("/jobs/{job}/events", tags=["suggestions"], response_class=StreamingResponse)
async def job_events(request: Request, who: Who, job: Annotated[str, Path(max_length=40)]) -> Response:
    """Tell how a job goes on, as server-sent events: one `job` event a change, until it is done or failed."""
    lab = lab_of(request)
    first = await run_in_threadpool(queries.job, lab, who, job)

    async def told() -> AsyncIterator[str]:
        found, said = first, ""
        while True:
            text = json.dumps(found)
            if text != said:
                said = text
                yield f"event: job\ndata: {text}\n\n"
            if found["state"] in ("done", "failed"):
                return
            await asyncio.sleep(0.5)
            found = await run_in_threadpool(queries.job, lab, who, job)

    return StreamingResponse(told(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


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
Attach = Annotated[bool, Query(description="The results are of designs that nobody asked for.")]
FileName = Annotated[str, Query(max_length=200, description="What the table is called, for messages.")]


@api.get("/campaigns/{campaign}/measurements", response_model=schemas.Measurements, tags=["results"])
def measurements(request: Request, who: Who, campaign: Id) -> Answer:
    """List measurements, in the order they came."""
    return Answer(queries.measurements(lab_of(request), who, named(campaign)))


@api.post(
    "/campaigns/{campaign}/measurements", response_model=schemas.Recorded, tags=["results"], openapi_extra=_RESULTS_BODY
)
async def record(
    request: Request, who: Who, campaign: Id, partial: Partial = False, attach: Attach = False,
    filename: FileName = "", key: Key = None,
) -> Answer:  # fmt: skip
    """Record results, all rows or none."""

    def act(results: Any, file: str | None, partly: bool) -> dict[str, Any]:
        return commands.record(
            lab_of(request), who, named(campaign), results, attach=attach, partial=partial or partly, file=file, key=key
        )

    return await _with_results(request, filename, act)


@api.post(
    "/campaigns/{campaign}/measurements/check",
    response_model=schemas.Recorded,
    tags=["results"],
    openapi_extra=_RESULTS_BODY,
)
async def check(request: Request, who: Who, campaign: Id, attach: Attach = False, filename: FileName = "") -> Answer:
    """Say what recording would do, every fault included; nothing is written."""

    def act(results: Any, file: str | None, _: bool) -> dict[str, Any]:
        return queries.check(lab_of(request), who, named(campaign), results, attach=attach, file=file)

    return await _with_results(request, filename, act)


async def _with_results(
    request: Request, filename: str, act: Callable[[Any, str | None, bool], dict[str, Any]]
) -> Answer:
    kind, body = kind_of_body(request), await request.body()
    if kind == "application/json":
        try:
            given = schemas.Results.model_validate(decoded(body))
        except ValidationError as error:
            raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None
        try:
            return Answer(await run_in_threadpool(act, given.rows, None, given.partial))
        except InvalidData as error:  # a row of JSON is known by its place in the list
            raise InvalidData([fault.at(path=_place(fault.row, fault.column)) for fault in error.faults]) from None
    file = _file_name(kind, filename)
    frame = await run_in_threadpool(read_sheet, body, file)
    return Answer(await run_in_threadpool(act, frame, file, False))


def _place(row: int | None, column: str | None) -> tuple[str | int, ...]:
    place: tuple[str | int, ...] = () if row is None else ("rows", max(row - 2, 0))
    return place if column is None else (*place, column)


@api.get("/campaigns/{campaign}/measurements/{measurement}", response_model=schemas.Measurement, tags=["results"])
def measurement(request: Request, who: Who, campaign: Id, measurement: Sub) -> Response:
    """Show one measurement; its ETag is what an amendment must name."""
    data = queries.measurement(lab_of(request), who, named(campaign), measurement)
    return versioned(request, data, data["version"])


@api.patch(
    "/campaigns/{campaign}/measurements/{measurement}",
    response_model=schemas.Changed,
    responses=VERSIONED,
    tags=["results"],
)
def amend(
    request: Request, who: Who, campaign: Id, measurement: Sub, body: schemas.Amendment, if_match: IfMatch = None,
    key: Key = None,
) -> Answer:  # fmt: skip
    """Correct a measurement. What was first recorded is kept in the history."""
    return Answer(
        commands.amend(
            lab_of(request), who, named(campaign), measurement, values=body.values, noise=body.noise,
            design=body.design or None, reason=body.reason, seen=seen(if_match), key=key,
        )
    )  # fmt: skip


@api.post(
    "/campaigns/{campaign}/measurements/{measurement}/withdrawal",
    response_model=schemas.Changed,
    responses=VERSIONED,
    tags=["results"],
)
def withdraw_measurement(
    request: Request, who: Who, campaign: Id, measurement: Sub, body: schemas.Withdrawal, if_match: IfMatch = None,
    key: Key = None,
) -> Answer:  # fmt: skip
    """Withdraw a measurement: it counts no more."""
    who.needs("steer")
    queries.measurement(lab_of(request), who, named(campaign), measurement)
    return Answer(
        commands.withdraw(
            lab_of(request), who, named(campaign), measurement, reason=body.reason, seen=seen(if_match), key=key
        )
    )
