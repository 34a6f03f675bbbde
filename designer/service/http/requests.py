"""What a request's body is, before anything is made of it."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from designer.service.problems import Refused


def kind_of_body(request: Request) -> str:
    """Return the media type of a request's body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def decoded(body: bytes) -> Any:
    """Return what JSON text says.

    Raises
    ------
    Refused
        If it is no JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("not-readable", f"the body is not JSON: {str(error)[:200]}") from None
