"""The chapters of a report: what each shows, how to read it, and its figures, for any format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from designer.campaign.wording import percent
from designer.objective import Target
from designer.report import figures, landscape_figures
from designer.report.cards import card
from designer.report.content import Content, Landscape, Section
from designer.report.drawing import Drawing
from designer.report.number_format import count

MAX_CARDS = 8


@dataclass(frozen=True)
class Chapter:
    """A part of a report: paragraphs, figures, and figures that come ready made (SVG).

    `wide` figures stand one below the other.
    """

    key: str
    title: str
    words: tuple[str, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    ready: tuple[str, ...] = ()
    wide: bool = False


def chapters(content: Content, sections: Sequence[Section] = ()) -> list[Chapter]:
    """Return the chapters before the table of experiments, in reading order."""
    found = [_progress(content)]
    found += [
        Chapter(f"section-{i}", section.title, (section.words,), ready=(section.figure,) if section.figure else ())
        for i, section in enumerate(sections, start=1)
    ]
    found += [each for each in (_cards(content), _calibration(content), _errors(content)) if each is not None]
    if content.landscape is not None:
        found += _landscape(content, content.landscape)
    return [*found, _evidence(content)]


def _progress(content: Content) -> Chapter:
    measured = [t for t in content.targets if any(t.name in each.values for each in content.done)]
    goals = [target for target in measured if target.goal is not None]
    drawings = [figures.progress(content, target) for target in measured]
    drawings += [figures.trade_off(content, first, second) for first, second in combinations(goals[:3], 2)]
    words = "The blue line is the best measured so far; a ring is a first design, a dot one that the model chose."
    if content.beliefs:
        words += " The band is what the model holds for the value of the best design, with 90 % of its belief."
    return Chapter("progress", "Progress", (words if drawings else "Nothing has been measured yet.",), tuple(drawings))


def _cards(content: Content) -> Chapter | None:
    if not content.cards:
        return None
    shown = content.cards[:MAX_CARDS]
    drawings = []
    for each in shown:
        told = dict(each.paragraphs())
        change = told.get("What would change the choice")
        drawings.append(
            replace(card(each), caption=f"What would change the choice: {change}." if change else each.note)
        )
    words = ["These are suggested and not measured yet. The command designer explain says the same of any suggestion."]
    if len(content.cards) > len(shown):
        words.append(f"{len(shown)} of {len(content.cards)} open suggestions are shown.")
    return Chapter("next", "Next experiments, and why", tuple(words), tuple(drawings), wide=True)


def _predicted(content: Content) -> list[Target]:
    return [target for target in content.targets if content.pairs(target.name)]


def _calibration(content: Content) -> Chapter | None:
    words = (
        "Each prediction was made from what was known when its design was suggested, before its result came. On the "
        "line, a prediction was exact; bars are 90 % intervals, and 9 of 10 of them should touch the line."
    )
    drawings = tuple(figures.calibration(content, target) for target in _predicted(content))
    return Chapter("calibration", "Predicted against measured", (words,), drawings) if drawings else None


def _errors(content: Content) -> Chapter | None:
    words = (
        "How far each result lay from what was expected before, in units of the uncertainty that was told with it: "
        "beyond the band more than one time in ten, the model was too sure of itself; never, it was too cautious."
    )
    drawings = tuple(figures.errors(content, target) for target in _predicted(content))
    return Chapter("errors", "One step ahead", (words,), drawings) if drawings else None


def _landscape(content: Content, landscape: Landscape) -> Iterator[Chapter]:
    columns = {target.name: i for i, target in enumerate(content.targets)}
    goals = [target for target in content.targets if target.name in landscape.importance]
    yield Chapter(
        "importance",
        "Which parameters matter",
        ("How much of what varies in the prediction over the whole space comes from each parameter (Sobol' indices).",),
        tuple(landscape_figures.importance(target, landscape.importance[target.name]) for target in goals),
    )
    around = f"Around {landscape.around}."
    if landscape.slices:
        words = (
            f"{around} Each panel changes one parameter and leaves the others; the black dot is the design, the band "
            "holds 90 % of the belief. Of a composition, one member grows and the others keep their proportions."
        )
        drawings = [landscape_figures.slices(t, columns[t.name], landscape.slices) for t in goals]
        yield Chapter("slices", "Along each parameter", (words,), tuple(drawings), wide=True)
    if landscape.maps:
        words = f"{around} White dots are measured designs; where the right map is dark, little is known."
        drawings = [
            landscape_figures.pair(t, columns[t.name], each, landscape_figures.points_on(each, landscape))
            for t in goals
            for each in landscape.maps
        ]
        yield Chapter("maps", "Over two parameters", (words,), tuple(drawings), wide=True)
    if landscape.ternaries:
        drawings = [
            landscape_figures.triangle(t, columns[t.name], each, landscape_figures.points_in(each, landscape))
            for t in goals
            for each in landscape.ternaries
        ]
        yield Chapter("ternary", "Over three constituents", (around,), tuple(drawings), wide=True)


def _evidence(content: Content) -> Chapter:
    title = "What the prior was worth"
    if not content.evidence:
        return Chapter("prior", title, ("There is no learned prior: the model knows this campaign's results alone.",))
    number, last = content.evidence[-1]
    words = [f"After {count(number, 'experiment')}: {last.words}" if last.words else ""]
    if last.rejected_at is not None:
        words.append(f"The prior was laid aside after {count(last.rejected_at, 'result')}.")
    if last.leading is not None:
        words.append(f"It leans most on {last.leading[0]} ({percent(last.leading[1])}).")
    return Chapter("prior", title, tuple(filter(None, words)), (figures.evidence(content),))
