"""Synthetic response surfaces over the designs of past tasks: what a network learns of surfaces in general from.

Half of what a small network that reads measurements is trained on, so that it learns to read, and not a few tasks by
heart (S. Mueller et al., Transformers Can Do Bayesian Inference, ICLR 2022: training on draws of a prior alone).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_WAVES = 48


def surfaces(X: Tensor, there: Tensor, owner: Tensor, generator: torch.Generator) -> Tensor:
    """Return values (``b x n``) of a random surface a batch entry, standardised over the rows that are there.

    A third each are draws of a Gaussian process (random Fourier features; Rahimi & Recht 2007), quadratics with an
    optimum inside, bent by a power, and ridges. Few parameters count in each: a relevance a parameter, many near 0.

    Parameters
    ----------
    X, there
        ``b x n x d`` standardised features, and which of the ``n`` rows there are.
    owner
        The parameter (``d``) of each feature.
    """
    batch, _, d = X.shape
    relevance = torch.rand(batch, int(owner.max()) + 1, generator=generator) ** 3
    R = X * relevance[:, owner][:, None, :] * 2.0
    kind = torch.randint(3, (batch,), generator=generator)
    # Spectral density of a Matern-5/2: a multivariate t with 5 degrees of freedom.
    gamma = torch.randn(batch, _WAVES, 5, generator=generator).square().sum(-1, keepdim=True)
    W = torch.randn(batch, _WAVES, d, generator=generator) * (5.0 / gamma).sqrt() * 0.7
    phase = 2 * math.pi * torch.rand(batch, 1, _WAVES, generator=generator)
    waves = (torch.cos(R @ W.mT + phase) * torch.randn(batch, 1, _WAVES, generator=generator)).sum(-1)
    centre = 0.7 * torch.randn(batch, 1, d, generator=generator)
    bend = 0.5 + torch.rand(batch, 1, generator=generator)
    bowl = (R - centre * relevance[:, owner][:, None, :] * 2.0).square().sum(-1).clamp_min(1e-6) ** bend
    direction = torch.randn(batch, d, 1, generator=generator)
    shift = torch.randn(batch, 1, generator=generator)
    ridge = torch.tanh((R @ direction)[..., 0] + shift) + 0.3 * (R @ direction.roll(1, 1))[..., 0]
    values = torch.where(kind[:, None] == 0, waves, torch.where(kind[:, None] == 1, -bowl, ridge))
    noise = 0.02 + 0.3 * torch.rand(batch, 1, generator=generator) ** 3
    values = _standard(values, there)
    return _standard(values + noise * torch.randn(values.shape, generator=generator), there)


def _standard(values: Tensor, there: Tensor) -> Tensor:
    count = there.sum(-1, keepdim=True).clamp_min(1.0)
    centred = (values - (values * there).sum(-1, keepdim=True) / count) * there
    return centred / ((centred.square().sum(-1, keepdim=True) / count).sqrt() + 1e-3)
