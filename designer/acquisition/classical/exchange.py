"""Optimal designs by the exchange of candidates, and the division of runs into blocks.

V. Fedorov, Theory of Optimal Experiments (1972); R. D. Cook and C. J. Nachtsheim, "A comparison of algorithms for
constructing exact D-optimal designs", Technometrics 22 (1980) 315-324, and for blocks Technometrics 31 (1989) 339-346.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import FloatArray, IndexArray

_RIDGE = 1e-8  # keeps the information matrix of fewer runs than terms invertible
_MAX_PASSES = 12
MIN_GAIN = 1e-9
"""Share of a run's contribution to the criterion that an exchange adds at least."""


def information(rows: FloatArray, fixed: FloatArray) -> FloatArray:
    """Return the information matrix (``p x p``) of runs (``n x p``) and of others that are fixed."""
    result: FloatArray = rows.T @ rows + fixed.T @ fixed + _RIDGE * np.eye(rows.shape[1])
    return result


def score(matrix: FloatArray, kind: str) -> float:
    """Return the criterion of an information matrix, larger for better designs: log det, or minus the trace of the
    inverse, which is the mean variance of predictions where the terms are orthonormal over the space."""
    if kind == "i-optimal":
        return -float(np.trace(np.linalg.inv(matrix)))
    return float(np.linalg.slogdet(matrix)[1])


def improved(
    candidates: FloatArray,
    chosen: IndexArray,
    kind: str,
    fixed: FloatArray,
    allowed: Sequence[IndexArray],
    *,
    distinct: bool,
    rng: np.random.Generator,
    min_gain: float = MIN_GAIN,
) -> IndexArray:
    """Return the runs with each exchanged for the best candidate, one after another, until none is better.

    Parameters
    ----------
    candidates
        Terms of the candidates (``m x p``).
    chosen
        The runs to begin with: indices of candidates (n).
    kind
        ``i-optimal``, or any other word for D-optimality.
    fixed
        Terms of runs that stay (``k x p``).
    allowed
        For each run the candidates that it may be.
    distinct
        Whether no candidate is chosen twice.
    min_gain
        Share of a run's contribution to the criterion that an exchange adds at least.
    """
    chosen = chosen.copy()
    for _ in range(_MAX_PASSES):
        matrix = information(candidates[chosen], fixed)
        changed = False
        for i in rng.permutation(len(chosen)):
            old = candidates[chosen[i]]
            rest = np.asarray(
                np.linalg.inv(matrix - np.outer(old, old) + _RIDGE * np.eye(len(matrix))), dtype=np.float64
            )
            possible = allowed[i]
            gains = _gains(candidates[possible], rest, kind)
            if distinct:
                gains[np.isin(possible, np.delete(chosen, i))] = -np.inf
            best = int(np.argmax(gains))
            (current,) = _gains(old[None], rest, kind)
            if gains[best] > current + min_gain * abs(current) and possible[best] != chosen[i]:
                new = candidates[possible[best]]
                matrix = matrix - np.outer(old, old) + np.outer(new, new)
                chosen[i] = possible[best]
                changed = True
        if not changed:
            break
    return chosen


def _gains(rows: FloatArray, inverse: FloatArray, kind: str) -> FloatArray:
    """Return what a run adds to the criterion: monotone in the determinant, or the decrease of the trace."""
    product = rows @ inverse
    variance: FloatArray = np.einsum("ij,ij->i", product, rows)
    if kind != "i-optimal":
        return variance
    decrease: FloatArray = np.einsum("ij,ij->i", product, product) / (1.0 + variance)
    return decrease


def divided(terms: FloatArray, blocks: int, rng: np.random.Generator) -> IndexArray:
    """Return the block of each run (n), of equal sizes, with the means of all terms as equal as exchanges make them.

    Where the means are equal, blocks are orthogonal to the model: their effects do not change its coefficients.
    """
    n = len(terms)
    block = rng.permutation(np.arange(n) % blocks)
    if blocks == 1:
        return block
    rows = np.linalg.qr(terms)[0]
    sums = np.array([rows[block == b].sum(0) for b in range(blocks)])
    gram = rows @ rows.T
    distances = np.diag(gram)[:, None] + np.diag(gram)[None, :] - 2 * gram
    for _ in range(_MAX_PASSES * n):
        toward = rows @ sums.T
        own = toward[np.arange(n), block]
        # The change of the sum of squares where run i of block a and run j of block b change places.
        change = (toward[:, block].T - own[:, None]) + (toward[:, block] - own[None, :]) + distances
        change[block[:, None] == block[None, :]] = 0.0
        i, j = np.unravel_index(int(np.argmin(change)), change.shape)
        if change[i, j] > -1e-9:
            break
        difference = rows[j] - rows[i]
        sums[block[i]] += difference
        sums[block[j]] -= difference
        block[i], block[j] = block[j], block[i]
    return block
