"""The picture of one explanation: predictions, chances, influences, and the design's position in the space."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from designer.campaign.explaining.explanation import Expectation, Explanation, Influence
from designer.campaign.wording import amount, change, percent, signed
from designer.objective import Target
from designer.report.drawing import BLUE, GREEN, GREY, INK, ORANGE, RED, SKY, WASH, Drawing, log_scale
from designer.units import with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_AXES, MAX_TARGETS, MAX_INFLUENCES = 14, 4, 8
_WIDTH, _TITLE, _ROW, _GAP = 9.6, 0.3, 0.27, 0.22  # inches
_LEFT, _RIGHT = (0.15, 1.5, 2.55), (5.1, 6.55, 2.3)  # of a column: where titles start, where axes start, their width


@dataclass(frozen=True)
class Panel:
    """A part of the card: its title, the height of its axes in inches, the space below them, and its paint function."""

    title: str
    height: float
    paint: Callable[[Axes], None]
    below: float = 0.0
    wide: bool = False  # whether the axes begin where the title does


def card(explanation: Explanation) -> Drawing:
    """Return the picture of `explanation`."""
    head = textwrap.wrap(f"{explanation.suggestion}: {explanation.text}", 92, max_lines=4, placeholder=" …")
    columns = [(_LEFT, _left(explanation)), (_RIGHT, _right(explanation))]
    top = 0.22 + 0.2 * len(head)
    height = top + max(sum(_height(panel) for panel in panels) for _, panels in columns)

    def paint(figure: Figure) -> None:
        figure.text(_LEFT[0] / _WIDTH, 1 - 0.1 / height, "\n".join(head), va="top", fontsize=11.5, fontweight="bold")
        for column, panels in columns:
            down = top
            for panel in panels:
                _add(figure, panel, column, down, height)
                down += _height(panel)

    label = f"Why {explanation.suggestion} was suggested: " + "; ".join(
        text for head, text in explanation.paragraphs() if head in ("Expected", "Chances", "Exploration")
    )
    return Drawing(f"explain-{explanation.suggestion.lower()}", label, paint, (_WIDTH, height), placed=True)


def _height(panel: Panel) -> float:
    return _TITLE + panel.height + panel.below + _GAP


def _add(figure: Figure, panel: Panel, column: tuple[float, float, float], down: float, height: float) -> None:
    left, start, width = column
    figure.text(left / _WIDTH, 1 - (down + 0.1) / height, panel.title, va="top", fontsize=9.5, fontweight="bold")
    if panel.wide:
        width, start = start + width - left, left
    bottom = 1 - (down + _TITLE + panel.height) / height
    panel.paint(figure.add_axes((start / _WIDTH, bottom, width / _WIDTH, panel.height / height)))


def _left(e: Explanation) -> list[Panel]:
    panels = []
    for x in e.expected[:MAX_TARGETS]:
        target = next(target for target in e.targets if target.name == x.target)
        title = f"Predicted {with_unit(x.target, target.unit)}, 90 % interval"
        panels.append(Panel(title, 0.42, partial(_expectation, e=e, x=x, target=target), 0.72, wide=True))
    if e.places:
        height = _ROW * min(len(e.places), MAX_AXES)
        panels.append(Panel("Position among the designs made before (grey)", height, partial(_positions, e=e)))
    return panels


def _right(e: Explanation) -> list[Panel]:
    panels = []
    if not e.explores:
        panels.append(Panel("Exploration and exploitation", 0.32, partial(_shares, e=e), wide=True))
    chances = _chances(e)
    if chances:
        panels.append(Panel("Chances", _ROW * len(chances), partial(_bars_of_chance, chances=chances)))
    for each in e.influences[:2]:
        target = next(target for target in e.targets if target.name == each.target)
        title = f"What matters for {with_unit(each.target, target.unit)}"
        panels.append(_bars_of(title, each.parameters, [influence.name for influence in each.parameters], target))
        if each.members and each is e.influences[0]:
            title = f"Effect of {each.members[0].by} more, less of the others"
            names = [f"more {influence.name}" for influence in each.members]
            panels.append(_bars_of(title, each.members, names, target))
    if e.prior is not None and e.prior.sources:
        leading = sorted(e.prior.sources, key=lambda source: -source[1])[:5]
        panels.append(Panel("Weights of past tasks", _ROW * len(leading), partial(_sources, sources=leading)))
    return panels


def _bars_of(title: str, influences: Sequence[Influence], names: Sequence[str], target: Target) -> Panel:
    """Return bars of contributions to a prediction; those that help the target's goal are blue."""
    shown, sign = influences[:MAX_INFLUENCES], target.sign
    if sign:
        title = f"{title} (blue: better)"
    return Panel(
        title, _ROW * len(shown), partial(_bars, influences=shown, names=names[:MAX_INFLUENCES], target=target)
    )


def _expectation(axes: Axes, e: Explanation, x: Expectation, target: Target) -> None:
    axes.plot([x.low, x.high], [0, 0], color=BLUE, lw=7, alpha=0.3, solid_capstyle="butt")
    axes.plot(
        [x.mean],
        [0],
        "o",
        color=BLUE,
        ms=8,
        label=f"predicted {amount(x.mean, None if target.is_log else x.high - x.low)}",
    )
    if e.best is not None and x.target in e.best.values:
        best = e.best.values[x.target]
        axes.axvline(best, color=INK, lw=1.5, label=f"best so far {amount(best)}")
    for each in e.nearest:
        if x.target in each.values:
            axes.plot([each.values[x.target]], [0], "|", color=GREY, ms=13, mew=1.8, label="nearest designs")
    if e.runner_up is not None and x.target in e.runner_up.thresholds:
        level = e.runner_up.thresholds[x.target]
        axes.plot([level], [0.62], "v", color=ORANGE, ms=7, label="from here the runner-up wins")
    if x.measured is not None:
        axes.plot([x.measured], [0], "*", color=RED, ms=13, mec="white", label=f"measured {amount(x.measured)}")
    if target.goal == "boundary" and target.value is not None:
        axes.axvline(target.value, color=GREEN, ls=(0, (5, 3)), lw=1.4, label="boundary")
    if target.reach is not None:
        axes.axvline(target.reach, color=GREEN, ls=(0, (5, 3)), lw=1.4, label="target to reach")
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.tick_params(labelsize=9)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.06)
    if target.is_log:
        log_scale(axes, "x")
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    axes.legend(
        unique.values(), unique.keys(), loc="upper left", bbox_to_anchor=(-0.03, -0.6), ncols=3, fontsize=8.5,
        handletextpad=0.4, columnspacing=1.1, borderpad=0,
    )  # fmt: skip


def _positions(axes: Axes, e: Explanation) -> None:
    shown = e.places[:MAX_AXES]
    for row, each in enumerate(shown):
        axes.plot([0, 1], [row, row], color=WASH, lw=3, solid_capstyle="round", zorder=1)
        axes.plot(each.made, [row] * len(each.made), "o", color=GREY, alpha=0.55, ms=5, mew=0, zorder=2)
        axes.plot([each.here], [row], "o", color=BLUE, ms=9, mec="white", zorder=3)
        axes.text(1.07, row, each.setting, va="center", fontsize=9)
    axes.set_yticks(range(len(shown)), [_short(each.name) for each in shown], fontsize=9)
    _rows(axes, len(shown))
    axes.set_xlim(-0.04, 1.04)
    axes.set_xticks([])


def _rows(axes: Axes, count: int) -> None:
    axes.set_ylim(count - 0.5, -0.5)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _short(name: str) -> str:
    return name if len(name) <= 19 else f"{name[:18]}…"


def _shares(axes: Axes, e: Explanation) -> None:
    explore = round(100 * e.explore)
    axes.barh([0], [explore], color=SKY, height=0.9)
    axes.barh([0], [100 - explore], left=[explore], color=ORANGE, height=0.9)
    for text, at, width in (("exploration", explore / 2, explore), ("exploitation", 50 + explore / 2, 100 - explore)):
        if width >= 30:
            axes.text(at, 0, f"{text} {width} %", ha="center", va="center", fontsize=9.5)
        elif width:
            side = "left" if text == "exploration" else "right"
            axes.text(1 if side == "left" else 99, 0, f"{width} %", ha=side, va="center", fontsize=9.5)
    _rows(axes, 1)
    axes.set_xlim(0, 100)
    axes.set_xticks([])
    axes.set_yticks([])


def _chances(e: Explanation) -> list[tuple[str, float, str]]:
    given = [
        ("to beat the best", e.beat, GREEN),
        ("to lie above", e.above, GREEN),
        ("to meet all limits", e.within, BLUE),
        ("to fail", e.fail, RED),
    ]
    return [(name, chance, colour) for name, chance, colour in given if chance is not None]


def _bars_of_chance(axes: Axes, chances: Sequence[tuple[str, float, str]]) -> None:
    for row, (_, chance, colour) in enumerate(chances):
        axes.barh([row], [1.0], color=WASH, height=0.6)
        axes.barh([row], [chance], color=colour, height=0.6)
        axes.text(1.02, row, percent(chance), va="center", fontsize=9)
    axes.set_yticks(range(len(chances)), [name for name, _, _ in chances], fontsize=9)
    _rows(axes, len(chances))
    axes.set_xlim(0, 1.25)
    axes.set_xticks([])


def _bars(axes: Axes, influences: Sequence[Influence], names: Sequence[str], target: Target) -> None:
    sign = target.sign
    effects = [each.effect for each in influences]
    largest = max((abs(effect) for effect in effects), default=0.0) or 1.0
    axes.axvline(0, color=GREY, lw=1)
    colours = [GREY if not sign else BLUE if sign * effect >= 0 else ORANGE for effect in effects]
    axes.barh(range(len(effects)), effects, color=colours, height=0.6)
    for row, effect in enumerate(effects):  # right of a bar, where no name stands
        axes.text(max(effect, 0.0) + 0.04 * largest, row, _effect(target, effect), va="center", ha="left", fontsize=9)
    axes.set_yticks(range(len(effects)), [_short(name) for name in names[: len(effects)]], fontsize=9)
    _rows(axes, len(effects))
    axes.set_xlim(-1.05 * largest, 1.35 * largest)
    axes.set_xticks([])


def _effect(target: Target, effect: float) -> str:
    """Return a change as a bar's label: without the unit, which the title names."""
    return change(effect, target) if target.is_log else signed(effect)


def _sources(axes: Axes, sources: Sequence[tuple[str, float]]) -> None:
    axes.barh(range(len(sources)), [weight for _, weight in sources], color=GREEN, height=0.6)
    for row, (_, weight) in enumerate(sources):
        axes.text(weight + 0.02, row, percent(weight), va="center", fontsize=9)
    axes.set_yticks(range(len(sources)), [_short(name) for name, _ in sources], fontsize=9)
    _rows(axes, len(sources))
    axes.set_xlim(0, 1.25)
    axes.set_xticks([])
