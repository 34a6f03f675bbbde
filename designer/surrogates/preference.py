"""A Gaussian process of a latent utility, learned from pairwise comparisons.

A judgement prefers a to b with probability ``Phi((u(a) - u(b)) / sqrt(2))``: each of the two utilities is seen with an
error of standard deviation 1, which is the unit of the utility. A difference of 1 is seen as it is in 76 % of
judgements. The posterior is the Laplace approximation of botorch's ``PairwiseGP``, whose hyperparameters maximise the
Laplace marginal likelihood with their priors. A tie counts as one judgement each way.

With the kernel matrix K, the utility ``f`` of maximum posterior density and the negative Hessian W of the likelihood
there, the posterior at x has

    mean(x) = k(x) K^-1 f,    cov(x, x') = k(x, x') - k(x) (K + W^-1)^-1 k(x')^T.

Comparisons tell differences alone, so that the level common to all designs is known by the prior only. Utilities are
therefore those beyond the mean of the compared designs, whose uncertainty would else hide what is known.

References: W. Chu, Z. Ghahramani, "Preference learning with Gaussian processes" (ICML 2005); E. Brochu et al., "A
tutorial on Bayesian optimization of expensive cost functions" (arXiv 1012.2599, 2010).
"""

from __future__ import annotations

import math
import warnings
from typing import Any, cast

import torch
from botorch.exceptions.warnings import BotorchWarning
from botorch.fit import fit_gpytorch_mll
from botorch.models.pairwise_gp import PairwiseGP, PairwiseLaplaceMarginalLogLikelihood
from gpytorch.constraints import GreaterThan, Interval
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.priors import LogNormalPrior, SmoothedBoxPrior
from linear_operator.utils.warnings import NumericalWarning
from torch import Tensor

from designer.surrogates.normal import with_noise
from designer.surrogates.single_output import SingleOutput

MEDIAN_LENGTHSCALE = 0.5
"""Median of the prior of a length scale, for one feature between 0 and 1; times the root of their number."""

_SPREAD_OF_LOG = 0.75  # of the prior of a length scale: a factor of 2 either way
_MIN_VARIANCE, _MAX_VARIANCE = 1e-2, 1e2  # of the utility, in squared errors of judgement
_MAX_ITERATIONS = 60
_ROWS = 4096
_JITTER = 1e-8


class PreferenceProcess(SingleOutput):
    """The posterior of a utility given comparisons, with fixed hyperparameters.

    Parameters
    ----------
    X
        ``n x d`` features of the designs that were compared.
    kernel
        The covariance function.
    weights
        ``n``: K^-1 f.
    root
        ``n x r``: a root of ``(K + W^-1)^-1``.
    """

    datapoints: Tensor
    weights: Tensor
    root: Tensor

    def __init__(self, X: Tensor, kernel: ScaleKernel, weights: Tensor, root: Tensor) -> None:
        super().__init__()
        self.kernel = kernel
        for name, value in (("datapoints", X), ("weights", weights), ("root", root)):
            self.register_buffer(name, value)
        with torch.no_grad():
            own = self._covariance(X, X)
            self._half_of_level = own.mean(0) @ root
            self._level = float((own @ weights).mean())
            self._level_variance = float(own.mean() - self._half_of_level.square().sum())

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`); utilities have no noise of measuring."""
        X = X.to(torch.float64)
        cross, half, level = self._parts(X)
        own = self._covariance(X, X) - half @ half.transpose(-1, -2)
        own = own - level[..., None] - level[..., None, :] + self._level_variance
        eye = torch.eye(X.shape[-2], dtype=torch.float64)
        covariance = 0.5 * (own + own.transpose(-1, -2)) + _JITTER * self.prior_variance * eye
        if isinstance(observation_noise, Tensor):
            covariance = with_noise(covariance, observation_noise)
        return cross @ self.weights - self._level, covariance

    @property
    def prior_variance(self) -> float:
        """The prior variance of the utility, in squared errors of judgement."""
        return float(self.kernel.outputscale.detach())

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return marginal means and variances (each ``...``) of `X` (``... x d``), without gradients."""
        flat = X.reshape(-1, X.shape[-1])
        mean, variance, _ = self.cross_moments(flat, flat[:0])
        return mean.reshape(X.shape[:-1]), variance.reshape(X.shape[:-1])

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (``n``) at `X` (``n x d``) and covariances (``n x b``) with `Z` (``b x d``)."""
        with torch.no_grad():
            X, Z = X.to(torch.float64), Z.to(torch.float64)
            _, behind, level = self._parts(Z)
            parts = [self._moments(chunk, Z, behind, level) for chunk in torch.split(X, _ROWS)]
            mean, variance, covariance = (torch.cat(part) for part in zip(*parts, strict=True))
        return mean, variance, covariance

    def _moments(self, X: Tensor, Z: Tensor, behind: Tensor, level_of_Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        cross, half, level = self._parts(X)
        variance = self.prior_variance - half.square().sum(-1) - 2.0 * level + self._level_variance
        covariance = self._covariance(X, Z) - half @ behind.T - level[:, None] - level_of_Z + self._level_variance
        return cross @ self.weights - self._level, variance.clamp_min(_JITTER * self.prior_variance), covariance

    def _parts(self, X: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the covariances (``... x n``) of designs with the compared ones, half of what is explained, and their
        covariances (``...``) with the mean utility of the compared designs."""
        cross = self._covariance(X, self.datapoints)
        half = cross @ self.root
        return cross, half, cross.mean(-1) - half @ self._half_of_level

    def _covariance(self, X: Tensor, Z: Tensor) -> Tensor:
        if not X.shape[-2] or not Z.shape[-2]:
            return X.new_zeros(*X.shape[:-1], Z.shape[-2])
        found: Tensor = self.kernel(X, Z).to_dense()
        return found


def fit_preferences(X: Tensor, comparisons: Tensor) -> PreferenceProcess:
    """Fit a process to comparisons.

    A pure function of its arguments.

    Parameters
    ----------
    X
        ``n x d`` features of different designs.
    comparisons
        ``m x 2`` rows of `X`: the better one and the worse one; at least one comparison.

    Raises
    ------
    ValueError
        If there is no comparison.
    """
    if not len(comparisons):
        raise ValueError("there are no comparisons: a utility cannot be learned from none")
    X = X.to(torch.float64)
    compared = torch.unique(comparisons)
    place = torch.full((len(X),), -1, dtype=torch.long)
    place[compared] = torch.arange(len(compared))
    model = PairwiseGP(
        X[compared], place[comparisons], covar_module=_kernel(X.shape[-1]), consolidate_rtol=0.0, consolidate_atol=0.0
    )
    likelihood = PairwiseLaplaceMarginalLogLikelihood(model.likelihood, model)
    with warnings.catch_warnings(), torch.random.fork_rng():
        torch.manual_seed(0)  # where the fit fails, botorch tries again from random hyperparameters
        warnings.simplefilter("ignore", BotorchWarning)  # the limit of iterations, and jitter
        warnings.simplefilter("ignore", NumericalWarning)
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # of the solver of the maximum, whose result is checked by botorch
        fit_gpytorch_mll(likelihood, optimizer_kwargs={"options": {"maxiter": _MAX_ITERATIONS}})
        model.eval()
        model.posterior(X[:1])  # the Laplace approximation at the final hyperparameters
    return _process_of(model)


def _kernel(d: int) -> Any:
    median = MEDIAN_LENGTHSCALE * math.sqrt(d)
    base = MaternKernel(
        nu=2.5,
        ard_num_dims=d,
        lengthscale_prior=LogNormalPrior(math.log(median), _SPREAD_OF_LOG),
        lengthscale_constraint=GreaterThan(1e-2, transform=None, initial_value=median),
    )
    variance = Interval(0.5 * _MIN_VARIANCE, 2.0 * _MAX_VARIANCE, initial_value=1.0)
    prior = SmoothedBoxPrior(a=_MIN_VARIANCE, b=_MAX_VARIANCE)
    return ScaleKernel(base, outputscale_prior=prior, outputscale_constraint=variance).to(torch.float64)


def _process_of(model: PairwiseGP) -> PreferenceProcess:
    """Return the posterior of a fitted model: its own formulas, in a form that takes many designs at once."""
    with torch.no_grad():
        X, utility = model.datapoints.detach(), cast(Tensor, model.utility).detach()
        kernel = model.covar_module.requires_grad_(False)
        covariance, hessian = model.covar.detach(), model.likelihood_hess.detach()
        eye = torch.eye(len(X), dtype=torch.float64)
        weights = torch.linalg.solve(covariance + _JITTER * model.covar_module.outputscale * eye, utility)
        inner = torch.linalg.solve(eye + hessian @ covariance, hessian)
        values, vectors = torch.linalg.eigh(0.5 * (inner + inner.T))
        root = vectors * values.clamp_min(0.0).sqrt()
    return PreferenceProcess(X, kernel, weights, root)
