"""Families of tasks by name, for suites and priors: they come with the project or from a package, not from a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from designer.errors import Fault, InvalidData, InvalidInput, did_you_mean
from designer.tasks import Family, load_family
from designer.tasks.analytic import KINDS, analytic_family
from designer.tasks.card import group_faults, group_of
from designer.tasks.datasets.alloy_systems import alloy_systems
from designer.tasks.datasets.processes import measured_processes

TABLES = Path(__file__).parents[1] / "data"

NAMED: dict[str, Callable[[], Family]] = {
    # measured; need the extras `datasets` and `bocode`
    "alloy-hardness": alloy_systems,
    "alloy-strength": partial(alloy_systems, "compressive_strength", smallest=6),
    "measured-processes": measured_processes,
    # simulated (`benchmarks.suite.simulated`), two of them with two quantities that pull against each other
    **{name: partial(load_family, TABLES / name) for name in ("diamond", "deposition", "emt-alloys", "perovskites")},
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


def open_family(name: str, data: Path, leave_out: Mapping[str, tuple[str, ...]] | None = None) -> Family:
    """Return a family that has a name of its own, or the one in the folder `data`/`name`.

    Parameters
    ----------
    leave_out
        Groups of tasks that are near copies, in place of the family's own.

    Raises
    ------
    InvalidInput
        With every fault of a card and its tables.
    MissingExtra
        If it comes from a package that is not installed.
    """
    if name not in NAMED:
        return load_family(data / name, leave_out=leave_out)
    family = load_named(name)
    if leave_out is None:
        return family
    faults = list(group_faults(leave_out, [task.name for task in family.tasks]))
    if faults:
        raise InvalidInput(faults)
    tasks = tuple(replace(task, group=group_of(task.name, leave_out)) for task in family.tasks)
    return replace(family, tasks=tasks)
