"""Static files of the pages: style, scripts and the icon, cached by browsers.

Their URL holds a digest of their content: a browser loads each once, and never mixes versions.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "static"
_CACHE_FOREVER = "public, max-age=31536000, immutable"


@cache
def root() -> str:
    """Return the URL path of the static files, which changes with their content."""
    content = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"/static/{content.hexdigest()[:12]}"


@cache
def asset(name: str) -> str:
    """Return the URL path of one file.

    Raises
    ------
    FileNotFoundError
        If there is no file of this name.
    """
    if not (FOLDER / name).is_file():
        raise FileNotFoundError(FOLDER / name)
    return f"{root()}/{name}"


class Assets(StaticFiles):
    """The static files, with caching headers."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the response with a file, or 304 if the browser has it."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["Cache-Control"] = _CACHE_FOREVER
        return answer
