"""Signatures of tasks: a few numbers that summarise their (x, y) pairs, and predict how well two tasks agree.

    s(T) = u / |u|,      u = sum_i psi(phi(x_i)) z_i / |z|,

a sum over the set of pairs (deep sets) that is linear in the values z (the task's own, of mean 0): the signature of a
negated task is the negative, and that of values in another unit is the same. The network psi is trained so that
``s(T) . s(T')`` for random parts of two tasks predicts the rank correlation by which these predict each other
(`designer.priors.agreement`), so it estimates agreement from a few pairs, without shared designs.

References: M. Zaheer et al., Deep Sets (NeurIPS 2017), eq. 2; the use of a set embedding to compare tasks: H. S.
Jomaa et al., Dataset2Vec, Data Mining and Knowledge Discovery 35 (2021).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from designer.priors.deep.deep_training import Tables, drawn
from designer.threads import one_thread

WIDTH = 12
_HIDDEN = 32
_RATE = 5e-3
_SMALLEST = 1e-30


def sign(weights: Mapping[str, Tensor], phi: Tensor, z: Tensor, there: Tensor) -> Tensor:
    """Return the signatures (``... x 12``) of sets of embeddings ``... x n x p`` and values ``... x n``; 0 of none."""
    mask = there.to(z.dtype)
    count = mask.sum(-1, keepdim=True).clamp_min(1.0)
    centred = (z - (z * mask).sum(-1, keepdim=True) / count) * mask
    centred = centred / centred.norm(dim=-1, keepdim=True).clamp_min(_SMALLEST)
    inside = functional.silu(phi @ weights["psi.first"] + weights["psi.bias"])
    made = inside @ weights["psi.second"] + phi @ weights["psi.linear"]
    made = made - (made * mask[..., None]).sum(-2, keepdim=True) / count[..., None]
    total = (made * centred[..., None]).sum(-2)
    signature: Tensor = total / total.square().sum(-1, keepdim=True).clamp_min(1e-12).sqrt()
    return signature


def train_signature(tables: Tables, agreed: Tensor, seed: int, steps: int) -> dict[str, Tensor]:
    """Return the weights of psi, trained on tasks whose features are their embeddings, given their agreement."""
    with one_thread(), torch.enable_grad():
        generator = torch.Generator().manual_seed(seed)
        p = tables.X.shape[-1]
        weights = {
            "psi.first": torch.randn(p, _HIDDEN, generator=generator) * (1.5 / math.sqrt(p)),
            "psi.bias": torch.zeros(_HIDDEN),
            "psi.second": torch.randn(_HIDDEN, WIDTH, generator=generator) / math.sqrt(_HIDDEN),
            "psi.linear": torch.randn(p, WIDTH, generator=generator) * (0.5 / math.sqrt(p)),
        }
        for value in weights.values():
            value.requires_grad_()
        optimiser = torch.optim.AdamW(list(weights.values()), lr=_RATE, weight_decay=1e-2)
        every = torch.arange(len(tables.z))[None]
        for _ in range(steps):
            rows = [int(torch.randint(3, 41, (1,), generator=generator)) for _ in range(2)]
            parts = [drawn(tables, every, n, generator) for n in rows]
            signs = [sign(weights, part.X[0], part.z[0], part.there[0]) for part in parts]
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward((signs[0] @ signs[1].T - agreed).square().mean())
            optimiser.step()
        return {name: value.detach() for name, value in weights.items()}
