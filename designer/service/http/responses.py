"""Responses: strict JSON, problem details, and ETags."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from designer.errors import Fault, InvalidData
from designer.service.problems import KINDS, MEDIA_TYPE, Refused, problem
from designer.service.representations import jsonable

_ETAG = re.compile(r'^(?:W/)?"([0-9]{1,15})"$')


class ApiResponse(JSONResponse):
    """JSON in which NaN and infinite numbers are null."""

    def render(self, content: Any) -> bytes:
        """Return the content as compact JSON in UTF-8."""
        text = json.dumps(jsonable(content), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


class Problem(ApiResponse):
    """An error as problem details."""

    media_type = MEDIA_TYPE


def with_etag(request: Request, content: dict[str, Any], version: int | str) -> Response:
    """ApiResponse with the version as ETag; with 304 and nothing else if that is the version the client has."""
    etag = f'"{version}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", "").replace(" ", "").split(","):
        return Response(status_code=304, headers=headers)
    return ApiResponse(content, headers=headers)


def version_of(header: str | None) -> int | None:
    """Return the version in an If-Match header.

    Raises
    ------
    Refused
        If it is not an ETag of this service.
    """
    if header is None:
        return None
    match = _ETAG.match(header.strip())
    if match is None:
        raise Refused("not-readable", 'If-Match must hold one ETag as it was read, for example "17"')
    return int(match[1])


def problem_response(error: Exception) -> Problem:
    """Return the response for an error."""
    if isinstance(error, RequestValidationError):
        error = InvalidData([_fault(each) for each in error.errors()])
    elif isinstance(error, HTTPException):
        error = Refused(_OF_STATUS.get(error.status_code, "not-readable"), str(error.detail))
    document = problem(error)
    headers = {}
    if document["status"] == KINDS["not-signed-in"].status:
        headers["WWW-Authenticate"] = "Bearer"
    if document["status"] in (429, 503):
        headers["Retry-After"] = "5"
    return Problem(document, status_code=document["status"], headers=headers)


_OF_STATUS = {404: "not-found", 405: "method", 413: "too-large", 415: "unsupported"}


def _fault(error: Any) -> Fault:
    """Return a validation error of FastAPI as a fault."""
    where, *path = error["loc"]
    if error["type"] == "json_invalid":
        return Fault(f"the body is not JSON: {error.get('ctx', {}).get('error', '')}".strip(), "send a JSON object")
    location = tuple(path) if where == "body" else (where, *path)
    return Fault(str(error["msg"]), "see the API description", path=location)
