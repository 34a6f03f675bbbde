"""Which version of this program made something, and which code: two checkouts of one version may differ."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path

import designer

_DISTRIBUTION = "materials-designer"


def version() -> str:
    """Return the version of this program; ``unknown`` where it is not installed."""
    try:
        return version_of(_DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


@cache
def code() -> str:
    """Return a digest of the program's modules as they are installed, or as a checkout has them."""
    return digest_of_modules(Path(designer.__file__).parent)


def digest_of_modules(folder: Path) -> str:
    """Return a digest of the Python files below a folder, their places included."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).parts):
        content = path.read_bytes()
        found.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()[:16]
