"""Training of the learned policy from stored states: imitation of hindsight, then policy gradients from campaigns.

The cost of an expert in a state is how far down its list the best designs still are: the logarithm of the rank of the
first design of the top 1 % in its expected improvements. Beside it stands, for the task as a whole, the logarithm of
the experiments that a campaign of this expert alone needed (hindsight). The imitated choice minimises the expected
cost, with a penalty on leaving the default expert: so the policy differs from `auto` where it gains. The gradient of
the logarithm of the experiments over campaigns with random choices (REINFORCE, R. J. Williams, Machine Learning 1992,
with importance weights and the default policy's campaign with the same seed as baseline) is added for fine-tuning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.studies.policy_records import Record, VisitStore
from benchmarks.studies.policy_simulation import ALL, Chooser, Visit, available
from designer.priors.policy.campaign_state import EXPERT_FEATURES, STATE_FEATURES
from designer.priors.policy.expert_scorer import LEARNED, initial, scores
from designer.priors.policy.search_experts import ALONE, DEFAULT, DEFAULT_ALONE

ATTRIBUTES = [EXPERT_FEATURES.index(name) for name in ("use of past tasks", "share of trees", "deviations are ignored")]
LINEAR = len(EXPERT_FEATURES) + len(ATTRIBUTES) * len(STATE_FEATURES)
MAX_WEIGHT = 5.0  # of importance weights

Parameters = Mapping[str, Tensor]
Score = Callable[[Parameters, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Training:
    """Settings of a training run.

    Parameters
    ----------
    hindsight
        Weight of the experts' own campaigns beside their ranks in each state.
    penalty
        Of the probability of leaving the default expert, in logarithms of ranks.
    gradient
        Weight of the policy gradient; 0 for imitation alone.
    rollouts
        Weight of the states of continuations, whose costs are advantages over `auto`.
    linear
        Whether scores are linear in the features, and in products of attributes and features of the campaign.
    left_out
        Features that have their mean everywhere, by name (an ablation).
    """

    hindsight: float = 0.0
    penalty: float = 0.3
    gradient: float = 0.0
    rollouts: float = 0.0
    decay: float = 1e-3
    entropy: float = 0.02
    steps: int = 250
    rate: float = 5e-3
    linear: bool = False
    left_out: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True, eq=False)
class States:
    """Stored states as tensors, padded to all experts.

    Parameters
    ----------
    experts, campaign
        Features (``s x e x k`` and ``s x c``).
    there
        Which experts the guard allows (``s x e``).
    cost
        ``s x e`` costs.
    default
        ``s`` indices of the default expert.
    weights
        ``s`` weights: families count the same, tasks in them, and states in these.
    keys
        Family, task and measured rows of each state.
    """

    experts: Tensor
    campaign: Tensor
    there: Tensor
    cost: Tensor
    default: Tensor
    weights: Tensor
    keys: tuple[tuple[str, str, tuple[int, ...]], ...]

    def of(self, families: Sequence[str]) -> States:
        """Return the states of some families."""
        rows = torch.tensor([i for i, key in enumerate(self.keys) if key[0] in families], dtype=torch.long)
        return self.rows(rows)

    def rows(self, rows: Tensor) -> States:
        """Return some of the states, with weights of sum 1."""
        weights = self.weights[rows]
        return States(
            self.experts[rows], self.campaign[rows], self.there[rows], self.cost[rows], self.default[rows],
            weights / weights.sum(), tuple(self.keys[i] for i in rows.tolist()),
        )  # fmt: skip


def corrected(visit: Visit) -> Visit:
    """Return a stored state whose next design is not one without past tasks where there are none."""
    campaign = visit.campaign.copy()
    campaign[-1] *= campaign[STATE_FEATURES.index("past tasks are used")]
    return Visit(visit.names, visit.experts, campaign, visit.proposals, visit.ranks)


def padded(visit: Visit, results: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return features of all experts, which of them are allowed, their log ranks, and the default one."""
    features, there, cost = (
        np.zeros((len(ALL), visit.experts.shape[1])),
        np.zeros(len(ALL), dtype=bool),
        np.zeros(len(ALL)),
    )
    allowed = available(visit, results)
    for name, row, rank in zip(visit.names, visit.experts, visit.ranks, strict=True):
        place = ALL.index(name)
        features[place], cost[place] = row, math.log(rank)
        there[place] = name in allowed
    return features, there, cost, ALL.index(DEFAULT if DEFAULT in allowed else DEFAULT_ALONE)


def load_states(
    store: VisitStore, tasks: Sequence[tuple[str, str]], records: Sequence[Record], hindsight: float
) -> States:
    """Return the stored states of tasks, with costs by rank and by hindsight."""
    needed = {(r.family, r.task, r.policy, r.seed): math.log(r.to_top) for r in records if r.policy in ALL}
    rows: list[tuple[np.ndarray, ...]] = []
    keys, defaults, weights = [], [], []
    families = [family for family, _ in tasks]
    for family, task in tasks:
        found = [(key, corrected(visit)) for key, visit in store.read(family, task)]
        own = [[v for (f, t, p, _), v in needed.items() if (f, t, p) == (family, task, name)] for name in ALL]
        whole = np.array([np.mean(each) if each else np.nan for each in own])
        usual = whole[ALL.index(DEFAULT)]
        whole = np.where(np.isfinite(whole), whole, usual) if np.isfinite(usual) else np.zeros(len(ALL))
        for key, visit in found:
            features, there, cost, default = padded(visit, len(key))
            cost = (1 - hindsight) * (cost - cost[default]) + 2 * hindsight * (whole - whole[default])
            rows.append((features, visit.campaign, there, cost))
            keys.append((family, task, key))
            defaults.append(default)
            weights.append(1.0 / families.count(family) / len(found))
    experts, campaign, allowed, costs = [torch.from_numpy(np.stack(each)) for each in zip(*rows, strict=True)]
    weight = torch.tensor(weights, dtype=torch.float64)
    return States(experts, campaign, allowed, costs, torch.tensor(defaults), weight / weight.sum(), tuple(keys))


def linear_scores(tensors: Parameters, experts: Tensor, campaign: Tensor, there: Tensor) -> Tensor:
    """Return scores that are linear in features, and in products of attributes and features of the campaign."""
    x = (experts - tensors["centre.experts"]) / tensors["width.experts"]
    c = (campaign - tensors["centre.campaign"]) / tensors["width.campaign"]
    products = (experts[..., ATTRIBUTES][..., None] * c[..., None, None, :]).flatten(-2)
    return (torch.cat([x, products], -1) @ tensors["linear"]).masked_fill(~there, -torch.inf)


def standardised(states: States, tensors: dict[str, Tensor], left_out: Sequence[str]) -> dict[str, Tensor]:
    """Return the network with the means and deviations of the features; a deviation of 1e6 leaves a feature out."""
    there = states.there.any(0) if not len(states.keys) else states.experts.abs().sum(-1) > 0
    shown = states.experts[there]
    result = dict(tensors)
    for name, values, names in (
        ("experts", shown, EXPERT_FEATURES),
        ("campaign", states.campaign, STATE_FEATURES),
    ):
        width = values.std(0, correction=0).clamp_min(0.1)
        for j, feature in enumerate(names):
            if feature in left_out:
                width[j] = 1e6
        result[f"centre.{name}"], result[f"width.{name}"] = values.mean(0), width
    return result


@dataclass(frozen=True, eq=False)
class Logged:
    """Steps of campaigns with known probabilities of choice, for policy gradients.

    Parameters
    ----------
    state, chosen
        Index of the state and of the expert of each step.
    chance
        The probability with which it was chosen.
    advantage
        Logarithm of the experiments of the default policy over those of the campaign, the same seed.
    """

    state: Tensor
    chosen: Tensor
    chance: Tensor
    advantage: Tensor


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network, and the expected cost on its own and on other states after each tenth step."""

    tensors: Parameters
    linear: bool = False
    curve: tuple[float, ...] = ()
    other_curve: tuple[float, ...] = ()

    def scores(self, experts: Tensor, campaign: Tensor, there: Tensor) -> Tensor:
        """Return the scores of experts."""
        score = linear_scores if self.linear else scores
        return score(self.tensors, experts, campaign, there)

    def expected_cost(self, states: States) -> float:
        """Return the mean cost of the experts with the highest scores, less that of the default expert."""
        best = self.scores(states.experts, states.campaign, states.there).argmax(-1)
        return float((states.weights * states.cost[torch.arange(len(best)), best]).sum())


def train(
    states: States,
    settings: Training,
    logged: Logged | None = None,
    others: States | None = None,
    rollouts: States | None = None,
) -> Trained:
    """Return the trained policy; `others` are states on which its curve is drawn too."""
    tensors = standardised(states, initial(settings.seed), settings.left_out)
    names: Sequence[str] = LEARNED
    if settings.linear:
        tensors["linear"], names = torch.zeros(LINEAR, dtype=torch.float64), ("linear",)
    free = [tensors[name].requires_grad_() for name in names]
    optimiser = torch.optim.AdamW(free, lr=settings.rate, weight_decay=settings.decay)
    policy = Trained(tensors, settings.linear)
    curve, other_curve = [], []
    for step in range(settings.steps):
        loss = _loss(policy, states, settings, logged)
        if rollouts is not None and settings.rollouts > 0:
            loss = loss + settings.rollouts * _loss(policy, rollouts, settings, None)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        if step % 10 == 9:
            with torch.no_grad():
                curve.append(policy.expected_cost(states))
                other_curve += [] if others is None else [policy.expected_cost(others)]
    trained = {name: tensor.detach() for name, tensor in tensors.items()}
    return Trained(trained, settings.linear, tuple(curve), tuple(other_curve))


def _loss(policy: Trained, states: States, settings: Training, logged: Logged | None) -> Tensor:
    log_p = torch.log_softmax(policy.scores(states.experts, states.campaign, states.there), -1)
    p = log_p.exp()
    expected = (p * states.cost.masked_fill(~states.there, 0.0)).sum(-1)
    away = 1.0 - p[torch.arange(len(p)), states.default]
    entropy = -(p * log_p.masked_fill(~states.there, 0.0)).sum(-1)
    loss = (states.weights * (expected + settings.penalty * away - settings.entropy * entropy)).sum()
    if logged is not None and settings.gradient > 0:
        own = log_p[logged.state, logged.chosen]
        ratio = (own.detach().exp() / logged.chance).clamp_max(MAX_WEIGHT)
        loss = loss - settings.gradient * (ratio * logged.advantage * own).mean()
    return loss


def logged_steps(states: States, records: Sequence[Record], baseline: Sequence[Record]) -> Logged | None:
    """Return the steps of campaigns whose experts were chosen with equal probabilities; None where there are none."""
    places = {key: i for i, key in enumerate(states.keys)}
    default = {(r.family, r.task, r.seed): r.to_top for r in baseline}
    found: list[tuple[int, int, float, float]] = []
    for record in records:
        paired = default.get((record.family, record.task, record.seed))
        if paired is None:
            continue
        advantage = math.log(paired / record.to_top)
        first = len(record.chosen) - len(record.experts)
        for i, name in enumerate(record.experts):
            place = places.get((record.family, record.task, tuple(sorted(record.chosen[: first + i]))))
            if place is not None:
                found.append((place, ALL.index(name), _chance(states, place, name), advantage))
    if not found:
        return None
    state, chosen, chance, advantages = zip(*found, strict=True)
    return Logged(
        torch.tensor(state), torch.tensor(chosen),
        torch.tensor(chance, dtype=torch.float64), torch.tensor(advantages, dtype=torch.float64),
    )  # fmt: skip


def _chance(states: States, place: int, name: str) -> float:
    """Return the probability of an expert where all are drawn alike and refused ones become the default one."""
    count = int((states.experts[place].abs().sum(-1) > 0).sum())
    allowed = int(states.there[place].sum())
    return (1 + (count - allowed if ALL.index(name) == int(states.default[place]) else 0)) / count


def chooser(policy: Trained) -> Chooser:
    """Return the choice of the expert with the highest score."""

    def choose(visit: Visit, results: int) -> str:
        visit = corrected(visit)
        features, there, _, _ = padded(visit, results)
        found = policy.scores(torch.from_numpy(features), torch.from_numpy(visit.campaign), torch.from_numpy(there))
        return ALL[int(found.argmax())]

    return choose


def folds(families: Sequence[str], number: int) -> list[list[str]]:
    """Return families dealt into folds, the same for the same families.

    >>> folds(["c", "a", "b", "d", "e"], 2)
    [['a', 'c', 'e'], ['b', 'd']]
    """
    ordered = sorted(set(families))
    return [ordered[i::number] for i in range(number)]


__all__ = ["ALONE", "Trained", "Training", "chooser", "folds", "load_states", "logged_steps", "train"]
