"""Meta-training of a metric: an embedding of designs in which distance predicts difference, also in extrapolation.

An episode takes one past task t as a new one. Its support S (few rows) and its query Q lie in different regions:
rows are sorted along a random direction through the task and taken from both ends (half of the episodes; in the
others they are mixed). A query is predicted by what other tasks measured near it, corrected by the residuals of
the support:

    m(x) = mean_t' sum_i a_i(x) z_t'i,          a_i(x) = softmax_i(-tau |phi(x) - phi(x_t'i)|^2)         (attention)
    z | S ~ N(m + k_QS (K_SS + noise)^-1 (z_S - m_S),  k_QQ - k_QS (K_SS + noise)^-1 k_SQ + noise),   (regression)
    k(x, x') = v_0 + v M(|phi(x) - phi(x')|),

M the Matern-5/2 correlation. The loss is the mean negative log density of the queries, plus that of the differences
of all pairs under the variogram of the same kernel,

    z_i - z_j ~ N(0, 2 v (1 - M(|phi_i - phi_j|)) + 2 noise),

by which distances learn to predict differences. As for deep kernels an ensemble is trained, each member without
one fold of the tasks.

References: O. Vinyals et al., Matching Networks for One Shot Learning (NeurIPS 2016), eq. 1 (attention over a
support); J. Snell et al., Prototypical Networks (NeurIPS 2017) (squared distances in a learned embedding); M.
Patacchiola et al., Deep Kernel Transfer (NeurIPS 2020); F. C. Curriero, S. Lele, A Composite Likelihood Approach to
Semivariogram Estimation, JABES 4 (1999) (the likelihood of differences); K. Noda et al., arXiv:2404.08657 (2024)
(extrapolative episodes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from designer.priors.deep.deep_training import EnsembleTraining, Tables, drawn, optimised
from designer.priors.deep.embedding_networks import Weights, correlation, embed, initial_weights
from designer.surrogates.kernels import squared_distances
from designer.threads import one_thread

_NOISE_FLOOR = 1e-3
_HYPER = {"offset": -2.0, "variance": -0.5, "noise": -3.0, "sharpness": 0.5}


@dataclass(frozen=True)
class MetricTraining(EnsembleTraining):
    """How the embedding is trained; `tasks` are the episodes a step and member.

    Parameters
    ----------
    others
        Other tasks an episode.
    support, query
        Rows of an episode's task, at most.
    differences
        Weight of the likelihood of differences.
    signature_steps
        Steps of the training of signatures (`designer.priors.metric.signature`).
    """

    steps: int = 500
    tasks: int = 4
    others: int = 4
    support: int = 12
    query: int = 12
    differences: float = 0.5
    signature_steps: int = 200


def train_metric(tables: Tables, folds: Tensor, groups: Tensor, settings: MetricTraining, seed: int) -> Weights:
    """Return the trained weights of one member a fold; tasks with one number in `groups` do not predict each other."""
    with one_thread(), torch.enable_grad():
        return _train(tables, folds, groups, settings, torch.Generator().manual_seed(seed))


def attention(query: Tensor, support: Tensor, values: Tensor, there: Tensor, sharpness: Tensor) -> Tensor:
    """Return ``sum_i a_i z_i`` (``... x q``): queries ``... x q x p``, support ``... x n x p``, values ``... x n``."""
    scores = -sharpness * squared_distances(query, support).clamp_min(0.0)
    weights = torch.softmax(scores.masked_fill(~there[..., None, :], -torch.inf), dim=-1)
    return (weights @ values[..., None])[..., 0]


def _train(
    tables: Tables, folds: Tensor, groups: Tensor, settings: MetricTraining, generator: torch.Generator
) -> Weights:
    members = int(folds.max()) + 1
    alone = members == 1
    weights = initial_weights(members, tables.X.shape[-1], settings.embedding, generator)
    for name in ("mean", "linear", "mean_bias"):
        del weights[name]
    weights |= {name: torch.full((members,), value) for name, value in _HYPER.items()}
    every = torch.arange(len(folds))
    seen = [every if alone else every[folds != e] for e in range(members)]
    unseen = [every if alone else every[folds == e] for e in range(members)]

    def loss() -> Tensor:
        return _loss(weights, tables, seen, seen, groups, settings, generator).sum()

    def score() -> Tensor:
        fixed = torch.Generator().manual_seed(0)  # the same episodes each time
        return torch.stack([_loss(weights, tables, unseen, seen, groups, settings, fixed) for _ in range(4)]).mean(0)

    return optimised(weights, loss, None if alone else score, settings)


@dataclass(frozen=True, eq=False)
class _Part:
    """Support or query of episodes: features ``E x B x n x d``, values and which rows are real ``E x B x n``."""

    X: Tensor
    z: Tensor
    there: Tensor


def _loss(
    weights: Weights,
    tables: Tables,
    targets: Sequence[Tensor],
    sources: Sequence[Tensor],
    groups: Tensor,
    settings: MetricTraining,
    generator: torch.Generator,
) -> Tensor:
    """Return the loss of each member (``E``) over random episodes."""
    chosen = _choice(targets, settings.tasks, generator)
    support, query = _episode(tables, chosen, settings, generator)
    E, B = chosen.shape
    other = _choice(sources, B * settings.others, generator).reshape(E, B, settings.others)
    allowed = (groups[other] != groups[chosen][..., None]).to(torch.float32)
    part = drawn(tables, other, settings.rows, generator)
    s, q = support.z.shape[-1], query.z.shape[-1]
    both = torch.cat([support.X, query.X], dim=2)
    d = both.shape[-1]
    phi = embed(weights, both.reshape(E, -1, d)).reshape(E, B, s + q, -1)
    known = embed(weights, part.X.reshape(E, -1, d)).reshape(E, B, settings.others, -1, phi.shape[-1])
    sharpness = weights["sharpness"].exp().reshape(E, 1, 1, 1, 1)
    expected = attention(phi[:, :, None].expand(-1, -1, settings.others, -1, -1), known, part.z, part.there, sharpness)
    mean = (expected * allowed[..., None]).sum(2) / allowed.sum(2, keepdim=True).clamp_min(1.0)
    rest = torch.cat([support.z, query.z], dim=-1) - mean
    score = _regression(weights, phi[:, :, :s], phi[:, :, s:], rest[..., :s], rest[..., s:], support.there, query.there)
    apart = _differences(weights, phi[:, :, :s], phi[:, :, s:], support, query)
    loss: Tensor = (score + settings.differences * apart).mean(-1)
    return loss


def _choice(among: Sequence[Tensor], count: int, generator: torch.Generator) -> Tensor:
    return torch.stack([each[torch.randint(len(each), (count,), generator=generator)] for each in among])


def _episode(
    tables: Tables, chosen: Tensor, settings: MetricTraining, generator: torch.Generator
) -> tuple[_Part, _Part]:
    """Return support and query of tasks (``E x B``), from both ends of a random direction or mixed."""
    part = drawn(tables, chosen, settings.rows, generator)
    E, B, n = part.z.shape
    ends = torch.randint(1 << 30, (2, E, B), generator=generator) % part.there.sum(-1)
    first, second = (part.X.gather(2, end[..., None, None].expand(-1, -1, 1, part.X.shape[-1])) for end in ends)
    along = (part.X * (second - first)).sum(-1)
    mixed = torch.rand(E, B, n, generator=generator)
    far = torch.rand(E, B, 1, generator=generator) < 0.5
    order = torch.where(far, along, mixed).masked_fill(~part.there, torch.inf).argsort(dim=-1)
    count = part.there.sum(-1, keepdim=True)
    half = (count // 2).clamp_min(1)
    near = torch.arange(min(settings.support, n)).expand(E, B, -1)
    last = count - 1 - torch.arange(min(settings.query, n)).expand(E, B, -1)
    return _taken(part, order, near, near < half), _taken(part, order, last.clamp_min(0), last >= half)


def _taken(part: Tables, order: Tensor, places: Tensor, there: Tensor) -> _Part:
    rows = order.gather(-1, places)
    X = part.X.gather(2, rows[..., None].expand(-1, -1, -1, part.X.shape[-1]))
    return _Part(X, part.z.gather(2, rows), there)


def _value(weights: Weights, name: str) -> Tensor:
    return weights[name].exp().reshape(-1, 1, 1, 1)


def _regression(
    weights: Weights, near: Tensor, far: Tensor, known: Tensor, rest: Tensor, there: Tensor, asked: Tensor
) -> Tensor:
    """Return the mean negative log density (``E x B``) of queries given the support."""
    offset, variance, noise = (_value(weights, name) for name in ("offset", "variance", "noise"))
    noise = noise + _NOISE_FLOOR
    mask = there.to(known.dtype)
    K = (offset + variance * correlation(near, near)) * (mask[..., :, None] * mask[..., None, :])
    K = K + torch.diag_embed(torch.where(there, noise[..., 0], 1.0))
    cross = (offset + variance * correlation(near, far)) * mask[..., :, None]
    L = torch.linalg.cholesky(K)
    root = torch.linalg.solve_triangular(L, cross, upper=False)
    solved = torch.linalg.solve_triangular(L, (known * mask)[..., None], upper=False)
    mean = (root * solved).sum(-2)
    spread = (offset + variance + noise)[..., 0] - root.square().sum(-2)
    spread = torch.maximum(spread, 0.5 * noise[..., 0])
    score = 0.5 * ((rest - mean).square() / spread + spread.log())
    each: Tensor = (score * asked).sum(-1) / asked.sum(-1).clamp_min(1)
    return each


def _differences(weights: Weights, near: Tensor, far: Tensor, support: _Part, query: _Part) -> Tensor:
    """Return the mean negative log density (``E x B``) of the differences between support and query."""
    variance, noise = _value(weights, "variance"), _value(weights, "noise") + _NOISE_FLOOR
    spread = 2.0 * variance * (1.0 - correlation(near, far)) + 2.0 * noise
    apart = support.z[..., :, None] - query.z[..., None, :]
    score = 0.5 * (apart.square() / spread + spread.log())
    pairs = (support.there[..., :, None] & query.there[..., None, :]).to(score.dtype)
    return (score * pairs).sum((-1, -2)) / pairs.sum((-1, -2)).clamp_min(1.0)
