"""Continuations of campaigns: another expert chooses one design, and `auto` all that follow.

In some states of a recorded campaign of `auto`, every expert that proposes another design than `auto` chooses once.
The advantage of an expert is the logarithm of the experiments that the campaign of `auto` needed over those that the
continuation needed: labels of the imitation beside the ranks in single states.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.studies.policy_records import Record, VisitStore
from benchmarks.studies.policy_simulation import ALL, Simulation, allowed, available, continued, fixed
from benchmarks.studies.policy_training import States, corrected, padded
from designer.priors.policy.search_experts import DEFAULT

STATES = 2
"""States of a campaign from which it is continued."""

LAST = 16


@dataclass(frozen=True)
class Rollout:
    """A continuation: the measured rows, the expert that chose one design, and experiments to the top 1 %."""

    family: str
    task: str
    seed: int
    measured: list[int]
    expert: str
    to_top: int
    to_top_of_auto: int


def read_rollouts(file: Path) -> list[Rollout]:
    """Return the continuations of a file; none where there is no file."""
    if not file.exists():
        return []
    return [Rollout(**json.loads(line)) for line in file.read_text(encoding="utf-8").split("\n")[:-1]]


def roll_out(simulation: Simulation, record: Record, file: Path, *, states: int = STATES) -> None:
    """Continue a campaign of `auto` from some of its states, and write the outcomes."""
    rng = np.random.default_rng([record.seed, len(record.chosen)])
    first, last = len(record.chosen) - len(record.experts), min(record.to_top - 1, LAST)
    counts = np.arange(first, last + 1)
    for count in sorted(rng.choice(counts, size=min(states, len(counts)), replace=False).tolist()):
        measured = record.chosen[:count]
        for name, row in deviations(simulation, measured):
            found = continued(simulation, [*measured, row], record.budget, fixed(DEFAULT))
            done = Rollout(record.family, record.task, record.seed, measured, name, found.to_top, record.to_top)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(done)) + "\n")


def deviations(simulation: Simulation, measured: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Go through the allowed experts that propose another design than the default one; equal proposals once."""
    visit = simulation.visit(measured)
    proposed = dict(zip(visit.names, visit.proposals[:-1], strict=True))
    seen = {proposed[allowed(DEFAULT, visit, len(measured))]}
    for name in available(visit, len(measured)):
        if proposed[name] not in seen:
            seen.add(proposed[name])
            yield name, proposed[name]


def rollout_states(store: VisitStore, rollouts: Sequence[Rollout]) -> States | None:
    """Return the states of continuations, with the advantages as costs; None where there are none.

    Experts that propose the same design share its cost; the default one has the cost 0.
    """
    groups: dict[tuple[str, str, tuple[int, ...]], list[Rollout]] = {}
    for each in rollouts:
        groups.setdefault((each.family, each.task, tuple(sorted(each.measured))), []).append(each)
    visits = {task: dict(store.read(*task)) for task in {key[:2] for key in groups}}
    rows, keys, defaults = [], [], []
    for key, members in groups.items():
        visit = corrected(visits[key[:2]][key[2]])
        features, there, _, default = padded(visit, len(key[2]))
        proposed = dict(zip(visit.names, visit.proposals[:-1], strict=True))
        costs = {proposed[each.expert]: math.log(each.to_top / each.to_top_of_auto) for each in members}
        costs[proposed[ALL[default]]] = 0.0
        cost = np.array([costs.get(proposed.get(name, -1), 0.0) for name in ALL])
        rows.append((features, visit.campaign, there & np.array([proposed.get(n, -1) in costs for n in ALL]), cost))
        keys.append(key)
        defaults.append(default)
    if not rows:
        return None
    experts, campaign, run, advantages = [torch.from_numpy(np.stack(each)) for each in zip(*rows, strict=True)]
    families = [key[0] for key in keys]
    weights = torch.tensor([1.0 / families.count(family) for family in families], dtype=torch.float64)
    return States(experts, campaign, run, advantages, torch.tensor(defaults), weights / weights.sum(), tuple(keys))
