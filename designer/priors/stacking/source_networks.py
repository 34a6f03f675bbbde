"""Predictions of past tasks at any design: small networks, some of them trained without a fold of the designs.

Every source has four networks. Designs are assigned to three folds by a hash, the same for all sources; networks 0 to 2
have not seen the fold of their number, network 3 has seen all. So the predictions of one source at the designs of
another are out-of-fold (`SourceNetworks.held_out`), even where both measured the same designs; network 3 predicts new
designs. Networks of different sources share nothing: leaving a source out is leaving its networks out.

References: L. Breiman, Stacked regressions, Machine Learning 24 (1996), for learning from held-out predictions;
I. Loshchilov, F. Hutter, Decoupled weight decay regularization (ICLR 2019), and N. Srivastava et al., Dropout, J. Mach.
Learn. Res. 15 (2014), for the training.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from designer.arrays import IntArray
from designer.priors.agreement import Standardiser

FOLDS = 3
MEMBERS = FOLDS + 1
WIDTH = 64
BATCH = 128

PASSES = 30
"""How often training sees each row of a source."""

_RATE, _DECAY, _DROPOUT = 4e-3, 0.5, 0.3
_CHUNK = 8192
_MIN_STEPS = 200
_PROGRESS_STEPS = 100
_NAMES = ("first", "first bias", "second", "second bias", "third", "third bias")

Progress = Callable[[int, int], None]


def folds_of(X: Tensor) -> IntArray:
    """Return the fold (0 to 2) of each design (``n x d`` common features): the same design is always in the same.

    >>> folds_of(torch.tensor([[0.25, 0.75], [0.5, 0.5], [0.25, 0.75]])).tolist()
    [1, 0, 1]
    """
    rounded = np.ascontiguousarray(np.round(X.numpy().astype(np.float64), 6) + 0.0)
    return np.array([hashlib.sha256(row.tobytes()).digest()[0] % FOLDS for row in rounded], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SourceNetworks:
    """The networks of all sources.

    Parameters
    ----------
    standardise
        How common features (``... x d``) are standardised, in single precision.
    weights
        By name, ``s x 4 x in x out``: the weights of the layers.
    """

    standardise: Standardiser
    weights: Mapping[str, Tensor]

    def __len__(self) -> int:
        return len(self.weights["third"])

    def standardised(self, X: Tensor) -> Tensor:
        """Return the standardised features (``... x d``, float32) of common ones."""
        return self.standardise(X.to(torch.float32))

    def only(self, kept: Sequence[int]) -> SourceNetworks:
        """Return the networks of some of the sources."""
        return replace(self, weights={name: value[list(kept)] for name, value in self.weights.items()})

    def expected(self, X: Tensor) -> Tensor:
        """Return predictions of each source (``n x s``, normal scores) of new designs (``n x d``)."""
        return self._through(X, FOLDS)

    def held_out(self, X: Tensor, folds: IntArray | None = None) -> Tensor:
        """Return out-of-fold predictions of each source (``n x s``) of designs that it may have measured."""
        members = torch.from_numpy(folds_of(X) if folds is None else folds)
        result = torch.empty(len(X), len(self), dtype=torch.float64)
        for j in range(FOLDS):
            result[members == j] = self._through(X[members == j], j)
        return result

    def _through(self, X: Tensor, member: int) -> Tensor:
        """Return predictions of network `member` of each source (``n x s``)."""
        weights = {name: value[:, member] for name, value in self.weights.items()}
        s, d, width = weights["first"].shape
        flat = weights["first"].permute(1, 0, 2).reshape(d, s * width)
        parts = []
        for chunk in torch.split(X, _CHUNK):
            # The first layer of all sources is one product, which is by far the fastest.
            hidden = (self.standardised(chunk) @ flat).reshape(len(chunk), s, width).transpose(0, 1)
            parts.append(_upper(weights, hidden).T.to(torch.float64))
        return torch.cat(parts)


def train_networks(
    X: Sequence[Tensor], z: Sequence[Tensor], *, seed: int, passes: int = PASSES, progress: Progress | None = None
) -> SourceNetworks:
    """Train the networks of sources, each source by itself: the others change only how features are standardised.

    Parameters
    ----------
    X, z
        For each source ``n x d`` common features and ``n`` normal scores.
    passes
        How often each row is seen.
    progress
        Called with the number of steps that are done, and of all.
    """
    every = torch.cat([each.to(torch.float32) for each in X])
    scale = every.std(0, unbiased=False)
    standardise = Standardiser(every.mean(0), torch.where(scale > 1e-6, scale, torch.ones_like(scale)))
    networks = SourceNetworks(standardise, {})
    steps = [max(_MIN_STEPS, len(each) * passes // BATCH) for each in X]
    trained, done = [], 0
    for inputs, outputs, count in zip(X, z, steps, strict=True):

        def report(step: int, before: int = done) -> None:
            if progress is not None and (before + step) % _PROGRESS_STEPS == 0:
                progress(before + step, sum(steps))

        pools = _pools(inputs)
        trained.append(_train(networks.standardised(inputs), outputs.to(torch.float32), pools, count, seed, report))
        done += count
    return replace(networks, weights={name: torch.stack([each[name] for each in trained]) for name in _NAMES})


def _pools(X: Tensor) -> list[Tensor]:
    """Return the rows that each network of a source may encode."""
    folds = torch.from_numpy(folds_of(X))
    rows = [torch.nonzero(folds != j)[:, 0] for j in range(MEMBERS)]
    # Networks of a source whose designs all lie in one fold see all of them.
    return [row if len(row) else torch.arange(len(X)) for row in rows]


def _train(
    inputs: Tensor, outputs: Tensor, pools: Sequence[Tensor], steps: int, seed: int, report: Callable[[int], None]
) -> dict[str, Tensor]:
    """Return the weights (``4 x in x out``) of one source's networks, each trained on the rows that it may encode."""
    generator = torch.Generator().manual_seed(seed)
    weights = _drawn(inputs.shape[1], generator)
    lengths = torch.tensor([[len(pool)] for pool in pools])
    table = torch.zeros(MEMBERS, int(lengths.max()), dtype=torch.long)
    for j, pool in enumerate(pools):
        table[j, : len(pool)] = pool
    optimiser = torch.optim.AdamW(list(weights.values()), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        drawn = (torch.rand(MEMBERS, BATCH, generator=generator) * lengths).to(torch.long)
        rows = table.gather(1, drawn)
        kept = torch.rand(2, MEMBERS, BATCH, WIDTH, generator=generator) >= _DROPOUT
        found = _upper(weights, inputs[rows] @ weights["first"], kept / (1.0 - _DROPOUT))
        loss = functional.huber_loss(found, outputs[rows], reduction="sum") / BATCH
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        report(step + 1)
    return {name: value.detach() for name, value in weights.items()}


def _drawn(inputs: int, generator: torch.Generator) -> dict[str, Tensor]:
    shapes = ((inputs, WIDTH), (1, WIDTH), (WIDTH, WIDTH), (1, WIDTH), (WIDTH, 1), (1, 1))
    weights = {}
    for name, shape in zip(_NAMES, shapes, strict=True):
        size = 0.0 if "bias" in name else 1.0 / math.sqrt(shape[0])
        weights[name] = (torch.randn(MEMBERS, *shape, generator=generator) * size).requires_grad_()
    return weights


def _upper(weights: Mapping[str, Tensor], hidden: Tensor, kept: Tensor | None = None) -> Tensor:
    """Return the outputs (``... x n``) given the outputs of the first layer (``... x n x width``).

    `kept` (``2 x ... x n x width``) are factors of the two hidden layers, in training.
    """
    hidden = functional.silu(hidden + weights["first bias"])
    hidden = hidden if kept is None else hidden * kept[0]
    hidden = functional.silu(hidden @ weights["second"] + weights["second bias"])
    hidden = hidden if kept is None else hidden * kept[1]
    return (hidden @ weights["third"] + weights["third bias"])[..., 0]
