"""The GP of BoTorch's tutorials, fitted to standardised values, and one such GP for each source of a pool."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch import Tensor

from benchmarks.suite.methods.related import related, unit_cube
from benchmarks.suite.pools import Candidates


@dataclass(frozen=True, eq=False)
class SourceModel:
    """The GP of one source and its predictions for the pool.

    Parameters
    ----------
    model
        Its GP, of utility (larger is better), standardised by the source's own mean and deviation.
    x
        The pool's features (n x d) as the GP takes them.
    mean, variance
        Its predictions for the pool (n).
    """

    model: SingleTaskGP
    x: Tensor
    mean: Tensor
    variance: Tensor


def standardised(y: np.ndarray) -> tuple[Tensor, float, float]:
    """Return values (n) of mean 0 and deviation 1, and the mean and deviation they had; constant values become 0."""
    mean, deviation = float(np.mean(y)), float(np.std(y, ddof=1)) if len(y) > 1 else 0.0
    deviation = deviation if deviation > 0 else 1.0
    return torch.as_tensor((np.asarray(y, dtype=float) - mean) / deviation), mean, deviation


def fitted(x: Tensor, y: Tensor) -> SingleTaskGP:
    """Return a SingleTaskGP with its default kernel and priors, fitted to `x` (n x d, in the unit cube) and `y` (n).

    The fit ends after 500 steps at the latest: for a source of a hundred designs and many words it would go on for
    thousands, four times as long, while lengthscales of columns that do not matter grow.
    """
    model = SingleTaskGP(x, y.unsqueeze(-1), outcome_transform=None)
    likelihood = ExactMarginalLogLikelihood(model.likelihood, model)
    with torch.enable_grad():
        fit_gpytorch_mll(likelihood, optimizer_kwargs={"options": {"maxiter": 500}})
    return model


def source_models(candidates: Candidates) -> list[SourceModel]:
    """Fit a GP to each source of a pool and predict the pool by it."""
    models = []
    for source in related(candidates):
        pool, designs = (
            torch.as_tensor(table) for table in unit_cube([source.pool, source.designs], candidates.categorical)
        )
        model = fitted(designs, standardised(candidates.utility(source.y))[0])
        with torch.no_grad():
            expected = model.posterior(pool.unsqueeze(-2))
        models.append(SourceModel(model, pool, expected.mean.flatten(), expected.variance.flatten()))
    return models
