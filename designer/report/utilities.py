"""The utilities of results that are compared (goal: prefer): gathered from the campaign, and their figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from designer.campaign.results.measured_designs import by_design
from designer.report.content import Z90, Utility
from designer.report.drawing import BLUE, GREY, Drawing, file_name, on_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from designer.campaign.campaign import Campaign

MAX_SHOWN = 40
"""Designs in the figure: those with the highest utilities."""


def utilities_of(campaign: Campaign) -> tuple[Utility, ...]:
    """Return the utility of each design that was made, highest first; nothing without comparisons."""
    column, known = campaign.objective.preference, campaign.posterior()
    if column is None or known is None:
        return ()
    groups = by_design(campaign.space, campaign.objective.targets, campaign.state.results)
    groups = [group for group in groups if np.isfinite(group.means[column])]
    mean, sd = known.predict(np.array([group.coordinates for group in groups]))
    compared = [name for each in campaign.state.counted_comparisons for name in (each.better, each.worse)]
    found = [
        Utility(group.label, float(m), float(s), sum(compared.count(name) for name in group.measurements))
        for group, m, s in zip(groups, mean[:, column], sd[:, column], strict=True)
    ]
    return tuple(sorted(found, key=lambda each: -each.mean))


def utility_figure(target: str, utilities: Sequence[Utility]) -> Drawing:
    """Return the utilities with their 90 % intervals, highest first."""
    shown = utilities[:MAX_SHOWN]

    def paint(axes: Axes) -> None:
        rows = range(len(shown))
        for compared, colour, label in ((True, BLUE, "compared"), (False, GREY, "not compared yet")):
            at = [row for row in rows if bool(shown[row].comparisons) is compared]
            if at:
                axes.errorbar(
                    [shown[row].mean for row in at], at, xerr=[Z90 * shown[row].sd for row in at], fmt="o", ms=5,
                    color=colour, lw=1.4, label=label,
                )  # fmt: skip
        axes.set_yticks(list(rows), [each.label for each in shown])
        axes.invert_yaxis()
        axes.axvline(0, color=GREY, lw=1)
        axes.set_xlabel(f"utility of {target}")
        axes.legend(loc="lower right")

    height = max(2.0, 0.9 + 0.24 * len(shown))
    label = f"Utility of {target} of each design, with its 90 % interval, highest first"
    rest = f" The {MAX_SHOWN} highest of {len(utilities)} are shown." if len(utilities) > MAX_SHOWN else ""
    caption = f"Bars are 90 % intervals. 0 is the mean of the compared designs.{rest}"
    return on_axes(file_name("utilities", target), label, paint, (5.6, height), caption)
