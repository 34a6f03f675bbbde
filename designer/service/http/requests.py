"""The media type and the JSON content of a request's body."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from designer.service.problems import Refused


def media_type_of(request: Request) -> str:
    """Return the media type of a request's body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def parse_json(body: bytes) -> Any:
    """Return the content of JSON text.

    Raises
    ------
    Refused
        If it is not JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("not-readable", f"the body is not JSON: {str(error)[:200]}") from None
