"""The probability that an experiment succeeds, from the designs that succeeded and failed so far.

A Beta posterior that is shared between near designs by a kernel (Goetschalckx et al. 2011):

    P(success | x) = (c m + sum over successes k(x, x_i)) / (c + sum over all k(x, x_i)),

with m = (a + successes) / (a + b + all) the success rate everywhere under a Beta(a, b) prior (a = 4, b = 1: most
experiments work), c = 0.5 the weight of that rate against near evidence, and k a Matern-5/2 kernel of the features
(categorical parameters by Hamming distance). Far from all evidence P is m; at a single failure it falls to
c m / (c + 1); successes around a failure raise it again, and failures around it confirm it. The lengthscale is chosen
from a few, as shares of the root of the number of parameters, by the leave-one-out log score.

This kernel has one lengthscale. A Gaussian process with a lengthscale for each parameter, regressed on the outcomes 1
and 0, learns that a single parameter decides (everything above 320 degC fails):

    P(success | x) = Phi((mean(x) - 1/2) / sqrt(variance(x) + noise)),

used from two failures and two successes on, while its leave-one-out log score is the better one.

References: R. Goetschalckx, P. Poupart, J. Hoey, Continuous Correlated Beta Processes (IJCAI 2011); C. E. Rasmussen,
C. K. I. Williams, Gaussian Processes for Machine Learning (2006), 6.5 (least-squares classification).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from designer.errors import Fault, InvalidData
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.kernel_structure import GaussianProcessSettings, Layout
from designer.surrogates.kernels import Hyperparameters, Kernel, Term

if TYPE_CHECKING:
    from designer.space.encoding import FeatureColumn

_SUCCESSES, _FAILURES = 4.0, 1.0
_RATE_WEIGHT = 0.5
_SHARES = (0.2, 0.1, 0.4)  # of the root of the number of parameters; ties go to the first
_CHUNK_ENTRIES = 150_000
_MIN_OUTCOMES = 2  # failures, and successes, from which a regression on outcomes is tried
_MIN_CHANCE = 0.01


class Feasibility:
    """The probability of success over a space.

    Parameters
    ----------
    X
        ``n x d`` features of the designs that were tried.
    succeeded
        ``n`` booleans.
    columns
        What the ``d`` columns are.

    Raises
    ------
    InvalidData
        If shapes do not agree or features are not finite.
    """

    def __init__(self, X: Tensor, succeeded: Tensor, columns: Sequence[FeatureColumn]) -> None:
        X = torch.as_tensor(X, dtype=torch.float64)
        succeeded = torch.as_tensor(succeeded, dtype=torch.bool)
        if X.ndim != 2 or X.shape != (len(succeeded), len(columns)):
            what = f"X is {tuple(X.shape)} for {len(succeeded)} outcomes and {len(columns)} columns"
            raise InvalidData(Fault(what, "one row an outcome, one column a description"))
        if not bool(torch.isfinite(X).all()):
            raise InvalidData(Fault("X holds NaN or infinite features", "encode designs with finite values only"))
        self.failures = int((~succeeded).sum())
        self.rate = (_SUCCESSES + float(succeeded.sum())) / (_SUCCESSES + _FAILURES + len(X))
        self._X, self._succeeded = X, succeeded.to(torch.float64)
        # Descriptors repeat fractions and choices in a hundred columns and would dominate the distances.
        layout = Layout.of(columns)
        own = np.array([column.role != "descriptor" for column in columns], dtype=bool)
        self._groups = max(1, len(np.unique(layout.groups[own])))
        self._lengthscales = int(layout.groups.max(initial=-1)) + 1
        term = Term(np.where(own, layout.groups, -1), 0)
        self._kernel = Kernel(layout.weights, (term,), self._lengthscales, 1, 0.0)
        self._share = self._best_share() if self.failures else _SHARES[0]
        self._regressed = self._regression(columns)

    def log_probability(self, X: Tensor) -> Tensor:
        """Return log P(success) (``...``) of `X` (``... x d``); exactly 0 while nothing has failed; differentiable."""
        flat = X.reshape(-1, X.shape[-1])
        if self.failures == 0:
            return torch.zeros(X.shape[:-1], dtype=torch.float64)
        rows = max(64, _CHUNK_ENTRIES // len(self._X))
        return torch.cat([self._log_probability(part) for part in torch.split(flat, rows)]).reshape(X.shape[:-1])

    def probability(self, X: Tensor) -> Tensor:
        """Return P(success) (``...``) of `X` (``... x d``)."""
        return self.log_probability(X).exp()

    def _log_probability(self, X: Tensor) -> Tensor:
        if self._regressed is not None:
            there: Any = self._regressed.posterior(X.unsqueeze(-2))
            deviation = (there.variance[..., 0, 0] + self._regressed.noise_variance).sqrt()
            log_chance: Tensor = torch.special.log_ndtr((there.mean[..., 0, 0] - 0.5) / deviation)
            return log_chance
        near = self._near(X, self._share)
        return (_RATE_WEIGHT * self.rate + near @ self._succeeded).log() - (_RATE_WEIGHT + near.sum(-1)).log()

    def _near(self, X: Tensor, share: float) -> Tensor:
        lengthscale = share * math.sqrt(self._groups)
        hyper = Hyperparameters(np.full(self._lengthscales, lengthscale), np.ones(1), 0.0)
        shift = self._X.mean(0)
        return self._kernel.evaluate(X - shift, self._X - shift, hyper)

    def _best_share(self) -> float:
        return max(_SHARES, key=lambda share: round(_score(self._left_out(share), self._succeeded), 9))

    def _left_out(self, share: float) -> Tensor:
        """Return the probability of success (``n``) of each design from all others."""
        near = self._near(self._X, share).fill_diagonal_(0.0)
        return (_RATE_WEIGHT * self.rate + near @ self._succeeded) / (_RATE_WEIGHT + near.sum(-1))

    def _regression(self, columns: Sequence[FeatureColumn]) -> GaussianProcess | None:
        """Return the regression on outcomes where its leave-one-out log score is better; None otherwise."""
        if min(self.failures, len(self._X) - self.failures) < _MIN_OUTCOMES:
            return None
        data = TaskData(self._X, self._succeeded[:, None], columns=tuple(columns))
        model = fit_gaussian_process(data, GaussianProcessSettings(descriptors="unused"))
        left_out = model.held_out()
        chances = torch.special.ndtr(torch.as_tensor((left_out.means - 0.5) / np.sqrt(left_out.variances)))
        shared = _score(self._left_out(self._share), self._succeeded)
        return model if _score(chances, model.values) > shared else None  # in the model's own order of rows


def _score(chances: Tensor, succeeded: Tensor) -> float:
    """Return the mean log score of probabilities of success (``n``); no outcome counts as impossible."""
    chances = chances.clamp(_MIN_CHANCE, 1.0 - _MIN_CHANCE)
    return float(torch.where(succeeded > 0.5, chances, 1.0 - chances).log().mean())
