"""BoTorch as in its tutorial: SingleTaskGP with its defaults (dimension-scaled priors, outputs standardised), LogEI.

Words are one-hot, inputs are normalised to the unit cube by the bounds of the pool, and the acquisition function is
evaluated on every candidate that is left (`optimize_acqf_discrete`).
Source: https://botorch.org/docs/getting_started, 0.18.
"""

from __future__ import annotations

from collections.abc import Sequence

import botorch
import gpytorch
import numpy as np
import torch
from botorch.acquisition import LogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Normalize, Standardize
from botorch.optim import optimize_acqf_discrete
from gpytorch.mlls import ExactMarginalLogLikelihood

from benchmarks.pools import Candidates


class BotorchChooser:
    """A GP fitted anew before each experiment."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        torch.manual_seed(seed)
        self._candidates = candidates
        self._x = torch.tensor(candidates.features(), dtype=torch.double)
        self._bounds = torch.stack([self._x.min(dim=0).values, self._x.max(dim=0).values])

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the candidate of the largest LogEI."""
        left = np.setdiff1d(np.arange(len(self._x)), measured)
        train_x = self._x[list(measured)]
        train_y = torch.tensor(self._candidates.utility(y), dtype=torch.double).unsqueeze(-1)
        model = SingleTaskGP(
            train_x,
            train_y,
            input_transform=Normalize(d=train_x.shape[-1], bounds=self._bounds),
            outcome_transform=Standardize(m=1),
        )
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        acquisition = LogExpectedImprovement(model, best_f=train_y.max())
        best, _ = optimize_acqf_discrete(acquisition, q=1, choices=self._x[left])
        return int(left[torch.cdist(self._x[left], best).argmin()])


def versions() -> dict[str, str]:
    """Return the versions that decide."""
    return {"botorch": botorch.__version__, "gpytorch": gpytorch.__version__, "torch": torch.__version__}


def begin(candidates: Candidates, seed: int) -> BotorchChooser:
    """Start a campaign."""
    return BotorchChooser(candidates, seed)
