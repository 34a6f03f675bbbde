"""Agreement of past tasks: rank correlations of each task's predictions with the values of the others, and signs.

Each task is fitted by kernel ridge regression in the common features, in closed form, so that all pairs of 40 tasks
take about a second. The kernel is k(x, x') = exp(-|x - x'| / l) with x standardised and l the median distance: rough
enough for any surface, and without hyperparameters to tune.

References: C. Saunders, A. Gammerman, V. Vovk, Ridge Regression Learning Algorithm in Dual Variables (ICML 1998);
leave-one-out errors in closed form: Rasmussen & Williams (2006), 5.4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.sources import Source
from designer.space.encoding import FeatureColumn

_RIDGE = 0.1
_MIN_WIDTH = 1e-9
_MAX_DEVIATIONS = 4.0  # at which standardised features are winsorised: no source has designs beyond
_EVIDENCE = 10.0  # designs at which a rank correlation is shrunk to half


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Common features (``... x d``) of mean 0 over the sources, and of deviation 1 a number, fraction or choice.

    The 0/1 columns of a categorical parameter have a variance of 1 together, as have all descriptors of the elements or
    of a categorical parameter, so that many columns do not weigh more than one. Columns that never change are 0.
    """

    centre: Tensor
    width: Tensor

    @classmethod
    def of(cls, sources: Sequence[Source], columns: Sequence[FeatureColumn]) -> Standardiser:
        """Return the standardiser of the designs of all sources, each source with the same weight."""
        centre = torch.stack([source.X.mean(0) for source in sources]).mean(0)
        variance = torch.stack([(source.X - centre).square().mean(0) for source in sources]).mean(0)
        width = variance.sqrt()
        changes = width > _MIN_WIDTH
        for members in _together(columns):
            count = int(changes[members].sum())
            if columns[members[0]].role == "category":
                width[members] = variance[members].sum().sqrt()
            else:
                width[members] = width[members] * max(count, 1) ** 0.5
        return cls(centre, torch.where(changes, width, torch.inf))

    def __call__(self, X: Tensor) -> Tensor:
        """Return the standardised features, winsorised at 4 deviations."""
        return ((X - self.centre) / self.width).clamp(-_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def _together(columns: Sequence[FeatureColumn]) -> list[list[int]]:
    """Return the indices of columns that belong together: of one categorical parameter, or its descriptors."""
    groups: dict[tuple[str, str], list[int]] = {}
    for j, column in enumerate(columns):
        if column.role in ("category", "descriptor"):
            groups.setdefault((column.role, column.parameter), []).append(j)
    return list(groups.values())


@dataclass(frozen=True, eq=False)
class Ridge:
    """Kernel ridge regression of one task: ``n x d`` standardised features and ``n`` coefficients."""

    X: Tensor
    coefficients: Tensor
    length: float
    self_prediction: float

    @classmethod
    def of(cls, X: Tensor, z: Tensor) -> Ridge:
        """Fit standardised values; `self_prediction` is the leave-one-out R^2."""
        distances = torch.cdist(X, X)
        positive = distances[distances > 0]
        length = float(positive.median()) if len(positive) else 1.0
        inverse = torch.linalg.inv(torch.exp(-distances / length) + _RIDGE * torch.eye(len(z), dtype=X.dtype))
        coefficients = inverse @ z
        errors = coefficients / inverse.diagonal()
        total = float((z - z.mean()).square().sum())
        return cls(X, coefficients, length, 1.0 - float(errors.square().sum()) / total if total > 0 else 0.0)

    def __call__(self, X: Tensor) -> Tensor:
        """Return predictions (``n``) at standardised features (``n x d``)."""
        return torch.exp(-torch.cdist(X, self.X) / self.length) @ self.coefficients


def agreement(sources: Sequence[Source], standardise: Standardiser) -> FloatArray:
    """Return the matrix (``S x S``) of rank correlations, -1 to 1, by which sources predict each other's values.

    Symmetric: the mean of both directions, shrunk to 0 by ``n / (n + 10)`` for the fewer designs of the two. The
    diagonal holds the leave-one-out R^2 of each source, at least 0.
    """
    features = [standardise(source.X) for source in sources]
    values = [source.z for source in sources]
    learned = [Ridge.of(X, z) for X, z in zip(features, values, strict=True)]
    found = np.zeros((len(sources), len(sources)))
    for i, ridge in enumerate(learned):
        expected = torch.split(ridge(torch.cat(features)), [len(z) for z in values])
        found[i] = [rank_correlation(e.numpy(), z.numpy()) for e, z in zip(expected, values, strict=True)]
    counts = np.array([len(z) for z in values], dtype=np.float64)
    fewer = np.minimum(counts[:, None], counts[None, :])
    result = 0.5 * (found + found.T) * fewer / (fewer + _EVIDENCE)
    np.fill_diagonal(result, [max(ridge.self_prediction, 0.0) for ridge in learned])
    return result


def signs(agreed: FloatArray) -> FloatArray:
    """Return signs (+1 or -1, ``S``) under which sources agree best; the majority, or else the first, has +1.

    The signs of the leading eigenvector of the agreement, which maximises ``sum_ij s_i s_j r_ij`` over the sphere.

    >>> signs(np.array([[1.0, -0.8, 0.7], [-0.8, 1.0, -0.9], [0.7, -0.9, 1.0]])).tolist()
    [1.0, -1.0, 1.0]
    """
    if len(agreed) < 2:
        return np.ones(len(agreed))
    vector = np.linalg.eigh(agreed)[1][:, -1]
    found = np.where(vector < 0, -1.0, 1.0)
    majority = found.sum() or found[0]
    return np.asarray(found * np.sign(majority))


def rank_correlation(a: FloatArray, b: FloatArray) -> float:
    """Return Spearman's rank correlation; 0 where either side has fewer than three values or does not vary."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    from scipy.stats import rankdata  # slow to import

    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])
