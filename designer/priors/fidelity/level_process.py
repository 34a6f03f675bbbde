"""One Gaussian process of a target at all levels of a fidelity.

Standardised at each level, with level 0 the top one,

    f_l(x) = s(x) + r(x) + sum_j e_j^(side of l)(x) + b_l,

where s is what all levels share, r the part of it that is rough, so that a result tells about other levels of the same
design and hardly about other designs, and e_j differs between the levels above and those below the j-th boundary: two
independent processes of equal variance, so that neighbouring levels have more in common than distant ones. The shared
process has the kernel of the baseline model, each deviation the same lengthscales and a variance of its own, and the
offsets b_l are marginalised. With two levels the correlation between them is v_s / (v_s + v_e), learned from the
results.

References: M. C. Kennedy, A. O'Hagan, Predicting the output from a complex computer code when fast approximations are
available (Biometrika 2000); L. Le Gratiet, J. Garnier, Recursive co-kriging model for design of computer experiments
with multiple levels of fidelity (Int. J. Uncertainty Quantification 2014).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray, IndexArray
from designer.priors.fidelity.level_evidence import log_odds_of_correlation, pairs_of, predicts_itself
from designer.priors.informed import InformedModel
from designer.priors.levels import level_of
from designer.priors.sources import Source
from designer.space.fidelity.fidelity_levels import MIN_RESULTS
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.fitting import LogNormalPriors, LogPosterior, maximum_posterior
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process, standard_noise
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel, build_priors
from designer.surrogates.kernels import Hyperparameters, Kernel, LinearTerm, Term
from designer.surrogates.outputs import OutputScale, winsorised
from designer.surrogates.variance_inflation import inflated

if TYPE_CHECKING:
    from designer.space.encoding import FeatureColumn

MAX_ROWS = 400
"""Results of lower levels that the process is conditioned on at most."""

_DECIMALS = 9  # of standardised values
_MAX_FITTED = 80  # results of lower levels from which hyperparameters are learned
_APART = 20.0  # distance between the two sides of a boundary: their covariance is then 1e-17
_SIDE_WIDTH = 0.1  # of the prior of the logarithm of the lengthscale along sides: a narrower one slows L-BFGS
_SHARED, _DEVIATION, _OFFSET = math.log(0.7), math.log(0.3), math.log(0.25)
_ROUGH, _ROUGH_LENGTH = math.log(0.1), math.log(0.05)
_VARIANCE = 0.5  # of standardised top-level values around what the lower levels predict, before any is measured


@dataclass(frozen=True, eq=False)
class LevelResults:
    """The results of one target at one lower level.

    Parameters
    ----------
    name
        The level.
    depth
        How many levels it lies below the top one.
    X, y
        ``n x d`` features and ``n`` values, on the scale of the models.
    """

    name: str
    depth: int
    X: Tensor
    y: Tensor

    @property
    def usable(self) -> bool:
        """Whether there are enough results, and not all the same."""
        return len(self.y) >= MIN_RESULTS and float(self.y.std()) > 0

    def source(self, quantity: Quantity | None) -> Source:
        """Return the results as those of a past task that measured the same quantity."""
        present = torch.ones(self.X.shape[-1], dtype=torch.bool)
        return Source(self.name, quantity or Quantity(self.name), self.X, self.y, present)


@dataclass(frozen=True, eq=False)
class SidesOf:
    """The mean of 0, and the side of each boundary that a level lies on, as further features of every design."""

    sides: tuple[float, ...]

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        zero = X.new_zeros(X.shape[:-1])
        return zero, X.new_tensor(self.sides).expand(*X.shape[:-1], len(self.sides))


class LevelModel(InformedModel):
    """The posterior at the top level, given the results of all levels.

    Parameters
    ----------
    process
        Of all levels, over features and sides.
    at
        The sides of each level, by its depth.
    log_ratio
        The log density of the top-level results given those of the lower levels.
    pairs
        The log Bayes factor of a correlation of the top level with the level that has the largest; None of too few
        designs at both.
    predicts_itself
        Whether the results of a lower level predict each other.
    """

    def __init__(
        self,
        process: GaussianProcess,
        at: dict[int, tuple[float, ...]],
        own: int,
        log_ratio: float,
        pairs: float | None,
        *,
        predicts_itself: bool,
    ) -> None:
        super().__init__(process, SidesOf(at[0]), own)
        self.at, self.log_ratio, self.pairs, self.predicts_itself = at, log_ratio, pairs, predicts_itself

    def log_evidence(self) -> float:
        """Log density of the top-level results, given those of the lower levels."""
        return self.log_ratio

    def shared_variance(self, X: Tensor, depth: int) -> FloatArray:
        """Return the share (``n``) of the top level's variance that a result at a level would explain.

        At the same designs (``n x d``): the squared correlation of the two, noise of the measurement included.
        """
        with torch.no_grad():
            found = [self._shared(x[None], depth) for x in X.to(torch.float64)]
        return np.array(found)

    def _noise_at(self, depth: int) -> float:
        """Return the noise variance of a level, in the target's unit squared."""
        process, side = self.process, self.process.inputs.new_tensor(self.at[depth])
        rows = (process.inputs[:, self._own :] == side).all(-1)
        known = process.known_noise[rows] if depth else process.known_noise[:0]
        return float(known[0]) if len(known) else process.noise_variance

    def _shared(self, x: Tensor, depth: int) -> float:
        process = self.process
        there = torch.cat([x, x.new_tensor(self.at[depth])[None]], dim=-1)
        here = torch.cat([x, x.new_tensor(self.at[0])[None]], dim=-1)
        _, variance, covariance = process.cross_moments(here, there)
        own = float(process.marginals(there)[1]) + self._noise_at(depth)
        return min(float(covariance) ** 2 / (own * float(variance)), 1.0) if float(variance) > 0 else 0.0


def fit_levels(one: TaskData, lower: Sequence[LevelResults]) -> LevelModel | None:
    """Return the posterior of one target at the top level; None without a usable lower level.

    A pure function of the data, results in any order.

    Parameters
    ----------
    one
        The results of the target at the top level (``m = 1``).
    lower
        Those at the levels below.
    """
    used = sorted((each for each in lower if each.usable), key=lambda each: each.depth)
    if not used:
        return None
    settings = GaussianProcessSettings()
    one = one.target(0)
    depths = [0, *(each.depth for each in used)]
    at = {depth: tuple(_APART * float(depths.index(depth) > j) for j in range(len(used))) for depth in depths}
    kernel, priors = _kernel(build_kernel(one.columns, settings), settings, len(used))
    levels = [_ordered(each) for each in used]
    X = torch.cat([_beside(each.X, at[each.depth]) for each in levels])
    below_top = [_standardised(each) for each in levels]
    z = np.concatenate(below_top)
    top = _beside(one.X, at[0])
    y = winsorised(one.Y[:, 0].numpy())
    output = _top_scale(y, top, X, z, kernel, priors, levels, one.quantities[0] if one.quantities else None)
    noise = standard_noise(one, output, settings.noise_floor)
    whole, values = torch.cat([top, X]), np.concatenate([output.standardise(y), z])
    alone = [_alone(each.X, v, one.columns) for each, v in zip(levels, below_top, strict=True)]
    known = np.concatenate(
        [noise, *[np.full(len(v), each.hyperparameters.noise) for each, v in zip(alone, below_top, strict=True)]]
    )
    some = _fitted(len(y), len(z))
    centred = (whole - kernel.origin(whole)).numpy()
    problem = LogPosterior(kernel, centred[some], values[some], known[some], priors)
    hyper = maximum_posterior(problem, priors.means[None])
    hyper, variances = inflated(hyper, torch.from_numpy(known * output.scale**2), len(values))
    unit = torch.from_numpy(output.centre + output.scale * values)
    process = GaussianProcess(whole, unit, kernel, hyper, known_noise=variances, output=output)
    below = GaussianProcess(X, unit[len(y) :], kernel, hyper, known_noise=variances[len(y) :], output=output)
    ratio = process.log_evidence() - below.log_evidence()
    pairs = [log_odds_of_correlation(pairs_of(one.X, y, each.X, winsorised(each.y.numpy()))) for each in used]
    return LevelModel(
        process, at, one.X.shape[-1], ratio, max((each for each in pairs if each is not None), default=None),
        predicts_itself=any(map(predicts_itself, alone)),
    )  # fmt: skip


def _ordered(each: LevelResults) -> LevelResults:
    """Return the results in an order of their own; of many the best spread sample of `MAX_ROWS`, by their digests."""
    keys = torch.cat([each.X, each.y[:, None]], dim=1).numpy()
    order = np.lexsort(keys.T[::-1])
    if len(order) > MAX_ROWS:
        order = np.sort(np.random.default_rng(0).permutation(len(order))[:MAX_ROWS])
    return replace(each, X=each.X[order], y=each.y[order])


def _standardised(each: LevelResults) -> FloatArray:
    """Return the values of a level, standardised, without what is rounding of their unit.

    L-BFGS then takes the same path for the same values in another unit.
    """
    y = winsorised(each.y.numpy())
    return np.asarray(OutputScale.of(y).standardise(y).round(_DECIMALS))


def _alone(X: Tensor, z: FloatArray, columns: tuple[FeatureColumn, ...]) -> GaussianProcess:
    """Return the process of the standardised results of a level alone; of many results that of a sample.

    Its noise variance is that of the level: what is rough at a lower level is no noise of the top level.
    """
    some = slice(None) if len(z) <= _MAX_FITTED else _fitted(0, len(z))
    return fit_gaussian_process(TaskData(X[some], torch.from_numpy(z[some, None]), columns))


def _beside(X: Tensor, sides: tuple[float, ...]) -> Tensor:
    return torch.cat([X, X.new_tensor(sides).expand(len(X), len(sides))], dim=-1)


def _fitted(top: int, lower: int) -> IndexArray:
    """Return the rows from which hyperparameters are learned: all top-level ones, and a sample of the others."""
    rows = np.arange(lower)
    if lower > _MAX_FITTED:
        rows = np.sort(np.random.default_rng(0).permutation(lower)[:_MAX_FITTED])
    return np.concatenate([np.arange(top), top + rows])


def _top_scale(
    y: FloatArray,
    top: Tensor,
    X: Tensor,
    z: FloatArray,
    kernel: Kernel,
    priors: LogNormalPriors,
    levels: Sequence[LevelResults],
    quantity: Quantity | None,
) -> OutputScale:
    """Return centre and scale of the top level, given what the lower levels predict of its results.

    The prediction is that of the process at the mode of its prior.
    """
    sources = [each.source(quantity) for each in levels]
    if not len(y):
        return level_of(y, y, _VARIANCE, sources, quantity)
    hyper = Hyperparameters.from_log(priors.means, kernel.lengthscales)
    process = GaussianProcess(X, torch.from_numpy(z), kernel, hyper)
    return level_of(y, process.marginals(top)[0].numpy(), _VARIANCE, sources, quantity)


def _kernel(base: Kernel, settings: GaussianProcessSettings, boundaries: int) -> tuple[Kernel, LogNormalPriors]:
    """Return the kernel over features and sides, and the priors of its hyperparameters."""
    own, lengths = len(base.weights), base.lengthscales
    found = build_priors(base, settings)
    shared = [replace(t, groups=np.concatenate([t.groups, np.full(boundaries, -1)])) for t in base.terms]
    rough = np.concatenate([np.full(own, lengths + 1), np.full(boundaries, -1)]).astype(np.intp)
    terms, linear = [*shared, Term(rough, base.variances + 2 * boundaries)], []
    for j in range(boundaries):
        for term in base.terms:
            groups = np.concatenate([term.groups, np.full(boundaries, -1)])
            groups[own + j] = lengths
            terms.append(Term(groups.astype(np.intp), base.variances + j))
        linear.append(LinearTerm(np.array([own + j]), base.variances + boundaries + j))
    kernel = replace(
        base,
        weights=np.concatenate([base.weights, np.ones(boundaries)]),
        terms=tuple(terms),
        lengthscales=lengths + 2,
        variances=base.variances + 2 * boundaries + 1,
        linear=tuple(linear),
    )
    deviations = np.full(boundaries, _DEVIATION - math.log(boundaries * len(base.terms)))
    offsets = np.full(boundaries, _OFFSET - 2 * math.log(_APART))
    lengthscales = np.array([0.0, _ROUGH_LENGTH + 0.5 * math.log(max(own, 1))])
    means = [found.means[:lengths], lengthscales, found.means[lengths:-1] + _SHARED, deviations, offsets]
    widths = [
        found.deviations[:lengths],
        np.array([_SIDE_WIDTH, 0.5]),
        found.deviations[lengths:-1],
        np.full(boundaries, 1.0),
    ]
    means += [np.array([_ROUGH]), found.means[-1:]]
    widths += [np.full(boundaries, 0.5), np.ones(1), found.deviations[-1:]]
    return kernel, LogNormalPriors(np.concatenate(means), np.concatenate(widths), found.noise_floor)
