"""The regression of a campaign's results on observations around the relation that a past campaign found.

    y = centre + scale (r(z) + g(x)),

with the posterior of r from the past campaign (`designer.priors.intermediate.past_relation`), and g about as large as
what the past relation left unexplained. Centre and scale are those of the past campaign as far as few results do not
tell (`designer.priors.levels`). It is defined from no result on, and is then the past relation itself.

The results change r only within its posterior: a relation that they contradict, as one of the opposite sign, is to be
rejected by its evidence, and not learned anew under the name of the past campaign.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.informed import PRIOR_DEGREES, InformedModel, extended, fit_informed, zero_mean
from designer.priors.intermediate.past_relation import PastRelation, level_like
from designer.surrogates.data import TaskData
from designer.surrogates.fitting import LogPosterior, maximum_posterior
from designer.surrogates.gaussian_process import GaussianProcess, fitted_rows, standard_noise
from designer.surrogates.held_out import HeldOut
from designer.surrogates.kernel_structure import build_kernel
from designer.surrogates.kernels import Hyperparameters, Kernel
from designer.surrogates.outputs import winsorised
from designer.surrogates.variance_inflation import inflated, inflation_factor


@dataclass(frozen=True, eq=False)
class RelatedKernel(Kernel):
    """A kernel to which the posterior covariance of a past relation is added.

    Parameters
    ----------
    relation
        The past relation.
    observed
        The columns of its observations, as it standardises them.
    factor
        Of its covariance.
    """

    relation: PastRelation = field(kw_only=True)
    observed: slice = field(kw_only=True)
    factor: float = field(default=1.0, kw_only=True)

    @classmethod
    def of(cls, kernel: Kernel, relation: PastRelation, observed: slice, factor: float) -> RelatedKernel:
        """Return a kernel with the covariance added."""
        own = {each.name: getattr(kernel, each.name) for each in fields(Kernel)}
        return cls(**own, relation=relation, observed=observed, factor=factor)

    def origin(self, X: Tensor) -> Tensor:
        """Return the mean (``d``) of designs, 0 in the columns of observations."""
        centre = super().origin(X)
        centre[self.observed] = 0.0
        return centre

    def diagonal(self, X: Tensor, hyper: Hyperparameters) -> Tensor:
        """Return ``k(x, x)`` (``...``) at designs with observations (``... x d``)."""
        return super().diagonal(X, hyper) + self.factor * self.relation.variance(X[..., self.observed])

    def matrix(
        self, X: FloatArray, hyper: Hyperparameters
    ) -> tuple[FloatArray, list[tuple[FloatArray, FloatArray, FloatArray]]]:
        """Return ``k(X, X)`` (``n x n``), and of each Matern term what `Kernel.matrix` returns."""
        K, parts = super().matrix(X, hyper)
        Z = torch.from_numpy(X[:, self.observed])
        return K + self.factor * self.relation.covariance(Z, Z).numpy(), parts

    def evaluate(self, X1: Tensor, X2: Tensor, hyper: Hyperparameters) -> Tensor:
        """Return ``k(X1, X2)``: ``... x n1 x d`` and ``... x n2 x d`` to ``... x n1 x n2``."""
        first, second = X1[..., self.observed], X2[..., self.observed]
        return super().evaluate(X1, X2, hyper) + self.factor * self.relation.covariance(first, second)


@dataclass(frozen=True, eq=False)
class RelatedRegression:
    """A regression around a past relation; it takes observations in the units in which the relation was learned."""

    model: InformedModel
    relation: PastRelation

    @property
    def joint(self) -> _Joint:
        """The model over features and observations, side by side."""
        return _Joint(self.model, self.relation)

    def held_out(self) -> HeldOut:
        """Return the leave-one-out predictions of the results."""
        return self.model.held_out()

    def predict(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``n`` each, model scale) of designs (``n x d``) with observations (``n x k``)."""
        return self.joint.marginals(torch.cat([X, Z], dim=-1))


def fit_related(data: TaskData, Z: Tensor, relation: PastRelation) -> RelatedRegression:
    """Return the regression of data of one target (``m = 1``, rows in their order) around a past relation.

    Parameters
    ----------
    Z
        ``n x k`` observations, in the units in which the relation was learned.
    """
    own, settings, z = data.X.shape[1], relation.settings, relation.standardised(Z)
    kernel, priors = extended(build_kernel(data.columns, settings), settings, (), z.shape[1])
    y = winsorised(data.Y[:, 0].numpy())
    output = relation.level(y, z)
    rest = y - output.scale * relation.mean(z).numpy()
    noise = standard_noise(data, output, settings.noise_floor)
    known, X, factor = torch.from_numpy(noise * output.scale**2), torch.cat([data.X, z], dim=-1), 1.0
    hyper = Hyperparameters.from_log(priors.means, kernel.lengthscales)
    if len(y):
        some = fitted_rows(len(y))
        at = z[torch.from_numpy(some)]
        problem = LogPosterior(
            kernel, (X - kernel.origin(X)).numpy()[some], output.standardise(rest)[some], noise[some], priors,
            extra=relation.covariance(at, at).numpy(),
        )  # fmt: skip
        hyper = maximum_posterior(problem, priors.means[None, :])
        hyper, known = inflated(hyper, known, len(y) + PRIOR_DEGREES)
        factor = inflation_factor(len(y) + PRIOR_DEGREES) ** 2
    around = RelatedKernel.of(kernel, relation, slice(own, own + z.shape[1]), factor)
    process = GaussianProcess(X, torch.from_numpy(rest), around, hyper, known_noise=known, output=output)
    return RelatedRegression(InformedModel(process, _Mean(relation, own), X.shape[1]), relation)


def fit_without(data: TaskData, relation: PastRelation) -> InformedModel:
    """Return a model of the same results without observations: of their level the past campaign tells as much."""
    y = winsorised(data.Y[:, 0].numpy())
    return fit_informed(data, zero_mean, (), output=level_like(y, 0.0 * y, 1.0, [relation.values]))


@dataclass(frozen=True, eq=False)
class _Mean:
    """The mean of the past relation as a function of features and observations (`designer.priors.informed`)."""

    relation: PastRelation
    own: int

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        return self.relation.mean(X[..., self.own :]), X.new_zeros(*X.shape[:-1], 0)


@dataclass(frozen=True, eq=False)
class _Joint:
    """A regression around a past relation, of features and observations side by side (``... x (d + k)``)."""

    model: InformedModel
    relation: PastRelation

    @property
    def noise_variance(self) -> float:
        return self.model.noise_variance

    def _standardised(self, X: Tensor) -> Tensor:
        own = X.shape[-1] - self.relation.Z.shape[1]
        return torch.cat([X[..., :own], self.relation.standardised(X[..., own:])], dim=-1)

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        return self.model.joint_moments(self._standardised(X), observation_noise)

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        return self.model.marginals(self._standardised(X))

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.model.cross_moments(self._standardised(X), self._standardised(Z))
