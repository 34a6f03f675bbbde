"""Shapley values: how much each parameter of one design contributes to its prediction.

The value of a set S of parameters is ``v(S) = mean over b of f(x_S, b_rest)``: parameters in S are those of the design
x, the others those of background designs b (the "interventional" game). The Shapley value of a parameter is its mean
contribution over all orders of the parameters. They sum to ``f(x) - mean f(b)``; for an additive function they are its
terms minus their means.

A composition is one parameter here, since its shares have a fixed sum and cannot be set one by one;
`designer.interpretation.sensitivity` has the effects of its elements.

References: L. S. Shapley, A value for n-person games (1953); E. Strumbelj, I. Kononenko, Explaining prediction models
and individual predictions with feature contributions, Knowl. Inf. Syst. 41 (2014); R. Mitchell et al., Sampling
permutations for Shapley value estimation, J. Mach. Learn. Res. 23 (2022), for the reversed orders.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray

Function = Callable[[FloatArray], FloatArray]
"""From designs (``n x c``) to values (``n x m``)."""

EVALUATIONS = 8192
_MIN_BACKGROUNDS = 16


@dataclass(frozen=True, eq=False)
class Attribution:
    """Shapley values of the parameters of one design.

    Parameters
    ----------
    base
        ``m``: the mean over the background designs that were used.
    values
        ``p x m`` Shapley values; ``base + values.sum(0)`` is the function at the design.
    exact
        Whether all subsets of parameters were evaluated, rather than a sample of orders.
    """

    base: FloatArray
    values: FloatArray
    exact: bool


def shapley_values(
    function: Function,
    design: FloatArray,
    background: FloatArray,
    parts: Sequence[slice],
    rng: np.random.Generator,
    evaluations: int = EVALUATIONS,
) -> Attribution:
    """Return the Shapley value of each part of `design` for `function`, against `background`.

    Parameters
    ----------
    design, background
        ``c`` and ``b x c`` coordinates.
    parts
        The ``p`` parameters: which coordinates belong to each.
    rng
        Draws the orders if there are too many subsets.
    evaluations
        About how many designs are evaluated. All subsets are used if that leaves at least 16 background designs for
        each (up to 9 parameters by default); otherwise orders are drawn, each with its reverse.
    """
    if not len(background):
        raise ValueError("no background: give at least one design to compare with")
    each = evaluations >> len(parts)
    if each >= min(_MIN_BACKGROUNDS, len(background)):
        return _exact(function, design, background[:each], parts)
    return _sampled(function, design, background, parts, rng, evaluations)


def _exact(function: Function, design: FloatArray, background: FloatArray, parts: Sequence[slice]) -> Attribution:
    p, b = len(parts), len(background)
    rows = np.tile(background, (2**p, 1))
    for mask in range(2**p):
        for i, part in enumerate(parts):
            if mask >> i & 1:
                rows[mask * b : (mask + 1) * b, part] = design[part]
    means = function(rows).reshape(2**p, b, -1).mean(axis=1)
    values = np.zeros((p, means.shape[1]))
    for mask in range(2**p):
        size = mask.bit_count()
        for i in range(p):
            if not mask >> i & 1:
                weight = math.factorial(size) * math.factorial(p - size - 1) / math.factorial(p)
                values[i] += weight * (means[mask | 1 << i] - means[mask])
    return Attribution(means[0], values, exact=True)


def _sampled(
    function: Function,
    design: FloatArray,
    background: FloatArray,
    parts: Sequence[slice],
    rng: np.random.Generator,
    evaluations: int,
) -> Attribution:
    p = len(parts)
    pairs = max(1, evaluations // (2 * (p + 1)))
    orders, rows = [], []
    for k in range(pairs):
        order = rng.permutation(p)
        for each in (order, order[::-1]):
            row = background[k % len(background)].copy()
            orders.append(each)
            rows.append(row.copy())
            for i in each:
                row[parts[i]] = design[parts[i]]
                rows.append(row.copy())
    outputs = function(np.array(rows)).reshape(2 * pairs, p + 1, -1)
    values = np.zeros((p, outputs.shape[2]))
    for order, path in zip(orders, outputs, strict=True):
        values[order] += np.diff(path, axis=0)
    return Attribution(outputs[:, 0].mean(axis=0), values / len(orders), exact=False)
