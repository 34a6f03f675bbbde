"""How a target depends on observations, learned from the results of a past campaign.

The regression of the past campaign (`designer.priors.intermediate.regression`) has the form

    y = centre + scale (g(x) + r(z)),      r(z) = a + b . z + h(z).

Its settings x may be others than those of a new campaign; the observations z and the target y are the same quantities.
So the posterior of r, without g, is what a new campaign takes over: a mean m(z) and a covariance C(z, z'), with what
the past results tell of the variance of g and of the noise. Far from the past observations C becomes that of the
prior, and nothing is claimed.

Reference: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), 2.7, for the posterior of
one summand of a process.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.observations.observation import MIN_PAIRS
from designer.priors.intermediate.regression import fitted_process, known_rows
from designer.priors.levels import level_of
from designer.priors.sources import Source
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.kernel_structure import GaussianProcessSettings
from designer.surrogates.kernels import Hyperparameters, Kernel, LinearTerm, Term
from designer.surrogates.outputs import OutputScale

_SPREAD = 1.0
"""Deviation of the logarithms of the variances of g and of the noise between campaigns."""


@dataclass(frozen=True, eq=False)
class PastRelation:
    """The posterior of r(z) given the results of a past campaign, standardised as its values are.

    Parameters
    ----------
    kernel, hyperparameters
        Of r, over the ``k`` standardised observations.
    Z
        ``n x k``, the past observations, standardised.
    centre, deviation
        Means and standard deviations (``k`` each) by which observations are standardised.
    weights, precision
        ``n`` and ``n x n``: the inverse covariance of the past values, noise and g included, and its product with them.
    unexplained, noise
        Variances of g and of the noise.
    values
        ``n`` past values.
    """

    kernel: Kernel
    hyperparameters: Hyperparameters
    Z: Tensor
    centre: Tensor
    deviation: Tensor
    weights: Tensor
    precision: Tensor
    unexplained: float
    noise: float
    values: Tensor

    def standardised(self, Z: Tensor) -> Tensor:
        """Return observations (``... x k``) as the relation takes them."""
        return (Z - self.centre) / self.deviation

    def mean(self, Z: Tensor) -> Tensor:
        """Return the mean (``...``) of r at standardised observations (``... x k``)."""
        return self.kernel.evaluate(Z, self.Z, self.hyperparameters) @ self.weights

    def covariance(self, Z1: Tensor, Z2: Tensor) -> Tensor:
        """Return the covariances (``... x n1 x n2``) of r at standardised observations (``... x n x k`` each)."""
        first, second = (self.kernel.evaluate(Z, self.Z, self.hyperparameters) for Z in (Z1, Z2))
        return self.kernel.evaluate(Z1, Z2, self.hyperparameters) - first @ self.precision @ second.mT

    def variance(self, Z: Tensor) -> Tensor:
        """Return the variances (``...``) of r at standardised observations (``... x k``)."""
        cross = self.kernel.evaluate(Z, self.Z, self.hyperparameters)
        known = ((cross @ self.precision) * cross).sum(-1)
        return (self.kernel.diagonal(Z, self.hyperparameters) - known).clamp_min(0.0)

    def in_units(self, centre: Tensor, deviation: Tensor) -> PastRelation:
        """Return the relation to ``(z - centre) / deviation`` (``k`` each) in place of the observations z."""
        return replace(self, centre=(self.centre - centre) / deviation, deviation=self.deviation / deviation)

    @property
    def settings(self) -> GaussianProcessSettings:
        """Those of a process over the design beside the relation: what is left unexplained is as large as it was."""
        left = math.log(self.unexplained)
        return GaussianProcessSettings(
            variance=(left, _SPREAD), noise=(math.log(self.noise), _SPREAD), offset=self.unexplained
        )

    def level(self, y: FloatArray, Z: Tensor) -> OutputScale:
        """Return centre and scale of the values (``n``) of a new campaign with these observations (``n x k``)."""
        around = self.unexplained + self.noise + (float(self.variance(Z).mean()) if len(y) else 0.0)
        return level_like(y, self.mean(Z).numpy(), around, [self.values])


def level_like(y: FloatArray, mean: FloatArray, variance: float, past: Sequence[Tensor]) -> OutputScale:
    """Return centre and scale of values (``n``) of a quantity of which past campaigns have values in the same unit.

    As `designer.priors.levels.level_of`.

    Parameters
    ----------
    past
        The values of each past campaign.
    """
    quantity, none = Quantity("y"), torch.zeros(0, dtype=torch.bool)
    sources = [Source(f"past {i}", quantity, values[:, None][:, :0], values, none) for i, values in enumerate(past)]
    return level_of(y, mean, variance, sources, quantity)


def learned_relation(one: TaskData, Z: FloatArray) -> PastRelation | None:
    """Return how a target depends on observations by the results of a past campaign.

    None of fewer than `MIN_PAIRS` results with all observations, or where an observation or the target never changes. A
    pure function of the data, in any order of the rows.

    Parameters
    ----------
    one
        The past results of one target (``m = 1``), in the new campaign's unit.
    Z
        ``n x k`` observations of the same designs in any unit, NaN where one is missing.
    """
    data, known = known_rows(one, Z)
    if len(known) < MIN_PAIRS:
        return None
    centre, deviation = known.mean(0), known.std(0, correction=0)
    values = data.Y[:, 0]
    if bool((deviation <= 1e-9 * known.abs().amax(0)).any()) or float(values.std()) == 0.0:
        return None
    inputs = (known - centre) / deviation
    process = fitted_process(data, inputs, wide=False)
    kernel, hyper = _part(process.hyperparameters, process.kernel.offset, inputs.shape[1])
    precision = process.precision()
    z = torch.from_numpy(process.output.standardise(process.values.numpy()))
    within = process.kernel.prior_variance(process.hyperparameters) - kernel.prior_variance(hyper)
    return PastRelation(
        kernel,
        hyper,
        inputs,
        centre,
        deviation,
        precision @ z,
        precision,
        within,
        process.hyperparameters.noise,
        values,
    )


def _part(whole: Hyperparameters, offset: float, width: int) -> tuple[Kernel, Hyperparameters]:
    """Return the kernel of r alone: the constant, and the last two terms of a regression's kernel."""
    columns = np.arange(width, dtype=np.intp)
    term = Term(np.zeros(width, dtype=np.intp), 1)
    kernel = Kernel(np.ones(width), (term,), 1, 2, offset, (LinearTerm(columns, 0),))
    return kernel, Hyperparameters(whole.lengthscales[-1:], whole.variances[-2:], whole.noise)


@dataclass(frozen=True, eq=False)
class PastResults:
    """The results of one target in a past campaign that also made the observations.

    Parameters
    ----------
    name
        Of the campaign.
    one
        The results (``n`` rows, ``m = 1``), in the new campaign's unit and on its scale.
    Z
        ``n x k`` observations of their designs in the columns of the new campaign, NaN where missing.
    probability
        That the relation found there holds in a new campaign, before a result.
    centre, deviation
        ``k`` each, by which the new campaign standardises observations.
    learned
        The relations to observations that are not standardised, by their columns, as far as they are known.
    """

    name: str
    one: TaskData
    Z: FloatArray
    probability: float
    centre: FloatArray
    deviation: FloatArray
    learned: dict[tuple[int, ...], PastRelation | None] = field(default_factory=dict)

    def same_units(self, other: PastResults) -> bool:
        """Whether a new campaign takes them over alike: with this probability, standardised so."""
        same = np.array_equal(self.centre, other.centre) and np.array_equal(self.deviation, other.deviation)
        return same and self.probability == other.probability

    def relation(self, columns: Sequence[int]) -> PastRelation | None:
        """Return the relation to some of the standardised observations; None of too few results with them."""
        key = tuple(columns)
        if key not in self.learned:
            self.learned[key] = learned_relation(self.one, self.Z[:, list(key)])
        found, places = self.learned[key], list(key)
        if found is None:
            return None
        return found.in_units(torch.as_tensor(self.centre[places]), torch.as_tensor(self.deviation[places]))
