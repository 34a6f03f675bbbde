"""What the pages load beside themselves: style, scripts and a picture, kept by the browser until they change.

Their address names their content, so a browser asks for each once, and a new version is never mixed with an old one.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "static"
_KEPT = "public, max-age=31536000, immutable"


@cache
def root() -> str:
    """Return the path under which they are served, which changes with their content."""
    content = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"/static/{content.hexdigest()[:12]}"


@cache
def asset(name: str) -> str:
    """Return the address of one of them.

    Raises
    ------
    FileNotFoundError
        If there is none of this name.
    """
    if not (FOLDER / name).is_file():
        raise FileNotFoundError(FOLDER / name)
    return f"{root()}/{name}"


class Assets(StaticFiles):
    """The files, with leave to keep them."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the answer that sends a file, or says that the browser's own is still right."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["Cache-Control"] = _KEPT
        return answer
