"""Sensitivities of the posterior mean: Sobol' indices over a space, effects of elements and descriptors at one design.

References: I. M. Sobol', Global sensitivity indices for nonlinear mathematical models (2001); M. J. W. Jansen,
Analysis of variance designs for model output (1999) and A. Saltelli et al., Variance based sensitivity analysis of
model output (2010), for the estimators; J. A. Cornell, Experiments with Mixtures (3rd ed. 2002), section 5.9, after
D. R. Cox (1971), for the direction in which a share changes while all others keep their proportions; R. J. Aumann,
L. S. Shapley, Values of non-atomic games (1974), M. Sundararajan et al., Axiomatic attribution for deep networks
(ICML 2017) and G. Erion et al., Improving performance of deep learning models with axiomatic attribution priors and
expected gradients, Nat. Mach. Intell. 3 (2021), for features that all change at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.arrays import FloatArray, IndexArray
from designer.interpretation.shapley import Function

_NODES = 8


@dataclass(frozen=True, eq=False)
class Importance:
    """Shares of the variance of a function over a space.

    Parameters
    ----------
    first
        ``p x m``: first-order index, the share that a parameter explains alone.
    total
        ``p x m``: total index, the share that remains if all other parameters are known. It includes interactions, so
        the sum may exceed 1.
    variance
        ``m``; where it is 0, all shares are 0.
    """

    first: FloatArray
    total: FloatArray
    variance: FloatArray


def importance(function: Function, designs: FloatArray, others: FloatArray, parts: Sequence[slice]) -> Importance:
    """Return Sobol' indices of `function` from two independent samples (``n x c`` each) of a space.

    The estimators exchange one parameter at a time between the samples, as if parameters were independent. In a space
    with constraints or a pool the function is therefore also evaluated outside the space. What a parameter explains
    alone is at most what it explains with interactions; the two estimates have errors of their own, and the first one
    is cut off there.
    """
    if designs.shape != others.shape or not len(designs):
        raise ValueError(f"samples of shapes {designs.shape} and {others.shape}: give two of equal shape, not empty")
    n, p = len(designs), len(parts)
    rows = np.tile(designs, (p, 1))
    for i, part in enumerate(parts):
        rows[i * n : (i + 1) * n, part] = others[:, part]
    values = function(np.concatenate([designs, others, rows]))
    own, other, mixed = values[:n], values[n : 2 * n], values[2 * n :].reshape(p, n, -1)
    variance = np.concatenate([own, other]).var(axis=0)
    known = np.where(variance > 0, variance, np.inf)
    total = ((own[None] - mixed) ** 2).mean(axis=1) / (2 * known)
    alone = 1.0 - ((other[None] - mixed) ** 2).mean(axis=1) / (2 * known)
    return Importance(np.clip(np.where(variance > 0, alone, 0.0), 0.0, np.minimum(total, 1.0)), total, variance)


def more_of_each(shares: FloatArray, amount: float) -> tuple[IndexArray, FloatArray]:
    """Return which members can be raised by `amount`, and the shares (``k x e``) after each rise, in Cox's direction.

    Parameters
    ----------
    shares
        ``e`` shares of sum s; the others are reduced in proportion.
    amount
        In the unit of the shares, above 0. A member that cannot be raised by this much is left out.
    """
    total = float(shares.sum())
    members = np.flatnonzero(shares + amount <= total + 1e-9)
    raised = np.repeat(shares[None, :], len(members), axis=0)
    for row, i in zip(raised, members, strict=True):
        row *= (total - shares[i] - amount) / (total - shares[i])
        row[i] = shares[i] + amount
    return members, np.maximum(raised, 0.0)


def feature_shares(model: Model, features: Tensor, background: Tensor) -> FloatArray:
    """Return what each feature (``d``) adds to the posterior mean of a model of one target, against a background.

    Aumann and Shapley's values: the mean over background designs b (``b x d``) of the integral of the gradient along
    the straight line from b to the design's features (expected gradients). They sum to
    ``mean(x) - mean over b of mean(b)``; for a linear function they are the slopes times the differences.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    steps = torch.as_tensor(0.5 * (nodes + 1.0))
    away = features - background
    X = (background[:, None, :] + steps[None, :, None] * away[:, None, :]).reshape(-1, 1, features.shape[-1])
    X = X.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        posterior: Any = model.posterior(X)
        (gradient,) = torch.autograd.grad(posterior.mean.sum(), X)
    mean_gradient = (gradient.reshape(len(background), _NODES, -1) * torch.as_tensor(0.5 * weights)[:, None]).sum(1)
    return np.asarray((mean_gradient * away).mean(0).numpy(), dtype=np.float64)
