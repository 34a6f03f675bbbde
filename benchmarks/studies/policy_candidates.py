"""A learned acquisition function: a score of every candidate, from what all experts say of it.

``python -m benchmarks.studies.policy_candidates`` visits states of the recorded campaigns of `auto` in the suite
`families`. In a state every candidate has features: for each component of the experts its mean less the best result
and its log deviation, for each expert its log expected improvement less the largest one and its rank, and the distances
to the nearest and to the best measured design. The score is the log improvement of `auto`, times a learned scale, plus
a linear function, or a network, of these features, so that it is equivariant under permutations of the candidates. It
maximises the logarithm of the probability that a candidate sampled in proportion to exp(score) is of the top 1 %
(a list-wise loss as that of ListNet, Z. Cao et al., ICML 2007). It is judged, on families left out in five folds, by
how far down its list the first design of the top 1 % is.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.report.sections import Section, markdown
from benchmarks.studies import policy_report, policy_tasks
from benchmarks.studies.policy_recorded import recorded, states_on_the_path
from benchmarks.studies.policy_simulation import ALL, Candidates, Simulation
from benchmarks.studies.policy_training import folds
from designer.arrays import BoolArray, FloatArray
from designer.priors.policy.search_experts import DEFAULT

COMMAND = "python -m benchmarks.studies.policy_candidates"
RESULTS = Path(__file__).parents[1] / "results" / "policy" / "candidates.md"
FOLDS, HIDDEN, STEPS, STATES_A_STEP = 5, 16, 1500, 8
_RATE, _DECAY = 3e-3, 1e-2
_LOWEST = -12.0  # of a log improvement less the largest one


@dataclass(frozen=True, eq=False)
class Listed:
    """The candidates of a state: features (``N x k``), scores of `auto` and which are of the top 1 % (each ``N``)."""

    family: str
    task: str
    features: FloatArray
    auto: FloatArray
    top: BoolArray

    @property
    def key(self) -> tuple[str, str]:
        """The family and the task."""
        return self.family, self.task


def listed(family: str, task: str, found: Candidates) -> Listed:
    """Return the features of a state's candidates; experts that there are not have zeros."""
    columns = [np.clip(found.columns, _LOWEST, 6.0)]
    count = found.gains.shape[1]
    for name in ALL:
        gains = found.gains[found.names.index(name)]
        ranks = np.argsort(np.argsort(-gains, kind="stable"), kind="stable")
        columns += [
            np.clip(gains - gains.max(), _LOWEST, 0.0)[:, None],
            (np.log1p(ranks) / math.log(count + 1))[:, None],
        ]
    auto = found.gains[found.names.index(DEFAULT)]
    return Listed(family, task, np.concatenate(columns, axis=1), np.clip(auto - auto.max(), _LOWEST, 0.0), found.top)


def collected(data: Path, pools: int | None, seeds: Sequence[int]) -> list[Listed]:
    """Return the candidates in states of recorded campaigns where past tasks are used and a top design is left."""
    found = []
    for pool in list(policy_tasks.interleaved_by_family(policy_tasks.measured(data)))[:pools]:
        simulation = Simulation(pool)
        for record in recorded([pool]):
            if record.policy != DEFAULT or record.seed not in seeds:
                continue
            for rows in states_on_the_path(record):
                state = simulation.candidates(rows)
                if DEFAULT in state.names and state.top.any():
                    found.append(listed(pool.family, pool.task, state))
        print(f"{pool.family}/{pool.task}: {len(found)} states", flush=True)
    return found


class Scorer(torch.nn.Module):
    """The scores of candidates; without `hidden` units they are linear in the features."""

    def __init__(self, states: Sequence[Listed], hidden: int) -> None:
        super().__init__()
        features = np.concatenate([state.features for state in states])
        self.centre, self.width = torch.as_tensor(features.mean(0)), torch.as_tensor(features.std(0)).clamp_min(1e-3)
        self.scale = torch.nn.Parameter(torch.ones((), dtype=torch.float64))
        count = features.shape[1]
        self.linear = torch.nn.Linear(count, 1, bias=False, dtype=torch.float64)
        torch.nn.init.zeros_(self.linear.weight)
        self.network = None
        if hidden:
            last = torch.nn.Linear(hidden, 1, bias=False, dtype=torch.float64)
            torch.nn.init.zeros_(last.weight)
            first = torch.nn.Linear(count, hidden, dtype=torch.float64)
            self.network = torch.nn.Sequential(first, torch.nn.Tanh(), last)

    def forward(self, features: Tensor, auto: Tensor) -> Tensor:
        """Return the scores (``N``) of candidates."""
        x = (features - self.centre) / self.width
        score = self.scale * auto + self.linear(x)[:, 0]
        return torch.as_tensor(score if self.network is None else score + self.network(x)[:, 0])


Score = Callable[[Listed], FloatArray]


def trained(states: Sequence[Listed], hidden: int, steps: int = STEPS, seed: int = 0) -> Score:
    """Return the scores that are learned from states: families count the same, then tasks, then states."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    scorer = Scorer(states, hidden)
    groups: dict[str, dict[str, list[Listed]]] = {}
    for state in states:
        groups.setdefault(state.family, {}).setdefault(state.task, []).append(state)
    optimiser = torch.optim.AdamW(scorer.parameters(), lr=_RATE, weight_decay=_DECAY)
    for _ in range(steps):
        optimiser.zero_grad()
        losses = [_loss(scorer, _drawn(groups, rng)) for _ in range(STATES_A_STEP)]
        torch.autograd.backward(torch.stack(losses).mean())
        optimiser.step()

    def score(state: Listed) -> FloatArray:
        with torch.no_grad():
            return np.asarray(scorer(torch.as_tensor(state.features), torch.as_tensor(state.auto)).numpy())

    return score


def _drawn(groups: Mapping[str, Mapping[str, Sequence[Listed]]], rng: np.random.Generator) -> Listed:
    tasks = list(groups.values())[int(rng.integers(len(groups)))]
    states = list(tasks.values())[int(rng.integers(len(tasks)))]
    return states[int(rng.integers(len(states)))]


def _loss(scorer: Scorer, state: Listed) -> Tensor:
    scores = scorer(torch.as_tensor(state.features), torch.as_tensor(state.auto))
    return torch.logsumexp(scores, 0) - torch.logsumexp(scores[torch.as_tensor(state.top)], 0)


def cost(state: Listed, score: Score) -> float:
    """Return the logarithm of the rank of the first design of the top 1 %, less that in the list of `auto`."""

    def rank(values: FloatArray) -> float:
        return math.log(1 + int(np.flatnonzero(state.top[np.argsort(-values, kind="stable")])[0]))

    return rank(score(state)) - rank(state.auto)


def costs(states: Sequence[Listed], hidden: int, steps: int = STEPS) -> tuple[dict[tuple[str, str, int], float], ...]:
    """Return the costs of all states, of scores trained without their families, and of scores trained with them."""
    left_out: dict[tuple[str, str, int], float] = {}
    inside: dict[tuple[str, str, int], float] = {}
    for fold in folds([state.family for state in states], FOLDS):
        score = trained([state for state in states if state.family not in fold], hidden, steps)
        for i, state in enumerate(states):
            if state.family in fold:
                left_out[(*state.key, i)] = cost(state, score)
            else:
                inside[(*state.key, i)] = inside.get((*state.key, i), 0.0) + cost(state, score) / (FOLDS - 1)
    return left_out, inside


def report(states: Sequence[Listed]) -> str:
    """Return the page."""
    found = {}
    for name, hidden in (("linear", 0), (f"network, {HIDDEN} hidden units", HIDDEN)):
        left_out, inside = costs(states, hidden)
        found[f"{name}, families left out"] = left_out
        found[f"{name}, families of the training"] = inside
    tasks, families = len({state.key for state in states}), len({state.family for state in states})
    assert __doc__ is not None
    text = " ".join(__doc__.split("\n\n", 1)[1].split())
    size = f"{len(states)} states of {tasks} tasks of {families} families; above 1 is better than `auto`."
    return markdown([Section(1, "A learned score of candidates", (text, size, policy_report.one_step(found)))])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DESIGNER_DATA", "data")))
    parser.add_argument("--pools", type=int, help="so many pools only")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    text = report(collected(given.data, given.pools, given.seeds))
    given.out.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
