"""Kernels over encoded designs: sums of Matern-5/2 terms with grouped lengthscales, and of linear terms.

A kernel is

    k(x, x') = offset + sum_t v_t M(r_t) + sum_j v_j <x_j, x'_j>,      r_t^2 = sum_c w_c (x_c - x'_c)^2 / l_{g(t,c)}^2,
    M(r) = (1 + s + s^2/3) exp(-s),            s = sqrt(5) r,

where columns c of one group g share a lengthscale. The one-hot columns of a categorical parameter are one group with
w = 1/2, so that two designs with different choices lie at distance 1 / l (a Hamming distance inside the Matern). The
offset is the prior variance of an unknown constant mean, which is thereby marginalised exactly. A linear term over the
columns x_j is a linear regression on them, whose coefficients have the prior variance v_j.

All values are those of standardised outputs.

References: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), 2.7 and 4.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray, IndexArray

_ROOT5 = math.sqrt(5.0)


@dataclass(frozen=True, eq=False)
class Term:
    """One summand: the lengthscale group of every column (-1: the column plays no part) and its variance's index."""

    groups: IndexArray
    variance: int

    @property
    def used(self) -> IndexArray:
        """The columns that play a part."""
        return np.flatnonzero(self.groups >= 0)


@dataclass(frozen=True, eq=False)
class LinearTerm:
    """A linear regression on some columns: which ones, and the index of its coefficients' prior variance."""

    columns: IndexArray
    variance: int


@dataclass(frozen=True, eq=False)
class Hyperparameters:
    """Lengthscales, one variance a term group, and the noise variance; all of standardised outputs."""

    lengthscales: FloatArray
    variances: FloatArray
    noise: float

    @classmethod
    def from_log(cls, theta: FloatArray, lengthscales: int) -> Hyperparameters:
        """Read the flat vector of logarithms (lengthscales, variances, noise) that the optimiser works on."""
        values = np.exp(theta)
        return cls(values[:lengthscales], values[lengthscales:-1], float(values[-1]))

    def to_log(self) -> FloatArray:
        """Return the vector that `from_log` reads."""
        flat: FloatArray = np.log(np.concatenate([self.lengthscales, self.variances, [self.noise]]))
        return flat


@dataclass(frozen=True, eq=False)
class Kernel:
    """The structure of a kernel: which columns share which lengthscale, in which terms.

    Parameters
    ----------
    weights
        ``d`` weights w of the columns in squared distances.
    terms
        The summands.
    lengthscales, variances
        How many of each there are.
    offset
        Prior variance of the constant mean.
    linear
        The linear terms.
    """

    weights: FloatArray
    terms: tuple[Term, ...]
    lengthscales: int
    variances: int
    offset: float
    linear: tuple[LinearTerm, ...] = ()

    def prior_variance(self, hyper: Hyperparameters) -> float:
        """Variance of the process at any one design before it is conditioned, linear terms left out."""
        return self.offset + float(sum(hyper.variances[term.variance] for term in self.terms))

    def diagonal(self, X: Tensor, hyper: Hyperparameters) -> Tensor:
        """Return ``k(x, x)`` (``...``) at designs `X` (``... x d``), less the shift that `origin` allows."""
        total = torch.full(X.shape[:-1], self.prior_variance(hyper), dtype=X.dtype)
        for term in self.linear:
            total = total + float(hyper.variances[term.variance]) * X[..., term.columns].square().sum(-1)
        return total

    def origin(self, X: Tensor) -> Tensor:
        """Return the mean (``d``) of designs, 0 in the columns of linear terms: moved by it, nothing else changes."""
        centre = X.mean(0) if len(X) else torch.zeros(X.shape[-1], dtype=torch.float64)
        for term in self.linear:
            centre[term.columns] = 0.0
        return centre

    def scaled(self, X: FloatArray, term: Term, hyper: Hyperparameters) -> FloatArray:
        """Return the columns of `X` that `term` uses, so scaled that plain squared distances are r^2."""
        used = term.used
        scale = np.sqrt(self.weights[used]) / hyper.lengthscales[term.groups[used]]
        return np.asarray(X[:, used] * scale)

    def matrix(
        self, X: FloatArray, hyper: Hyperparameters
    ) -> tuple[FloatArray, list[tuple[FloatArray, FloatArray, FloatArray]]]:
        """Return ``k(X, X)`` (``n x n``) and, for each Matern term, its scaled columns, M, -dM/d(r^2)."""
        K = np.full((len(X), len(X)), self.offset)
        parts = []
        for term in self.terms:
            Z = self.scaled(X, term, hyper)
            value, slope = _matern_with_slope(_squared_distances(Z))
            K += hyper.variances[term.variance] * value
            parts.append((Z, value, slope))
        for linear in self.linear:
            K += hyper.variances[linear.variance] * (X[:, linear.columns] @ X[:, linear.columns].T)
        return K, parts

    def evaluate(self, X1: Tensor, X2: Tensor, hyper: Hyperparameters) -> Tensor:
        """Return ``k(X1, X2)``: ``... x n1 x d`` and ``... x n2 x d`` to ``... x n1 x n2``; differentiable."""
        total: Tensor | float = self.offset
        for term in self.terms:
            used = _slice_of(term.used)
            scale = torch.from_numpy(np.sqrt(self.weights[term.used]) / hyper.lengthscales[term.groups[term.used]]).to(
                X1
            )
            A, B = X1[..., used] * scale, X2[..., used] * scale
            total = total + matern(squared_distances(A, B), float(hyper.variances[term.variance]))
        for linear in self.linear:
            A, B = X1[..., linear.columns], X2[..., linear.columns]
            total = total + float(hyper.variances[linear.variance]) * A @ B.transpose(-1, -2)
        if not isinstance(total, Tensor):
            return torch.full((*X1.shape[:-1], X2.shape[-2]), total, dtype=X1.dtype)
        return total


def _slice_of(columns: IndexArray) -> slice | Tensor:
    """Return the slice of adjacent columns, which is read without a copy; the columns themselves if they are not."""
    if len(columns) and columns[-1] - columns[0] == len(columns) - 1:
        return slice(int(columns[0]), int(columns[-1]) + 1)
    return torch.from_numpy(columns)


def squared_distances(A: Tensor, B: Tensor) -> Tensor:
    """Return squared distances (``... x n x k``) of ``... x n x p`` and ``... x k x p``, some below 0 by rounding."""
    return A.square().sum(-1)[..., :, None] + B.square().sum(-1)[..., None, :] - 2.0 * A @ B.mT


def matern(squared: Tensor, variance: Tensor | float = 1.0, *, floor: float = 1e-20) -> Tensor:
    """Return the Matern-5/2 covariance at squared scaled distances ``r^2`` (any shape).

    Distances below `floor` count as `floor`: so the gradient at equal points is 0 (its true value), where the square
    root alone would give NaN.
    """
    s = (5.0 * squared.clamp_min(floor)).sqrt()
    return variance * (1.0 + s + s * s / 3.0) * torch.exp(-s)


def _squared_distances(Z: FloatArray) -> FloatArray:
    squares = np.einsum("ij,ij->i", Z, Z)
    distances = squares[:, None] + squares[None, :]
    products = Z @ Z.T
    products *= 2.0
    distances -= products
    np.maximum(distances, 0.0, out=distances)
    np.fill_diagonal(distances, 0.0)
    return np.asarray(distances)


def _matern_with_slope(squared: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return M(r) and -dM/d(r^2) = 5/6 (1 + s) exp(-s)."""
    s = np.sqrt(squared)
    s *= _ROOT5  # in place: fresh memory for large arrays takes longer than the arithmetic
    decay = np.negative(s)
    np.exp(decay, out=decay)
    slope = 1.0 + s
    slope *= decay
    s *= s
    s /= 3.0
    s *= decay
    s += slope
    slope *= 5.0 / 6.0
    return s, slope
