"""What past tasks say of any design: small networks, some of them trained without a fold of the designs.

Of every source there are four networks. The designs are dealt into three folds by what they are, the same for all
sources; networks 0 to 2 have not seen the fold of their number, network 3 has seen all. So what the networks of one
source say of the designs of another can be taken as it would be for new designs (`NetworkBank.held_out`), although both
may have measured the same ones; new designs get what network 3 says. Networks of different sources share nothing:
leaving a source out is leaving its networks out.

References: L. Breiman, Stacked regressions, Machine Learning 24 (1996), for learning from held-out predictions;
I. Loshchilov, F. Hutter, Decoupled weight decay regularization (ICLR 2019), for the training.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

FOLDS = 3
MEMBERS = FOLDS + 1
WIDTH = 64
STEPS = 1500
BATCH = 128

_FARTHEST = 4.0  # standard deviations: a feature that is farther out counts as so far
_RATE, _DECAY = 4e-3, 1e-2
_CHUNK = 8192
_PER_ROW = 20  # passes over small sources
_FEWEST_STEPS = 300
_NAMES = ("first", "first bias", "second", "second bias", "third", "third bias")

Progress = Callable[[int, int], None]


def folds_of(X: Tensor) -> npt.NDArray[np.int64]:
    """Return the fold (0 to 2) of each design (``n x d`` common features): the same design is always in the same.

    >>> folds_of(torch.tensor([[0.25, 0.75], [0.5, 0.5], [0.25, 0.75]])).tolist()
    [1, 0, 1]
    """
    rounded = np.ascontiguousarray(np.round(X.numpy().astype(np.float64), 6) + 0.0)
    return np.array([hashlib.sha256(row.tobytes()).digest()[0] % FOLDS for row in rounded], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class NetworkBank:
    """The networks of all sources.

    Parameters
    ----------
    centre, scale
        ``d``: how common features are standardised.
    weights
        By name, ``s x 4 x in x out``: the weights of the layers.
    """

    centre: Tensor
    scale: Tensor
    weights: Mapping[str, Tensor]

    def __len__(self) -> int:
        return len(self.weights["third"])

    def standardise(self, X: Tensor) -> Tensor:
        """Return the standardised features (``... x d``, float32) of common ones."""
        moved: Tensor = ((X.to(torch.float32) - self.centre) / self.scale).clamp(-_FARTHEST, _FARTHEST)
        return moved

    def only(self, kept: Sequence[int]) -> NetworkBank:
        """Return the networks of some of the sources."""
        return replace(self, weights={name: value[list(kept)] for name, value in self.weights.items()})

    def expected(self, X: Tensor) -> Tensor:
        """Return what each source expects (``n x s``, normal scores) of new designs (``n x d``)."""
        return self._through(X, FOLDS)

    def held_out(self, X: Tensor, folds: npt.NDArray[np.int64] | None = None) -> Tensor:
        """Return what each source expects (``n x s``) of designs that it may have measured, from the unseen fold."""
        members = torch.from_numpy(folds_of(X) if folds is None else folds)
        result = torch.empty(len(X), len(self), dtype=torch.float64)
        for j in range(FOLDS):
            result[members == j] = self._through(X[members == j], j)
        return result

    def _through(self, X: Tensor, member: int) -> Tensor:
        """Return what network `member` of each source says (``n x s``)."""
        weights = {name: value[:, member] for name, value in self.weights.items()}
        s, d, width = weights["first"].shape
        flat = weights["first"].permute(1, 0, 2).reshape(d, s * width)
        parts = []
        for chunk in torch.split(X, _CHUNK):
            # The first layer of all sources is one product, by far the quickest way.
            hidden = (self.standardise(chunk) @ flat).reshape(len(chunk), s, width).transpose(0, 1)
            parts.append(_upper(weights, hidden).T.to(torch.float64))
        return torch.cat(parts)


def train_networks(
    X: Sequence[Tensor], z: Sequence[Tensor], *, seed: int, steps: int = STEPS, progress: Progress | None = None
) -> NetworkBank:
    """Train the networks of sources.

    Parameters
    ----------
    X, z
        For each source ``n x d`` common features and ``n`` normal scores.
    steps
        At most; sources that are all small take fewer.
    progress
        Told how many steps of how many are done.
    """
    every = torch.cat([each.to(torch.float32) for each in X])
    scale = every.std(0, unbiased=False)
    bank = NetworkBank(every.mean(0), torch.where(scale > 1e-6, scale, torch.ones_like(scale)), {})
    inputs, outputs, pools = _pooled(bank, X, z)
    generator = torch.Generator().manual_seed(seed)
    weights = _drawn(len(X), every.shape[1], generator)
    most = max(len(each) for each in X)
    steps = min(steps, max(_FEWEST_STEPS, most * _PER_ROW // BATCH))
    optimiser = torch.optim.AdamW(list(weights.values()), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    lengths = torch.tensor([[len(pool) for pool in row] for row in pools])
    table = torch.zeros(*lengths.shape, int(lengths.max()), dtype=torch.long)
    for s, row in enumerate(pools):
        for j, pool in enumerate(row):
            table[s, j, : len(pool)] = pool
    for step in range(steps):
        drawn = (torch.rand(*lengths.shape, BATCH, generator=generator) * lengths[..., None]).to(torch.long)
        rows = table.gather(2, drawn)
        loss = (
            functional.huber_loss(_upper(weights, inputs[rows] @ weights["first"]), outputs[rows], reduction="sum")
            / BATCH
        )
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        if progress is not None and (step + 1) % 100 == 0:
            progress(step + 1, steps)
    return replace(bank, weights={name: value.detach() for name, value in weights.items()})


def _pooled(bank: NetworkBank, X: Sequence[Tensor], z: Sequence[Tensor]) -> tuple[Tensor, Tensor, list[list[Tensor]]]:
    """Return all rows in one table, and for each source and network the rows that it may see."""
    pools, start = [], 0
    for each in X:
        folds = torch.from_numpy(folds_of(each))
        rows = [torch.nonzero(folds != j)[:, 0] + start for j in range(MEMBERS)]
        # A source of so few designs that all lie in one fold is seen whole.
        pools.append([row if len(row) else torch.arange(start, start + len(each)) for row in rows])
        start += len(each)
    return torch.cat([bank.standardise(each) for each in X]), torch.cat([each.to(torch.float32) for each in z]), pools


def _drawn(sources: int, inputs: int, generator: torch.Generator) -> dict[str, Tensor]:
    shapes = ((inputs, WIDTH), (1, WIDTH), (WIDTH, WIDTH), (1, WIDTH), (WIDTH, 1), (1, 1))
    weights = {}
    for name, shape in zip(_NAMES, shapes, strict=True):
        size = 0.0 if "bias" in name else 1.0 / math.sqrt(shape[0])
        weights[name] = (torch.randn(sources, MEMBERS, *shape, generator=generator) * size).requires_grad_()
    return weights


def _upper(weights: Mapping[str, Tensor], hidden: Tensor) -> Tensor:
    """Return the outputs (``... x n``) of what the first layer makes of the inputs (``... x n x width``)."""
    hidden = functional.silu(hidden + weights["first bias"])
    hidden = functional.silu(hidden @ weights["second"] + weights["second bias"])
    return (hidden @ weights["third"] + weights["third bias"])[..., 0]
