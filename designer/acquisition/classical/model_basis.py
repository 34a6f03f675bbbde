"""The terms of a linear, interaction or quadratic model over a space, as an orthonormal basis.

Over a sample of the space the basis functions are orthonormal: the matrix of their moments is the identity. Terms that
the space cannot tell apart (the sum of a mixture, an equality, the square of a two-level setting) are thus counted
once, whatever the parameters are. D- and I-optimality depend on the space of functions only, not on its basis.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from designer.acquisition.classical.design import Terms
from designer.arrays import FloatArray, IndexArray
from designer.space import DesignSpace
from designer.space.encoding import Encoder

_TOLERANCE = 1e-8  # of the largest eigenvalue: smaller ones are of combinations that the space does not vary
MAX_PRODUCTS = 1000
"""Products of features that are computed before dependent ones are left out."""


@dataclass(frozen=True, eq=False)
class ModelBasis:
    """Orthonormal functions that span the terms of a model.

    Parameters
    ----------
    encoder, columns
        The features of a design, and which of them the model has.
    centre, scale
        By which they are brought to -1 to 1 (each of length d).
    pairs
        Products of two features (``k x 2`` indices).
    transform
        From the constant, the features and the products to the functions (``1 + d + k`` x p).
    """

    encoder: Encoder
    columns: IndexArray
    centre: FloatArray
    scale: FloatArray
    pairs: IndexArray
    transform: FloatArray

    @classmethod
    def of(cls, space: DesignSpace, terms: Terms, reference: FloatArray, names: Set[str] | None = None) -> ModelBasis:
        """Return the basis of a model.

        Parameters
        ----------
        reference
            Designs (``n x c``) over which the functions are orthonormal: a sample of the space.
        names
            The parameters that the model has; default: all.
        """
        encoder = Encoder(space, descriptors=False)
        features = encoder.encode(reference)
        low, high = features.min(0), features.max(0)
        used = [i for i, each in enumerate(encoder.columns) if names is None or each.parameter in names]
        columns = np.array([i for i in used if high[i] > low[i]], dtype=np.intp)
        d = len(columns)
        pairs = np.array(
            [(i, j) for i in range(d) for j in range(i, d) if terms == "quadratic" or (terms != "linear" and i < j)],
            dtype=np.intp,
        ).reshape(-1, 2)
        centre, scale = (low + high)[columns] / 2, (high - low)[columns] / 2
        basis = cls(encoder, columns, centre, scale, pairs, np.eye(1 + d + len(pairs)))
        raw = basis(reference)
        values, vectors = np.linalg.eigh(raw.T @ raw / len(raw))
        kept = values > _TOLERANCE * values[-1]
        return cls(encoder, columns, centre, scale, pairs, vectors[:, kept] / np.sqrt(values[kept]))

    @property
    def terms(self) -> int:
        """The number p of functions."""
        return int(self.transform.shape[1])

    def __call__(self, coordinates: FloatArray) -> FloatArray:
        """Return the functions (``n x p``) of designs (``n x c``)."""
        features = (self.encoder.encode(coordinates)[:, self.columns] - self.centre) / self.scale
        products = features[:, self.pairs[:, 0]] * features[:, self.pairs[:, 1]]
        result: FloatArray = np.column_stack([np.ones(len(features)), features, products]) @ self.transform
        return result


def products(space: DesignSpace, terms: Terms) -> int:
    """Return how many features and products of features a model has before dependent ones are left out."""
    d = Encoder(space, descriptors=False).dimension
    return 1 + d + {"linear": 0, "interactions": d * (d - 1) // 2, "quadratic": d * (d + 1) // 2}[terms]
