"""Which version of this program made something."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import designer

_DISTRIBUTION = "materials-designer"


def version() -> str:
    """Return the version of this program; ``unknown`` where it is not installed."""
    try:
        return distribution(_DISTRIBUTION).version
    except PackageNotFoundError:
        return "unknown"


def commit() -> str | None:
    """Return the commit that this program was installed from, or is checked out at; None for a released version."""
    try:
        origin = json.loads(distribution(_DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, json.JSONDecodeError):
        origin = {}
    named = origin.get("vcs_info", {}).get("commit_id")
    return str(named) if named else checked_out(Path(designer.__file__).resolve().parent.parent)


def checked_out(folder: Path) -> str | None:
    """Return the commit that a folder with a ``.git`` is at, read from its files; None where it has none.

    A worktree's ``.git`` is a file that names the place of its own HEAD.
    """
    place = folder / ".git"
    try:
        if place.is_file():
            place = (folder / place.read_text(encoding="utf-8").partition("gitdir:")[2].strip()).resolve()
        head = (place / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref:"):
            return head or None
        name = head.partition("ref:")[2].strip()
        shared = place / "commondir"
        roots = [place, (place / shared.read_text(encoding="utf-8").strip()).resolve()] if shared.is_file() else [place]
        for root in roots:
            if (root / name).is_file():
                return (root / name).read_text(encoding="utf-8").strip()
            packed = root / "packed-refs"
            for line in packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else ():
                found, _, ref = line.partition(" ")
                if ref == name:
                    return found
    except (OSError, UnicodeDecodeError):
        return None
    return None
