"""The learned space of designs, and the attention of a design to what past tasks measured near it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from designer.priors.agreement import Standardiser
from designer.priors.deep.embedding_networks import Weights, embed
from designer.priors.metric.metric_training import attention
from designer.priors.metric.signature import sign

ANCHORS = 100
"""At most so many designs of one past task are attended to."""


@dataclass(frozen=True, eq=False)
class MetricSpace:
    """The embeddings of an ensemble, side by side, so that squared distances are the members' mean.

    Parameters
    ----------
    standardise
        How common features are standardised.
    weights
        The networks, float64.
    """

    standardise: Standardiser
    weights: Weights

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return the embedding phi and that of attention, psi (each ``n x E p``), of common features (``n x d``)."""
        phi = embed(self.weights, self.standardise(X)[None])
        members, rows, width = phi.shape
        phi = phi / math.sqrt(members)
        psi = phi * (0.5 * self.weights["sharpness"]).exp()[:, None, None]
        flat = [each.transpose(0, 1).reshape(rows, members * width) for each in (phi, psi)]
        return flat[0], flat[1]


@dataclass(frozen=True, eq=False)
class Anchors:
    """Measurements of past tasks in the space of attention: ``S x n x P``, values ``S x n`` and which are real."""

    psi: Tensor
    z: Tensor
    there: Tensor

    @classmethod
    def of(cls, psi: Sequence[Tensor], values: Sequence[Tensor]) -> Anchors:
        """Pad past tasks with ``n_s x P`` embeddings and ``n_s`` values, at most `ANCHORS` each."""
        values = [each[:ANCHORS] for each in values]
        counts = torch.tensor([len(each) for each in values])
        z = torch.nn.utils.rnn.pad_sequence(list(values), batch_first=True)
        padded = torch.nn.utils.rnn.pad_sequence([each[:ANCHORS] for each in psi], batch_first=True)
        return cls(padded, z, torch.arange(z.shape[1]) < counts[:, None])

    def at(self, tasks: Sequence[int]) -> Anchors:
        """Return some of the past tasks."""
        places = torch.tensor(list(tasks), dtype=torch.long)
        return Anchors(self.psi[places], self.z[places], self.there[places])

    def expected(self, psi: Tensor) -> Tensor:
        """Return the attention of designs (``n x P``) to each past task: ``n x S`` values; differentiable."""
        return attention(psi.expand(len(self.psi), *psi.shape), self.psi, self.z, self.there, torch.ones(1)).T


def signature(psi_weights: Weights, phi: Tensor, z: Tensor) -> Tensor:
    """Return the signature (``12``) of one task; see `designer.priors.metric.signature`."""
    return sign(psi_weights, phi, z, torch.ones(len(z), dtype=torch.bool))
