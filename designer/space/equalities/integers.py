"""Systems of linear equations in whole numbers: one solution, and a short basis of all others.

References
----------
H. Cohen, A Course in Computational Algebraic Number Theory, Springer (1993), sections 2.4 (Hermite normal form) and 2.6
(lattice reduction by A. K. Lenstra, H. W. Lenstra and L. Lovász).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray

_MAX_REDUCED = 24  # vectors of a basis that is reduced; longer ones are short already in sums, and slow to reduce
_MAX_ROUNDS = 2000
_LOVASZ = 0.75

Vector = list[int]


@dataclass(frozen=True)
class Solutions:
    """All whole solutions of a system: `origin` plus any whole combination of the vectors of `basis`."""

    origin: Vector
    basis: list[Vector]


def solve(rows: Sequence[Sequence[int]], totals: Sequence[int], size: int) -> Solutions | None:
    """Return the whole solutions x of ``sum(row * x) == total`` for each row; None where there is none.

    Parameters
    ----------
    rows
        The whole coefficients, `size` in each row.
    totals
        What each row sums to.

    Examples
    --------
    >>> solve([[2, 4]], [7], 2) is None
    True
    >>> solve([[1, 1]], [10], 2)
    Solutions(origin=[10, 0], basis=[[-1, 1]])
    """
    # Each column of the matrix is carried along with the combination of unknowns that it stands for.
    columns = [([row[j] for row in rows], [int(i == j) for i in range(size)]) for j in range(size)]
    weights: list[int] = []
    for i, total in enumerate(totals):
        first = len(weights)
        _reduce_row(columns, i, first)
        rest = total - sum(weight * columns[j][0][i] for j, weight in enumerate(weights))
        pivot = columns[first][0][i] if first < size else 0
        if pivot == 0:
            if rest:
                return None
        elif rest % pivot:
            return None
        else:
            weights.append(rest // pivot)
    origin = [sum(weight * columns[j][1][k] for j, weight in enumerate(weights)) for k in range(size)]
    return Solutions(origin, [vector for _, vector in columns[len(weights) :]])


def _reduce_row(columns: list[tuple[Vector, Vector]], row: int, first: int) -> None:
    """Make all entries of a row zero behind column `first`, by Euclid's algorithm on columns from `first` on."""
    while True:
        filled = [j for j in range(first, len(columns)) if columns[j][0][row]]
        if not filled:
            return
        pivot = min(filled, key=lambda j: abs(columns[j][0][row]))
        columns[first], columns[pivot] = columns[pivot], columns[first]
        if len(filled) == 1:
            return
        for j in range(first + 1, len(columns)):
            factor = columns[j][0][row] // columns[first][0][row]
            if factor:
                columns[j] = (
                    _combined(columns[j][0], columns[first][0], factor),
                    _combined(columns[j][1], columns[first][1], factor),
                )


def _combined(vector: Vector, other: Vector, factor: int) -> Vector:
    return [a - factor * b for a, b in zip(vector, other, strict=True)]


def short_basis(basis: list[Vector], weights: FloatArray) -> list[Vector]:
    """Return a basis of the same lattice whose vectors are short, each entry weighed by `weights`."""
    if not 1 < len(basis) <= _MAX_REDUCED:
        return basis
    basis = [list(vector) for vector in basis]
    k = 1
    for _ in range(_MAX_ROUNDS):
        if k == len(basis):
            break
        upper: FloatArray = np.linalg.qr((np.array(basis, dtype=np.float64) * weights).T)[1]
        for j in reversed(range(k)):
            factor = int(np.rint(upper[j, k] / upper[j, j]))
            if factor:
                basis[k] = _combined(basis[k], basis[j], factor)
                upper[:, k] -= factor * upper[:, j]
        before = upper[k - 1, k - 1] ** 2
        if upper[k, k] ** 2 + upper[k - 1, k] ** 2 >= _LOVASZ * before:
            k += 1
        else:
            basis[k - 1], basis[k] = basis[k], basis[k - 1]
            k = max(k - 1, 1)
    return basis


def shifted(origin: Vector, basis: Sequence[Vector], target: FloatArray, weights: FloatArray) -> Vector:
    """Return a point of the lattice near to `target` (Babai's rounding)."""
    if not basis:
        return origin
    for _ in range(3):  # each round leaves what the floats of the one before did not see
        gap = np.array([float(t) - float(o) for t, o in zip(target, origin, strict=True)]) * weights
        vectors = np.array(basis, dtype=np.float64) * weights
        factors = np.rint(np.linalg.lstsq(vectors.T, gap, rcond=None)[0])
        if not factors.any():
            break
        for factor, vector in zip(factors, basis, strict=True):
            origin = _combined(origin, vector, -int(factor))
    return origin
