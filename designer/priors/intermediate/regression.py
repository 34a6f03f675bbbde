"""A target given the design and its observations, p(y | x, z), and the evidence that z is informative about y given x.

    y = centre + scale (g(x) + b . z + h(z)),      g ~ GP(0, k),  b ~ N(0, v I),  h ~ GP(0, k_z)

with the baseline kernel k over the design's features, a linear regression on the standardised observations z, and a
Matern-5/2 term over them. Where z explains y, little is left for g, and a few results are enough; where it does not,
both added variances become small.

The weight of a regression is the posterior probability that it holds. The evidence for one of the campaign's own
results is the Bayes factor of `designer.priors.intermediate.relation`; for one around a past relation it is that of
leave-one-out predictions of the same results with and without z,

    sum_i [log p(y_i | x, z, others) - log p(y_i | x, others)],

less the largest of observations that are exchanged between the designs.

Observations that are unrelated to the target get a weight near 0, and predictions stay those without them.

References: M. C. Kennedy, A. O'Hagan, Predicting the output from a complex computer code when fast approximations are
available, Biometrika 87 (2000), for the linear term; C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine
Learning (2006), 5.4.2, for leave-one-out predictions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.informed import KernelTerm, extended
from designer.surrogates.data import TaskData
from designer.surrogates.fitting import LogPosterior, maximum_posterior
from designer.surrogates.gaussian_process import (
    GaussianProcess,
    fitted_rows,
    standard_noise,
)
from designer.surrogates.held_out import HeldOut
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel
from designer.surrogates.outputs import OutputScale, winsorised
from designer.surrogates.variance_inflation import degrees_of_freedom, inflated

PRIOR_PROBABILITY = 1.0 / 3.0
"""Probability that observations are informative about a target, before a result."""

PERMUTATIONS = 9
"""Exchanges of the observations between the designs. The evidence counts by what it exceeds the largest of theirs: of
unrelated observations it does so once in ten times."""

_MIN_EVIDENCE = -3.0  # the weight is below 0.03 without a comparison with permutations
_LINEAR = (-1.0, 1.0)  # of the log prior variance of the coefficients
_SMOOTH = (-2.0, 1.0)  # of the log variance of the term over the observations


class Predicted(Protocol):
    """A model that predicts each of its results from the others."""

    def held_out(self) -> HeldOut:
        """Return the leave-one-out predictions."""
        ...


@dataclass(frozen=True, eq=False)
class ObservedRegression:
    """A regression of one target on the design's ``d`` features and its ``k`` standardised observations."""

    process: GaussianProcess

    @property
    def joint(self) -> GaussianProcess:
        """The process over features and observations, side by side."""
        return self.process

    def predict(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``n`` each, model scale) of designs (``n x d``) with observations (``n x k``)."""
        return self.process.marginals(torch.cat([X, Z], dim=-1))

    def held_out(self) -> HeldOut:
        """Return the leave-one-out predictions of the results."""
        return self.process.held_out()


def known_rows(one: TaskData, Z: FloatArray) -> tuple[TaskData, Tensor]:
    """Return the results of one target with all observations, in a canonical order, and these (``n x k``)."""
    order = one.order(0)
    rows = order[torch.from_numpy(np.isfinite(Z[order.numpy()]).all(axis=1))]
    return one.rows(rows.tolist()), torch.as_tensor(Z[rows.numpy()], dtype=torch.float64)


def evidence_of(fit: Callable[[Tensor], Predicted], Z: Tensor, found: Predicted, without: Predicted) -> float:
    """Return the evidence that observations are informative: what it exceeds that of permuted ones by, if positive.

    Parameters
    ----------
    fit
        Returns the regression of the results on observations (``n x k``).
    found, without
        The regression on the observations `Z`, and a model of the same results without them.
    """
    least = _log_density(without)
    evidence = _log_density(found) - least
    if evidence > _MIN_EVIDENCE:
        evidence -= max(0.0, max(_log_density(fit(each)) - least for each in _permuted(Z)))
    return evidence


def posterior_weights(priors: Sequence[float], evidence: Sequence[float]) -> list[float]:
    """Return the posterior probabilities of regressions, of which at most one holds; the rest is that of none.

    Parameters
    ----------
    priors
        Their probabilities before a result, of a sum below 1.
    evidence
        The logarithm of how much more probable than without observations each makes the results.
    """
    none = 1.0 - sum(priors)
    odds = [math.log(prior / none) + more for prior, more in zip(priors, evidence, strict=True)]
    odds = [min(max(each, -50.0), 50.0) for each in odds]
    return [
        1.0 / (1.0 + math.exp(-own) + sum(math.exp(odds[j] - own) for j in range(len(odds)) if j != i))
        for i, own in enumerate(odds)
    ]


def _log_density(process: Predicted) -> float:
    """Return the logarithm of the density of the results by leave-one-out predictions."""
    return float(process.held_out().log_densities.sum())


def _permuted(Z: Tensor) -> Iterator[Tensor]:
    """Yield the observations exchanged between the designs, `PERMUTATIONS` times, the same for the same number."""
    rng = np.random.default_rng(0)
    for _ in range(PERMUTATIONS):
        yield Z[torch.from_numpy(rng.permutation(len(Z)))]


def fit_regression(data: TaskData, Z: Tensor) -> ObservedRegression:
    """Return the regression of data of one target (``m = 1``, rows in their order) on observations (``n x k``)."""
    return ObservedRegression(fitted_process(data, Z))


def fitted_process(data: TaskData, Z: Tensor, *, wide: bool = True) -> GaussianProcess:
    """Return the process over features and observations (``n x k``) of data of one target, rows in their order.

    The last two variances of its kernel are those of the linear term and of the term over the observations.

    Parameters
    ----------
    wide
        Whether deviations are inflated (`designer.surrogates.variance_inflation`).
    """
    settings, width = GaussianProcessSettings(), Z.shape[1]
    columns = tuple(range(width))
    length = (0.5 * math.log(width), 0.5)
    terms = [KernelTerm("linear", columns, _LINEAR), KernelTerm("matern", columns, _SMOOTH, length)]
    kernel, priors = extended(build_kernel(data.columns, settings), settings, terms, width)
    y = winsorised(data.Y[:, 0].numpy())
    output = OutputScale.of(y, settings.standardise)
    X = torch.cat([data.X, Z], dim=-1)
    noise = standard_noise(data, output, settings.noise_floor)
    some = fitted_rows(len(y))
    inputs = (X - kernel.origin(X)).numpy()
    problem = LogPosterior(kernel, inputs[some], output.standardise(y)[some], noise[some], priors)
    hyper = maximum_posterior(problem, priors.means[None, :])
    known = torch.from_numpy(noise * output.scale**2)
    if wide:
        hyper, known = inflated(hyper, known, degrees_of_freedom(len(y)))
    return GaussianProcess(X, torch.from_numpy(y), kernel, hyper, known_noise=known, output=output)
