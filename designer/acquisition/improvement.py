"""Logarithms of expected improvements under a Gaussian, stable where the improvement itself underflows.

References: S. Ament et al., "Unexpected improvements to expected improvement for Bayesian optimization" (NeurIPS 2023).
"""

from __future__ import annotations

import math

import torch
from botorch.acquisition.analytic import _log_ei_helper
from botorch.utils.probability.utils import leggauss, log_ndtr, log_prob_normal_in
from torch import Tensor

from designer.objective import Target

_NODES = 32
_REACH = 8.5  # standard deviations beyond which a Gaussian holds nothing that double precision could add
_DECAY = 37.0  # e-foldings after which an exponential tail has fallen below double precision


def log_improvement(target: Target, mean: Tensor, deviation: Tensor, best: Tensor) -> Tensor:
    """Return ``log E[(u(f) - best)^+]`` for ``f ~ N(mean, deviation^2)`` and the utility u of `target`.

    Parameters
    ----------
    target
        A target with a goal; its utility is ``f``, ``-f`` or ``-|f - value|``.
    mean, deviation, best
        Tensors that broadcast; deviations > 0. For ``match``, `best` <= 0 is minus a distance.
    """
    if target.goal == "match":
        assert target.value is not None
        return _log_closer(mean - target.value, deviation, -best)
    return _log_ei_helper((target.sign * mean - best) / deviation) + deviation.log()


def _log_closer(offset: Tensor, deviation: Tensor, distance: Tensor) -> Tensor:
    """Return ``log E[(distance - |g|)^+]`` for ``g ~ N(offset, deviation^2)``.

    Gauss-Legendre quadrature of either half of ``[-distance, distance]``, each cut to where the Gaussian is: around
    its mean, or, where the mean lies outside, as far as its tail reaches into the half.
    """
    shape = (offset + deviation + distance).shape
    offset, deviation = offset.expand(shape), deviation.expand(shape)
    distance = distance.expand(shape).clamp_min(torch.finfo(distance.dtype).tiny)
    below = _log_half(offset, deviation, distance)
    above = _log_half(-offset, deviation, distance)
    return torch.logaddexp(below, above)


def _log_half(offset: Tensor, deviation: Tensor, distance: Tensor) -> Tensor:
    """Return ``log`` of the integral of ``(distance + g) N(g; offset, deviation^2)`` over ``[-distance, 0]``."""
    nearest = torch.minimum(torch.maximum(offset, -distance), torch.zeros_like(offset))
    gap = (offset - nearest).abs()
    reach = torch.minimum(_REACH * deviation, _DECAY * deviation**2 / gap.clamp_min(1e-300))
    low, high = torch.maximum(nearest - reach, -distance), torch.minimum(nearest + reach, torch.zeros_like(offset))
    nodes, weights = leggauss(_NODES, dtype=offset.dtype, device=offset.device)
    half = 0.5 * (high - low)
    g = (low + half)[..., None] + half[..., None] * nodes
    density = -0.5 * ((g - offset[..., None]) / deviation[..., None]) ** 2
    height = (distance[..., None] + g).clamp_min(torch.finfo(g.dtype).tiny)
    total = torch.logsumexp(weights.log() + height.log() + density, dim=-1)
    return total + half.clamp_min(torch.finfo(g.dtype).tiny).log() - deviation.log() - 0.5 * math.log(2 * math.pi)


def log_within(mean: Tensor, deviation: Tensor, at_least: float | None, at_most: float | None) -> Tensor:
    """Return ``log P(at_least <= f <= at_most)`` for ``f ~ N(mean, deviation^2)``; None: no limit on that side."""
    if at_least is not None and at_most is not None:
        return log_prob_normal_in((at_least - mean) / deviation, (at_most - mean) / deviation)
    if at_least is not None:
        return log_ndtr((mean - at_least) / deviation)
    assert at_most is not None
    return log_ndtr((at_most - mean) / deviation)
