"""All whole solutions of a system of linear equations, where they are few."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import IntArray
from designer.space.equalities.whole_settings import Settings

MAX_LISTED = 100_000
"""Solutions that are listed at most."""
_MAX_TRIED = 500_000  # combinations that are looked at to find them


@dataclass(frozen=True)
class Equations:
    """Linear equations between the settings of some parameters, in whole numbers.

    Parameters
    ----------
    settings
        The n parameters.
    rows
        The n coefficients of each equation.
    totals
        What each equation sums to.
    """

    settings: tuple[Settings, ...]
    rows: tuple[tuple[int, ...], ...]
    totals: tuple[int, ...]


def list_solutions(equations: Equations) -> IntArray | None:
    """Return all solutions (``m x n`` whole numbers), or None where they are too many or cost too much.

    The settings of one parameter after another are tried, those of the fewest first; what the parameters still to come
    cannot make up for is left out, and the last parameter of an equation is calculated.
    """
    size = len(equations.settings)
    order = sorted(range(size), key=lambda j: equations.settings[j].size)
    rows, totals = np.array(equations.rows, dtype=np.int64), np.array(equations.totals, dtype=np.int64)
    found = np.zeros((1, size), dtype=np.int64)
    rest = totals[None, :].copy()
    for position, j in enumerate(order):
        later = order[position + 1 :]
        closing = [i for i in range(len(rows)) if rows[i, j] and not rows[i, later].any()]
        if closing:
            found, rest = _calculated(found, rest, rows, j, closing[0], equations.settings[j])
        else:
            if len(found) * equations.settings[j].size > _MAX_TRIED:
                return None
            numbers = equations.settings[j].numbers
            found, rest = np.repeat(found, len(numbers), axis=0), np.repeat(rest, len(numbers), axis=0)
            found[:, j] = np.tile(numbers, len(found) // max(len(numbers), 1))
            rest = rest - found[:, j, None] * rows[:, j]
        possible = _possible(rest, rows, later, equations.settings)
        found, rest = found[possible], rest[possible]
        if len(found) > MAX_LISTED:
            return None
    return found[np.lexsort(found.T[::-1])]


def _calculated(
    found: IntArray, rest: IntArray, rows: IntArray, j: int, equation: int, settings: Settings
) -> tuple[IntArray, IntArray]:
    """Return the partial solutions with the value of parameter j that satisfies an equation."""
    coefficient = rows[equation, j]
    value = rest[:, equation] // coefficient
    fits = (value * coefficient == rest[:, equation]) & settings.contains(value)
    found, value = found[fits].copy(), value[fits]
    found[:, j] = value
    return found, rest[fits] - value[:, None] * rows[:, j]


def _possible(rest: IntArray, rows: IntArray, later: Sequence[int], settings: Sequence[Settings]) -> IntArray:
    """Return which partial solutions the parameters still to come may complete."""
    mask = np.ones(len(rest), dtype=np.bool_)
    for i, row in enumerate(rows):
        low = high = divisor = 0
        for k in later:
            ends = sorted((int(row[k]) * settings[k].lowest, int(row[k]) * settings[k].highest))
            low, high, divisor = low + ends[0], high + ends[1], math.gcd(divisor, int(row[k]))
        mask &= (rest[:, i] >= low) & (rest[:, i] <= high)
        if divisor > 1:
            mask &= rest[:, i] % divisor == 0
    return np.flatnonzero(mask)
