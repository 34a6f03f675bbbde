"""Tiers: goals in the order of their importance, each but the last with a value at which it counts as reached.

A lexicographic order of results (Fishburn 1974, "Lexicographic orders, utilities and decision rules"): of two results
that miss the first goal the nearer one is better, one that reaches it is better than any that does not, and among
those that reach it the next goal decides. As one utility, with the position ``s_i`` of a result on the way to goal i,

    u = s_1                      if goal 1 is missed
    u = 1 + s_2                  if goal 1 is reached and goal 2 is missed
    u = k - 1 + s_k              if all goals but the last are reached

``s`` rises strictly from 0 and is below 1 while a goal is missed: it is the desirability
(`designer.objective.desirability`) over the range from the worse measured values to the value wanted, and of the last
goal that over its measured range, without an end above 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from designer.objective.array_namespace import Array
from designer.objective.desirability import FLOOR, Range, measured_range
from designer.objective.targets import Target


def tier_ranges(goals: Sequence[Target], Y: npt.NDArray[np.float64]) -> tuple[Range, ...]:
    """Return the range of each goal from its measured values (``n x k``, NaN: none): for the last `measured_range`.

    For the others it ends at the value wanted, and is as wide as the measured values reach on the worse side.
    """
    before = [_range_to(goal, Y[:, i]) for i, goal in enumerate(goals[:-1])]
    return (*before, measured_range(goals[-1], Y[:, -1]))


def _range_to(goal: Target, values: npt.NDArray[np.float64]) -> Range:
    if goal.reach is None:
        return measured_range(goal, values)
    known = values[np.isfinite(values)]
    low, high = (float(q) for q in np.quantile(known, (0.05, 0.95))) if len(known) else (0.0, 0.0)
    worse = low if goal.sign > 0 else high
    width = max(goal.sign * (goal.reach - worse), high - low)
    width = width if width > 1e-9 * max(abs(low), abs(high), abs(goal.reach)) else 1.0
    return (goal.reach - width, goal.reach) if goal.sign > 0 else (goal.reach, goal.reach + width)


def tier_utility(goals: Sequence[Target], columns: Sequence[int], Y: Array, spans: Sequence[Range]) -> Array:
    """Return the utility of the lexicographic order, larger is better (``... x m`` to ``...``)."""
    total = _position(goals[-1], Y[..., columns[-1]], spans[-1])
    for goal, column, span in zip(goals[-2::-1], columns[-2::-1], spans[-2::-1], strict=True):
        y = Y[..., column]
        reached = like_number(goal.reaches(y), y)
        total = reached * (1.0 + total) + (1.0 - reached) * _position(goal, y, span).clip(None, 1.0)
    return total


def like_number(mask: Array, array: Array) -> Array:
    """Return a mask as numbers 0 and 1 of the kind of `array`."""
    return mask * (array * 0.0 + 1.0)


def _position(goal: Target, y: Array, span: Range) -> Array:
    """Return the position of values on the way to a goal: above 0, and 1 at the better end of the range."""
    low, high = span
    if goal.goal == "match":
        assert goal.value is not None
        half = max(high - goal.value, goal.value - low)
        t = 1.0 - abs(y - goal.value) / half
    else:
        t = (y - low) / (high - low)
        t = t if goal.sign > 0 else 1.0 - t
    return t.clip(FLOOR) * math.e ** (t.clip(None, FLOOR) / FLOOR - 1)


def tier_text(goal: Target) -> str:
    """Return the condition of a tier in words.

    >>> tier_text(Target(name="yield", unit="percent", goal="maximize", reach=80))
    'yield ≥ 80 percent'
    >>> tier_text(Target(name="size", unit="nm", goal="match", value=40, tolerance=5))
    'size = 40 ± 5 nm'
    """
    unit = f" {goal.unit}" if goal.unit else ""
    if goal.goal == "match":
        return f"{goal.name} = {goal.value:g} ± {goal.tolerance:g}{unit}"
    return f"{goal.name} {'≥' if goal.sign > 0 else '≤'} {goal.reach:g}{unit}"
