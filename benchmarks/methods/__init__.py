"""The methods that are compared, by name. Each is used as its own documentation says."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

import numpy as np

from benchmarks.pools import Candidates
from designer.errors import MissingExtra

MODULES = {
    "designer": "benchmarks.methods.designer_plain",
    "random": "benchmarks.methods.random_search",
    "botorch": "benchmarks.methods.botorch_gp",
    "rf-ei": "benchmarks.methods.forest",
    "baybe": "benchmarks.methods.baybe_default",
}
SLOW = frozenset({"botorch", "baybe"})
EXTRA = {"baybe": "baybe"}


class Chooser(Protocol):
    """One campaign of one method."""

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the row of the next experiment, given the rows measured so far and their values."""


class Method(Protocol):
    """A module of `benchmarks.methods`: imports its libraries when it is imported."""

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide."""

    def begin(self, candidates: Candidates, seed: int) -> Chooser:
        """Start a campaign."""


def load(name: str) -> Method:
    """Import a method by its name, or by the name of a module of your own that has the functions of `Method`.

    Raises
    ------
    MissingExtra
        If its library is not installed.
    """
    require(name)
    return import_module(MODULES.get(name, name))  # type: ignore[return-value]


def require(name: str) -> None:
    """Raise `MissingExtra` if the library of a method is not installed, ValueError if there is no such method."""
    if name not in MODULES and "." not in name:
        raise ValueError(
            f"there is no method {name!r}; one of: {', '.join(sorted(MODULES))}, or your own module's name"
        )
    if name in EXTRA and find_spec(EXTRA[name]) is None:
        raise MissingExtra(EXTRA[name], "bench")
