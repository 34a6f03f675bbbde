"""What a search knows of the levels of a fidelity: how much each explains of a design's value at the top level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from botorch.models.model import Model

from designer.acquisition.moments import moments, single_output
from designer.arrays import FloatArray
from designer.priors.fidelity.level_prior import level_models
from designer.threads import one_thread


@one_thread()
def explained_by_levels(model: Model, columns: Sequence[int], X: FloatArray, levels: int) -> FloatArray:
    """Return the share (``n x levels``) of the variance of top-level values that a result at each level explains.

    The top level first; the mean over the goals, of the part of the posterior that uses lower levels.

    Parameters
    ----------
    model
        The posterior of all targets.
    columns
        Those of the goals.
    X
        ``n x d`` features.
    """
    features = torch.as_tensor(X, dtype=torch.float64)
    found = np.zeros((len(columns), len(X), levels))
    found[:, :, 0] = 1.0
    for k, column in enumerate(columns):
        for weight, part in level_models(single_output(model, column)):
            for level in set(part.at) & set(range(levels)):
                share = part.shared_variance(features, level)
                found[k, :, level] = share if level == 0 else weight * share
    return np.asarray(found.mean(axis=0))


@one_thread()
def deviations_of(model: Model, column: int, X: FloatArray) -> FloatArray:
    """Return the standard deviation (``n``) of the noise-free value of a target at features (``n x d``)."""
    features = torch.as_tensor(X, dtype=torch.float64)
    with torch.no_grad():
        at = moments(single_output(model, column), features, features[:0])
    return np.asarray(at.variance.clamp_min(0.0).sqrt().numpy())
