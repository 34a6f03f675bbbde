"""Figures of observed images: the best and the worst result, and each open suggestion beside its nearest result."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np

from designer.objective import Target
from designer.report.content import ObservedCurve, ObservedQuantity
from designer.report.curve_figures import MAX_OPEN, curves
from designer.report.drawing import Drawing, file_name
from designer.report.number_format import number
from designer.units import with_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 4
SIDE = 1.6
"""Inches of one image."""


def observed_drawing(goal: Target, quantity: ObservedQuantity) -> Drawing:
    """Return the figure of curves or of images."""
    return images(goal, quantity) if quantity.curves[0].preview else curves(goal, quantity)


def images(goal: Target, quantity: ObservedQuantity) -> Drawing:
    """Return the images of the results with the largest and the smallest value, and of the open suggestions.

    Beside each open suggestion is the result whose features are nearest to its own, each feature scaled by its standard
    deviation.
    """
    chosen = _chosen(goal, quantity)
    rows = -(-len(chosen) // COLUMNS)

    def paint(figure: Figure) -> None:
        from matplotlib.image import imread

        axes = figure.subplots(rows, COLUMNS, squeeze=False)
        for place in axes.ravel():
            place.set_axis_off()
        for place, (each, words) in zip(axes.ravel(), chosen, strict=False):
            place.imshow(imread(io.BytesIO(base64.b64decode(each.preview))), cmap="gray", vmin=0.0, vmax=1.0)
            place.set_title(words, fontsize=8.0)

    caption = f"{quantity.name}: results with the largest and the smallest {goal.name}"
    if any(each.value is None for each, _ in chosen):
        caption += "; each open suggestion is followed by the result with the nearest features"
    size = (COLUMNS * SIDE, rows * (SIDE + 0.4))
    return Drawing(file_name("images", quantity.name), f"Images of {quantity.name}", paint, size, f"{caption}.")


def _chosen(goal: Target, quantity: ObservedQuantity) -> list[tuple[ObservedCurve, str]]:
    """Return the images that are drawn, each with its title."""
    shown = [each for each in quantity.curves if each.preview]
    done = [each for each in shown if each.value is not None]
    ordered = sorted(done, key=lambda each: (-(each.value or 0.0), each.name))
    chosen = [(each, _title(goal, each)) for each in dict.fromkeys((*ordered[:1], *ordered[-1:]))]
    scales = np.nanstd([each.features for each in shown], axis=0) if len(shown) > 1 else np.ones(1)
    scales = np.where(np.isfinite(scales) & (scales > 0), scales, 1.0)
    for each in [each for each in shown if each.value is None][-MAX_OPEN:]:
        chosen.append((each, each.name))
        if done:
            away = [np.nansum(((np.array(a.features) - np.array(each.features)) / scales) ** 2) for a in done]
            near = done[int(np.argmin(away))]
            chosen.append((near, f"near: {_title(goal, near)}"))
    return chosen


def _title(goal: Target, each: ObservedCurve) -> str:
    return f"{each.name}: {with_unit(number(each.value or 0.0), goal.unit)}"
