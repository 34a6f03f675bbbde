"""Families of tasks by name, for suites and priors: they come with the project or from a package, not from a folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from designer.errors import Fault, InvalidData
from designer.space.fields import did_you_mean
from designer.tasks import Family
from designer.tasks.analytic import KINDS, analytic_family
from designer.tasks.datasets.alloy_systems import alloy_systems
from designer.tasks.datasets.processes import measured_processes

NAMED: dict[str, Callable[[], Family]] = {
    # measured; need the extras `datasets` and `bocode`
    "alloy-hardness": alloy_systems,
    "alloy-strength": partial(alloy_systems, "compressive_strength", smallest=6),
    "measured-processes": measured_processes,
    # formulas
    **{kind: partial(analytic_family, kind) for kind in KINDS},
}
"""Every named family."""


def load_named(name: str) -> Family:
    """Return the family called `name`.

    Raises
    ------
    InvalidData
        If there is none of this name.
    MissingExtra
        If it comes from a package that is not installed.
    """
    if name not in NAMED:
        raise InvalidData(Fault(f"family {name!r} is not known", did_you_mean(name, NAMED)))
    return NAMED[name]()
