"""The routes of what takes a model or a figure to tell, and of accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from designer.service import queries
from designer.service.http import schemas
from designer.service.http.responses import Answer
from designer.service.http.routing import PROBLEMS, Before, Id, Limit, Sub, lab_of, looked, named
from designer.service.http.security import STANDALONE, Who

looks = APIRouter(prefix="/api", responses=PROBLEMS)


@looks.get("/campaigns/{campaign}/suggestions/{suggestion}/card", tags=["suggestions"])
async def card(request: Request, who: Who, campaign: Id, suggestion: Sub) -> Answer:
    """Say why a suggestion was made and what was expected of it, from what was known then."""
    return Answer(await looked(request, who, named(campaign), "card", suggestion))


@looks.get(
    "/campaigns/{campaign}/suggestions/{suggestion}/card.svg", tags=["suggestions"], response_class=Response
)  # fmt: skip
async def card_picture(request: Request, who: Who, campaign: Id, suggestion: Sub) -> Response:
    """Show the same as one picture."""
    text = await looked(request, who, named(campaign), "card_picture", suggestion)
    return Response(text, media_type="image/svg+xml", headers=STANDALONE)


@looks.get("/campaigns/{campaign}/best", tags=["look"])
async def best(request: Request, who: Who, campaign: Id) -> Answer:
    """Show the best designs that were made, by the model and as measured."""
    return Answer({"campaign": named(campaign), "best": await looked(request, who, named(campaign), "best")})


@looks.get("/campaigns/{campaign}/verdict", tags=["look"])
async def verdict(request: Request, who: Who, campaign: Id) -> Answer:
    """Say whether the campaign is done, and why or why not."""
    return Answer(await looked(request, who, named(campaign), "verdict"))


@looks.post("/campaigns/{campaign}/predictions", tags=["look"])
async def predict(request: Request, who: Who, campaign: Id, body: schemas.Designs) -> Answer:
    """Say what the model expects of designs in lab units; nothing is written."""
    found = await looked(request, who, named(campaign), "predict", [dict(each) for each in body.designs])
    return Answer({"campaign": named(campaign), "predictions": found})


@looks.get("/campaigns/{campaign}/report.html", tags=["look"], response_class=Response)
async def report(request: Request, who: Who, campaign: Id) -> Response:
    """Return the campaign's report: one page that needs nothing else."""
    text = await looked(request, who, named(campaign), "report")
    return Response(text, media_type="text/html", headers=STANDALONE)


@looks.get("/campaigns/{campaign}/progress.svg", tags=["look"], response_class=Response)
async def progress(request: Request, who: Who, campaign: Id, target: Annotated[str, Query(max_length=200)]) -> Response:
    """Return the figure of what was measured of a target, experiment by experiment."""
    text = await looked(request, who, named(campaign), "progress", target)
    return Response(text, media_type="image/svg+xml", headers=STANDALONE)


# Accounts


@looks.get("/tokens", tags=["accounts"])
def tokens(request: Request, who: Who) -> Answer:
    """List tokens, without what is secret about them."""
    return Answer(queries.tokens(lab_of(request), who))


@looks.delete("/tokens/{token}", tags=["accounts"])
def revoke(request: Request, who: Who, token: Annotated[str, Path(max_length=40, pattern="^[0-9a-f]+$")]) -> Answer:
    """Revoke a token and end its sessions."""
    return Answer(queries.revoke(lab_of(request), who, token))


@looks.get("/audit", tags=["accounts"])
def audit(request: Request, who: Who, before: Before = None, limit: Limit = 100) -> Answer:
    """Say who did what, newest first."""
    return Answer(queries.trail(lab_of(request), who, before=before, limit=limit))
