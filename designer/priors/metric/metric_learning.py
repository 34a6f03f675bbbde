"""Learning a metric from one set of sources: embedding, signature, weights of tasks, and their calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.agreement import Standardiser, agreement, signs
from designer.priors.alignment import CommonFeatures
from designer.priors.deep.deep_calibration import CalibratedHyperpriors, Episode, learn_hyperpriors
from designer.priors.deep.deep_training import Tables, folds_of
from designer.priors.deep.embedding_networks import Weights, member_weights, to_double
from designer.priors.metric.metric_space import Anchors, MetricSpace, signature
from designer.priors.metric.metric_training import MetricTraining, train_metric
from designer.priors.metric.signature import train_signature
from designer.priors.serialization import below, under
from designer.priors.source_sets import names_of
from designer.priors.sources import Source
from designer.priors.weighting import TaskSimilarity, Trial, Weighting, centrality, learn_weighting, rank_agreement

_SUPPORTS = (3, 8, 20)
_QUERIES = 40
_WEIGHTING_ROWS = 10  # of a left-out task, by which sources are weighted in the calibration


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned of one set of sources.

    Parameters
    ----------
    names
        (task, quantity) of the sources.
    signs
        +1 or -1 for each source (``S``): those that correlate negatively with the others are negated.
    centrality
        How well each source agrees with the others (``S``).
    space
        The embedding.
    psi
        The network of signatures, float64.
    weighting, hyperpriors
        How sources are weighted, and the hyperparameters for a new task.
    """

    names: tuple[tuple[str, str], ...]
    signs: FloatArray
    centrality: FloatArray
    space: MetricSpace
    psi: Weights
    weighting: Weighting
    hyperpriors: CalibratedHyperpriors

    def as_dict(self) -> dict[str, Any]:
        """See `designer.priors.source_sets.Learned.as_dict`."""
        return {
            "signs": self.signs.tolist(),
            "centrality": self.centrality.tolist(),
            "strengths": self.weighting.strengths,
            "trust": self.hyperpriors.as_dict(),
        }

    def tensors(self) -> dict[str, Tensor]:
        """See `designer.priors.source_sets.Learned.tensors`."""
        scale = self.space.standardise
        return {
            **under("networks", self.space.weights),
            **under("signature", self.psi),
            **under("standardise", {"centre": scale.centre, "width": scale.width}),
        }

    @classmethod
    def from_saved(
        cls, names: tuple[tuple[str, str], ...], entry: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> Learned:
        """See `designer.priors.source_sets.Learned.from_saved`."""
        scale = below("standardise", tensors)
        first, second, third = map(float, entry["strengths"])
        return cls(
            names,
            np.array(entry["signs"], dtype=np.float64),
            np.array(entry["centrality"], dtype=np.float64),
            MetricSpace(Standardiser(scale["centre"], scale["width"]), below("networks", tensors)),
            below("signature", tensors),
            Weighting((first, second, third)),
            CalibratedHyperpriors(**entry["trust"]),
        )


@dataclass(frozen=True, eq=False)
class _Past:
    """The sources that are learned from: all lists are of ``S``."""

    sources: Sequence[Source]
    values: Sequence[Tensor]
    groups: Sequence[str]
    folds: Sequence[int]
    agreed: FloatArray
    phi: Sequence[Tensor]
    psi: Weights


def learn(
    common: CommonFeatures, sources: Sequence[Source], groups: Sequence[str], training: MetricTraining, seed: int
) -> Learned:
    """Train the embedding and the signature on sources, and learn weights and hyperparameters on those left out."""
    standardise = Standardiser.of(sources, common.columns)
    agreed = agreement(sources, standardise)
    orientation = signs(agreed)
    agreed = agreed * np.outer(orientation, orientation)
    values = [float(s) * source.z for s, source in zip(orientation, sources, strict=True)]
    folds = folds_of(list(groups), training.members)
    tables = Tables.of([standardise(source.X) for source in sources], values)
    numbers = torch.tensor([sorted(set(groups)).index(group) for group in groups])
    space = MetricSpace(standardise, to_double(train_metric(tables, folds, numbers, training, seed)))
    phi = [space(source.X)[0] for source in sources]
    wanted = torch.from_numpy(agreed).to(torch.float32)
    psi = to_double(train_signature(Tables.of(phi, values), wanted, seed, training.signature_steps))
    past = _Past(sources, values, groups, folds.tolist(), agreed, phi, psi)
    weighting, hyperpriors = Weighting(), CalibratedHyperpriors()
    if int(folds.max()) > 0:
        left_out = [left for i in range(len(sources)) if (left := _left_out(i, past, space)) is not None]
        weighting = learn_weighting([trial for look in left_out for trial in look.trials()])
        hyperpriors = learn_hyperpriors([look.episode(weighting, common) for look in left_out])
    return Learned(names_of(sources), orientation, centrality(agreed), space, psi, weighting, hyperpriors)


@dataclass(frozen=True, eq=False)
class _LeftOut:
    """A left-out task and the predictions of the others (``n x T``), in the space of the member without it."""

    source: Source
    z: Tensor
    phi: Tensor
    expected: FloatArray
    centrality: FloatArray
    signature_of: Sequence[Tensor]
    whole_phi: Tensor
    psi: Weights
    weight: float

    def similarity(self, rows: int) -> TaskSimilarity:
        """Return the similarity of the others from its first rows."""
        own = signature(self.psi, self.whole_phi[:rows], self.z[:rows])
        likeness = np.array([float(own @ other) for other in self.signature_of])
        ranks = rank_agreement(self.expected[:rows], self.z[:rows].numpy())
        return TaskSimilarity(rows, self.centrality, ranks, likeness)

    def trials(self) -> list[Trial]:
        """Return what a weighting has to predict after 3, 8 and 20 rows."""
        n = len(self.z)
        return [
            Trial(self.similarity(k), self.expected[k : k + _QUERIES], self.z[k : k + _QUERIES].numpy())
            for k in _SUPPORTS
            if n >= k + 3
        ]

    def episode(self, weighting: Weighting, common: CommonFeatures) -> Episode:
        """Return the task for the calibration."""
        w = weighting.weights(self.similarity(min(_WEIGHTING_ROWS, len(self.z))))
        columns = common.varying(self.source.X)
        return Episode(
            self.source.X[:, columns],
            tuple(common.columns[j] for j in columns.tolist()),
            torch.from_numpy(self.expected @ w),
            self.phi,
            self.z,
            self.weight,
        )


def _left_out(i: int, past: _Past, space: MetricSpace) -> _LeftOut | None:
    """Return source `i` as the member trained without it sees it; None without sources in other folds."""
    fold = past.folds[i]
    others = [j for j in range(len(past.sources)) if past.folds[j] != fold]
    if not others:
        return None
    member = MetricSpace(space.standardise, member_weights(space.weights, fold))
    anchors = Anchors.of([member(past.sources[j].X)[1] for j in others], [past.values[j] for j in others])
    phi, psi = member(past.sources[i].X)
    among = past.agreed[np.ix_(others, others)]
    return _LeftOut(
        past.sources[i],
        past.values[i],
        phi,
        anchors.expected(psi).numpy(),
        centrality(among),
        [signature(past.psi, past.phi[j], past.values[j]) for j in others],
        past.phi[i],
        past.psi,
        1.0 / list(past.groups).count(past.groups[i]),
    )
