"""Fantasies: joint posterior draws of one target at a few designs, and the posterior given each draw.

The values of pending designs, of earlier members of a batch and, under noise, of measured designs are unknown. They are
replaced by draws from the joint posterior ("fantasies"); given a draw the posterior elsewhere is again
Gaussian, with a shifted mean and a variance that shrinks by the same amount for every draw.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from botorch.models.model import Model
from botorch.utils.sampling import draw_sobol_normal_samples
from torch import Tensor

from designer.acquisition.moments import joint, moments

_JITTER = 1e-6  # of the values' variance: a fantasy is known to a thousandth of the spread, and repeats factorise
_TINY = 1e-150  # its square is still a number
_WIDTH = 64


@dataclass(frozen=True)
class Draws:
    """Quasi-random standard normal numbers, the same for the same values here.

    Values that are drawn together (several targets, or a design and its incumbents) use different blocks of columns of
    one sequence. Points of two sequences with the same scrambling would not be independent.

    Parameters
    ----------
    count
        How many draws.
    seed
        Of the sequence.
    block, blocks
        Which of how many blocks of columns.
    """

    count: int
    seed: int
    block: int = 0
    blocks: int = 1

    def normal(self, width: int) -> Tensor:
        """Return the draws (``count x width``) for `width` designs.

        The first columns do not change when more designs follow, up to the next multiple of 64.
        """
        size = _WIDTH * math.ceil(max(width, 1) / _WIDTH)
        start = self.block * size
        return _sequence(self.count, size * self.blocks, self.seed)[:, start : start + width]


@lru_cache(maxsize=8)
def _sequence(count: int, width: int, seed: int) -> Tensor:
    draws: Tensor = draw_sobol_normal_samples(d=width, n=count, dtype=torch.float64, seed=seed)
    return draws


class Fantasies:
    """Draws of one target at the designs `Z`, and the posterior elsewhere given each draw.

    Parameters
    ----------
    model
        A model of one target with a Gaussian posterior.
    Z
        ``b x d`` features; ``b`` may be 0.
    draws
        The random numbers.
    sign
        -1 mirrors the draws: minimising y then sees exactly what maximising -y sees.

    Attributes
    ----------
    values
        ``S x b`` draws.
    mean, variance
        ``b`` posterior means and variances at `Z`.
    floor
        The smallest standard deviation that is treated as uncertainty, in the target's unit.
    """

    def __init__(self, model: Model, Z: Tensor, draws: Draws, sign: int = 1) -> None:
        self.model, self.Z = model, Z
        if not len(Z):
            self.mean = self.variance = Z.new_zeros(0)
            self.values = Z.new_zeros(1, 0)
            self._factor, self.floor = Z.new_zeros(0, 0), _TINY
            return
        with torch.no_grad():
            self.mean, covariance = joint(model, Z)
            self.variance = covariance.diagonal().clamp_min(0)
            scale = _scale(self.mean, self.variance)
            self.floor = max(_JITTER * scale, _TINY)
            self._factor = _cholesky(covariance, scale)
            known = float(self.variance.max()) <= 2 * _JITTER * scale**2
            noise = draws.normal(len(Z))[: 1 if known else draws.count]
            self.values = self.mean + (0.0 if known else float(sign)) * (noise @ self._factor.T)

    def conditional(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means (``n x S``) and standard deviations (``n x 1``) at `X` (``n x d``) given each draw."""
        there = moments(self.model, X, self.Z)
        gain = torch.cholesky_solve(there.cross.T, self._factor).T if len(self.Z) else there.cross
        mean = there.mean[:, None] + gain @ (self.values - self.mean).T
        variance = there.variance - (gain * there.cross).sum(-1)
        return mean, variance.clamp_min(self.floor**2).sqrt()[:, None]


def _scale(mean: Tensor, variance: Tensor) -> float:
    """Return the scale of the variation, in the target's unit."""
    spread = math.sqrt(float(variance.max() + mean.var(unbiased=False)))
    return spread or _JITTER * float(mean.abs().max()) or _JITTER


def _cholesky(covariance: Tensor, scale: float) -> Tensor:
    jitter = _JITTER * scale**2
    eye = torch.eye(len(covariance), dtype=covariance.dtype)
    while True:
        factor: Tensor
        factor, failed = torch.linalg.cholesky_ex(covariance + jitter * eye)
        if not bool(failed):
            return factor
        jitter *= 10


def winners(utilities: Tensor, limit: int) -> Tensor:
    """Return the designs (indices, rising) that are the best of some draw, at most `limit`, most frequent first.

    A design that is the best in no draw never is the incumbent, so leaving it out does not change the improvement over
    these draws.

    Parameters
    ----------
    utilities
        ``S x b`` draws of the utility, larger is better.
    """
    counts = torch.bincount(utilities.argmax(-1), minlength=utilities.shape[-1])
    order = torch.argsort(counts, descending=True, stable=True)[:limit]
    return order[counts[order] > 0].sort().values
