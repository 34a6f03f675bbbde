"""Simulated campaigns on past tasks: would a prior have found their best designs sooner than no past tasks?

Each task in turn is the new one, and its table the list of candidates: a campaign with a prior that was fitted to the
other tasks (without near copies), and one without past tasks, begin with the same random designs and propose designs
of the table until one of its best 5 % is found. Chance finds one of k among n after ``(n + 1) / (k + 1)`` designs.

These figures inform people; the weights in a campaign follow from its own results
(docs/decisions/023-further-experts.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.suggesting.past_tasks import saved_card
from designer.campaign.suggesting.pool_campaign import PoolCampaign
from designer.counting import count
from designer.errors import Fault, InvalidPrior
from designer.priors.base import FittedPrior
from designer.priors.baseline import BaselinePrior
from designer.priors.evaluation import number_of, source_tasks_for
from designer.priors.kinds import prior_of
from designer.priors.sources import name_of
from designer.tasks import Task

MAX_TASKS = 6
"""Past tasks on which campaigns are simulated, spread over all."""

BUDGET = 20
"""Experiments of a simulated campaign."""

MIN_DESIGNS, MAX_DESIGNS = 20, 300
"""Distinct designs of a table: smaller ones say nothing, of larger ones so many are drawn."""

FIRST = 3
TOP_SHARE = 0.05


@dataclass(frozen=True)
class Replay:
    """Simulated campaigns on one past task.

    Parameters
    ----------
    task, target, designs
        The past task, its target, and the number of designs of its table.
    budget
        Experiments of each campaign.
    with_prior, without
        Experiments until one of the best 5 % was found, with the prior and without past tasks; budget + 1 if never.
    chance
        Mean number in random order, at most budget + 1.
    """

    task: str
    target: str
    designs: int
    budget: int
    with_prior: int
    without: int
    chance: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Replay:
        """Return what `as_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no such entry.
        """
        numbers = {key: int(entry[key]) for key in ("designs", "budget", "with_prior", "without")}
        return cls(task=str(entry["task"]), target=str(entry["target"]), chance=float(entry["chance"]), **numbers)


def replay(
    tasks: Sequence[Task],
    kind: str,
    *,
    seed: int = 0,
    max_tasks: int = MAX_TASKS,
    progress: Callable[[str], None] | None = None,
) -> list[Replay]:
    """Simulate campaigns on at most `max_tasks` past tasks, on the first target of each that has a goal.

    Tasks without a goal, without others to learn from, or with fewer than `MIN_DESIGNS` designs are left out.

    Parameters
    ----------
    progress
        Called with the name of each task before its campaigns.

    Raises
    ------
    InvalidPrior
        If the kind is not known.
    """
    prior = prior_of(kind)
    usable = [(task, target) for task in tasks if (target := _target(task)) and source_tasks_for(task, tasks)]
    spread = np.unique(np.linspace(0, len(usable) - 1, min(max_tasks, len(usable))).round().astype(int))
    found = []
    for task, target in (usable[i] for i in spread):
        if progress is not None:
            progress(name_of(task))
        fitted = prior.fit(source_tasks_for(task, tasks), seed=seed)
        found.append(_replayed(task.only(target), fitted, seed))
    return found


def _target(task: Task) -> str | None:
    """Return the name of the first target with a goal and enough designs of different values."""
    for target in task.targets:
        if target.goal is not None:
            values = task.distinct(target.name).mean
            if len(values) >= MIN_DESIGNS and np.ptp(values) > 0:
                return target.name
    return None


def _replayed(task: Task, fitted: FittedPrior, seed: int) -> Replay:
    distinct, target = task.distinct(), task.targets[0]
    rng = np.random.default_rng([seed, number_of(task, target.name)])
    drawn = np.sort(rng.permutation(len(distinct.mean))[:MAX_DESIGNS])
    y = distinct.mean[drawn]
    designs = distinct.designs.iloc[drawn].reset_index(drop=True)
    utility = target.utility(y)
    best = max(1, round(TOP_SHARE * len(y)))
    threshold = np.sort(utility)[-best]
    budget = min(BUDGET, len(y) // 2)
    first = [int(row) for row in rng.permutation(len(y))[:FIRST]]

    def experiments(prior: FittedPrior) -> int:
        campaign = PoolCampaign(task.space, designs, task.objective, seed, prior)
        return _experiments(campaign, y, utility >= threshold, first, budget)

    chance = min((len(y) + 1) / (int((utility >= threshold).sum()) + 1), budget + 1.0)
    without = experiments(BaselinePrior())
    return Replay(name_of(task), target.name, len(y), budget, experiments(fitted), without, chance)


def _experiments(campaign: PoolCampaign, y: FloatArray, good: FloatArray, first: Sequence[int], budget: int) -> int:
    """Return the number of the first experiment on a good design; budget + 1 where there is none."""
    rows: list[int] = []
    while len(rows) < budget:
        row = first[len(rows)] if len(rows) < len(first) else campaign.next(rows, y[rows])
        rows.append(row)
        if good[row]:
            return len(rows)
    return budget + 1


def replays_of(card: Mapping[str, Any]) -> list[Replay]:
    """Return the simulated campaigns that the card of a saved prior lists.

    Raises
    ------
    InvalidPrior
        If they cannot be read.
    """
    given = card.get("replays")
    try:
        return [Replay.from_dict(entry) for entry in given] if isinstance(given, list) else []
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise InvalidPrior(Fault("'replays' of its card cannot be read", "fit the prior again")) from None


def simulations_of(spec: CampaignSpec) -> str | None:
    """Return the sentence about simulated campaigns of the saved prior of a campaign; None where there are none."""
    card = saved_card(spec)
    replays = replays_of(card)
    return description(replays, str(card.get("kind"))) if replays else None


def description(replays: Sequence[Replay], kind: str) -> str:
    """Return a sentence about simulated campaigns.

    >>> description([Replay("a", "y", 40, 20, 6, 9, 13.7), Replay("b", "y", 40, 20, 8, 10, 13.7)], "auto")
    'Experiments until simulated campaigns on 2 past tasks found one of the best 5 %: 7.0 with auto, 9.5 without past \
tasks, 13.7 in random order.'
    """
    means = [np.mean([getattr(each, name) for each in replays]) for name in ("with_prior", "without", "chance")]
    on = count(len(replays), "past task")
    return (
        f"Experiments until simulated campaigns on {on} found one of the best 5 %: {means[0]:.1f} with {kind}, "
        f"{means[1]:.1f} without past tasks, {means[2]:.1f} in random order."
    )
