"""The body of a request: read with a limit on its size, and parsed as strict JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope

from designer.errors import Fault, InvalidData
from designer.service.problems import Refused

MAX_JSON_DEPTH = 50
_SURROGATES = frozenset(map(chr, range(0xD800, 0xE000)))


def media_type_of(request: Request) -> str:
    """Return the media type of a request's body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the body of a request.

    Raises
    ------
    Refused
        As ``too-large``, before more than `max_bytes` are read.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise too_large(max_bytes)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > max_bytes:
            raise too_large(max_bytes)
    return bytes(body)


def too_large(max_bytes: int) -> Refused:
    """Return the error for a body that is too large."""
    return Refused("too-large", f"this request may have at most {max_bytes} bytes")


def parse_json(body: bytes) -> Any:
    """Return the content of JSON text.

    Raises
    ------
    Refused
        If it is not JSON in UTF-8, or nested too deeply.
    InvalidData
        If a text holds an unpaired surrogate, which is not a character.
    """
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refused("not-readable", "the body is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise Refused("not-readable", f"the body is not JSON: {str(error)[:200]}") from None
    _check(data)
    return data


def _check(data: Any) -> None:
    """Check the depth and the texts of JSON data."""
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > MAX_JSON_DEPTH:
            raise Refused("not-readable", f"the JSON has more than {MAX_JSON_DEPTH} levels")
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                if not each.isascii() and not _SURROGATES.isdisjoint(each):
                    raise InvalidData(Fault("a text holds an unpaired surrogate", "write texts in Unicode characters"))
            elif isinstance(each, Mapping):
                below += each.keys()
                below += each.values()
            elif isinstance(each, list):
                below += each
        level = below


class ReadRequest(Request):
    """A request whose body has been read."""

    def __init__(self, scope: Scope, receive: Receive, body: bytes) -> None:
        super().__init__(scope, receive)
        self._content = body

    async def body(self) -> bytes:
        """Return the body."""
        return self._content

    async def json(self) -> Any:
        """Return the content of the JSON body."""
        return parse_json(self._content)
