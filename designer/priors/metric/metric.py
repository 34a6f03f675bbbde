"""Metrics: an embedding in which distance predicts difference, and weights of past tasks by their similarity.

A new task, standardised, is

    f(x) = c + a m(x) + sum_s b_s sqrt(w_s) (m_s(x) - m(x)) + h(phi(x)) + g(x),
    m(x) = sum_s w_s m_s(x),      m_s(x) = sum_i softmax_i(-|psi(x) - psi(x_si)|^2) z_si,

m_s the attention of a design to the measurements of past task s, phi the learned embedding (psi is phi, scaled as
learned for attention), h a Gaussian process over it, which is kernel regression with a calibrated variance, and g the
baseline Gaussian process over the design's own features. The weights w_s follow the similarity of past tasks to the new
one (`designer.priors.weighting`); `FittedMetric.source_weights` returns them. As for deep kernels, scales are learned
on tasks that the embedding did not see, and a second model assumes the opposite sign.

References: O. Vinyals et al., Matching Networks for One Shot Learning (NeurIPS 2016); J. Snell et al., Prototypical
Networks for Few-shot Learning (NeurIPS 2017); `designer.priors.metric.metric_training` for how the embedding is
learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.alignment import FeatureMap
from designer.priors.conditioning import fit_both_signs, informative_sources, quantity_of
from designer.priors.deep.embedding_networks import by_rows
from designer.priors.informed import InformedModel
from designer.priors.levels import level_of
from designer.priors.metric.metric_learning import Learned, learn
from designer.priors.metric.metric_space import Anchors, MetricSpace, signature
from designer.priors.metric.metric_training import MetricTraining
from designer.priors.source_sets import FittedSets
from designer.priors.sources import Source
from designer.priors.weighting import TaskSimilarity, rank_agreement
from designer.surrogates.data import TaskData

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "metric"
MAX_SOURCES = 8
"""Largest number of past tasks that are attended to, those of the largest weights."""


@dataclass(frozen=True, eq=False)
class AttentionMean:
    """Predictions of past tasks at a new task's designs (see `designer.priors.informed.PriorMean`).

    The further features are the weighted mean (1 column), each task's deviation from it (S), and the embedding (P).
    """

    feature_map: FeatureMap
    space: MetricSpace
    anchors: Anchors
    weights: Tensor
    slope: float

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        return by_rows(self._attend, X)

    def _attend(self, X: Tensor) -> tuple[Tensor, Tensor]:
        phi, psi = self.space(self.feature_map(X))
        expected = self.anchors.expected(psi)
        mean = expected @ self.weights
        apart = (expected - mean[:, None]) * self.weights.sqrt()
        return self.slope * mean, torch.cat([mean[:, None], apart, phi], dim=-1)


@dataclass(frozen=True)
class MetricPrior:
    """A prior that learns distances between designs, and between tasks.

    Parameters
    ----------
    training
        How the embedding is trained.
    """

    training: MetricTraining = field(default_factory=MetricTraining)
    kind: str = field(default=KIND, init=False)

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> FittedMetric:
        """Train the embedding on past tasks, in any order; see `Prior.fit`."""
        return FittedMetric.fit(tasks, partial(learn, training=self.training, seed=seed), seed)

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedMetric:
        """Return the fitted prior that was saved."""
        return FittedMetric.from_saved(card, tensors)


class FittedMetric(FittedSets[Learned]):
    """A trained metric."""

    KIND = KIND
    LEARNED = Learned

    def source_weights(self, data: TaskData) -> dict[str, float]:
        """Return the names of past tasks and their weights for a new task (one target), of sum 1.

        Largest first; empty where past tasks are not informative about it.
        """
        found = self._seen(data.target(0))
        if found is None:
            return {}
        totals: dict[str, float] = {}
        for (name, _), weight in zip(found.learned.names, found.weights.tolist(), strict=True):
            totals[name] = totals.get(name, 0.0) + weight
        return dict(sorted(totals.items(), key=lambda each: (-each[1], each[0])))

    def informed(self, one: TaskData) -> tuple[InformedModel, ...]:
        """See `FittedSets.informed`."""
        seen = self._seen(one)
        if seen is None:
            return ()
        used = sorted(np.argsort(-seen.weights, kind="stable")[:MAX_SOURCES].tolist())
        weights = torch.from_numpy(seen.weights[used] / seen.weights[used].sum())
        anchors, hyperpriors = seen.known.anchors.at(used), seen.learned.hyperpriors
        with torch.no_grad():
            mean, further = AttentionMean(seen.feature_map, seen.learned.space, anchors, weights, hyperpriors.slope)(
                one.X
            )
        output = level_of(one.Y[:, 0].numpy(), mean.numpy(), hyperpriors.around, seen.informative, quantity_of(one))
        means, width = 1 + len(used), further.shape[-1]
        prior_mean = partial(AttentionMean, seen.feature_map, seen.learned.space, anchors, weights)
        terms = hyperpriors.terms(range(means), range(means, width))
        return fit_both_signs(one, prior_mean, hyperpriors.slope, terms, output, hyperpriors.settings())

    def _seen(self, one: TaskData) -> _Comparison | None:
        found = informative_sources(one, self.common, self.sources)
        if found is None:
            return None
        feature_map, informative = found
        index = self.index_of(informative)
        learned, known = self.learned[index], self._known[index]
        with torch.no_grad():
            phi, psi = learned.space(feature_map(one.X))
            expected = known.anchors.expected(psi)
            likeness = known.signatures @ signature(learned.psi, phi, one.Y[:, 0])
        y = one.Y[:, 0].numpy()
        similarity = TaskSimilarity(len(y), learned.centrality, rank_agreement(expected.numpy(), y), likeness.numpy())
        return _Comparison(feature_map, informative, learned, known, learned.weighting.weights(similarity))

    @cached_property
    def _known(self) -> tuple[_EmbeddedSources, ...]:
        """The sources in each learned space, computed once."""
        by_name = {(source.name, source.quantity.name): source for source in self.sources}
        known = []
        for each in self.learned:
            sources = [by_name[name] for name in each.names]
            values = [float(s) * source.z for s, source in zip(each.signs, sources, strict=True)]
            with torch.no_grad():
                spaces = [each.space(source.X) for source in sources]
                signed = [signature(each.psi, phi, z) for (phi, _), z in zip(spaces, values, strict=True)]
            known.append(_EmbeddedSources(Anchors.of([psi for _, psi in spaces], values), torch.stack(signed)))
        return tuple(known)


@dataclass(frozen=True, eq=False)
class _EmbeddedSources:
    """The sources in the learned space: anchors, and signatures (``S x 12``)."""

    anchors: Anchors
    signatures: Tensor


@dataclass(frozen=True, eq=False)
class _Comparison:
    """A new task, the sources that are informative about it, and their weights (``S``)."""

    feature_map: FeatureMap
    informative: tuple[Source, ...]
    learned: Learned
    known: _EmbeddedSources
    weights: FloatArray
