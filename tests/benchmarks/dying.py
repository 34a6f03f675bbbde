"""A method that takes its process down."""

from __future__ import annotations

import os
from typing import NoReturn

from benchmarks.suite.pools import Candidates


def versions() -> dict[str, str]:
    """Return nothing."""
    return {}


def begin(candidates: Candidates, seed: int) -> NoReturn:
    """End the process as a crash in a library would."""
    os._exit(7)
