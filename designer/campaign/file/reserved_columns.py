"""Headers that are the campaign's own in the tables that it reads and writes, and that nothing else may have."""

from __future__ import annotations

from collections.abc import Iterator

from designer.campaign.results.results_table import ID_COLUMNS, NOISE
from designer.errors import Fault
from designer.objective import Objective
from designer.space import DesignSpace

READ = frozenset({*ID_COLUMNS, "replicate", "failed"})
"""Headers that mean something in a table of results."""

OWN = READ | {"measurement", "at", "flags", "design", "best_by", "measurements"}
"""These, and those of exported tables."""

SUFFIXES = (NOISE, "_mean", "_sd", "_low", "_high")
"""What is appended to a target's name for a header beside its own."""


def own_header_faults(space: DesignSpace, objective: Objective) -> Iterator[Fault]:
    """Go through the columns of the space and the targets whose headers are the campaign's own."""
    derived = {target.name + suffix: target.name for target in objective.targets for suffix in SUFFIXES}
    for i, parameter in enumerate(space.parameters):
        for header in parameter.lab_columns:
            yield from _fault(header, OWN, derived, ("space", i))
    for i, target in enumerate(objective.targets):
        yield from _fault(target.name, OWN, derived, ("targets", i, "name"))
        if target.column is not None and target.column != target.name:
            yield from _fault(target.column, READ, derived, ("targets", i, "column"))


def _fault(header: str, own: frozenset[str], derived: dict[str, str], path: tuple[str | int, ...]) -> Iterator[Fault]:
    if header in own:
        yield Fault(f"{header!r} is a column of the campaign's own tables", "choose another name", path=path)
    elif header in derived:
        what = f"{header!r} is a column that belongs to target {derived[header]!r}"
        yield Fault(what, "choose another name", path=path)
