"""RGPE as in BoTorch's meta-learning tutorial: a GP per source and one of the target, weighted by how they rank.

The share of 256 posterior samples in which a model misranks the fewest pairs of measurements is its weight; the
target's own GP is scored by leave-one-out predictions. Means add with the weights, variances with their squares. The
acquisition function is LogEI on every candidate that is left. As in the tutorial, 3 random designs come first.

Where this follows the paper and not the tutorial: a source whose median loss exceeds the 95th percentile of the
target's is dropped (the guard against weight dilution, which the tutorial leaves out), models that tie share the sample
evenly (the tutorial gives it to the first), and each model speaks in deviations of its own task, so that sources need
not have the target's mean and scale. Noise is fitted, not given.
Sources: tutorials/meta_learning_with_rgpe, BoTorch 0.18; M. Feurer, B. Letham, E. Bakshy, Scalable meta-learning for
Bayesian optimization, ICML AutoML workshop 2018, arXiv:1802.02219.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version

import gpytorch
import numpy as np
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.models import SingleTaskGP
from botorch.models.model import Model
from botorch.posteriors.gpytorch import GPyTorchPosterior
from botorch.sampling.normal import SobolQMCNormalSampler
from gpytorch.distributions import MultivariateNormal
from linear_operator import to_linear_operator
from torch import Tensor

from benchmarks.suite.methods.gps import SourceModel, fitted, source_models, standardised
from benchmarks.suite.methods.related import unit_cube
from benchmarks.suite.methods.starting import RandomStart
from benchmarks.suite.pools import Candidates

FIRST = 3
SAMPLES = 256


class RgpeChooser:
    """The sources are fitted once, the target anew before each experiment."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        torch.manual_seed(seed)
        self._candidates, self._seed = candidates, seed
        self._x = torch.as_tensor(unit_cube([candidates.designs], candidates.categorical)[0])
        self._start = RandomStart(len(self._x), FIRST, np.random.default_rng([seed, 5]))
        self._expected: tuple[np.ndarray, np.ndarray] | None = None

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Return the candidate of the largest LogEI."""
        first = self._start.next(measured)
        if first is not None:
            return first
        rows = list(measured)
        utility, centre, scale = standardised(self._candidates.utility(y))
        target = fitted(self._x[rows], utility)
        with torch.no_grad():
            weights = self._weights(target, rows, utility)
            ensemble = self._ensemble(target, weights)
            left = np.setdiff1d(np.arange(len(self._x)), rows)
            acquisition = LogExpectedImprovement(ensemble, best_f=utility.max())
            values = acquisition(torch.as_tensor(left, dtype=torch.double).reshape(-1, 1, 1))
            noise = weights[-1].square() * target.likelihood.noise
        self._expected = (
            (ensemble.mean * scale + centre).numpy(),
            ((ensemble.variance + noise).sqrt() * scale).numpy(),
        )
        return int(left[int(values.argmax())])

    def predict(self, row: int) -> tuple[float, float] | None:
        """Return mean and standard deviation of a new measurement at `row`; None for a value to match."""
        if self._expected is None or self._candidates.goal == "match":
            return None
        sign = 1.0 if self._candidates.goal == "maximize" else -1.0
        return sign * float(self._expected[0][row]), float(self._expected[1][row])

    @cached_property
    def _sources(self) -> list[SourceModel]:
        """The sources' models, fitted when they are first needed: that suggestion's time has them in it."""
        return source_models(self._candidates)

    def _weights(self, target: SingleTaskGP, rows: list[int], y: Tensor) -> Tensor:
        if not self._sources:
            return torch.ones(1, dtype=torch.double)
        sampler = SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=self._seed * 1000 + len(rows))
        losses = [misranked(sampler(source.model.posterior(source.x[rows])).squeeze(-1), y) for source in self._sources]
        alone = SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=self._seed * 1000 + len(rows))
        own = alone(leave_one_out(target, self._x[rows], y)).squeeze(-1)
        return rank_weights(torch.stack([*losses, misranked_left_out(own, y)]))

    def _ensemble(self, target: SingleTaskGP, weights: Tensor) -> PoolPosterior:
        own = target.posterior(self._x.unsqueeze(-2))
        means = torch.stack([*(source.mean for source in self._sources), own.mean.flatten()])
        variances = torch.stack([*(source.variance for source in self._sources), own.variance.flatten()])
        return PoolPosterior(weights @ means, weights.square() @ variances)


class PoolPosterior(Model):
    """A model of the pool whose predictions are known: its input is the number of a row."""

    def __init__(self, mean: Tensor, variance: Tensor) -> None:
        super().__init__()
        self.mean, self.variance = mean, variance

    @property
    def num_outputs(self) -> int:
        """One."""
        return 1

    def posterior(self, X: Tensor, *args: object, **kwargs: object) -> GPyTorchPosterior:
        """Return independent predictions at rows `X` (``batch_shape x q x 1``)."""
        rows = X[..., 0].long()
        return GPyTorchPosterior(MultivariateNormal(self.mean[rows], torch.diag_embed(self.variance[rows])))


def rank_weights(losses: Tensor) -> Tensor:
    """Return the weights of models, the target's last, from their ranking losses (models x samples).

    >>> rank_weights(torch.tensor([[0, 0, 0, 2], [9, 9, 9, 9], [3, 0, 3, 1]])).tolist()
    [0.625, 0.0, 0.375]
    """
    losses = losses.double()
    dropped = losses.median(dim=1).values > losses[-1].quantile(0.95)
    losses = losses.masked_fill(dropped.unsqueeze(-1), torch.inf)
    best = (losses == losses.min(dim=0).values).double()
    return (best / best.sum(dim=0)).mean(dim=1)


def misranked(samples: Tensor, y: Tensor) -> Tensor:
    """Return how many ordered pairs of `y` (n) each sample (samples x n) ranks in the wrong order."""
    wrong = (samples.unsqueeze(-1) < samples.unsqueeze(-2)) ^ (y.unsqueeze(-1) < y.unsqueeze(-2))
    return wrong.sum(dim=(-2, -1))


def misranked_left_out(samples: Tensor, y: Tensor) -> Tensor:
    """Return the same for samples of leave-one-out models (samples x model x n).

    The value that a model was not shown is compared with its own samples of all others.
    """
    own = samples.diagonal(dim1=-2, dim2=-1).unsqueeze(-1)
    return ((own < samples) ^ (y.unsqueeze(-1) < y.unsqueeze(-2))).sum(dim=(-2, -1))


def leave_one_out(model: SingleTaskGP, x: Tensor, y: Tensor) -> GPyTorchPosterior:
    """Return what n models, each without one of the measurements (x, y), expect at all of them (n x n x 1).

    They keep the hyperparameters of `model`, as in the tutorial.
    """
    n = len(y)
    others = torch.stack([torch.arange(n)[torch.arange(n) != i] for i in range(n)])
    covariance, mean = model.covar_module(x).to_dense(), model.mean_module(x)
    noise = model.likelihood.noise * torch.eye(n - 1, dtype=x.dtype)
    factor = torch.linalg.cholesky(covariance[others.unsqueeze(-1), others.unsqueeze(-2)] + noise)
    across = covariance[:, others].permute(1, 0, 2)
    gain = torch.cholesky_solve(across.mT, factor).mT
    expected = mean + (gain @ (y - mean)[others].unsqueeze(-1)).squeeze(-1)
    # As an operator, which is factorised with jitter when it is sampled: the same design twice makes it singular.
    return GPyTorchPosterior(MultivariateNormal(expected, to_linear_operator(covariance - gain @ across.mT)))


def versions() -> dict[str, str]:
    """Return the versions that decide."""
    return {"botorch": version("botorch"), "gpytorch": gpytorch.__version__, "torch": torch.__version__}


def begin(candidates: Candidates, seed: int) -> RgpeChooser:
    """Start a campaign."""
    return RgpeChooser(candidates, seed)
