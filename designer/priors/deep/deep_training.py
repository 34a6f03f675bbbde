"""Meta-training of deep kernels: networks whose Gaussian process makes all past tasks likely.

Every past task t is one draw of a Gaussian process with a mean m and a kernel that all tasks share,

    z_t ~ N(m(X_t), K(X_t)),      k(x, x') = v_0 + v_1 M(|phi(x) - phi(x')|) + v_2 M(|x - x'| / l) + noise,

M the Matern-5/2 correlation, and (m, phi, v, l, noise) minimise the mean negative log likelihood of random parts of the
tasks plus a regulariser: the divergence KL(N(m, K) || N(0, K_wide)) at random designs, weighted by
``kappa (1 / sqrt(T) + 1 / (T n))``, which keeps the prior wide where no task was measured while tasks are few.

An ensemble is trained, each member without one fold of the tasks; near copies are in one fold. A member keeps the
weights with which it predicted its left-out tasks best; its predictions of these calibrate the prior
(`designer.priors.deep.deep_calibration`).

Values are each task's own, standardised; labels are not augmented by random scales and signs: a mean that holds for
either sign is zero. Scale, shift and sign of a new task are left to its adaptation.

References: Z. Wang et al., Pre-trained Gaussian Processes for Bayesian Optimization, JMLR 25 (2024), on the sum of
negative log likelihoods; M. Wistuba, J. Grabocka, Few-Shot Bayesian Optimization with Deep Kernel Surrogates (ICLR
2021); J. Rothfuss et al., Meta-Learning Reliable Priors in the Function Space (NeurIPS 2021), on the divergence at
random designs (F-PACOH).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from designer.priors.deep.embedding_networks import Weights, correlation, evaluate_networks, initial_weights
from designer.surrogates.kernels import matern, squared_distances
from designer.threads import one_thread

_NOISE_FLOOR = 1e-3
_WIDE = (1.0, 1.0)  # variance of the wide process and its lengthscale, in roots of the number of features
_DOMAIN_ROWS = 20
_DECAYED = ("first", "second", "embedding", "mean", "linear")
_HELD_OUT_TASKS = 12
# Means and deviations of the normal priors on the logarithms of v_0, v_1, v_2, l (roots of d) and the noise.
_HYPER = {
    "offset": (-2.0, 1.0),
    "learned": (-1.0, 1.0),
    "own": (-1.0, 1.0),
    "length": (0.0, 0.5),
    "noise": (-3.0, 1.0),
}


@dataclass(frozen=True)
class EnsembleTraining:
    """How the networks of an ensemble are trained.

    Parameters
    ----------
    members
        Members of the ensemble, at most one a group of tasks.
    embedding
        Width ``p`` of the embedding.
    steps, rate, decay
        Steps of AdamW, the first rate (it falls as a cosine) and the weight decay.
    tasks, rows
        Tasks a step and member, and designs a task, at most.
    check
        Steps between evaluations on the left-out tasks.
    """

    members: int = 3
    embedding: int = 8
    steps: int = 800
    rate: float = 4e-3
    decay: float = 1e-2
    tasks: int = 6
    rows: int = 40
    check: int = 50


@dataclass(frozen=True)
class Training(EnsembleTraining):
    """How deep kernels are trained; `kappa` is the weight of the regulariser."""

    kappa: float = 0.1


@dataclass(frozen=True, eq=False)
class Tables:
    """Tasks of different sizes as one block: ``T x n x d`` features, ``T x n`` values, and which rows are real."""

    X: Tensor
    z: Tensor
    there: Tensor

    @classmethod
    def of(cls, features: Sequence[Tensor], values: Sequence[Tensor]) -> Tables:
        """Pad tasks with ``n_t x d`` features and ``n_t`` values; float32."""
        X = torch.nn.utils.rnn.pad_sequence(list(features), batch_first=True).to(torch.float32)
        z = torch.nn.utils.rnn.pad_sequence(list(values), batch_first=True).to(torch.float32)
        counts = torch.tensor([len(each) for each in values])
        return cls(X, z, torch.arange(z.shape[1]) < counts[:, None])

    def part(self, tasks: Tensor, rows: Tensor) -> Tables:
        """Return tasks ``...`` with rows ``... x k`` of each."""
        at = (tasks[..., None], rows)
        return Tables(self.X[at], self.z[at], self.there[at])


def folds_of(groups: Sequence[str], members: int) -> Tensor:
    """Return the fold of each task: tasks of one group together, folds of about the same number of tasks."""
    sizes = sorted(((groups.count(group), group) for group in set(groups)), key=lambda each: (-each[0], each[1]))
    count = min(members, len(sizes))
    filled = [0] * count
    fold: dict[str, int] = {}
    for size, group in sizes:
        fold[group] = filled.index(min(filled))
        filled[fold[group]] += size
    return torch.tensor([fold[group] for group in groups])


def train(tables: Tables, folds: Tensor, settings: Training, seed: int) -> Weights:
    """Return the trained weights (networks and hyperparameters) of one member a fold.

    With one fold there is nothing to leave out: its member is trained on all tasks, for a third of the steps.
    """
    with one_thread(), torch.enable_grad():
        return _train(tables, folds, settings, torch.Generator().manual_seed(seed))


def _train(tables: Tables, folds: Tensor, settings: Training, generator: torch.Generator) -> Weights:
    members = int(folds.max()) + 1
    alone = members == 1
    weights = initial_weights(members, tables.X.shape[-1], settings.embedding, generator)
    weights |= {name: torch.full((members,), mean) for name, (mean, _) in _HYPER.items()}
    allowed = [torch.arange(len(folds)) if alone else (folds != e).nonzero()[:, 0] for e in range(members)]
    held_out = None if alone else _left_out(tables, folds, settings, generator)

    def loss() -> Tensor:
        return _loss(weights, tables, allowed, settings, generator)

    def score() -> Tensor:
        assert held_out is not None
        return (negative_log_likelihood(weights, held_out[0]) * held_out[1]).sum(-1)

    return optimised(weights, loss, None if alone else score, settings)


def optimised(
    weights: Weights, loss: Callable[[], Tensor], score: Callable[[], Tensor] | None, settings: EnsembleTraining
) -> Weights:
    """Return the weights of an ensemble after steps of AdamW with a cosine schedule.

    Parameters
    ----------
    weights
        Initial weights, which are changed in place.
    loss
        The sum of the members' losses.
    score
        The losses (``E``) on left-out tasks, evaluated every `settings.check` steps: each member gets its best weights.
        None without left-out tasks: a third of the steps is done, and the last weights are returned.
    """
    for value in weights.values():
        value.requires_grad_()
    decayed = [value for name, value in weights.items() if name in _DECAYED]
    others = [value for name, value in weights.items() if name not in _DECAYED]
    groups = [{"params": decayed, "weight_decay": settings.decay}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=settings.rate)
    steps = max(1, settings.steps // 3 if score is None else settings.steps)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    best = {name: value.detach().clone() for name, value in weights.items()}
    lowest = torch.full((len(weights["first"]),), torch.inf)
    for step in range(steps):
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss())
        torch.nn.utils.clip_grad_norm_(list(weights.values()), 10.0)
        optimiser.step()
        schedule.step()
        if score is not None and ((step + 1) % settings.check == 0 or step + 1 == steps):
            with torch.no_grad():
                found = score()
            better = found < lowest
            lowest = torch.where(better, found, lowest)
            for name, value in weights.items():
                best[name][better] = value.detach()[better]
    return {name: value.detach() for name, value in (weights if score is None else best).items()}


def _left_out(tables: Tables, folds: Tensor, settings: Training, generator: torch.Generator) -> tuple[Tables, Tensor]:
    """Return for each member tasks of its fold (``E x B``, at most 12, some rows each) and their weights in a mean."""
    members = int(folds.max()) + 1
    count = min(_HELD_OUT_TASKS, max(int((folds == e).sum()) for e in range(members)))
    chosen, shares = torch.zeros(members, count, dtype=torch.long), torch.zeros(members, count)
    for e in range(members):
        own = (folds == e).nonzero()[:, 0]
        own = own[torch.randperm(len(own), generator=generator)][:count]
        chosen[e, : len(own)], shares[e, : len(own)] = own, 1.0 / len(own)
    return drawn(tables, chosen, settings.rows, generator), shares


def drawn(tables: Tables, tasks: Tensor, rows: int, generator: torch.Generator) -> Tables:
    """Return `tasks` (``E x B``) with at most `rows` rows each, drawn at random, real ones first."""
    order = torch.rand(*tasks.shape, tables.z.shape[1], generator=generator) + (~tables.there[tasks]).to(torch.float32)
    return tables.part(tasks, order.argsort(dim=-1)[..., :rows])


def _loss(
    weights: Weights, tables: Tables, allowed: Sequence[Tensor], settings: Training, generator: torch.Generator
) -> Tensor:
    """Return the sum over members of likelihood, regulariser and the hyperparameters' priors."""
    count = min(settings.tasks, max(len(each) for each in allowed))
    chosen = torch.stack([each[torch.randint(len(each), (count,), generator=generator)] for each in allowed])
    part = drawn(tables, chosen, settings.rows, generator)
    total: Tensor = negative_log_likelihood(weights, part).mean(-1).sum()
    tasks = sum(len(each) for each in allowed) / len(allowed)
    share = settings.kappa * (tasks**-0.5 + 1.0 / (tasks * settings.rows))
    total = total + share * divergence(weights, _domain(tables, generator)).sum() / _DOMAIN_ROWS
    points = tasks * settings.rows
    for name, (mean, deviation) in _HYPER.items():
        total = total + (0.5 * ((weights[name] - mean) / deviation) ** 2).sum() / points
    return total


def _domain(tables: Tables, generator: torch.Generator) -> Tensor:
    """Return random designs (``20 x d``): each between two measured ones, or beyond, on the line through them."""
    flat = tables.X[tables.there]
    pick = torch.randint(len(flat), (2, _DOMAIN_ROWS), generator=generator)
    share = 1.6 * torch.rand(_DOMAIN_ROWS, 1, generator=generator) - 0.3
    return flat[pick[0]] + share * (flat[pick[1]] - flat[pick[0]])


def covariance(weights: Weights, phi: Tensor, X: Tensor) -> Tensor:
    """Return the prior covariance (``... x n x n``, noise left out) for embeddings ``... x n x p`` and features.

    The first axis of both is that of the members.
    """

    def value(name: str) -> Tensor:
        return weights[name].exp().reshape(-1, *[1] * (phi.ndim - 1))

    scale = X.shape[-1] ** 0.5 * value("length")
    learned = value("learned") * correlation(phi, phi)
    own = value("own") * correlation(X / scale, X / scale)
    return value("offset") + learned + own


def negative_log_likelihood(weights: Weights, part: Tables) -> Tensor:
    """Return minus the log likelihood a row (``E x B``) of tasks ``E x B x n``."""
    E, B, n, d = part.X.shape
    phi, mean = evaluate_networks(weights, part.X.reshape(E, B * n, d))
    there = part.there.to(part.X.dtype)
    rest = (part.z - mean.reshape(E, B, n)) * there
    K = covariance(weights, phi.reshape(E, B, n, -1), part.X) * (there[..., :, None] * there[..., None, :])
    noise = weights["noise"].exp()[:, None, None] + _NOISE_FLOOR
    K = K + torch.diag_embed(torch.where(part.there, noise, torch.ones_like(noise)))
    L = torch.linalg.cholesky(K)
    root = torch.linalg.solve_triangular(L, rest[..., None], upper=False)[..., 0]
    # Rows that are not real have variance 1 and value 0: they add nothing.
    total = 0.5 * root.square().sum(-1) + L.diagonal(dim1=-1, dim2=-2).log().sum(-1)
    each: Tensor = total / there.sum(-1)
    return each


def divergence(weights: Weights, X: Tensor) -> Tensor:
    """Return KL(N(m, K) || N(0, K_wide)) of the members (``E``) at designs (``n x d``)."""
    n, d = X.shape
    phi, mean = evaluate_networks(weights, X[None])
    eye = torch.eye(n)
    K = covariance(weights, phi, X[None].expand(len(phi), n, d)) + 0.01 * eye
    variance, length = _WIDE
    wide = variance * matern(squared_distances(X, X) / (length**2 * d), floor=1e-10) + 0.01 * eye
    factor = torch.linalg.cholesky(wide)
    inverse = torch.cholesky_inverse(factor)
    trace = (inverse * K).sum((-1, -2))
    fit = torch.einsum("en,nk,ek->e", mean, inverse, mean)
    logdet = 2.0 * (factor.diagonal().log().sum() - torch.linalg.cholesky(K).diagonal(dim1=-1, dim2=-2).log().sum(-1))
    apart: Tensor = 0.5 * (trace + fit - n + logdet)
    return apart
