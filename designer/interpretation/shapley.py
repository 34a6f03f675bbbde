"""How much each parameter of one design adds to what the model expects of it: Shapley values.

The worth of a set S of parameters is ``v(S) = mean over b of f(x_S, b_rest)``: the parameters of S as the design x has
them, the others as background designs b have them (the "interventional" game). The Shapley value of a parameter is its
mean contribution over all orders in which the parameters could be set; all of them sum to ``f(x) - mean f(b)``, and
of a function that is a sum of terms of one parameter each, they are exactly those terms minus their means.

A composition is one parameter here: its shares have a fixed sum and cannot be set one by one
(`designer.interpretation.sensitivity` looks into it).

References: L. S. Shapley, A value for n-person games (1953); E. Strumbelj, I. Kononenko, Explaining prediction models
and individual predictions with feature contributions, Knowl. Inf. Syst. 41 (2014); R. Mitchell et al., Sampling
permutations for Shapley value estimation, J. Mach. Learn. Res. 23 (2022), for the reversed orders.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Function = Callable[[Floats], Floats]
"""From designs (``n x c``) to values (``n x m``)."""

EVALUATIONS = 8192
_MIN_BACKGROUNDS = 16


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each parameter adds.

    Parameters
    ----------
    base
        ``m``: the mean over the background designs that were used.
    values
        ``p x m`` Shapley values; ``base + values.sum(0)`` is the function at the design.
    exact
        Whether all subsets of parameters were looked at, rather than a sample of orders.
    """

    base: Floats
    values: Floats
    exact: bool


def shapley_values(
    function: Function,
    design: Floats,
    background: Floats,
    parts: Sequence[slice],
    rng: np.random.Generator,
    evaluations: int = EVALUATIONS,
) -> Attribution:
    """Return what each part of `design` adds to `function`, against `background`.

    Parameters
    ----------
    design, background
        ``c`` and ``b x c`` coordinates.
    parts
        The ``p`` parameters: which coordinates belong to each.
    rng
        Draws the orders where there are too many subsets.
    evaluations
        About how many designs the function is asked for. All subsets are looked at if that leaves at least 16
        background designs each (up to 9 parameters by default); otherwise orders are drawn, each with its reverse.
    """
    if not len(background):
        raise ValueError("no background: give at least one design to compare with")
    each = evaluations >> len(parts)
    if each >= min(_MIN_BACKGROUNDS, len(background)):
        return _exact(function, design, background[:each], parts)
    return _sampled(function, design, background, parts, rng, evaluations)


def _exact(function: Function, design: Floats, background: Floats, parts: Sequence[slice]) -> Attribution:
    p, b = len(parts), len(background)
    rows = np.tile(background, (2**p, 1))
    for mask in range(2**p):
        for i, part in enumerate(parts):
            if mask >> i & 1:
                rows[mask * b : (mask + 1) * b, part] = design[part]
    worth = function(rows).reshape(2**p, b, -1).mean(axis=1)
    values = np.zeros((p, worth.shape[1]))
    for mask in range(2**p):
        size = mask.bit_count()
        for i in range(p):
            if not mask >> i & 1:
                weight = math.factorial(size) * math.factorial(p - size - 1) / math.factorial(p)
                values[i] += weight * (worth[mask | 1 << i] - worth[mask])
    return Attribution(worth[0], values, exact=True)


def _sampled(
    function: Function,
    design: Floats,
    background: Floats,
    parts: Sequence[slice],
    rng: np.random.Generator,
    evaluations: int,
) -> Attribution:
    p = len(parts)
    pairs = max(1, evaluations // (2 * (p + 1)))
    orders, rows = [], []
    for k in range(pairs):
        order = rng.permutation(p)
        for way in (order, order[::-1]):
            row = background[k % len(background)].copy()
            orders.append(way)
            rows.append(row.copy())
            for i in way:
                row[parts[i]] = design[parts[i]]
                rows.append(row.copy())
    worth = function(np.array(rows))
    worth = worth.reshape(2 * pairs, p + 1, -1)
    values = np.zeros((p, worth.shape[2]))
    for way, path in zip(orders, worth, strict=True):
        values[way] += np.diff(path, axis=0)
    return Attribution(worth[:, 0].mean(axis=0), values / len(orders), exact=False)
