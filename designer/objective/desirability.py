"""Desirability: one number from 0 to 1 for how well all goals are met together.

After Derringer and Suich (1980), "Simultaneous optimization of several response variables". With the position of a
measurement in its range, ``t = (y - low) / (high - low)`` (one minus that for ``minimize``; for ``match``, one minus
the distance beyond the tolerance over the width of that side of the range), a single desirability is

    d(t) = t                                    for FLOOR <= t
    d(t) = FLOOR * exp(t / FLOOR - 1)           for t < FLOOR

and is capped at 1 where the user gave the range. The textbook's ``d = 0`` below the range would make all bad designs
alike and hide the way out; the exponential meets the line with equal value and slope and keeps them in order. The whole
is the weighted geometric mean ``D = (d_1^w_1 ... d_k^w_k)^(1 / (w_1 + ... + w_k))``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from designer.objective.array_namespace import Array
from designer.objective.targets import Target

FLOOR = 0.05
Range = tuple[float, float]


def measured_range(target: Target, values: npt.NDArray[np.float64]) -> Range:
    """Return the range of `target`: its own, or else the 5 % to 95 % quantiles of the measured `values`.

    For ``match`` the measured range is made symmetric around the wanted value. Missing values are left out; without
    two different values the range is one wide.
    """
    if target.range is not None:
        return target.range
    known = values[np.isfinite(values)]
    low, high = (float(q) for q in np.quantile(known, (0.05, 0.95))) if len(known) else (0.0, 0.0)
    if target.goal == "match" and target.value is not None and target.tolerance is not None:
        half = max(high - target.value, target.value - low, 2 * target.tolerance)
        return target.value - half, target.value + half
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        return low - 0.5, low + 0.5
    return low, high


def desirability(target: Target, y: Array, span: Range) -> Array:
    """Return the desirability of measurements `y` (any shape) of one target over the range `span`."""
    t = _position(target, y, span)
    d = t.clip(FLOOR) * math.e ** (t.clip(None, FLOOR) / FLOOR - 1)  # of the two factors, one is always at rest
    return d.clip(None, 1.0) if target.range is not None else d


def _position(target: Target, y: Array, span: Range) -> Array:
    low, high = span
    if target.goal == "match":
        assert target.value is not None
        assert target.tolerance is not None
        above = (y - target.value - target.tolerance).clip(0.0) / (high - target.value - target.tolerance)
        below = (target.value - target.tolerance - y).clip(0.0) / (target.value - target.tolerance - low)
        return 1.0 - above - below
    t = (y - low) / (high - low)
    return t if target.sign > 0 else 1.0 - t


def overall(targets: Sequence[Target], columns: Sequence[int], Y: Array, spans: Sequence[Range]) -> Array:
    """Return the weighted geometric mean of the desirabilities of `targets` (``... x m`` to ``...``)."""
    weights = [1.0 if target.weight is None else target.weight for target in targets]
    total = None
    for target, column, span, weight in zip(targets, columns, spans, weights, strict=True):
        part = desirability(target, Y[..., column], span) ** (weight / sum(weights))
        total = part if total is None else total * part
    return total
