"""How the service answers: JSON that always can be read, problems, and the headers of versions."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from designer.errors import Fault, InvalidData
from designer.service.lab import Told
from designer.service.problems import KINDS, MEDIA_TYPE, Refused, problem
from designer.service.representations import jsonable

_ETAG = re.compile(r'^(?:W/)?"([0-9]{1,15})"$')


class Answer(JSONResponse):
    """JSON without NaN, whatever is in it."""

    def render(self, content: Any) -> bytes:
        text = json.dumps(jsonable(content), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


class Problem(Answer):
    """An error as problem details."""

    media_type = MEDIA_TYPE


def versioned(request: Request, content: dict[str, Any], version: int | str) -> Response:
    """Answer with the version as ETag; with 304 and nothing else if that is the version the client has."""
    etag = f'"{version}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", "").replace(" ", "").split(","):
        return Response(status_code=304, headers=headers)
    return Answer(content, headers=headers)


def seen(header: str | None) -> int | None:
    """Return the version that an If-Match header names.

    Raises
    ------
    Refused
        If it is no version of ours.
    """
    if header is None:
        return None
    match = _ETAG.match(header.strip())
    if match is None:
        raise Refused("not-readable", 'If-Match holds one ETag as it was read, for example "17"')
    return int(match[1])


def of_error(error: Exception) -> Problem:
    """Return an error as the answer to a request."""
    if isinstance(error, Told):
        return Problem(error.problem, status_code=error.problem["status"])
    if isinstance(error, RequestValidationError):
        error = InvalidData([_fault(each) for each in error.errors()])
    elif isinstance(error, HTTPException):
        error = Refused(_OF_STATUS.get(error.status_code, "not-readable"), str(error.detail))
    told = problem(error)
    headers = {}
    if told["status"] == KINDS["not-signed-in"].status:
        headers["WWW-Authenticate"] = "Bearer"
    if told["status"] in (429, 503):
        headers["Retry-After"] = "5"
    return Problem(told, status_code=told["status"], headers=headers)


_OF_STATUS = {404: "not-found", 405: "method", 413: "too-large", 415: "unsupported"}


def _fault(error: Any) -> Fault:
    """Return what FastAPI found wrong with a request as a fault."""
    where, *path = error["loc"]
    if error["type"] == "json_invalid":
        return Fault(f"the body is not JSON: {error.get('ctx', {}).get('error', '')}".strip(), "send a JSON object")
    place = tuple(path) if where == "body" else (where, *path)
    return Fault(str(error["msg"]), "see the API's description", path=place)
