"""The figure of the campaign page: measured values and the best so far, by experiment. It uses no model."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

from designer.campaign.log.state import CampaignState, Failure, Measurement
from designer.objective import Target
from designer.report.drawing import BLUE, GREY, RED, draw, draw_goal
from designer.report.number_format import with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def progress_figure(state: CampaignState, target: Target, forbidden: Collection[str] = ()) -> str:
    """Return the figure of `target` as SVG text.

    The best so far is of measured values; it ignores the limits of other targets, which the table shows, and the
    measurements `forbidden`, whose designs the space does not allow.
    """
    done: list[Measurement | Failure] = [*state.results, *state.failures]
    done.sort(key=lambda each: each.position)
    values = [
        (i, each.values[target.name], each.id in forbidden)
        for i, each in enumerate(done, 1)
        if isinstance(each, Measurement) and target.name in each.values and _is_decided(target, each)
    ]
    numbers, measured = ([each[k] for each in values if not each[2]] for k in (0, 1))
    barred = [each[:2] for each in values if each[2]]
    failed = [i for i, each in enumerate(done, 1) if isinstance(each, Failure)]

    def paint(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        draw_goal(axes, target)
        if measured:
            axes.scatter(numbers, measured, s=30, color=BLUE, zorder=3, label="measured")
        if measured and target.goal is not None:
            best = list(accumulate(measured, partial(_better, target)))
            axes.step([*numbers, len(done)], [*best, best[-1]], where="post", color=BLUE, lw=1.6, label="best so far")
        if barred:
            x, y = zip(*barred, strict=True)
            axes.scatter(x, y, s=30, marker="x", color=GREY, zorder=3, label="not allowed now")
        for i in failed:
            axes.axvline(i, color=RED, lw=1, alpha=0.5, ls=(0, (2, 2)), label="failed" if i == failed[0] else None)
        axes.margins(y=0.12)
        axes.set_xlim(0.5, max(len(done), 5) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.set_xlabel("experiment")
        axes.set_ylabel(with_unit(target.name, target.unit))
        if target.is_log:
            axes.set_yscale("log")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=4, handlelength=1.4)
        axes.tick_params(color=GREY)

    return draw(paint, f"Progress of {target.name}: measured values against the number of the experiment", (7.2, 3.0))


def _is_decided(target: Target, made: Measurement) -> bool:
    """Whether a result is a number, or a limit that decides the target's goal."""
    side = made.censored.get(target.name)
    return side is None or target.is_decided_by(side)


def _loss(target: Target, value: float) -> float:
    if target.goal == "match" and target.value is not None:
        return abs(value - target.value)
    return value if target.goal == "minimize" else -value


def _better(target: Target, one: float, other: float) -> float:
    return one if _loss(target, one) <= _loss(target, other) else other
