"""The results of a campaign as a family of past tasks, which other campaigns learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from designer.campaign.as_task import Results
from designer.campaign.campaign import Campaign
from designer.campaign.levels.level_states import without_levels
from designer.campaign.log.state import CampaignState
from designer.counting import count
from designer.errors import Fault, InvalidData
from designer.tasks.family import Family

MIN_RESULTS = 5
"""Results from which a campaign is offered as a past one."""
TERMS = "internal use only"
"""The licence of published results, unless another one is stated."""


def is_offered(state: CampaignState) -> bool:
    """Whether a campaign has enough results, all of them numbers."""
    goals = [target.get("goal") for target in state.spec.get("targets", ()) if isinstance(target, Mapping)]
    return len(state.results) >= MIN_RESULTS and "prefer" not in goals


def family_of(opened: Campaign) -> Family:
    """Return the results of a campaign as a family of one task.

    Raises
    ------
    InvalidData
        If it has no results, or results without numbers.
    """
    if not is_offered(opened.state):
        what = f"campaign {opened.name!r} has fewer than {count(MIN_RESULTS, 'result')}, or results without numbers"
        raise InvalidData(Fault(what, "record more results first"))
    space, state = without_levels(opened.space, opened.state)
    task = Results(opened.name, space, opened.objective.targets, state).task(opened.name)
    if task is None:
        raise InvalidData(Fault(f"campaign {opened.name!r} has no results to learn from", "record some first"))
    return Family(name=_family_name(opened.name), tasks=(task,))


def _family_name(name: str) -> str:
    """Return the campaign's name; for one without Latin letters and digits a name of its digest."""
    if any(letter.isascii() and letter.isalnum() for letter in name):
        return name
    return f"campaign-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
