"""The choice between a replicate and a new design.

The value of a measurement is the expected increase of the best posterior mean (the knowledge gradient). For a
measurement at design i with noise variance s^2,

    KG_i = E_z[ max_j (m_j + c_ji z / sqrt(c_ii + s^2)) ] - max_j m_j,        z ~ N(0, 1),

over the measured designs and the new one j, with posterior means m and covariances c of the utility. A replicate is
proposed if noise is at least `NOISE_SHARE` of the variance seen among the measured designs and the best replicate's KG
exceeds the new design's. At most one design of a batch is a replicate.

References: P. Frazier, W. Powell, S. Dayanik, "The knowledge-gradient policy for correlated normal beliefs" (INFORMS
Journal on Computing 2009).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from botorch.posteriors.gpytorch import GPyTorchPosterior
from torch import Tensor

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.moments import joint, single_output

NOISE_SHARE = 0.05
_LIKELY = 32


def worthwhile_replicate(context: AcquisitionContext, new: Tensor, allowed: Tensor) -> int | None:
    """Return which measured design to measure again instead of a new one, or None.

    Parameters
    ----------
    context
        With a single goal ``minimize`` or ``maximize``; otherwise None is returned.
    new
        ``d`` features of the best new design.
    allowed
        ``b`` booleans: which measured designs may be made again.
    """
    objective, X = context.objective, context.measured
    if objective.mode != "single" or not objective.goals[0].sign or not bool(allowed.any()):
        return None
    model = single_output(context.model, objective.goal_columns[0])
    with torch.no_grad():
        noisy = model.posterior(X[:1], observation_noise=True)
        assert isinstance(noisy, GPyTorchPosterior)
        noise = float(noisy.variance[0, 0] - joint(model, X[:1])[1][0, 0])
        means, _ = joint(model, X)
        spread = float(means.var(unbiased=False))
        if noise < NOISE_SHARE * (noise + spread):
            return None
        sign = objective.goals[0].sign
        usable = torch.where(allowed & (context.log_feasible(X) >= np.log(0.5)), sign * means, -torch.inf)
        rows = torch.argsort(usable, descending=True, stable=True)[:_LIKELY]
        rows = rows[usable[rows] > -torch.inf]
        if not len(rows):
            return None
        mean, covariance = joint(model, torch.cat([X[rows], new[None]]))
        gains = knowledge_gradients(sign * mean, covariance, noise)
    best = int(gains[:-1].argmax())
    return int(rows[best]) if gains[best] > gains[-1] else None


def knowledge_gradients(mean: Tensor, covariance: Tensor, noise: float) -> Tensor:
    """Return the knowledge gradient (``b``) of measuring each design, given joint moments and the noise variance."""
    z, weights = _nodes()
    variance = covariance.diagonal().clamp_min(0)
    slopes = covariance / (variance + noise).clamp_min(1e-300).sqrt()
    after = (mean[:, None, None] + slopes[:, :, None] * z).amax(0)
    return (after * weights).sum(-1) - mean.max()


@cache
def _nodes() -> tuple[Tensor, Tensor]:
    """Return 200 equally likely standard normal values: the maximum has kinks, which need many nodes."""
    levels = (torch.arange(200, dtype=torch.float64) + 0.5) / 200
    z = torch.special.ndtri(levels)
    return z, torch.full_like(z, 1 / 200)
