"""The compared methods by name, each used as its documentation recommends."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable

import numpy as np

from benchmarks.suite.pools import Candidates
from designer.errors import Fault, InvalidInput, MissingExtra
from designer.priors.kinds import campaign_kinds

GUARD_LOCKS = (
    "agreement",
    "floor",
    "adaptive",
    "interleaving",
    "rejection",
)  # those of `designer.priors.auto`, which loads torch
PRIORS = tuple(kind for kind in campaign_kinds() if kind != "none")
OURS = {
    **{f"designer-{kind}": {"kind": kind} for kind in PRIORS},
    **{f"designer-auto-without-{lock}": {"kind": "auto", "without": lock} for lock in GUARD_LOCKS},
}
"""Our method with a prior of each kind, and the default one with a lock of its guard removed."""
ABLATIONS: dict[str, dict[str, Any]] = {
    "designer-without-forest": {"forest": False},
    "designer-auto-without-forest": {"kind": "auto", "forest": False},
    "designer-first-by-dimension": {"first_by_dimension": True},
}
"""Our method without the forest of the search, and with as many first designs as in spaces without candidates."""
MODULES = {
    "designer": "benchmarks.suite.methods.designer_campaign",
    **dict.fromkeys([*OURS, *ABLATIONS], "benchmarks.suite.methods.designer_campaign"),
    "random": "benchmarks.suite.methods.random_search",
    "space-filling": "benchmarks.suite.methods.space_filling",
    "botorch": "benchmarks.suite.methods.botorch_gp",
    "rf-ei": "benchmarks.suite.methods.forest",
    "source-mean": "benchmarks.suite.methods.source_mean",
    "rgpe": "benchmarks.suite.methods.rgpe",
    "baybe": "benchmarks.suite.methods.baybe_default",
    "baybe-transfer": "benchmarks.suite.methods.baybe_transfer",
    "ax": "benchmarks.suite.methods.ax_client",
    "physbo": "benchmarks.suite.methods.physbo_gp",
    "hebo": "benchmarks.suite.methods.hebo_process",
    "optuna-gp": "benchmarks.suite.methods.optuna_study",
    "optuna-tpe": "benchmarks.suite.methods.optuna_study",
}
OPTIONS: dict[str, dict[str, Any]] = {
    "optuna-gp": {"sampler": "gp"},
    "optuna-tpe": {"sampler": "tpe"},
    **OURS,
    **ABLATIONS,
}
"""Keyword arguments of `begin` for methods that share a module."""
TRANSFERS = frozenset({"source-mean", "rgpe", "baybe-transfer", "designer-auto-without-forest", *OURS})
"""The methods that read sources; all others are the same whatever sources there are."""
EXTRA = {
    "baybe": "baybe",
    "baybe-transfer": "baybe",
    "ax": "ax",
    "physbo": "physbo",
    "optuna-gp": "optuna",
    "optuna-tpe": "optuna",
}


class Chooser(Protocol):
    """One campaign of one method."""

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the row of the next experiment, given the rows measured so far and their values.

        Nothing may be measured yet: the method then makes its own first experiment.
        """


@runtime_checkable
class Predicting(Protocol):
    """What a chooser may have beside `next`."""

    def predict(self, row: int) -> tuple[float, float] | None:
        """Return mean and standard deviation of the value that `row` would give, in the target's unit.

        The noise of a measurement is included. It rests on what was measured at the last `next`; None where the
        method has no prediction yet.
        """


class Method(Protocol):
    """A module of `benchmarks.suite.methods`: imports its libraries when it is imported."""

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide."""

    def begin(self, candidates: Candidates, seed: int, **options: Any) -> Chooser:
        """Start a campaign."""


def begin(name: str, candidates: Candidates, seed: int) -> Chooser:
    """Start a campaign of a method with its options."""
    return load(name).begin(candidates, seed, **OPTIONS.get(name, {}))


def reads_sources(name: str) -> bool:
    """Return whether sources make a difference to a method: it is listed, or a module of your own."""
    return name in TRANSFERS or name not in MODULES


def load(name: str) -> Method:
    """Import a method by its name, or by the name of a module of your own that has the functions of `Method`.

    Raises
    ------
    MissingExtra
        If its library is not installed.
    """
    require(name)
    return import_module(MODULES.get(name, name))


def is_known(name: str) -> bool:
    """Return whether a method has this name, or it may be a module of your own."""
    return name in MODULES or "." in name


def unknown(name: str) -> Fault:
    """Return the error message for an unknown method name."""
    return Fault(f"there is no method {name!r}", f"one of: {', '.join(sorted(MODULES))}, or your own module's name")


def require(name: str) -> None:
    """Check that a method can be loaded.

    Raises
    ------
    InvalidInput
        If there is no such method, or no such module of your own.
    MissingExtra
        If its library is not installed.
    """
    if not is_known(name):
        raise InvalidInput(unknown(name))
    if name not in MODULES and not _is_module(name):
        raise InvalidInput(Fault(f"there is no module {name!r}", "give a module that can be imported from here"))
    if name in EXTRA and find_spec(EXTRA[name]) is None:
        raise MissingExtra(EXTRA[name], "bench")


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False
