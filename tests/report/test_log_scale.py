"""Logarithmic axes: decimal numbers at their ticks, at least two of them over any range."""

from __future__ import annotations

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from designer.report.drawing import _STYLE, log_scale


@pytest.mark.parametrize("which", ["x", "y"])
@pytest.mark.parametrize(("low", "high"), [(1e-7, 0.1), (5.1e-5, 7.6e-5), (0.2, 30.0), (1.0, 1e6), (3.0, 4.0)])
def test_ticks_are_numbers(which: str, low: float, high: float) -> None:
    with mpl.rc_context(_STYLE):
        figure = Figure()
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        values = [low, high]
        axes.plot(values, values)
        log_scale(axes, which)
        figure.canvas.draw()
        axis = axes.xaxis if which == "x" else axes.yaxis
        start, end = axis.get_view_interval()
        places = [float(at) for at in axis.get_majorticklocs()]
        labels = [label.get_text() for label in axis.get_majorticklabels()]
    shown = [(at, text) for at, text in zip(places, labels, strict=True) if start <= at <= end]
    assert len(shown) >= 2
    assert all(float(text) == pytest.approx(at, rel=0.01) for at, text in shown)
