"""Figures of the posterior: importance of parameters, slices, maps over two parameters, ternary diagrams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.arrays import FloatArray
from designer.interpretation.response import PairMap, Slice, Ternary
from designer.objective import Target
from designer.report.content import Z90 as Z
from designer.report.content import Landscape, Share
from designer.report.drawing import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    Drawing,
    draw_goal,
    file_name,
    log_scale,
    on_axes,
)
from designer.report.number_format import number
from designer.units import with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_SLICES, MAX_LINES = 12, 6
_MEAN, _SPREAD = "viridis", "Greys"
_COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)


def importance(target: Target, shares: Sequence[Share]) -> Drawing:
    """Return the share of the prediction's variance over the space that each parameter explains."""

    def paint(axes: Axes) -> None:
        shown = shares[:12]
        rows = range(len(shown))
        axes.barh(rows, [100 * s.total for s in shown], color=SKY, height=0.62, label="with interactions")
        axes.barh(rows, [100 * s.alone for s in shown], color=BLUE, height=0.62, label="alone")
        axes.set_yticks(rows, [_short(share.parameter) for share in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(0, max(100, *(100 * s.total for s in shown)))
        axes.set_xlabel(f"share of the variance of {target.name} [%]")
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower right")

    height = 1.1 + 0.33 * min(len(shares), 12)
    label = f"Which parameters matter for {target.name}"
    caption = f"{target.name}: {_ranking(shares)}"
    return on_axes(file_name("importance", target.name), label, paint, (5.6, height), caption)


def _ranking(shares: Sequence[Share]) -> str:
    leading = [f"{share.parameter} {100 * share.total:.0f} %" for share in shares[:3]]
    return f"largest shares of the variance: {', '.join(leading)} (with interactions)."


def slices(target: Target, column: int, found: Iterable[Slice]) -> Drawing:
    """Return the prediction along each parameter, with the 90 % band of the noise-free value."""
    groups: dict[str, list[Slice]] = {}
    for each in found:
        groups.setdefault(each.parameter, []).append(each)
    panels = list(groups.values())[:MAX_SLICES]
    across = min(3, len(panels))
    down = -(-len(panels) // across)

    def paint(figure: Figure) -> None:
        boxes: Any = figure.subplots(down, across, sharey=True, squeeze=False)
        for box, group in zip(boxes.ravel(), panels, strict=False):
            _slice(box, group, column, target)
        for box in boxes.ravel()[len(panels) :]:
            box.axis("off")
        figure.supylabel(with_unit(target.name, target.unit), fontsize=10.5)

    label = f"Predicted {target.name} along each parameter"
    return Drawing(file_name("slices", target.name), label, paint, (1.1 + 2.9 * across, 2.7 * down))


def _slice(axes: Axes, group: Sequence[Slice], column: int, target: Target) -> None:
    ordered = sorted(group, key=lambda s: -float(np.ptp(s.mean[:, column])))[:MAX_LINES]
    for each, colour in zip(ordered, _COLOURS, strict=False):
        centre, deviation = each.mean[:, column], each.sd[:, column]
        mean, (low, high) = target.scaling.unit(centre), target.scaling.interval(centre, deviation, Z)
        if each.labels:
            axes.errorbar(
                each.positions,
                mean,
                yerr=[mean - low, high - mean],
                fmt="o",
                color=colour,
                ms=6,
                elinewidth=2,
                alpha=0.9,
            )
            axes.set_xticks(each.positions, [_short(name, 10) for name in each.labels])
            if len(each.labels) > 4:
                axes.tick_params(axis="x", rotation=60)
            axes.set_xlim(-0.6, len(each.labels) - 0.4)
        else:
            axes.fill_between(each.positions, low, high, color=colour, alpha=0.13, lw=0)
            axes.plot(each.positions, mean, color=colour, lw=1.8, label=each.member)
        at = float(np.interp(each.here, each.positions, mean))
        axes.plot([each.here], [at], "o", color=INK, ms=5, zorder=4)
    if target.goal == "boundary":
        draw_goal(axes, target)
    first = ordered[0]
    if first.log:
        log_scale(axes, "x")
    if target.is_log:
        log_scale(axes, "y")
    axes.set_xlabel(with_unit(first.parameter, first.unit if first.unit != "fraction" else None))
    if first.member:
        axes.legend(fontsize=8.5, handlelength=1.2, borderpad=0.2)


def _layers(target: Target, mean: FloatArray, sd: FloatArray) -> list[tuple[FloatArray, str, str]]:
    """Return values, colours and title of the two maps; logarithms stay so, and `_ticks` labels them."""
    unit = f" [{target.unit}]" if target.unit else ""
    if target.is_log:
        return [(mean, _MEAN, f"predicted{unit}"), (sd, _SPREAD, "uncertainty (factor, ×/÷)")]
    return [(mean, _MEAN, f"predicted{unit}"), (sd, _SPREAD, f"uncertainty (±){unit}")]


def _ticks(target: Target) -> Callable[[float, int], str] | None:
    """Return how the levels of a map are written: logarithms as the values that they stand for."""
    return (lambda level, _: number(10.0**level, 2)) if target.is_log else None


BAND_WORDS = "The solid line is the predicted boundary; between the dashed lines the side is uncertain (5 to 95 %)."


def _boundary(contour: Callable[..., Any], target: Target, mean: FloatArray, sd: FloatArray) -> None:
    """Draw the line where the prediction crosses the level of a boundary, and the band where the side is uncertain."""
    level = target.modelled.value
    if target.goal != "boundary" or level is None:
        return
    z = (mean - level) / np.maximum(sd, 1e-12 * max(float(np.ptp(mean)), 1e-300))
    for values, width, style in ((0.0, 2.0, "solid"), (-Z, 1.1, "dashed"), (Z, 1.1, "dashed")):
        if float(z.min()) < values < float(z.max()):
            contour(z, levels=[values], colors=["white"], linewidths=width + 1.6)
            contour(z, levels=[values], colors=[INK], linewidths=width, linestyles=style)


def pair(target: Target, column: int, found: PairMap, points: Sequence[tuple[float, float]]) -> Drawing:
    """Return the prediction over two parameters and its uncertainty; points are measured designs."""

    def paint(figure: Figure) -> None:
        boxes: Any = figure.subplots(1, 2, sharey=True)
        layers = _layers(target, found.mean[:, :, column], found.sd[:, :, column])
        for axes, (values, colours, title) in zip(boxes, layers, strict=True):
            drawn = axes.contourf(found.first, found.second, values, levels=_levels(values), cmap=colours)
            figure.colorbar(drawn, ax=axes, shrink=0.9, format=_ticks(target))
            _boundary(partial(axes.contour, found.first, found.second), target, *(layer[0] for layer in layers))
            if points:
                axes.plot(*zip(*points, strict=True), "o", color="white", mec=INK, ms=4.5, mew=0.9, clip_on=False)
            axes.set_title(title)
            axes.set_xlabel(with_unit(found.names[0], found.units[0]))
            for log, axis in zip(found.logs, ("x", "y"), strict=True):
                if log:
                    log_scale(axes, axis)
            axes.grid(visible=False)
        boxes[0].set_ylabel(with_unit(found.names[1], found.units[1]))

    what = f"{found.names[0]} and {found.names[1]}"
    label = f"Predicted {target.name} over {what}, and its uncertainty"
    caption = f"{target.name} over {what}."
    return Drawing(file_name("map", target.name, *found.names), label, paint, (8.6, 3.4), caption)


def triangle(target: Target, column: int, found: Ternary, points: Sequence[tuple[float, ...]]) -> Drawing:
    """Return the prediction over three shares as a ternary diagram, and its uncertainty."""

    def paint(figure: Figure) -> None:
        import mpltern  # noqa: F401  registers the projection

        layers = _layers(target, found.mean[:, column], found.sd[:, column])
        for left, (values, colours, title) in zip((0.07, 0.57), layers, strict=True):
            axes: Any = figure.add_axes((left, 0.15, 0.31, 0.64), projection="ternary")
            drawn = axes.tricontourf(*found.shares.T, values, levels=_levels(values), cmap=colours)
            figure.colorbar(drawn, cax=figure.add_axes((left + 0.345, 0.3, 0.013, 0.5)), format=_ticks(target))
            _boundary(partial(axes.tricontour, *found.shares.T), target, *(layer[0] for layer in layers))
            if points:
                axes.plot(*np.array(points).T, "o", color="white", mec=INK, ms=4.5, mew=0.9, clip_on=False)
            axes.plot(*found.here[:, None], "*", color=RED, mec="white", ms=14, clip_on=False, zorder=5)
            for write, member in zip((axes.set_tlabel, axes.set_llabel, axes.set_rlabel), found.members, strict=True):
                write(member)
            figure.text(left - 0.05, 0.97, title, va="top", fontweight="bold")
            axes.grid(visible=False)

    rest = ", ".join(f"{member} {number(amount)}" for member, amount in found.rest)
    fixed = f", with {rest} fixed" if rest else ""
    caption = (
        f"{target.name} over {', '.join(found.members)} of {found.parameter}{fixed}. The star is the design named "
        "above; dots are measured designs by their proportions of the three."
    )
    name = file_name("ternary", target.name, found.parameter)
    return Drawing(name, f"Ternary diagram of the predicted {target.name}", paint, (8.6, 4.0), caption, placed=True)


def _levels(values: Any) -> Any:
    low, high = float(values.min()), float(values.max())
    return np.linspace(low, high, 11) if high > low else np.linspace(low - 0.5, low + 0.5, 3)


def _short(name: str, length: int = 24) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"


def points_on(found: PairMap, landscape: Landscape) -> list[tuple[float, float]]:
    """Return the coordinates of measured designs on a map."""
    made = [(design[found.names[0]], design[found.names[1]]) for design in landscape.made]
    return [(float(a), float(b)) for a, b in made if isinstance(a, float | int) and isinstance(b, float | int)]


def points_in(found: Ternary, landscape: Landscape) -> list[tuple[float, ...]]:
    """Return measured designs in a ternary diagram, by the proportions of its three members."""
    points = []
    for design in landscape.made:
        amounts = design[found.parameter]
        if not isinstance(amounts, Mapping):
            continue  # it does not exist in the design
        three = [float(amounts[member]) for member in found.members]
        if sum(three) > 0:
            points.append(tuple(value / sum(three) for value in three))
    return points
