"""Figures and the HTML report of a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from designer.report.content import Content, Section

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign


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


__all__ = ["Content", "Section", "write_report"]
