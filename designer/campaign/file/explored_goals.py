"""What cannot be combined with goals that are no best value (``goal: map`` and ``goal: boundary``)."""

from __future__ import annotations

from collections.abc import Iterator

from designer.campaign.file.settings import Settings
from designer.errors import Fault
from designer.objective import Objective

SEEKS_A_BEST = ("upper-confidence-bound", "probability-of-improvement", "posterior-mean")
"""Acquisition functions that look for the largest utility, which a map or a boundary does not have."""


def faults(settings: Settings, objective: Objective) -> Iterator[Fault]:
    """Yield what the settings have that the goals cannot use."""
    yield from _stop_faults(settings, objective)
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
