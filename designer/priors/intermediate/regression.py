"""A target given the design and its observations, p(y | x, z), and the evidence that z is informative about y given x.

    y = centre + scale (g(x) + b . z + h(z)),      g ~ GP(0, k),  b ~ N(0, v I),  h ~ GP(0, k_z)

with the baseline kernel k over the design's features, a linear regression on the standardised observations z, and a
Matern-5/2 term over them. Where z explains y, little is left for g, and a few results are enough; where it does not,
both added variances become small.

Whether z is informative is judged by leave-one-out predictions of the same results with and without z: the weight of
the regression is the posterior probability w of "with z",

    log w / (1 - w) = log prior odds + sum_i [log p(y_i | x, z, others) - log p(y_i | x, others)].

Observations that are unrelated to the target get a weight near 0, and predictions stay those without them.

References: M. C. Kennedy, A. O'Hagan, Predicting the output from a complex computer code when fast approximations are
available, Biometrika 87 (2000), for the linear term; C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine
Learning (2006), 5.4.2, for leave-one-out predictions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.informed import KernelTerm, extended
from designer.surrogates.data import TaskData
from designer.surrogates.fitting import LogPosterior, maximum_posterior
from designer.surrogates.gaussian_process import (
    GaussianProcess,
    fit_gaussian_process,
    fitted_rows,
    standard_noise,
)
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel
from designer.surrogates.outputs import OutputScale, winsorised
from designer.surrogates.variance_inflation import degrees_of_freedom, inflated

MIN_PAIRS = 4
"""Results with the observations from which a regression is fitted."""

PRIOR_PROBABILITY = 1.0 / 3.0
"""Probability that observations are informative about a target, before a result."""

PERMUTATIONS = 9
"""Exchanges of the observations between the designs. The evidence counts by what it exceeds the largest of theirs: of
unrelated observations it does so once in ten times."""

_MIN_EVIDENCE = -3.0  # the weight is below 0.03 without a comparison with permutations
_LINEAR = (-1.0, 1.0)  # of the log prior variance of the coefficients
_SMOOTH = (-2.0, 1.0)  # of the log variance of the term over the observations


@dataclass(frozen=True, eq=False)
class ObservedRegression:
    """A regression of one target on features and observations.

    Parameters
    ----------
    process
        Over the design's ``d`` features and its ``k`` standardised observations.
    weight
        The probability that the observations are informative about the target given the design.
    """

    process: GaussianProcess
    weight: float

    def predict(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``n`` each, model scale) of designs (``n x d``) with observations (``n x k``)."""
        return self.process.marginals(torch.cat([X, Z], dim=-1))


def fit_observed(
    one: TaskData, Z: FloatArray, prior_probability: float = PRIOR_PROBABILITY
) -> ObservedRegression | None:
    """Return the regression of one target on design and observations; None of fewer than `MIN_PAIRS` results.

    A pure function of the data, in any order of the rows.

    Parameters
    ----------
    one
        The results of one target (``m = 1``).
    Z
        ``n x k`` standardised observations of the same designs, NaN where one is missing: such rows are left out.
    prior_probability
        That the observations are informative, before a result.
    """
    order = one.order(0)
    known = np.isfinite(Z[order.numpy()]).all(axis=1)
    rows = order[torch.from_numpy(known)]
    if len(rows) < MIN_PAIRS:
        return None
    data = one.rows(rows.tolist())
    known_z = torch.as_tensor(Z[rows.numpy()], dtype=torch.float64)
    process, without = _fitted(data, known_z), _log_density(fit_gaussian_process(data, wide=True))
    evidence = _log_density(process) - without
    if evidence > _MIN_EVIDENCE:
        evidence -= max(0.0, max(_log_density(_fitted(data, each)) - without for each in _permuted(known_z)))
    odds = math.log(prior_probability / (1.0 - prior_probability)) + evidence
    weight = 1.0 / (1.0 + math.exp(-min(max(odds, -50.0), 50.0)))
    return ObservedRegression(process, weight)


def _log_density(process: GaussianProcess) -> float:
    """Return the logarithm of the density of the results by leave-one-out predictions."""
    return float(process.held_out().log_densities.sum())


def _permuted(Z: Tensor) -> Iterator[Tensor]:
    """Yield the observations exchanged between the designs, `PERMUTATIONS` times, the same for the same number."""
    rng = np.random.default_rng(0)
    for _ in range(PERMUTATIONS):
        yield Z[torch.from_numpy(rng.permutation(len(Z)))]


def _fitted(data: TaskData, Z: Tensor) -> GaussianProcess:
    """Return the process over features and observations of data of one target, rows in their order."""
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
    hyper, known = inflated(hyper, known, degrees_of_freedom(len(y)))
    return GaussianProcess(X, torch.from_numpy(y), kernel, hyper, known_noise=known, output=output)
