"""What a fidelity cannot be combined with."""

from __future__ import annotations

from collections.abc import Iterator

from designer.acquisition.classical.design import ClassicalDesign
from designer.campaign.file.settings import Settings
from designer.errors import Fault
from designer.objective import Objective
from designer.space import DesignSpace
from designer.space.fidelity.fidelity_levels import fidelity_of
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.formula import FormulaParameter

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
    what, remedy = f"the fidelity {fidelity.name!r} cannot be used with", "leave one of them out"
    for i, each in enumerate(space.parameters):
        for fault in _parameter_faults(each, what, remedy):
            yield fault.at(path=("space", i, *fault.path))
    for i, target in enumerate(objective.targets):
        if target.goal in _GOALS:
            words = f"{what} goal {target.goal}: {_GOALS[target.goal]}"
            yield Fault(words, "leave the fidelity out, or use another goal", path=("targets", i, "goal"))
    if settings.diversify_by:
        yield Fault(f"{what} 'diversify_by'", remedy, path=("diversify_by",))
    if isinstance(settings.initial, ClassicalDesign):
        yield Fault(f"{what} a classical design", "give the number of first designs, or list them", path=("initial",))
    if settings.prior.kind == "policy":
        yield Fault(f"{what} the learned policy", "use 'prior: {kind: auto}'", path=("prior", "kind"))


def _parameter_faults(each: ParameterBase, what: str, remedy: str) -> Iterator[Fault]:
    """Yield what a parameter has that cannot be combined with a fidelity."""
    if each.is_context:
        yield Fault(f"{what} contexts ({each.name!r})", remedy, path=("role",))
    if each.is_shared:
        yield Fault(f"{what} settings that a batch shares ({each.name!r})", remedy, path=("vary",))
    if getattr(each, "setting_error", None) is not None:
        yield Fault(f"{what} errors of settings ({each.name!r})", remedy, path=("setting_error",))
    if isinstance(each, FormulaParameter) and each.is_open:
        yield Fault(f"{what} proposed formulas ({each.name!r})", "give a table of candidates", path=("elements",))
