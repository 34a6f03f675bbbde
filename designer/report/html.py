"""A report as one self-contained HTML file: no network, no script, figures inside."""

from __future__ import annotations

from collections.abc import Sequence

from designer.report import number_format
from designer.report.chapters import chapters
from designer.report.content import Content, Section
from designer.units import with_unit


def render(content: Content, sections: Sequence[Section] = ()) -> str:
    """Return the page of `content`, with the caller's `sections` after the progress figures.

    All text is escaped; only figures are inserted unchanged: those of `designer.report.drawing` and of the sections.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("designer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number_format.number)
    return environment.get_template("report.html").render(
        content=content,
        chapters=chapters(content, sections),
        target_heads=[with_unit(target.name, target.unit) for target in content.targets],
        predicted_targets=[target for target in content.targets if content.pairs(target.name)],
        with_notes=any(each.notes for each in content.experiments),
    )
