"""The pages: rendered here from what the verbs tell. A little script sends forms to the API and shows its answers."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from designer.campaign.campaign import Campaign
from designer.service import queries, representations
from designer.service.http.assets import asset
from designer.service.http.responses import Problem
from designer.service.http.routing import Before, Id, Sub, lab_of, looked, named
from designer.service.http.security import COOKIE, Options, nobody, own_site, session_of
from designer.service.problems import KINDS, Refused
from designer.service.store.accounts import MAY, ROLES, SESSION_HOURS, Caller

pages = APIRouter(include_in_schema=False)
_MAX_FORM = 5000
_AT_ONCE = ("Expected", "Chances", "Exploring or exploiting", "Doubtful results")  # of a card; the rest is a click away


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("designer.service.http"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=representations.number, moment=moment, quoted=lambda text: quote(text, safe=""))
    environment.globals.update(asset=asset)
    return environment


def moment(text: str) -> str:
    """Return a time as the page shows it, in UTC; the script shows it in the reader's own zone.

    >>> moment("2026-03-04T05:06:07.123+00:00")
    '2026-03-04 05:06'
    """
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")


def _page(request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    who = content.pop("who", None)
    session = session_of(request)
    text = _environment().get_template(template).render(
        who=who, csrf=session.csrf if session is not None else "", may=who.may if who else lambda role: False, **content
    )  # fmt: skip
    return HTMLResponse(text, status_code=status)


def _visitor(request: Request) -> Caller:
    session = session_of(request)
    return session.caller if session is not None else nobody(request)


def problem_page(request: Request, problem: Problem) -> Response:
    """Return an error as a page; who is not signed in is asked to."""
    told = json.loads(bytes(problem.body))
    if told["status"] == 401 and request.method == "GET":
        return RedirectResponse(f"/login?to={quote(request.url.path)}", status_code=303)
    return _page(request, "problem.html", told["status"], problem=told)


@pages.get("/login")
def login_form(request: Request, to: str = "/") -> Response:
    """Ask for a token."""
    return _page(request, "login.html", to=_own_path(to), wrong=False)


@pages.post("/login")
async def login(request: Request) -> Response:
    """Begin a session."""
    own_site(request)
    form = await _form(request)
    to = _own_path(form.get("to", "/"))
    lab, options = lab_of(request), request.app.state.options
    cookie = await run_in_threadpool(lab.accounts.sign_in, form.get("token", "").strip())
    if cookie is None:
        return await run_in_threadpool(_page, request, "login.html", 401, to=to, wrong=True)
    answer = RedirectResponse(to, status_code=303)
    _set_cookie(answer, cookie, SESSION_HOURS * 3600, options)
    return answer


@pages.post("/logout")
async def logout(request: Request) -> Response:
    """End the session."""
    own_site(request)
    cookie = request.cookies.get(COOKIE)
    if cookie:
        await run_in_threadpool(lab_of(request).accounts.sign_out, cookie)
    answer = RedirectResponse("/login", status_code=303)
    _set_cookie(answer, "", 0, request.app.state.options)
    return answer


def _set_cookie(answer: Response, value: str, seconds: int, options: Options) -> None:
    answer.set_cookie(COOKIE, value, max_age=seconds, httponly=True, samesite="strict", secure=options.https)


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    if len(body) > _MAX_FORM:
        raise Refused("too-large", "the form is too large")
    return {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _own_path(path: str) -> str:
    """Return a path of this site; the first page where it is none, so that nobody is led elsewhere.

    >>> _own_path("/c/a"), _own_path("//evil.example"), _own_path("https://evil.example")
    ('/c/a', '/', '/')
    """
    plain_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain_path else "/"


@pages.get("/")
def campaigns(request: Request, search: str = "", after: str = "") -> Response:
    """List the campaigns."""
    who = _visitor(request)
    found = queries.campaigns(lab_of(request), who, search=search, after=after, limit=60)
    return _page(request, "campaigns.html", who=who, search=search, after=after, **found)


@pages.get("/new")
def new(request: Request) -> Response:
    """Ask for a new campaign."""
    who = _visitor(request)
    who.needs("steer")
    return _page(request, "new.html", who=who)


@pages.get("/c/{campaign}")
def campaign(request: Request, campaign: Id) -> Response:
    """Show one campaign."""
    lab, who, name = lab_of(request), _visitor(request), named(campaign)
    data = queries.campaign(lab, who, name)
    measured = queries.measurements(lab, who, name)["measurements"]
    history = queries.history(lab, who, name, limit=60)
    suggestions = queries.suggestions(lab, who, name)["suggestions"]
    with lab.shelf.open(name) as (opened, _):
        shown = _as_read(opened, [*suggestions, *data["best"]])
        made = _as_read(opened, measured)
    return _page(
        request, "campaign.html", who=who, campaign=data, designs=shown, made=made, measured=measured[::-1],
        closed=[each for each in suggestions if each["status"] in ("failed", "withdrawn")][::-1], history=history,
        ranges=_ranges(data["targets"], measured),
    )  # fmt: skip


def _as_read(opened: Campaign, rows: list[dict[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """Return designs as a person reads them, by the id of their row."""
    return {row["id"]: representations.design_parts(opened.space, row["design"]) for row in rows}


def _ranges(targets: list[dict[str, Any]], measured: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Return between which values each target was found so far: the form asks again before it sends one far off."""
    ranges = {}
    for target in targets:
        values = [each["values"][target["name"]] for each in measured if target["name"] in each["values"]]
        if len(values) >= 3:
            ranges[target["name"]] = [min(values), max(values)]
    return ranges


@pages.get("/c/{campaign}/cards/{suggestion}")
async def card(request: Request, campaign: Id, suggestion: Sub) -> Response:
    """Show what is expected of a suggestion: a part of the campaign's page, which the script fetches."""
    who = await run_in_threadpool(_visitor, request)
    found = await looked(request, who, named(campaign), "card", suggestion)
    shown = [each for each in found["paragraphs"] if each[0] in _AT_ONCE]
    more = [each for each in found["paragraphs"] if each[0] not in _AT_ONCE]
    parts = {"id": suggestion, "headline": found["headline"][1:], "shown": shown, "more": more}
    return await run_in_threadpool(_page, request, "card.html", who=who, campaign=campaign, **parts)


@pages.get("/audit")
def audit(request: Request, before: Before = None) -> Response:
    """Show the audit trail and the tokens, to an admin."""
    who, lab = _visitor(request), lab_of(request)
    found = queries.trail(lab, who, before=before)
    return _page(request, "audit.html", who=who, tokens=queries.tokens(lab, who)["tokens"], **found)


@pages.get("/problems")
def problems(request: Request) -> Response:
    """Say what the types of problems mean."""
    return _page(request, "problems.html", kinds=list(KINDS.values()))


@pages.get("/api")
def described(request: Request) -> Response:
    """Show the API's description without anything from elsewhere."""
    schema = request.app.openapi()
    routes = [
        {"method": method.upper(), "path": path, "summary": operation.get("description") or operation["summary"]}
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]
    roles = [{"name": role, "may": MAY[role]} for role in ROLES]
    return _page(request, "api.html", routes=routes, roles=roles, description=schema["info"]["description"])
