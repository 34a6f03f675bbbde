"""An exact Gaussian process of one target as a botorch model: fitted in milliseconds, conditioned in O(n^2).

References: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), 2.2 and 5.4.2;
M. Balandat et al., BoTorch (NeurIPS 2020).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.arrays import FloatArray, IndexArray, IntArray
from designer.surrogates.batch_effect import BatchEffect, batch_covariance, batch_effect
from designer.surrogates.data import TaskData
from designer.surrogates.fitting import LogNormalPriors, LogPosterior, cholesky, maximum_posterior, noise_variances
from designer.surrogates.held_out import HeldOut, held_out
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel, build_priors, build_starts
from designer.surrogates.kernels import Hyperparameters, Kernel
from designer.surrogates.normal import with_noise
from designer.surrogates.outputs import OutputScale, winsorised
from designer.surrogates.single_output import SingleOutput
from designer.surrogates.variance_inflation import degrees_of_freedom, inflated, inflation_factor

_CHUNK_ENTRIES = 150_000  # kernel entries held at once by the marginals of many designs: they stay in the cache
MAX_FITTED = 400
"""Measurements from which hyperparameters are learned; each step of the fit costs the cube of their number."""

_JITTER = 1e-9  # of the prior variance, on joint covariances: keeps repeated designs in one batch factorisable


class GaussianProcess(SingleOutput):
    """Exact Gaussian process with fixed hyperparameters.

    Parameters
    ----------
    X, y
        ``n x d`` features and ``n`` measured values (target's unit); ``n`` may be 0: the prior predictive.
    kernel, hyperparameters
        Structure and values, for outputs standardised by `output`.
    known_noise
        ``n`` noise variances (target's unit squared), NaN where the learned noise holds; None: nowhere known.
    output
        How values are standardised.
    batches, batch_variance
        ``n`` numbers of batches (-1: none), and the variance, standardised, of the random effect that the results of
        one share (`designer.surrogates.batch_effect`): predictions are without it, those of measurements are for a new
        batch, of which designs that are predicted jointly are all.

    ``posterior(X)`` takes ``batch_shape x q x d`` and is differentiable with respect to X.
    """

    inputs: Tensor
    values: Tensor
    known_noise: Tensor
    _shift: Tensor
    _factor: Tensor
    _alpha: Tensor

    def __init__(
        self,
        X: Tensor,
        y: Tensor,
        kernel: Kernel,
        hyperparameters: Hyperparameters,
        *,
        known_noise: Tensor | None = None,
        output: OutputScale | None = None,
        batches: Tensor | None = None,
        batch_variance: float = 0.0,
    ) -> None:
        super().__init__()
        self.kernel, self.hyperparameters = kernel, hyperparameters
        self.output = output or OutputScale()
        noise = torch.full_like(y, torch.nan) if known_noise is None else known_noise
        shift = kernel.origin(X)
        K, _ = kernel.matrix((X - shift).numpy(), hyperparameters)
        standard_noise = noise_variances(noise.numpy() / self.output.scale**2, hyperparameters.noise)
        self.batch_variance = 0.0 if batches is None else batch_variance
        if batches is not None and batch_variance:
            K = K + batch_covariance(batches.numpy(), batch_variance)
        K.flat[:: len(K) + 1] += standard_noise
        self._store(X, y, noise, shift, torch.from_numpy(np.ascontiguousarray(cholesky(K))))

    def _store(self, X: Tensor, y: Tensor, noise: Tensor, shift: Tensor, factor: Tensor) -> None:
        for name, value in (("inputs", X), ("values", y), ("known_noise", noise), ("_shift", shift)):
            self.register_buffer(name, value)
        self.register_buffer("_factor", factor)
        self._held_out: HeldOut | None = None
        z = (y - self.output.centre) / self.output.scale
        self.register_buffer("_alpha", torch.cholesky_solve(z[:, None], factor) if len(z) else z[:, None])

    # The interface of botorch models.

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`), with a jitter of 1e-9 of the prior's."""
        if X.shape[-2] == 1 and not (X.requires_grad and torch.is_grad_enabled()):
            mean, variance = self.marginals(X)
            covariance = variance[..., None]
        else:
            mean, covariance = self._joint(X)
        if isinstance(observation_noise, Tensor):
            covariance = with_noise(covariance, observation_noise)
        elif observation_noise:
            covariance = covariance + self.noise_variance * torch.eye(X.shape[-2], dtype=X.dtype)
            if self.batch_variance:
                covariance = covariance + self.shared_variance
        return mean, covariance

    def condition_on_observations(self, X: Tensor, Y: Tensor | None = None, **kwargs: Any) -> GaussianProcess:
        """Return the model with ``p`` more measurements, hyperparameters and scale unchanged, in O(p n^2).

        Parameters
        ----------
        X
            ``p x d`` features, for example of pending designs.
        Y
            ``p x 1`` values in the target's unit. None puts the posterior mean there ("kriging believer"): means stay
            as they are and variances shrink as they will once the pending designs are measured.
        noise
            (keyword) ``p x 1`` noise variances, NaN where the learned noise holds.
        """
        X = X.detach().to(torch.float64)
        y = self.marginals(X[:, None, :])[0][:, 0] if Y is None else Y.detach().to(torch.float64)[:, 0]
        given = kwargs.get("noise")
        noise = torch.full_like(y, torch.nan) if given is None else given[:, 0].to(torch.float64)
        cross = self.kernel.evaluate(X - self._shift, self.inputs - self._shift, self.hyperparameters)
        corner, _ = self.kernel.matrix((X - self._shift).numpy(), self.hyperparameters)
        corner.flat[:: len(corner) + 1] += noise_variances(
            noise.numpy() / self.output.scale**2, self.hyperparameters.noise
        )
        root = self._solve(cross).transpose(-1, -2)
        lower = torch.from_numpy(np.ascontiguousarray(cholesky(corner - (root @ root.T).numpy())))
        n, p = len(self.inputs), len(X)
        factor = torch.zeros(n + p, n + p, dtype=torch.float64)
        factor[:n, :n], factor[n:, :n], factor[n:, n:] = self._factor, root, lower
        model = object.__new__(GaussianProcess)
        Model.__init__(model)
        model.kernel, model.hyperparameters, model.output = self.kernel, self.hyperparameters, self.output
        model.batch_variance = self.batch_variance
        model._store(
            torch.cat([self.inputs, X]),
            torch.cat([self.values, y]),
            torch.cat([self.known_noise, noise]),
            self._shift,
            factor,
        )
        return model

    # Further quantities.

    @property
    def noise_variance(self) -> float:
        """The learned noise variance, in the target's unit squared."""
        return self.hyperparameters.noise * self.output.scale**2

    @property
    def shared_variance(self) -> float:
        """The variance of the random effect of a batch, in the target's unit squared; 0 without one."""
        return self.batch_variance * self.output.scale**2

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return marginal means and variances (each ``...``, target's unit) of `X` (``... x d``), without gradients.

        Works in chunks of bounded memory, for millions of designs.
        """
        with torch.no_grad():
            flat = X.reshape(-1, X.shape[-1])
            rows = max(64, _CHUNK_ENTRIES // max(1, len(self.inputs)))
            parts = [self._marginals(chunk) for chunk in torch.split(flat, rows)]
            mean, variance = (torch.cat(part).reshape(X.shape[:-1]) for part in zip(*parts, strict=True))
        return mean, variance

    def single_precision_marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return `marginals` (``n`` each) of `X` (``n x d``) in half the time, off by some 1e-5 of the values' spread.

        The constant, whose prior variance is large, is computed apart, so that nothing cancels.
        """
        with torch.no_grad():
            offset, kernel, hyper = self.kernel.offset, replace(self.kernel, offset=0.0), self.hyperparameters
            ones = torch.linalg.solve_triangular(self._factor, torch.ones_like(self._alpha), upper=False)
            level, rest = offset * float(self._alpha.sum()), offset * (1.0 - offset * float(ones.square().sum()))
            known, alpha = (self.inputs - self._shift).float(), self._alpha.float()
            factor, constant = self._factor.float(), 2.0 * offset * ones.T.float()
            means, variances = [], []
            for chunk in torch.split(X, max(256, _CHUNK_ENTRIES // max(1, len(known)))):
                cross = kernel.evaluate((chunk - self._shift).float(), known, hyper)
                white = torch.linalg.solve_triangular(factor, cross.T, upper=False)
                prior = kernel.diagonal(chunk.float(), hyper)
                means.append(level + (cross @ alpha)[:, 0])
                variances.append((prior + rest - (constant @ white)[0] - white.square_().sum(0)).clamp_min(0.0))
            mean, variance = torch.cat(means).double(), torch.cat(variances).double()
        return self.output.centre + self.output.scale * mean, self.output.scale**2 * variance

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (``n``) at `X` (``n x d``) and covariances (``n x b``) with `Z` (``b x d``).

        Like `marginals` without gradients, in chunks, in the target's unit.
        """
        with torch.no_grad():
            Z = Z.to(torch.float64)
            root = torch.linalg.solve_triangular(self._factor, self._cross(Z).T, upper=False)
            rows = max(64, _CHUNK_ENTRIES // max(1, len(self.inputs) + len(Z)))
            parts = [self._cross_moments(chunk, Z, root) for chunk in torch.split(X.to(torch.float64), rows)]
            mean, variance, covariance = (torch.cat(part) for part in zip(*parts, strict=True))
        return mean, variance, covariance

    def held_out(self) -> HeldOut:
        """Predict every measurement from all the others, hyperparameters unchanged, in closed form (leave-one-out)."""
        if self._held_out is None:
            self._held_out = self._leave_one_out()
        return self._held_out

    def precision(self) -> Tensor:
        """Return the inverse covariance (``n x n``) of the standardised values, their noise included."""
        return torch.cholesky_inverse(self._factor)

    def _leave_one_out(self) -> HeldOut:
        diagonal = torch.cholesky_inverse(self._factor).diagonal().numpy() if len(self.values) else np.zeros(0)
        z = self.output.standardise(self.values.numpy())
        return held_out(self.output, z, z - self._alpha[:, 0].numpy() / diagonal, 1.0 / diagonal)

    def squared_mahalanobis(self) -> float:
        """Return ``z^T K^-1 z`` of the standardised values, their squared Mahalanobis distance from the prior mean."""
        return float(self.output.standardise(self.values.numpy()) @ self._alpha[:, 0].numpy())

    def log_evidence(self) -> float:
        """Log marginal likelihood of the measured values (target's unit) under the hyperparameters."""
        n = len(self.values)
        logdet = 2.0 * float(self._factor.diagonal().log().sum())
        return -0.5 * (self.squared_mahalanobis() + logdet) - n * (
            0.5 * math.log(2 * math.pi) + math.log(self.output.scale)
        )

    def _cross(self, X: Tensor) -> Tensor:
        return self.kernel.evaluate(X - self._shift, self.inputs - self._shift, self.hyperparameters)

    def _solve(self, cross: Tensor) -> Tensor:
        """Return ``L^-1 k(train, X)`` (``... x n x q``) for cross covariances ``... x q x n``."""
        q, n = cross.shape[-2:]
        flat = cross.reshape(cross.shape[:-1].numel(), n).T
        solved: Tensor = torch.linalg.solve_triangular(self._factor, flat, upper=False)
        return solved.T.reshape(*cross.shape[:-2], q, n).transpose(-1, -2)

    def _marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        cross = self._cross(X)
        mean = (cross @ self._alpha)[:, 0]
        explained = torch.linalg.solve_triangular(self._factor, cross.T, upper=False).square_().sum(0)
        prior = self.kernel.diagonal(X, self.hyperparameters)
        variance = torch.maximum(prior - explained, _JITTER * prior)
        return self.output.centre + self.output.scale * mean, self.output.scale**2 * variance

    def _cross_moments(self, X: Tensor, Z: Tensor, root: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        cross = self._cross(X)
        explained = torch.linalg.solve_triangular(self._factor, cross.T, upper=False)
        prior = self.kernel.diagonal(X, self.hyperparameters)
        variance = torch.maximum(prior - explained.square().sum(0), _JITTER * prior)
        own = self.kernel.evaluate(X - self._shift, Z - self._shift, self.hyperparameters)
        mean = self.output.centre + self.output.scale * (cross @ self._alpha)[:, 0]
        return mean, self.output.scale**2 * variance, self.output.scale**2 * (own - explained.T @ root)

    def _joint(self, X: Tensor) -> tuple[Tensor, Tensor]:
        X = X.to(torch.float64)
        cross = self._cross(X)
        root = self._solve(cross)
        own = self.kernel.evaluate(X - self._shift, X - self._shift, self.hyperparameters)
        prior = self.kernel.prior_variance(self.hyperparameters)
        eye = torch.eye(X.shape[-2], dtype=torch.float64)
        covariance = own - root.transpose(-1, -2) @ root + _JITTER * prior * eye
        covariance = 0.5 * (covariance + covariance.transpose(-1, -2))
        mean = (cross @ self._alpha)[..., 0]
        return self.output.centre + self.output.scale * mean, self.output.scale**2 * covariance


def fitted_rows(count: int) -> IndexArray:
    """Return the rows from which hyperparameters are learned: all, or a random subset of `MAX_FITTED` of them."""
    if count <= MAX_FITTED:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).permutation(count)[:MAX_FITTED])


def standard_noise(one: TaskData, output: OutputScale, floor: float) -> FloatArray:
    """Return the noise variances (``n``) of data of one target, standardised, at least `floor`; NaN where unknown."""
    if one.Yvar is None:
        return np.full(len(one.Y), np.nan)
    return np.asarray(np.maximum(one.Yvar[:, 0].numpy() / output.scale**2, floor))


def conditioned_like(process: GaussianProcess, data: TaskData) -> GaussianProcess:
    """Return a process of other data of the same target (``m = 1``) with the hyperparameters and scale of `process`.

    Given noise variances are inflated as those of `process` were.
    """
    one = data.target(0)
    y = torch.from_numpy(winsorised(one.Y[:, 0].numpy()))
    output = process.output
    known = torch.from_numpy(standard_noise(one, output, GaussianProcessSettings.noise_floor) * output.scale**2)
    known = known * inflation_factor(degrees_of_freedom(len(process.values))) ** 2
    return GaussianProcess(
        one.X, y, process.kernel, process.hyperparameters, known_noise=known, output=output,
        batches=one.batches, batch_variance=process.batch_variance,
    )  # fmt: skip


def fit_gaussian_process(
    data: TaskData,
    settings: GaussianProcessSettings | None = None,
    *,
    wide: bool = False,
    start: Hyperparameters | None = None,
) -> GaussianProcess:
    """Fit a Gaussian process to the data of one target (``m = 1``; see :meth:`TaskData.target`).

    A pure function of the data: no randomness, and rows in any order give the same model. Gross values are
    winsorised first (`designer.surrogates.outputs.winsorised`). Hyperparameters of more than `MAX_FITTED` measurements
    are learned from a random subset of that size (C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine
    Learning (2006), 8.3.1); the process is conditioned on all of them.

    Parameters
    ----------
    wide
        Whether deviations are inflated for uncertain hyperparameters and for selected designs
        (`designer.surrogates.variance_inflation`); otherwise they are those of the most probable hyperparameters.
    start
        Where the search for hyperparameters begins, such as those of nearly the same data.
    """
    settings = settings or GaussianProcessSettings()
    one = data.target(0)
    y = torch.from_numpy(winsorised(one.Y[:, 0].numpy()))
    output = OutputScale.of(y.numpy(), settings.standardise)
    kernel = build_kernel(one.columns, settings)
    priors = build_priors(kernel, settings)
    noise = standard_noise(one, output, settings.noise_floor)
    known = torch.from_numpy(noise * output.scale**2)
    hyper, effect = Hyperparameters.from_log(priors.means, kernel.lengthscales), None
    if len(y):
        X = (one.X - kernel.origin(one.X)).numpy()
        some = fitted_rows(len(y))
        problem = LogPosterior(kernel, X[some], output.standardise(y.numpy())[some], noise[some], priors)
        hyper = maximum_posterior(problem, _starts(kernel, priors, start))
        if one.batches is not None:
            effect = _batch_effect(problem, one, settings, one.batches.numpy()[some], hyper, start)
        if effect is not None:
            kernel, hyper = build_kernel(one.columns, _with_main_effects(settings)), effect.hyperparameters
        if wide:
            hyper, known = inflated(hyper, known, degrees_of_freedom(len(y)))
    variance = 0.0 if effect is None else effect.variance
    if wide:
        variance *= inflation_factor(degrees_of_freedom(len(y))) ** 2
    return GaussianProcess(
        one.X, y, kernel, hyper, known_noise=known, output=output, batches=one.batches, batch_variance=variance
    )


def _starts(kernel: Kernel, priors: LogNormalPriors, start: Hyperparameters | None) -> FloatArray:
    """Return where the search begins: at `start`, if its hyperparameters are those of the kernel."""
    if start is None or len(start.to_log()) != len(priors.means):
        return build_starts(kernel, priors)
    return start.to_log()[None]


def _with_main_effects(settings: GaussianProcessSettings) -> GaussianProcessSettings:
    return replace(settings, main_effects="all")


def _batch_effect(
    problem: LogPosterior,
    one: TaskData,
    settings: GaussianProcessSettings,
    batches: IntArray,
    hyper: Hyperparameters,
    start: Hyperparameters | None,
) -> BatchEffect | None:
    """Return the random effect of batches, if a process with it is more likely than that of `problem` without."""
    kernel = build_kernel(one.columns, _with_main_effects(settings))
    priors = build_priors(kernel, settings)
    found = batch_effect(replace(problem, kernel=kernel, priors=priors), batches, _starts(kernel, priors, start))
    without = -problem.likelihood(hyper.to_log())[0]
    return found if found is not None and found.log_likelihood > without else None
