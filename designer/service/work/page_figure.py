"""The figures of the campaign page: progress and trade-offs, without a model, and ternary diagrams of predictions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

from designer.campaign.log.state import CampaignState, Failure, Measurement
from designer.errors import Fault, InvalidInput
from designer.objective import Target
from designer.report.drawing import BLUE, GREY, RED, LabelledPoint, draw, draw_goal
from designer.report.number_format import number
from designer.units import with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from designer.campaign.campaign import Campaign


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
        if measured and target.goal is not None and not target.is_explored:
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

    label = f"Progress of {target.name}: measured values against the number of the experiment"
    return draw(paint, label, (7.2, 3.0), _points(target, done))


def _points(target: Target, done: Sequence[Measurement | Failure]) -> list[LabelledPoint]:
    """Return the points of the figure with suggestion and value, or why it failed."""
    points = []
    for i, each in enumerate(done, 1):
        if isinstance(each, Measurement) and target.name in each.values and _is_decided(target, each):
            value, side = each.values[target.name], each.censored.get(target.name, "")
            unit = f" {target.unit}" if target.unit else ""
            points.append(LabelledPoint(i, value, f"{each.suggestion or each.id}: {side}{number(value)}{unit}"))
        elif isinstance(each, Failure):
            points.append(LabelledPoint(i, 0.5, f"{each.suggestion or 'a design'} failed: {each.reason}", share=True))
    return points


def trade_off_figure(campaign: Campaign, first: Target, second: Target) -> str:
    """Return two goals against each other with the Pareto front, as SVG text: the figure of the report."""
    from designer.report.figures import trade_off
    from designer.report.gathering import measured_content

    return trade_off(measured_content(campaign), first, second).svg()


def curves_figure(campaign: Campaign, observation: str) -> str:
    """Return the curves or images of an observation by the goal, as SVG text: the figure of the report.

    Raises
    ------
    InvalidInput
        If the campaign has no such curve, or none was recorded.
    """
    from designer.report.image_figures import observed_drawing
    from designer.report.observed_quantities import curves_of

    known = {each.name: each for each in campaign.settings.observations if each.is_curve}
    goal = next(target for target in campaign.objective.targets if target.goal is not None)
    found = curves_of(known[observation], campaign.state, campaign.objective) if observation in known else None
    if found is None:
        what = f"there are no curves or images of {observation[:80]!r}"
        raise InvalidInput(Fault(what, f"record one of: {', '.join(known)}" if known else "the campaign has no curves"))
    return observed_drawing(goal, found).svg()


def ternary_figure(campaign: Campaign, target: Target, parameter: str) -> str:
    """Return the prediction over three constituents of a mixture around the best design, as SVG text.

    Raises
    ------
    InvalidInput
        If there is no such mixture, it does not exist in the best design, or there is no model yet.
    """
    from designer.report.landscape import ternaries_of
    from designer.report.landscape_figures import points_in, triangle

    found = ternaries_of(campaign)
    if found is None:
        raise InvalidInput(Fault("there is no model yet", "record two results first"))
    diagram = next((each for each in found.ternaries if each.parameter == parameter), None)
    if diagram is None:
        known = ", ".join(each.parameter for each in found.ternaries)
        what = f"the best design has no mixture {parameter!r} of three constituents"
        raise InvalidInput(Fault(what, f"mixtures: {known}" if known else "there is none"))
    return triangle(target, campaign.objective.targets.index(target), diagram, points_in(diagram, found)).svg()


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
