"""Deep kernels: a mean and an embedding learned by networks over past tasks, and the baseline kernel.

A new task, standardised, is

    f(x) = c + a m(x) + sum_e b_e (m_e(x) - m(x)) + h(phi(x)) + g(x),

m_e and phi_e the mean and the embedding of member e of an ensemble (`designer.priors.deep.deep_training`), m the
members' mean, h a Gaussian process over all embeddings with one lengthscale, and g the baseline Gaussian process over
the design's own features, for what the networks do not explain. Scales and their priors were learned on past tasks that
the networks did not see (`designer.priors.deep.deep_calibration`); a new task adapts them by maximum a posteriori, and
all else is marginalised in closed form. A second model assumes the opposite sign (a < 0); both are weighted by their
evidence.

Past tasks that correlate negatively with the others are negated before training (`designer.priors.agreement`).

References: M. Wistuba, J. Grabocka, Few-Shot Bayesian Optimization with Deep Kernel Surrogates (ICLR 2021); Z. Wang et
al., Pre-trained Gaussian Processes for Bayesian Optimization, JMLR 25 (2024); J. Rothfuss et al., Meta-Learning
Reliable Priors in the Function Space (NeurIPS 2021); A. G. Wilson et al., Deep Kernel Learning (AISTATS 2016).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from designer.priors.agreement import Standardiser, agreement, signs
from designer.priors.alignment import CommonFeatures, FeatureMap
from designer.priors.conditioning import fit_both_signs, informative_sources, quantity_of
from designer.priors.deep.deep_calibration import CalibratedHyperpriors, Episode, learn_hyperpriors
from designer.priors.deep.deep_training import Tables, Training, folds_of, train
from designer.priors.deep.embedding_networks import Weights, by_rows, evaluate_networks, member_weights, to_double
from designer.priors.informed import InformedModel
from designer.priors.levels import level_of
from designer.priors.source_sets import FittedSets, names_of
from designer.priors.sources import Source
from designer.surrogates.data import TaskData

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "deep-kernel"


@dataclass(frozen=True, eq=False)
class Embedding:
    """The mean and the embeddings of a new task's designs (see `designer.priors.informed.PriorMean`).

    The further features are the mean (1 column), each member's deviation from it (E), and all embeddings (E p).
    """

    feature_map: FeatureMap
    standardise: Standardiser
    weights: Weights
    slope: float

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        return by_rows(self._evaluate, X)

    def _evaluate(self, X: Tensor) -> tuple[Tensor, Tensor]:
        phi, means = evaluate_networks(self.weights, self.standardise(self.feature_map(X))[None])
        members, rows = means.shape
        mean = means.mean(0)
        apart = (means - mean) / math.sqrt(members)
        embedded = phi.transpose(0, 1).reshape(rows, members * phi.shape[-1]) / math.sqrt(members)
        further = torch.cat([mean[:, None], apart.T, embedded], dim=-1)
        return self.slope * mean, further


@dataclass(frozen=True)
class DeepKernelPrior:
    """A prior that learns a mean and an embedding of designs over past tasks.

    Parameters
    ----------
    training
        How the networks are trained.
    """

    training: Training = field(default_factory=Training)
    kind: str = field(default=KIND, init=False)

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> FittedDeepKernel:
        """Train the networks on past tasks, in any order; see `Prior.fit`."""
        return FittedDeepKernel.fit(tasks, partial(learn, training=self.training, seed=seed), seed)

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedDeepKernel:
        """Return the fitted prior that was saved."""
        return FittedDeepKernel.from_saved(card, tensors)


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned of one set of sources.

    Parameters
    ----------
    names
        (task, quantity) of the sources it was learned from.
    standardise, weights
        How features are standardised, and the networks.
    hyperpriors
        Hyperparameters for a new task.
    """

    names: tuple[tuple[str, str], ...]
    standardise: Standardiser
    weights: Weights
    hyperpriors: CalibratedHyperpriors

    def as_dict(self) -> dict[str, Any]:
        """See `designer.priors.source_sets.Learned.as_dict`."""
        return {"trust": self.hyperpriors.as_dict()}

    def tensors(self) -> dict[str, Tensor]:
        """See `designer.priors.source_sets.Learned.tensors`."""
        return {**self.weights, "centre": self.standardise.centre, "width": self.standardise.width}

    @classmethod
    def from_saved(
        cls, names: tuple[tuple[str, str], ...], entry: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> Learned:
        """See `designer.priors.source_sets.Learned.from_saved`."""
        weights = dict(tensors)
        standardise = Standardiser(weights.pop("centre"), weights.pop("width"))
        return cls(names, standardise, weights, CalibratedHyperpriors(**entry["trust"]))


def learn(
    common: CommonFeatures, sources: Sequence[Source], groups: Sequence[str], training: Training, seed: int
) -> Learned:
    """Train the networks on some sources, and calibrate them on those left out."""
    standardise = Standardiser.of(sources, common.columns)
    features = [standardise(source.X) for source in sources]
    orientation = signs(agreement(sources, standardise))
    values = [float(sign) * source.z for sign, source in zip(orientation, sources, strict=True)]
    folds = folds_of(list(groups), training.members)
    weights = to_double(train(Tables.of(features, values), folds, training, seed))
    episodes = []
    for source, group, X, z, fold in zip(sources, groups, features, values, folds.tolist(), strict=True):
        if int(folds.max()) == 0:
            break  # its one member saw every task
        phi, mean = evaluate_networks(member_weights(weights, fold), X[None])
        changing = common.varying(source.X)
        columns = tuple(common.columns[j] for j in changing.tolist())
        episodes.append(Episode(source.X[:, changing], columns, mean[0], phi[0], z, 1.0 / groups.count(group)))
    return Learned(names_of(sources), standardise, weights, learn_hyperpriors(episodes))


class FittedDeepKernel(FittedSets[Learned]):
    """Trained networks."""

    KIND = KIND
    LEARNED = Learned

    def informed(self, one: TaskData) -> tuple[InformedModel, ...]:
        """See `FittedSets.informed`."""
        found = informative_sources(one, self.common, self.sources)
        if found is None:
            return ()
        feature_map, informative = found
        learned = self.learned[self.index_of(informative)]
        hyperpriors, weights = learned.hyperpriors, learned.weights
        with torch.no_grad():
            mean, _ = Embedding(feature_map, learned.standardise, weights, hyperpriors.slope)(one.X)
        output = level_of(one.Y[:, 0].numpy(), mean.numpy(), hyperpriors.around, informative, quantity_of(one))
        members, width = weights["embedding"].shape[0], weights["embedding"].shape[-1]
        terms = hyperpriors.terms(range(1 + members), range(1 + members, 1 + members + members * width))
        prior_mean = partial(Embedding, feature_map, learned.standardise, weights)
        return fit_both_signs(one, prior_mean, hyperpriors.slope, terms, output, hyperpriors.settings())
