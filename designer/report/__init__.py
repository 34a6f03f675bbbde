"""Figures and the HTML report of a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from designer.report.content import Content, Section
from designer.whole_files import write_over

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.explaining.explanation import Explanation
    from designer.report.drawing import Drawing


def write_report(
    campaign: Campaign,
    path: Path | str,
    *,
    sections: Sequence[Section] = (),
    figures: Path | str | None = None,
    figure_format: Literal["svg", "png"] = "svg",
) -> Path:
    """Write the report of `campaign` and return its path.

    Parameters
    ----------
    path
        The file to write; an older report is replaced. A file in ``.md`` is Markdown, with its figures in a folder of
        the same name beside it; anything else is one self-contained HTML file.
    sections
        Additional parts, shown after the progress.
    figures, figure_format
        A folder into which each figure is also written, as SVG or PNG; made if it does not exist.
    """
    from designer.report.chapters import chapters
    from designer.report.gathering import gather
    from designer.report.html import render
    from designer.report.markdown import render_markdown

    path, content = Path(path), gather(campaign)
    if path.suffix.lower() == ".md":
        text = render_markdown(content, path.with_name(f"{path.stem}-figures"), sections)
    else:
        text = render(content, sections)
    write_over(path, text)
    if figures is not None:
        folder = Path(figures)
        folder.mkdir(exist_ok=True)
        for chapter in chapters(content, sections):
            for drawing in chapter.drawings:
                drawing.write(folder / f"{drawing.name}.{figure_format}")
    return path


def card(explanation: Explanation) -> Drawing:
    """Return the picture of an explanation by `campaign.explain`; ``.svg()`` or ``.write("card.png")`` draws it."""
    from designer.report.cards import card as drawn

    return drawn(explanation)


def drawings(campaign: Campaign) -> dict[str, Drawing]:
    """Return the report's figures by name, in their order; a notebook shows the one that ends a cell."""
    from designer.report.chapters import chapters
    from designer.report.gathering import gather

    return {drawing.name: drawing for chapter in chapters(gather(campaign)) for drawing in chapter.drawings}


__all__ = ["Content", "Section", "card", "drawings", "write_report"]
