"""Figures of observed curves: those of the results by the goal, those of open suggestions, and where they matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import FloatArray
from designer.objective import Target
from designer.report.content import ObservedQuantity
from designer.report.drawing import BLUE, GREY, RED, Drawing, file_name
from designer.units import with_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_CURVES = 60
"""Curves of results that are drawn, the latest ones."""
MAX_OPEN = 3
"""Curves of open suggestions that are drawn, the latest ones, each with its nearest result."""
MIN_FOR_CORRELATION = 5


def curves(goal: Target, quantity: ObservedQuantity) -> Drawing:
    """Return the curves of an observation, coloured by the goal, and below their correlation with it.

    Open suggestions are red, and the nearest result of each is black.
    """
    done = [each for each in quantity.curves if each.value is not None][-MAX_CURVES:]
    waiting = [each for each in quantity.curves if each.value is None][-MAX_OPEN:]
    values = np.array([each.value for each in done], dtype=float)
    Y = np.array([each.y for each in done]).reshape(len(done), len(quantity.curves[0].x))
    references = [] if quantity.reference is None else [quantity.reference]
    with_correlation = len(done) >= MIN_FOR_CORRELATION and np.ptp(values) > 0

    def paint(figure: Figure) -> None:
        from matplotlib import colormaps

        rows = figure.subplots(2 if with_correlation else 1, 1, sharex=True, squeeze=False)
        upper, *others = rows[:, 0].tolist()
        span = float(np.ptp(values)) if len(values) else 0.0
        for each, value in zip(done, values, strict=True):
            share = (value - values.min()) / span if span else 0.5
            upper.plot(each.x, each.y, color=colormaps["viridis"](0.9 * share), linewidth=0.9, alpha=0.7, zorder=2)
        for each in waiting:
            if len(done):
                near = done[_nearest(Y, np.array(each.y))]
                upper.plot(near.x, near.y, color="black", linestyle="--", linewidth=1.2, zorder=3, label=near.name)
            upper.plot(each.x, each.y, color=RED, linewidth=1.6, zorder=4, label=each.name)
        for wanted in references:
            upper.plot(wanted.x, wanted.y, color=BLUE, linewidth=2.0, zorder=5, label="reference")
        if waiting or references:
            upper.legend(fontsize=8.5)
        upper.set_ylabel(with_unit(quantity.name, quantity.unit))
        for lower in others:
            lower.axhline(0.0, color=GREY, linewidth=0.8)
            lower.plot(done[0].x, correlation(Y, values), color=BLUE, linewidth=1.2)
            lower.set_ylim(-1.05, 1.05)
            lower.set_ylabel(f"correlation with {goal.name}", fontsize=8.5)
        (others[0] if others else upper).set_xlabel(quantity.axis)

    caption = f"{quantity.name} of each result, from dark to light with rising {goal.name}."
    caption += " Red: open suggestions without a result; dashed: the result with the nearest curve." * bool(waiting)
    caption += " Blue: the reference that is to be matched." * len(references)
    if with_correlation:
        caption += f" Below: the correlation of the curve's value at each position with {goal.name}."
    size = (6.4, 4.6 if with_correlation else 3.4)
    return Drawing(file_name("curves", quantity.name), f"Curves of {quantity.name}", paint, size, caption)


def correlation(Y: FloatArray, values: FloatArray) -> FloatArray:
    """Return the correlation (``g``) of the values of curves (``p x g``) at each position with a quantity (``p``).

    >>> correlation(np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]), np.array([2.0, 4.0, 6.0])).round(6).tolist()
    [1.0, 0.0]
    """
    away, part = Y - Y.mean(axis=0), values - values.mean()
    scale = np.sqrt((away**2).sum(axis=0) * (part**2).sum())
    return np.asarray((away * part[:, None]).sum(axis=0) / np.where(scale > 0, scale, 1.0))


def _nearest(Y: FloatArray, y: FloatArray) -> int:
    return int(((Y - y) ** 2).sum(axis=1).argmin())
