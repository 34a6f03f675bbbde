"""A Gaussian process of one target around a mean from past tasks: the posterior of every kind of prior.

    f(x) = centre + scale (m(x) + g(x)),      g ~ GP(0, k([x, phi(x)], [x', phi(x')]))

where m is the mean that past tasks predict (standardised), phi are further features from past tasks, such as the
deviations of single tasks from the mean, or a learned embedding, and k is the baseline kernel over the design's own
features with terms over phi added. So it is an exact Gaussian process with a joint posterior for any m and phi, and its
own features cover what the sources do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray, IndexArray
from designer.surrogates.data import TaskData
from designer.surrogates.fitting import LogNormalPriors, LogPosterior, maximum_posterior
from designer.surrogates.gaussian_process import GaussianProcess, standard_noise
from designer.surrogates.held_out import HeldOut
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel, build_priors
from designer.surrogates.kernels import Hyperparameters, Kernel, LinearTerm, Term
from designer.surrogates.outputs import OutputScale, winsorised
from designer.surrogates.single_output import SingleOutput
from designer.surrogates.variance_inflation import inflated

PRIOR_DEGREES = 2
"""Degrees of freedom that past tasks add to those of the results: they are informative about level and scale."""


class PriorMean(Protocol):
    """The mean of a new task that past tasks predict, and further features."""

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean (``...``), standardised, and further features (``... x k``) of the features ``... x d``.

        Differentiable with respect to X, and the same for a design alone and among others.
        """
        ...


def zero_mean(X: Tensor) -> tuple[Tensor, Tensor]:
    """Return a mean of 0 and no further features: the prior mean without past tasks."""
    return X.new_zeros(X.shape[:-1]), X.new_zeros(*X.shape[:-1], 0)


@dataclass(frozen=True)
class KernelTerm:
    """A term of the kernel over some of the further features.

    Parameters
    ----------
    form
        ``linear`` (a regression on them) or ``matern`` (one lengthscale for all of them).
    columns
        Which of the ``k`` further features.
    variance, lengthscale
        Mean and deviation of the normal priors on the logarithms, for standardised outputs.
    """

    form: Literal["linear", "matern"]
    columns: tuple[int, ...]
    variance: tuple[float, float]
    lengthscale: tuple[float, float] = (0.0, 0.5)


class InformedModel(SingleOutput):
    """The posterior: a Gaussian process over own and further features, and the mean that is added to it.

    Parameters
    ----------
    process
        Over ``d + k`` features, of the values less the mean.
    prior_mean
        The mean from past tasks.
    own
        The number ``d`` of the design's own features.
    """

    def __init__(self, process: GaussianProcess, prior_mean: PriorMean, own: int) -> None:
        super().__init__()
        self.process, self.prior_mean, self._own = process, prior_mean, own

    # The interface of botorch models.

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`)."""
        mean, extended = self._known(X)
        rest, covariance = self.process.joint_moments(extended, observation_noise)
        return rest + mean, covariance

    def condition_on_observations(self, X: Tensor, Y: Tensor | None = None, **kwargs: Any) -> InformedModel:
        """Return the model with ``p`` more measurements; see `GaussianProcess.condition_on_observations`."""
        mean, extended = self._known(X.detach())
        rest = None if Y is None else Y.detach().to(torch.float64) - mean[:, None]
        return InformedModel(
            self.process.condition_on_observations(extended, rest, **kwargs), self.prior_mean, self._own
        )

    # Further quantities.

    @property
    def inputs(self) -> Tensor:
        """The features (``n x d``) of the measured designs."""
        return self.process.inputs[:, : self._own]

    @property
    def noise_variance(self) -> float:
        """The learned noise variance, in the target's unit squared."""
        return self.process.noise_variance

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return marginal means and variances (each ``...``, target's unit) of `X` (``... x d``), without gradients."""
        with torch.no_grad():
            mean, extended = self._known(X)
            rest, variance = self.process.marginals(extended)
            return rest + mean, variance

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (``n``) at `X` (``n x d``) and covariances (``n x b``) with `Z` (``b x d``)."""
        with torch.no_grad():
            mean, extended = self._known(X)
            rest, variance, covariance = self.process.cross_moments(extended, self._known(Z)[1])
            return rest + mean, variance, covariance

    def held_out(self) -> HeldOut:
        """Predict every measurement from all the others, hyperparameters unchanged, in closed form (leave-one-out)."""
        with torch.no_grad():
            mean = self._known(self.inputs)[0].numpy()
        found = self.process.held_out()
        return replace(found, means=found.means + mean)

    def log_evidence(self) -> float:
        """Log marginal likelihood of the measured values (target's unit) under the hyperparameters."""
        return self.process.log_evidence()

    def coefficients(self) -> list[Tensor]:
        """Return the posterior means of the coefficients of every linear term, one tensor (``k``) a term."""
        process = self.process
        return [
            float(process.hyperparameters.variances[term.variance])
            * (process.inputs[:, term.columns].T @ process._alpha)[:, 0]
            for term in process.kernel.linear
        ]

    def _known(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean (``...``, target's unit less the centre) and the extended features (``... x d + k``)."""
        X = X.to(torch.float64)
        mean, features = self.prior_mean(X)
        return self.process.output.scale * mean, torch.cat([X, features], dim=-1)


def fit_informed(
    data: TaskData,
    prior_mean: PriorMean,
    terms: Sequence[KernelTerm],
    *,
    output: OutputScale | None = None,
    settings: GaussianProcessSettings | None = None,
) -> InformedModel:
    """Fit the process to the data of one target (``m = 1``): a pure function of the data, row order included.

    Parameters
    ----------
    output
        How values are standardised; by their own mean and deviation unless given.
    settings
        Of the baseline kernel over the design's own features; its variance prior is that of the errors of past tasks.
    """
    settings = settings or GaussianProcessSettings()
    one = data.target(0)
    y = winsorised(one.Y[:, 0].numpy())
    output = output or OutputScale.of(y, settings.standardise)
    with torch.no_grad():
        mean, features = prior_mean(one.X)
    X = torch.cat([one.X, features], dim=-1)
    kernel, priors = extended(build_kernel(one.columns, settings), settings, terms, features.shape[-1])
    rest = torch.from_numpy(y - output.scale * mean.numpy())
    hyper = Hyperparameters.from_log(priors.means, kernel.lengthscales)
    noise = standard_noise(one, output, settings.noise_floor)
    known = torch.from_numpy(noise * output.scale**2)
    if len(y):
        z = output.standardise(rest.numpy())
        problem = LogPosterior(kernel, (X - kernel.origin(X)).numpy(), z, noise, priors)
        hyper = maximum_posterior(problem, priors.means[None, :])
        hyper, known = inflated(hyper, known, len(y) + PRIOR_DEGREES)
    process = GaussianProcess(X, rest, kernel, hyper, known_noise=known, output=output)
    return InformedModel(process, prior_mean, one.X.shape[-1])


def extended(
    kernel: Kernel, settings: GaussianProcessSettings, added: Sequence[KernelTerm], width: int
) -> tuple[Kernel, LogNormalPriors]:
    """Return a kernel with terms over some of `width` further features added, and the priors of its hyperparameters."""
    base = build_priors(kernel, settings)
    own = len(kernel.weights)
    terms = [replace(term, groups=_padded(term.groups, width)) for term in kernel.terms]
    linear: list[LinearTerm] = []
    lengths: list[tuple[float, float]] = []
    variances: list[tuple[float, float]] = []
    for more in added:
        columns = own + np.array(more.columns, dtype=np.intp)
        place = kernel.variances + len(variances)
        variances.append(more.variance)
        if more.form == "linear":
            linear.append(LinearTerm(columns, place))
            continue
        groups = np.full(own + width, -1, dtype=np.intp)
        groups[columns] = kernel.lengthscales + len(lengths)
        lengths.append(more.lengthscale)
        terms.append(Term(groups, place))
    whole = replace(
        kernel,
        weights=np.concatenate([kernel.weights, np.ones(width)]),
        terms=tuple(terms),
        lengthscales=kernel.lengthscales + len(lengths),
        variances=kernel.variances + len(variances),
        linear=tuple(linear),
    )
    return whole, LogNormalPriors(
        _inserted(base.means, kernel.lengthscales, lengths, variances, 0),
        _inserted(base.deviations, kernel.lengthscales, lengths, variances, 1),
        base.noise_floor,
    )


def _padded(groups: IndexArray, width: int) -> IndexArray:
    return np.concatenate([groups, np.full(width, -1, dtype=np.intp)])


def _inserted(
    base: FloatArray,
    lengthscales: int,
    lengths: list[tuple[float, float]],
    variances: list[tuple[float, float]],
    part: int,
) -> FloatArray:
    """Return the values of (lengthscales, variances, noise) with those of further terms inserted."""
    more = [[pair[part] for pair in pairs] for pairs in (lengths, variances)]
    return np.concatenate([base[:lengthscales], more[0], base[lengthscales:-1], more[1], base[-1:]])
