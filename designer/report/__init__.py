"""Figures and the HTML report of a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from designer.report.content import Content, Section

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.explanation import Explanation
    from designer.report.drawing import Drawing


def write_report(campaign: Campaign, path: Path | str, *, sections: Sequence[Section] = ()) -> Path:
    """Write the report of `campaign` as one HTML file that needs nothing else, and return its path.

    Parameters
    ----------
    path
        Where the file goes; an older report there is replaced.
    sections
        Parts of the caller's own, shown after the progress.
    """
    from designer.report.gathering import gather
    from designer.report.html import render

    path = Path(path)
    path.write_text(render(gather(campaign), sections), encoding="utf-8")
    return path


def card(explanation: Explanation) -> Drawing:
    """Return the picture of what `campaign.explain` says; ``.svg()`` or ``.write("card.png")`` draws it."""
    from designer.report.cards import card as drawn

    return drawn(explanation)


__all__ = ["Content", "Section", "card", "write_report"]
