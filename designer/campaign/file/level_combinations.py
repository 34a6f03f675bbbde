"""What a fidelity cannot be combined with."""

from __future__ import annotations

from collections.abc import Iterator

from designer.campaign.file.settings import Settings
from designer.errors import Fault
from designer.objective import Objective
from designer.space import DesignSpace
from designer.space.fidelity.fidelity_levels import fidelity_of
from designer.space.parameters.base import ParameterBase

_GOALS = {
    "map": "a map has no best design that a level could tell more about",
    "boundary": "a boundary has no best design that a level could tell more about",
    "prefer": "results that are compared have no numbers to compare between levels",
}


def level_faults(settings: Settings, space: DesignSpace, objective: Objective) -> Iterator[Fault]:
    """Yield what a campaign with a fidelity has that cannot be combined with it."""
    fidelity = fidelity_of(space)
    if fidelity is None:
        return
    what, remedy = f"cannot be used with the fidelity {fidelity.name!r}", "leave one of them out"
    for i, each in enumerate(space.parameters):
        for fault in _parameter_faults(each, what, remedy):
            yield fault.at(path=("space", i, *fault.path))
    for i, target in enumerate(objective.targets):
        if target.goal in _GOALS:
            words = f"goal {target.goal} {what}: {_GOALS[target.goal]}"
            yield Fault(words, "leave the fidelity out, or use another goal", path=("targets", i, "goal"))
    if settings.diversify_by:
        yield Fault(f"'diversify_by' {what}", remedy, path=("diversify_by",))
    if settings.observations:
        yield Fault(f"'observations' {what}", remedy, path=("observations",))
    if settings.prior.kind == "policy":
        yield Fault(f"the learned policy {what}", "use 'prior: {kind: auto}'", path=("prior", "kind"))


def _parameter_faults(each: ParameterBase, what: str, remedy: str) -> Iterator[Fault]:
    """Yield what a parameter has that cannot be combined with a fidelity."""
    if each.is_shared:
        yield Fault(f"{each.name!r}, which a batch shares, {what}", remedy, path=("vary",))
    if getattr(each, "setting_error", None) is not None:
        yield Fault(f"{each.name!r}, which is made with an error, {what}", remedy, path=("setting_error",))
    if each.is_open:
        yield Fault(f"the open {each.kind} {each.name!r} {what}", "give a table of candidates", path=(each.open_by,))
