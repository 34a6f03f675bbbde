"""BoTorch as in its tutorial: SingleTaskGP with its defaults (dimension-scaled priors, outputs standardised), LogEI.

Words are one-hot, inputs are normalised to the unit cube by the bounds of the pool, and the acquisition function is
evaluated on every candidate that is left (`optimize_acqf_discrete`). Where nothing is measured, the first 10 designs
are random, as in both tutorials.
Source: https://botorch.org/docs/getting_started and tutorials/closed_loop_botorch_only, 0.18.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

import gpytorch
import numpy as np
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Normalize, Standardize
from botorch.optim.optimize import optimize_acqf_discrete
from gpytorch.mlls import ExactMarginalLogLikelihood

from benchmarks.suite.methods.starting import RandomStart
from benchmarks.suite.pools import Candidates

FIRST = 10


class BotorchChooser:
    """A GP fitted anew before each experiment."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        torch.manual_seed(seed)
        self._candidates = candidates
        self._x = torch.tensor(candidates.features(), dtype=torch.double)
        self._bounds = torch.stack([self._x.min(dim=0).values, self._x.max(dim=0).values])
        self._start = RandomStart(len(self._x), FIRST, np.random.default_rng([seed, 3]))
        self._model: SingleTaskGP | None = None

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the candidate of the largest LogEI."""
        first = self._start.next(measured)
        if first is not None:
            return first
        left = np.setdiff1d(np.arange(len(self._x)), measured)
        train_x = self._x[list(measured)]
        train_y = torch.tensor(self._candidates.utility(y), dtype=torch.double).unsqueeze(-1)
        self._model = SingleTaskGP(
            train_x,
            train_y,
            input_transform=Normalize(d=train_x.shape[-1], bounds=self._bounds),
            outcome_transform=Standardize(m=1),
        )
        fit_gpytorch_mll(ExactMarginalLogLikelihood(self._model.likelihood, self._model))
        acquisition = LogExpectedImprovement(self._model, best_f=train_y.max())
        best, _ = optimize_acqf_discrete(acquisition, q=1, choices=self._x[left])
        return int(left[torch.cdist(self._x[left], best).argmin()])

    def predict(self, row: int) -> tuple[float, float] | None:
        """Return mean and standard deviation of a new measurement at `row`; None for a value to match."""
        if self._model is None or self._candidates.goal == "match":
            return None
        with torch.no_grad():
            expected = self._model.posterior(self._x[row : row + 1], observation_noise=True)
        sign = 1.0 if self._candidates.goal == "maximize" else -1.0
        return sign * float(expected.mean), float(expected.variance.sqrt())


def versions() -> dict[str, str]:
    """Return the versions that decide."""
    return {"botorch": version("botorch"), "gpytorch": gpytorch.__version__, "torch": torch.__version__}


def begin(candidates: Candidates, seed: int) -> BotorchChooser:
    """Start a campaign."""
    return BotorchChooser(candidates, seed)
