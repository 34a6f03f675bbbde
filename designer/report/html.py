"""A report as one HTML file that needs nothing else: no network, no script, figures inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from designer.objective import Target
from designer.report import figures, wording
from designer.report.content import Content, Section


@dataclass(frozen=True)
class Picture:
    """A figure (SVG) and the words below it."""

    svg: str
    caption: str


def render(content: Content, sections: Sequence[Section] = ()) -> str:
    """Return the page of `content`, with the caller's `sections` after the progress figures.

    All text is escaped; only the figures, which `designer.report.figures` drew, go in as they are.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("designer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=wording.number, uncertain=wording.uncertain)
    return environment.get_template("report.html").render(
        content=content,
        sections=sections,
        progress=_progress(content),
        calibration=_calibration(content),
        target_heads=[wording.with_unit(target.name, target.unit) for target in content.targets],
        predicted_targets=[target for target in content.targets if content.pairs(target.name)],
        with_notes=any(each.notes for each in content.experiments),
    )


def _progress(content: Content) -> list[Picture]:
    measured = [t for t in content.targets if any(t.name in each.values for each in content.done)]
    goals = [target for target in measured if target.goal is not None]
    pictures = [Picture(figures.progress(content, target), _aim(target)) for target in measured]
    for first, second in combinations(goals[:3], 2):
        caption = f"{first.name} against {second.name}: what the one costs in the other."
        pictures.append(Picture(figures.trade_off(content, first, second), caption))
    return pictures


def _aim(target: Target) -> str:
    unit = f" {target.unit}" if target.unit else ""
    parts = []
    if target.goal == "match":
        parts.append(f"match {wording.number(target.value)} ± {wording.number(target.tolerance)}{unit}")
    elif target.goal is not None:
        parts.append(target.goal)
    if target.reach is not None:
        parts.append(f"reach {wording.number(target.reach)}{unit}")
    if target.at_least is not None:
        parts.append(f"at least {wording.number(target.at_least)}{unit}")
    if target.at_most is not None:
        parts.append(f"at most {wording.number(target.at_most)}{unit}")
    return f"{target.name}: {'; '.join(parts) or 'recorded only'}."


def _calibration(content: Content) -> list[Picture]:
    pictures = []
    for target in content.targets:
        inside, total = figures.covered(content, target)
        if total:
            share = f"{inside} of {total} measurements ({100 * inside / total:.0f} %) lay inside their 90 % interval."
            pictures.append(Picture(figures.calibration(content, target), f"{target.name}: {share}"))
    return pictures
