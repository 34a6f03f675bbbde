"""Transfer of Gaussian processes: past tasks' posteriors as the mean and the covariance of a new task's prior.

Each source s is fitted once; m_s is its standardised posterior mean. For a new task, standardised,

    f(x) = c + a mu(x) + sum_s b_s d_s(x) + r(x),
    mu = mean_s m_s,    d_s = (m_s - mu) / sqrt(S),
    c ~ N(0, 1),    a ~ N(a_0, v_a),    b_s ~ N(0, v_b),    r ~ GP(0, baseline kernel scaled by v_r):

the sources' sample mean and sample covariance as a Gaussian process, whose scales are free, and a residual process over
the design's own features beside it. All coefficients are marginalised in closed form, so weights of single sources may
be of either sign and the cost of adapting does not depend on how many rows the sources have beyond `sources.ROWS`.

How well sources predict a new task is learned from the sources alone: each of them in turn is the new task, and
(a_0, v_a) come from regressions of its values on what the others expect, (v_b, v_r, noise) from the evidence of small
subsets of them. Sources that do not predict each other (shuffled, irrelevant) get a_0 near 0 and are then not used. A
second model assumes the opposite sign (-a_0); both are weighted by their evidence.

References: P. Tighineanu et al., Scalable Meta-Learning with Gaussian Processes (AISTATS 2024) for the sum of source
posteriors and a residual process; Z. Wang et al., Pre-trained Gaussian Processes for Bayesian Optimization (JMLR 2024)
for priors estimated over tasks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from botorch.models.model import Model
from scipy.optimize import minimize
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.alignment import CommonFeatures, FeatureMap
from designer.priors.base import ConditionedPrior, conditioned_each
from designer.priors.baseline import baseline_model
from designer.priors.conditioning import OPPOSITE_SIGN_GP, fit_both_signs, mix_by_evidence, quantity_of
from designer.priors.evidence import PriorEvidence
from designer.priors.informed import InformedModel, KernelTerm, extended, fit_informed, zero_mean
from designer.priors.levels import level_of
from designer.priors.saving import SavedPrior, Serialized
from designer.priors.serialization import below, sources_card, sources_from, sources_tensors, under
from designer.priors.source_models import (
    PredictionCache,
    SourceModel,
    fit_source,
    predictions,
    restored,
    stored,
)
from designer.priors.sources import MIN_SELF_PREDICTION, Source, gather, informative
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.fitting import LogPosterior
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "transfer-gp"
EPISODE_ROWS = 24
EPISODES = 16
_MIN_SLOPE_SPREAD = 0.15
_SHRINK = 2.0  # pseudo-tasks of slope 0 with which slopes are averaged
_MIN_SLOPE = 0.2  # of usable sources; and, of three or more, two standard errors above 0


@dataclass(frozen=True)
class TransferHyperpriors:
    """Priors of the hyperparameters of a new task, learned from the sources of one quantity: means of logarithms.

    For standardised values.

    Parameters
    ----------
    slope, slope_variance
        Mean a_0 and log variance v_a of the coefficient of the sources' mean.
    deviations, residual, noise
        Logarithms of v_b, v_r and the noise variance.
    usable
        Whether past tasks predict each other at all: otherwise they are not used for a new one either.
    """

    slope: float
    slope_variance: float
    deviations: float
    residual: float
    noise: float
    usable: bool = True

    @property
    def variance(self) -> float:
        """Variance of standardised values around the sources' mean times the slope."""
        return min(1.0, math.exp(self.residual) + math.exp(self.noise) + math.exp(self.slope_variance))


@dataclass(frozen=True, eq=False)
class SourceMean:
    """What the sources expect of the new task's designs (see `designer.priors.informed.PriorMean`).

    The further features are the mean itself (1 column) and each source's deviation from it (S columns).
    """

    models: tuple[SourceModel, ...]
    feature_map: FeatureMap
    slope: float
    expected: Callable[[Sequence[SourceModel], Tensor], Tensor] = predictions

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        mean, deviations = spread(self.expected(self.models, self.feature_map(X)))
        return self.slope * mean, torch.cat([mean[..., None], deviations], dim=-1)


def spread(expected: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (``...``) and scaled deviations (``... x S``) of what S sources expect (``... x S``)."""
    mean = expected.mean(-1)
    return mean, (expected - mean[..., None]) / math.sqrt(expected.shape[-1])


@dataclass(frozen=True)
class TransferPrior:
    """A prior that learns from past tasks by their Gaussian processes."""

    kind: str = field(default=KIND, init=False)

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> FittedTransfer:
        """Fit every source. No randomness: `seed` is noted."""
        common, sources = gather(tasks)
        models = tuple(fit_source(source, common) for source in sources)
        usable = tuple(model for model in models if model.self_prediction() >= MIN_SELF_PREDICTION)
        refused = tuple(model.source.name for model in models if model.self_prediction() < MIN_SELF_PREDICTION)
        return FittedTransfer(common, usable, refused, seed)

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedTransfer:
        """Return the fitted prior that was saved."""
        return FittedTransfer.from_saved(card, tensors)


@dataclass(frozen=True, eq=False)
class FittedTransfer(SavedPrior):
    """Fitted sources.

    Parameters
    ----------
    common
        The features that the sources have in common.
    models
        The sources' models.
    refused
        Names of the tasks that cannot predict themselves.
    """

    common: CommonFeatures
    models: tuple[SourceModel, ...]
    refused: tuple[str, ...] = ()
    seed: int = 0
    _hyperpriors: dict[Any, TransferHyperpriors] = field(default_factory=dict, init=False, repr=False)
    _expected: PredictionCache = field(default_factory=PredictionCache, init=False, repr=False)

    @property
    def kind(self) -> str:
        """The kind of prior, as in `prior: {kind: ...}`."""
        return KIND

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources that can predict themselves."""
        return tuple(model.source for model in self.models)

    def condition(self, data: TaskData) -> Model:
        """Return the posterior of a new task; see `FittedPrior.condition`."""
        return self.conditioned(data).model

    def conditioned(self, data: TaskData) -> ConditionedPrior:
        """Return the posterior of a new task, and the evidence of the first target that past tasks inform."""
        return conditioned_each(
            data,
            lambda one: (one, self.informed(one)),
            lambda found: mix_by_evidence(found[1], found[0], OPPOSITE_SIGN_GP) or baseline_model(found[0]),
            lambda found: self._evidence(found[0], found[1][0]) if found[1] else None,
        )

    def informed(self, one: TaskData, *, agreeing: bool = True) -> tuple[InformedModel, ...]:
        """Return the models of one target with the sign of its sources and with the opposite sign.

        Empty, where no source is informative about the target, or most of the sources cannot predict themselves: those
        that can may do so by chance. Empty too where they do not predict each other, unless `agreeing` is False.
        """
        quantity = quantity_of(one)
        models = self.about(quantity)
        feature_map = self.common.feature_map(one.columns)
        if not models or not feature_map.shares:
            return ()
        hyperpriors = self.hyperpriors(models)
        if agreeing and not (hyperpriors.usable and len(self.models) >= len(self.refused)):
            return ()
        settings, terms = structure(hyperpriors, len(models))
        y, sources = one.Y[:, 0].numpy(), [model.source for model in models]
        with torch.no_grad():
            expected = hyperpriors.slope * self._expected(models, feature_map(one.X)).mean(-1).numpy()
        # One level for both, that of the likelier sign: a level of its own would hide the errors of each prediction.
        output = level_of(y, expected, hyperpriors.variance, sources, quantity)
        return fit_both_signs(
            one,
            partial(SourceMean, models, feature_map, expected=self._expected),
            hyperpriors.slope,
            terms,
            output,
            settings,
        )

    def _evidence(self, one: TaskData, informed: InformedModel) -> PriorEvidence:
        alone = fit_informed(one, zero_mean, (), output=informed.process.output)
        against = informed.log_evidence() - alone.log_evidence() if len(one.X) else 0.0
        return PriorEvidence(((KIND, 1.0),), self.source_weights(one, informed), against)

    def source_weights(self, one: TaskData, model: InformedModel) -> tuple[tuple[str, float], ...]:
        """Return the sources' names and the absolute weights of their means in the posterior mean, of sum 1.

        With ``w_s = a / S + (b_s - mean b) / sqrt(S)`` from the posterior means of a and b.
        """
        models = self.about(quantity_of(one))
        assert isinstance(model.prior_mean, SourceMean)
        mean, *deviations = model.coefficients()
        slope = model.prior_mean.slope + float(mean[0])
        weights = np.full(len(models), slope / len(models))
        if deviations:
            b = deviations[0].numpy()
            weights = weights + (b - b.mean()) / math.sqrt(len(models))
        total = float(np.abs(weights).sum())
        shares = np.abs(weights) / total if total > 0 else np.full(len(models), 1.0 / len(models))
        return tuple((each.source.name, float(w)) for each, w in zip(models, shares, strict=True))

    def about(self, quantity: Quantity | None) -> tuple[SourceModel, ...]:
        """Return the models of the sources that are informative about a quantity."""
        return tuple(self.models[i] for i in informative(self.sources, quantity))

    def hyperpriors(self, models: Sequence[SourceModel]) -> TransferHyperpriors:
        """Return the priors of the hyperparameters that these sources give, learned once."""
        key = tuple(id(model) for model in models)
        if key not in self._hyperpriors:
            self._hyperpriors[key] = learn_hyperpriors(models, self.common)
        return self._hyperpriors[key]

    def serialize(self, *, kind: str = KIND) -> Serialized:
        """Return the sources and their hyperparameters as card and tensors."""
        sources = self.sources
        card = {
            "kind": kind,
            "seed": self.seed,
            "refused": list(self.refused),
            "common": self.common.as_dict(),
            "tasks": sources_card(sources),
        }
        tensors = sources_tensors(sources)
        for i, model in enumerate(self.models):
            tensors |= under(str(i), stored(model))
        return card, tensors

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedTransfer:
        """Return what `save` wrote."""
        common = CommonFeatures.from_dict(card["common"])
        models = [
            restored(source, common, below(str(i), tensors))
            for i, source in enumerate(sources_from(card["tasks"], tensors))
        ]
        return cls(common, tuple(models), tuple(card["refused"]), int(card["seed"]))


def structure(hyperpriors: TransferHyperpriors, sources: int) -> tuple[GaussianProcessSettings, tuple[KernelTerm, ...]]:
    """Return the residual's settings and the terms over what the sources expect."""
    settings = GaussianProcessSettings(variance=(hyperpriors.residual, 0.7), noise=(hyperpriors.noise, 0.7))
    terms = [KernelTerm("linear", (0,), (hyperpriors.slope_variance, 0.5))]
    if sources > 1:
        terms.append(KernelTerm("linear", tuple(range(1, sources + 1)), (hyperpriors.deviations, 0.7)))
    return settings, tuple(terms)


@dataclass(frozen=True, eq=False)
class Episode:
    """One source as the new task: some rows, and what the other sources predict of them."""

    features: FloatArray
    mean: FloatArray
    z: FloatArray
    columns: tuple[Any, ...]
    others: int

    @cached_property
    def slope(self) -> float:
        """The coefficient of a regression of the values on the others' mean."""
        centred = self.mean - self.mean.mean()
        size = float(centred @ centred)
        return float(centred @ self.z) / size if size > 0 else 0.0


def learn_hyperpriors(models: Sequence[SourceModel], common: CommonFeatures) -> TransferHyperpriors:
    """Learn from past tasks alone how far they predict each other."""
    default = TransferHyperpriors(0.5, math.log(0.25), 0.0, math.log(0.5), -4.0)
    if len(models) < 2:
        return default
    whole = [episode_of(i, models, common, None) for i in range(len(models))]
    slopes = np.array([each.slope for each in whole])
    count = len(slopes)
    slope = float(slopes.sum()) / (count + _SHRINK)
    variance = float(((slopes - slope) ** 2).sum() + _SHRINK * 0.25) / (count + _SHRINK)
    hyperpriors = replace(default, slope=slope, slope_variance=math.log(max(variance, _MIN_SLOPE_SPREAD**2)))
    error = float(slopes.std(ddof=1)) / math.sqrt(count)
    if slope < _MIN_SLOPE or (count > 2 and slopes.mean() < 2 * error):
        return replace(hyperpriors, usable=False)
    step = max(1, len(models) // EPISODES)
    episodes = [episode_of(i, models, common, EPISODE_ROWS) for i in range(0, len(models), step)][:EPISODES]
    return _scales(hyperpriors, episodes)


def episode_of(i: int, models: Sequence[SourceModel], common: CommonFeatures, rows: int | None) -> Episode:
    """Return source `i` as a new task, with its first `rows` rows (their order is random)."""
    source = models[i].source
    X = source.X[:rows]
    with torch.no_grad():
        mean, deviations = spread(predictions([m for j, m in enumerate(models) if j != i], X))
    own = common.varying(source.X)
    features = torch.cat([X[:, own], mean[:, None], deviations], dim=-1).numpy()
    columns = tuple(common.columns[j] for j in own.tolist())
    return Episode(features, mean.numpy(), source.z[:rows].numpy(), columns, len(models) - 1)


def _scales(hyperpriors: TransferHyperpriors, episodes: Sequence[Episode]) -> TransferHyperpriors:
    """Return them with the scales of deviations, residual and noise that give the episodes the highest evidence."""
    problems = [_problem(hyperpriors, episode) for episode in episodes]
    start = np.array([hyperpriors.deviations, hyperpriors.residual, hyperpriors.noise])
    centre, width = np.array([0.0, math.log(0.5), -4.0]), np.array([1.5, 1.5, 1.5])

    def objective(values: FloatArray) -> tuple[float, FloatArray]:
        total, slope = 0.0, np.zeros(3)
        for problem, base, places in problems:
            theta = base.copy()
            for k in range(3):
                theta[places[k]] += values[k] - start[k]
            value, gradient = problem.likelihood(theta)
            total += value
            slope += [float(gradient[places[k]].sum()) for k in range(3)]
        away = (values - centre) / width
        return total + 0.5 * float(away @ away), slope + away / width

    found = minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=[(-6, 2), (-6, 1), (-9, 0)], options={"maxiter": 40}
    )
    deviations, residual, noise = (float(value) for value in found.x)
    return replace(hyperpriors, deviations=deviations, residual=residual, noise=noise)


def _problem(
    hyperpriors: TransferHyperpriors, episode: Episode
) -> tuple[LogPosterior, FloatArray, tuple[Any, Any, Any]]:
    """Return the evidence of an episode, its hyperparameters, and where the three scales stand among them."""
    settings, terms = structure(hyperpriors, episode.others)
    kernel, priors = extended(build_kernel(episode.columns, settings), settings, terms, episode.others + 1)
    z = episode.z - hyperpriors.slope * episode.mean
    problem = LogPosterior(kernel, episode.features, z, np.full(len(z), np.nan), priors)
    first = kernel.lengthscales
    residuals = np.arange(first, first + kernel.variances - len(terms))
    deviations = np.arange(first + kernel.variances - 1, first + kernel.variances) if len(terms) > 1 else np.arange(0)
    return problem, priors.means, (deviations, residuals, np.array([len(priors.means) - 1]))
