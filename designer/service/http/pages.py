"""The web pages, rendered here from the queries. A small script sends forms to the API and shows the responses."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from itertools import combinations
from typing import Annotated, Any
from urllib.parse import parse_qs, quote, urlencode

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from designer.campaign.campaign import Campaign
from designer.campaign.results.designs import candidate_ids
from designer.campaign.suggesting.next_designs import MIN_RESULTS
from designer.observations.curves.curve import Curve
from designer.service import queries, representations
from designer.service.campaign_comparison import compared_campaigns
from designer.service.http.assets import asset
from designer.service.http.form_content import form_content
from designer.service.http.form_fields import form_kinds, form_settings
from designer.service.http.rate_limit import RateLimit
from designer.service.http.requests import read_body
from designer.service.http.responses import Problem
from designer.service.http.routing import Before, CampaignId, OfUser, SubjectId, lab_of, view_result
from designer.service.http.security import COOKIE, Options, anonymous_caller, require_same_origin, session_of
from designer.service.problems import KINDS
from designer.service.store.accounts import ROLE_PERMISSIONS, ROLES, SESSION_HOURS, Caller
from designer.service.url_names import campaign_name
from designer.space import ShareParameter

pages = APIRouter(include_in_schema=False)
_MAX_FORM_BYTES = 5000
_MAX_CURVE_TEXT = 40  # characters of a curve in the table of results
_MAX_GOALS, _MAX_MIXTURES = 3, 2  # of which the page has pictures
# The paragraphs of an explanation that are shown at once; the others are shown on request.
_SUMMARY_PARAGRAPHS = ("Next", "Expected", "Chances", "Chosen to learn", "Exploration", "Flagged results")


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
    environment.filters.update(
        number=representations.number,
        moment=format_time,
        quoted=lambda text: quote(text, safe=""),
        readings=representations.readings_data,
        observed=_observed,
    )
    environment.globals.update(asset=asset)
    return environment


def _observed(seen: float | str | None) -> str:
    """Return an observation for the table of results; of a curve the first of its points."""
    if isinstance(seen, str):
        return seen if len(seen) <= _MAX_CURVE_TEXT else f"{seen[:_MAX_CURVE_TEXT]} …"
    return representations.number(seen)


def format_time(text: str) -> str:
    """Return a time for the page, in UTC; the script converts it to the local time zone.

    >>> format_time("2026-03-04T05:06:07.123+00:00")
    '2026-03-04 05:06'
    """
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")


def _page(request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    who = content.pop("who", None)
    session = session_of(request) if status < 500 else None  # a server error may be the database's
    text = _environment().get_template(template).render(
        who=who, csrf=session.csrf if session is not None else "", may=who.may if who else lambda role: False, **content
    )  # fmt: skip
    return HTMLResponse(text, status_code=status)


def _caller(request: Request) -> Caller:
    session = session_of(request)
    caller = session.caller if session is not None else anonymous_caller(request)
    limit: RateLimit = request.app.state.rate_limit
    limit.count(caller.user)
    return caller


def problem_page(request: Request, problem: Problem) -> Response:
    """Return an error as a page, or a redirect to the sign-in page."""
    document = json.loads(bytes(problem.body))
    if document["status"] == 401 and request.method == "GET":
        return RedirectResponse(f"/login?to={quote(request.url.path)}", status_code=303)
    return _page(request, "problem.html", document["status"], problem=document)


@pages.get("/login")
def login_form(request: Request, to: str = "/") -> Response:
    """Show the sign-in page."""
    return _page(request, "login.html", to=_own_path(to), wrong=False)


@pages.post("/login")
async def login(request: Request) -> Response:
    """Begin a session."""
    require_same_origin(request)
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
    require_same_origin(request)
    cookie = request.cookies.get(COOKIE)
    if cookie:
        await run_in_threadpool(lab_of(request).accounts.sign_out, cookie)
    answer = RedirectResponse("/login", status_code=303)
    _set_cookie(answer, "", 0, request.app.state.options)
    return answer


def _set_cookie(answer: Response, value: str, seconds: int, options: Options) -> None:
    answer.set_cookie(COOKIE, value, max_age=seconds, httponly=True, samesite="strict", secure=options.https)


async def _form(request: Request) -> dict[str, str]:
    body = await read_body(request, _MAX_FORM_BYTES)
    return {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _own_path(path: str) -> str:
    """Return `path` if it is a path of this site, else the start page, so that no link redirects to another site.

    >>> _own_path("/c/a"), _own_path("//evil.example"), _own_path("https://evil.example")
    ('/c/a', '/', '/')
    """
    plain_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain_path else "/"


@pages.get("/")
def campaigns(request: Request, search: str = "", after: str = "") -> Response:
    """List the campaigns."""
    who = _caller(request)
    found = queries.campaigns(lab_of(request), who, search=search, after=after, limit=60)
    return _page(request, "campaigns.html", who=who, search=search, after=after, **found)


@pages.get("/compare")
def compare(request: Request, c: Annotated[list[CampaignId] | None, Query()] = None) -> Response:
    """Show campaigns side by side: the best values of the targets that they share."""
    who, lab = _caller(request), lab_of(request)
    chosen = c or []
    found = compared_campaigns(lab, who, [campaign_name(each) for each in chosen])
    known = queries.campaigns(lab, who, limit=200)["campaigns"]
    shown = {key: found[key] for key in ("targets", "after")}
    return _page(request, "compare.html", who=who, known=known, chosen=chosen, **shown)


@pages.get("/new")
def new(request: Request, like: CampaignId | None = None) -> Response:
    """Show the form of a new campaign, empty or filled with the content of another one."""
    who = _caller(request)
    who.require("steer")
    content = None
    if like is not None:
        with lab_of(request).cache.open(campaign_name(like)) as (opened, _):
            content = form_content(opened.state.spec)
    return _page(request, "new.html", who=who, kinds=form_kinds(), settings=form_settings(), like=content)


@pages.get("/c/{campaign}")
def campaign(request: Request, campaign: CampaignId) -> Response:
    """Show one campaign."""
    lab, who, name = lab_of(request), _caller(request), campaign_name(campaign)
    data = queries.campaign(lab, who, name)
    measured = queries.measurements(lab, who, name)["measurements"]
    history = queries.history(lab, who, name, limit=60)
    compared = queries.comparisons(lab, who, name)
    suggestions = queries.suggestions(lab, who, name)["suggestions"]
    with lab.cache.open(name) as (opened, _):
        shown = _displayed(opened, [*suggestions, *data["best"]])
        made = {key: {part["name"]: part["value"] for part in parts}
                for key, parts in _displayed(opened, measured).items()}  # fmt: skip
        pictures = _pictures(opened) if measured else []
        id_column = opened.settings.id_column
        labels = candidate_ids(opened.space, [each["design"] for each in measured])
        names = {each["id"]: label for each, label in zip(measured, labels, strict=True)}
    return _page(
        request, "campaign.html", who=who, campaign=data, designs=shown, made=made, measured=measured[::-1],
        closed=[each for each in suggestions if each["status"] in ("failed", "withdrawn")][::-1], history=history,
        ranges=_ranges(data["targets"], measured), pictures=pictures, compared=compared,
        id_column=id_column, names=names,
    )  # fmt: skip


def _pictures(opened: Campaign) -> list[dict[str, str]]:
    """Return the further figures of the page: trade-offs of goals, and ternary diagrams where there is a model."""
    goals = [target.name for target in opened.objective.goals if target.sign][:_MAX_GOALS]
    best = "the measured Pareto front" if opened.objective.mode == "pareto" else "the best measured design"
    found = [
        {
            "path": f"trade-off.svg?{urlencode({'first': first, 'second': second})}",
            "words": f"{first} against {second}; {best} is blue",
        }
        for first, second in combinations(goals, 2)
    ]
    found += [
        {
            "path": f"curves.svg?{urlencode({'observation': each.name})}",
            "words": f"{each.name}: the best and the worst result, and open suggestions beside their nearest results"
            if each.is_image
            else f"{each.name} of each result, from dark to light with the goal; open suggestions are red",
        }
        for each in opened.settings.observations
        if each.is_curve
        and any(isinstance(m.observed.get(each.name), Curve) for m in opened.state.measurements.values())
    ]
    compares = opened.objective.preference is not None and not opened.state.counted_comparisons
    if len(opened.state.results) < MIN_RESULTS or compares:
        return found
    mixtures = [p.name for p in opened.space.parameters if isinstance(p, ShareParameter) and len(p.members) > 2]
    return found + [
        {
            "path": f"ternary.svg?{urlencode({'target': goal, 'parameter': mixture})}",
            "words": f"Prediction of {goal} over three constituents of {mixture} around the best design (star), and "
            "its uncertainty; dots are measured designs",
        }
        for mixture in mixtures[:_MAX_MIXTURES]
        for goal in [target.name for target in opened.objective.goals][:_MAX_GOALS]
    ]


def _displayed(opened: Campaign, rows: list[dict[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """Return designs for display, by the id of their row."""
    return {row["id"]: representations.design_parts(opened.space, row["design"]) for row in rows}


def _ranges(targets: list[dict[str, Any]], measured: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Return the range of measured values of each target: the form asks for confirmation of values far outside it."""
    ranges = {}
    for target in targets:
        if target["goal"] == "prefer":
            continue  # its results have no number
        values = [each["values"][target["name"]] for each in measured if target["name"] in each["values"]]
        if len(values) >= 3:
            ranges[target["name"]] = [min(values), max(values)]
    return ranges


@pages.get("/c/{campaign}/cards/{suggestion}")
async def card(request: Request, campaign: CampaignId, suggestion: SubjectId) -> Response:
    """Show the predictions for a suggestion: a part of the campaign page, which the script loads."""
    who = await run_in_threadpool(_caller, request)
    found = await view_result(request, who, campaign_name(campaign), "card", suggestion)
    shown = [each for each in found["paragraphs"] if each[0] in _SUMMARY_PARAGRAPHS]
    more = [each for each in found["paragraphs"] if each[0] not in _SUMMARY_PARAGRAPHS]
    parts = {"id": suggestion, "headline": found["headline"][1:], "shown": shown, "more": more}
    return await run_in_threadpool(_page, request, "card.html", who=who, campaign=campaign, **parts)


@pages.get("/audit")
def audit(request: Request, before: Before = None, user: OfUser = None) -> Response:
    """Show the audit log, of all users or of one, and the tokens, to an admin."""
    who, lab = _caller(request), lab_of(request)
    found = queries.audit_trail(lab, who, before=before, user=user)
    return _page(request, "audit.html", who=who, of_user=user, tokens=queries.tokens(lab, who)["tokens"], **found)


@pages.get("/problems")
def problems(request: Request) -> Response:
    """List the types of problems."""
    return _page(request, "problems.html", kinds=list(KINDS.values()))


@pages.get("/api")
def described(request: Request) -> Response:
    """Show the API description without external resources."""
    schema = request.app.openapi()
    routes = [
        {"method": method.upper(), "path": path, "summary": operation.get("description") or operation["summary"]}
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]
    roles = [{"name": role, "may": ROLE_PERMISSIONS[role]} for role in ROLES]
    return _page(request, "api.html", routes=routes, roles=roles, description=schema["info"]["description"])
