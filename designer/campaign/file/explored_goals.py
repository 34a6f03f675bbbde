"""What cannot be combined with searches for something else than one best design.

These are ``goal: map`` and ``goal: boundary``, and ``diversify_by``: the best design of each cell.
"""

from __future__ import annotations

from collections.abc import Iterator

from designer.acquisition.registered import AUTO
from designer.campaign.file.settings import Settings
from designer.errors import Fault
from designer.objective import Objective
from designer.space import DesignSpace
from designer.space.cells import cell_faults

SEEKS_A_BEST = ("upper-confidence-bound", "probability-of-improvement", "posterior-mean")
"""Acquisition functions that look for the largest utility, which a map or a boundary does not have."""


def faults(settings: Settings, space: DesignSpace, objective: Objective) -> Iterator[Fault]:
    """Yield what the settings have that the goals cannot use."""
    yield from _stop_faults(settings, objective)
    if settings.diversify_by:
        yield from _diversity_faults(settings, space, objective)
    if not objective.explores:
        return
    mode = objective.mode
    if settings.acquisition in SEEKS_A_BEST:
        what = f"acquisition {settings.acquisition!r} looks for the best value, and the goal is a {mode}"
        yield Fault(what, "use 'auto' or 'posterior-deviation'", path=("acquisition",))
    if settings.beliefs:
        what = f"beliefs say where good designs are, and the goal is a {mode}"
        yield Fault(what, "leave 'beliefs' out", path=("beliefs",))


def _stop_faults(settings: Settings, objective: Objective) -> Iterator[Fault]:
    stop, mode, maps = settings.stop, objective.mode, len(objective.goals)
    if stop.deviation is not None and (mode != "map" or maps > 1):
        have = f"{maps} have it" if mode == "map" else "none has it"
        what = f"'deviation' is of one target with goal: map, and {have}"
        yield Fault(what, "leave it out; 'budget' can always be used", path=("stop", "deviation"))
    if stop.uncertain_share is not None and mode != "boundary":
        what = "'uncertain_share' is of a target with goal: boundary, and none has it"
        yield Fault(what, "leave it out; 'budget' can always be used", path=("stop", "uncertain_share"))
    if stop.probability_of_better_than is not None and objective.explores:
        what = f"no design is better than another where the goal is a {mode}"
        key = "deviation" if mode == "map" else "uncertain_share"
        remedy = f"use {key!r} or 'budget'"
        yield Fault(what, remedy, path=("stop", "probability_of_better_than"))


def _diversity_faults(settings: Settings, space: DesignSpace, objective: Objective) -> Iterator[Fault]:
    """Yield why the best design of each cell cannot be searched for."""
    for fault in cell_faults(space, settings.diversify_by):
        yield fault.at(path=("diversify_by", *fault.path))
    refused: list[tuple[bool, str, str, tuple[str, ...]]] = [
        (
            objective.mode != "single" or objective.preference is not None,
            "'diversify_by' looks for the best design of each cell, and needs one goal: minimize, maximize or match",
            "leave it out, or give one target a goal and the others limits",
            ("diversify_by",),
        ),
        (
            bool(space.context_parameters),
            "'diversify_by' cannot be used with contexts, in which designs are made as they are given",
            "leave it out; 'designer best --context' shows the best of each context",
            ("diversify_by",),
        ),
        (
            any(getattr(each, "setting_error", None) is not None for each in space.parameters),
            "'diversify_by' cannot be used with 'setting_error': the robust value of a design may lie in two cells",
            "leave one of them out",
            ("diversify_by",),
        ),
        (
            settings.acquisition != AUTO,
            f"acquisition {settings.acquisition!r} knows no cells ('diversify_by')",
            "use 'acquisition: auto', or leave 'diversify_by' out",
            ("acquisition",),
        ),
        (
            settings.prior.kind == "policy",
            "the learned policy chooses for one best design, and not for the best of each cell ('diversify_by')",
            "use 'prior: {kind: auto}', or leave 'diversify_by' out",
            ("prior", "kind"),
        ),
        (
            settings.stop.probability_of_better_than is not None,
            "the probability of a better design is of the best of all, and 'diversify_by' asks for that of each cell",
            "leave it out; 'budget' and a target's 'reach' can be used",
            ("stop", "probability_of_better_than"),
        ),
    ]
    for holds, what, remedy, path in refused:
        if holds:
            yield Fault(what, remedy, path=path)
