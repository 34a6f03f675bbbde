"""Provenance of results: command, commit, machine and versions, as the result pages state them."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parents[1]
PACKAGES = (
    "torch", "botorch", "gpytorch", "numpy", "scipy", "scikit-learn", "pandas", "baybe", "ax-platform", "physbo",
    "optuna",
)  # fmt: skip


def provenance(*command: str) -> dict[str, str]:
    """Return command, commit, date, machine and package versions of a result page."""
    return {
        "command": f"`{shlex.join(command)}`",
        "commit": commit(HERE),
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{machine()}; one thread a campaign",
        "versions": ", ".join([f"Python {platform.python_version()}", *filter(None, map(_installed, PACKAGES))]),
    }


def machine() -> str:
    """Return the processor, the number of its cores here, and the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}"


def commit(place: Path) -> str:
    """Return the commit of the checkout around `place`, and whether files of it were changed since."""
    folder = place if place.is_dir() else place.parent
    head = _git(folder, "rev-parse", "--short=12", "HEAD")
    if head is None:
        return "unknown"
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ":/designer")
    return f"{head} + changes" if changed else head


def _git(folder: Path, *arguments: str) -> str | None:
    top = ["git", "-C", str(folder), *arguments]
    found = subprocess.run(top, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else None


def _installed(package: str) -> str:
    """Return a package and its version, or an empty text where it is not installed."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""
