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
_LONG = 2**20  # entries from which on a basis is made shorter before the next equation
_MAX_ENTRY = 2**62

Vector = list[int]


@dataclass(frozen=True)
class Solutions:
    """All whole solutions of a system: `origin` plus any whole combination of the vectors of `basis`."""

    origin: Vector
    basis: list[Vector]


class Unsolved(ArithmeticError):
    """Equations of which it is not known whether they have a solution; the text says why."""


TOO_FINE = "steps and coefficients are too fine to be calculated exactly"


def solve(rows: Sequence[Sequence[int]], totals: Sequence[int], size: int) -> Solutions | None:
    """Return the whole solutions x of ``sum(row * x) == total`` for each row; None where there is none.

    Each equation in turn narrows the solutions of those before it, by Euclid's algorithm on their basis.

    Parameters
    ----------
    rows
        The whole coefficients, `size` in each row.
    totals
        What each row sums to.

    Raises
    ------
    Unsolved
        If the solutions have entries beyond 2^62.

    Examples
    --------
    >>> solve([[2, 4]], [7], 2) is None
    True
    >>> solve([[1, 1]], [10], 2)
    Solutions(origin=[10, 0], basis=[[-1, 1]])
    """
    origin = [0] * size
    basis = [[int(i == j) for i in range(size)] for j in range(size)]
    weights = np.ones(size)
    for row, total in zip(rows, totals, strict=True):
        rest = total - _product(row, origin)
        pivot, basis = _along(basis, row)
        if pivot is None:
            if rest:
                return None
            continue
        step = _product(row, pivot)
        if rest % step:
            return None
        origin = _combined(origin, pivot, -(rest // step))
        if _largest([origin, *basis]) > _LONG:
            basis = short_basis(basis, weights)
            origin = shifted(origin, basis, np.zeros(size), weights)
        if _largest([origin, *basis]) > _MAX_ENTRY:
            raise Unsolved(TOO_FINE)
    return Solutions(origin, basis)


def _along(basis: list[Vector], row: Sequence[int]) -> tuple[Vector | None, list[Vector]]:
    """Return the vector of a basis made anew that alone changes the product with `row`, and the other vectors."""
    products = [(_product(row, vector), vector) for vector in basis]
    across = [vector for product, vector in products if not product]
    along = [each for each in products if each[0]]
    while len(along) > 1:
        first = min(range(len(along)), key=lambda j: abs(along[j][0]))
        along[0], along[first] = along[first], along[0]
        size, shortest = along[0]
        others = []
        for product, vector in along[1:]:
            factor = (2 * product + size) // (2 * size)
            left = product - factor * size
            reduced = _combined(vector, shortest, factor)
            if left:
                others.append((left, reduced))
            else:
                across.append(reduced)
        along = [along[0], *others]
    return (along[0][1] if along else None), across


def _product(row: Sequence[int], vector: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(row, vector, strict=True) if b)


def _largest(vectors: Sequence[Vector]) -> int:
    return max((abs(entry) for vector in vectors for entry in vector), default=0)


def _combined(vector: Vector, other: Vector, factor: int) -> Vector:
    return [a - factor * b for a, b in zip(vector, other, strict=True)]


def short_basis(basis: list[Vector], weights: FloatArray) -> list[Vector]:
    """Return a basis of the same lattice whose vectors are short, each entry weighed by `weights`."""
    if len(basis) < 2 or (len(basis) > _MAX_REDUCED and _largest(basis) <= _LONG):
        return basis
    rounds = _MAX_ROUNDS if len(basis) <= _MAX_REDUCED else _MAX_ROUNDS // 10
    basis = [list(vector) for vector in basis]
    k = 1
    for _ in range(rounds):
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
