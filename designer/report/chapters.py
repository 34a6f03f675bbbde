"""The chapters of a report: titles, explanations and figures, for any format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from designer.campaign.wording import percent
from designer.counting import agree, count
from designer.objective import Target
from designer.priors.policy import NOTE
from designer.report import figures, image_figures, landscape_figures
from designer.report.cards import card
from designer.report.content import Content, Landscape, Section
from designer.report.drawing import Drawing
from designer.report.utilities import utility_figure

MAX_CARDS = 8


@dataclass(frozen=True)
class Chapter:
    """A part of a report: paragraphs, figures to draw, and finished figures (SVG).

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
    found = [_progress(content), *_utilities(content)]
    found += [
        Chapter(f"section-{i}", section.title, (section.words,), ready=(section.figure,) if section.figure else ())
        for i, section in enumerate(sections, start=1)
    ]
    found += [each for each in (_cards(content), _calibration(content), _errors(content)) if each is not None]
    if content.landscape is not None:
        found += _landscape(content, content.landscape)
    found += [_beliefs(content)] if content.beliefs else []
    found += [_observations(content)] if content.observations else []
    return [*found, _evidence(content)]


def _progress(content: Content) -> Chapter:
    measured = [t for t in content.targets if any(t.name in each.values for each in content.done)]
    explored = any(target.is_explored for target in content.targets)
    goals = [target for target in measured if target.goal is not None and not target.is_explored]
    drawings = [figures.progress(content, target) for target in measured]
    if any(each.spent is not None for each in content.done):
        drawings += [figures.by_cost(content, target) for target in goals]
    drawings += [figures.trade_off(content, first, second) for first, second in combinations(goals[:3], 2)]
    words = "Rings are first designs, dots designs chosen by the model."
    if not explored:
        words = f"The blue line is the best value measured so far. {words}"
    if content.posterior_best:
        words += " The band is the 90 % interval of the model for the best design."
    return Chapter("progress", "Progress", (words if drawings else "Nothing has been measured yet.",), tuple(drawings))


def _utilities(content: Content) -> Iterator[Chapter]:
    """Yield the chapter of results that are compared; nothing where there are none."""
    target = next((target.name for target in content.targets if target.is_preference), None)
    if target is None:
        return
    words = (
        "A utility is learned from the comparisons. Of two designs whose utilities differ by 1 the better one is "
        "preferred in 76 % of judgements, by 2 in 92 %."
    )
    drawings = (utility_figure(target, content.utilities),) if content.utilities else ()
    shown = words if drawings else "Nothing has been compared yet."
    yield Chapter("utilities", "What is preferred", (shown,), drawings)


def _cards(content: Content) -> Chapter | None:
    if not content.cards:
        return None
    shown = content.cards[:MAX_CARDS]
    drawings = []
    for each in shown:
        runner_up = dict(each.paragraphs()).get("Runner-up")
        parts = [f"Runner-up: {runner_up}", *_policy_note(each.note)] if runner_up else [each.note]
        drawings.append(replace(card(each), caption="; ".join(parts)))
    words = ["Suggested and not measured yet. The command designer explain shows the same for any suggestion."]
    if len(content.cards) > len(shown):
        words.append(f"{len(shown)} of {len(content.cards)} open suggestions {agree(len(shown), 'is', 'are')} shown.")
    return Chapter("next", "Next experiments, and why", tuple(words), tuple(drawings), wide=True)


def _policy_note(note: str) -> list[str]:
    """Return the part of a note that names the expert that a learned policy chose, if there is one."""
    return [part for part in note.split("; ") if part.startswith(NOTE)]


def _predicted(content: Content) -> list[Target]:
    return [target for target in content.targets if content.pairs(target.name)]


def _calibration(content: Content) -> Chapter | None:
    words = (
        "Each prediction uses only the results known when its design was suggested. The line marks exact predictions; "
        "bars are 90 % intervals, and about 9 of 10 should cross the line."
    )
    drawings = tuple(figures.calibration(content, target) for target in _predicted(content))
    return Chapter("calibration", "Predicted against measured", (words,), drawings) if drawings else None


def _errors(content: Content) -> Chapter | None:
    words = (
        "The difference between each result and its prediction, in predicted standard deviations. If more than 1 in 10 "
        "results lie outside the band, the model is overconfident; if none do, its intervals are too wide."
    )
    drawings = tuple(figures.errors(content, target) for target in _predicted(content))
    return Chapter("errors", "One-step-ahead errors", (words,), drawings) if drawings else None


def _landscape(content: Content, landscape: Landscape) -> Iterator[Chapter]:
    columns = {target.name: i for i, target in enumerate(content.targets)}
    goals = [target for target in content.targets if target.name in landscape.importance]
    yield Chapter(
        "importance",
        "Which parameters matter",
        ("The share of the variance of the prediction over the space that each parameter explains (Sobol' indices).",),
        tuple(landscape_figures.importance(target, landscape.importance[target.name]) for target in goals),
    )
    around = f"Around {landscape.around}."
    if landscape.slices:
        words = (
            f"{around} Each panel varies one parameter and fixes the others. The black dot is the design, the band the "
            "90 % interval. In a composition one member varies and the others keep their proportions."
        )
        drawings = [landscape_figures.slices(t, columns[t.name], landscape.slices) for t in goals]
        yield Chapter("slices", "Along each parameter", (words,), tuple(drawings), wide=True)
    if landscape.maps:
        words = f"{around} White dots are measured designs. The right map is dark where the uncertainty is large."
        if any(target.goal == "boundary" for target in goals):
            words += f" {landscape_figures.BAND_WORDS}"
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


def _beliefs(content: Content) -> Chapter:
    """Return the beliefs of an expert and what is left of their weights."""
    words = (
        "Where an expert expects the best designs. A belief counts less with every result, and less still where the "
        "results contradict it; every third design is chosen without beliefs."
    )
    lines = tuple(f"{line[:1].upper()}{line[1:]}." for _, _, line in content.beliefs)
    return Chapter("beliefs", "Beliefs", (words, *lines), (figures.belief_weights(content),))


def _observations(content: Content) -> Chapter:
    """Return the observations beside the targets, and what follows for the open suggestions."""
    words = (
        "What was observed of each design, and its goal where that was measured. Lines are open suggestions of which "
        "there are observations alone."
    )
    lines = tuple(f"{line}." for each in content.observations for line in each.words)
    goal = next(target for target in content.targets if target.goal is not None)
    drawings = tuple(
        image_figures.observed_drawing(goal, each) if each.curves else figures.observed(content, each)
        for each in content.observations
    )
    return Chapter("observations", "Observations", (words, *lines), drawings)


def _evidence(content: Content) -> Chapter:
    title = "Evidence for past tasks"
    if not content.evidence:
        words = "No past tasks were used: the model is fitted to this campaign's results only."
        return Chapter("prior", title, (words,))
    number, last = content.evidence[-1]
    paragraphs = [f"After {count(number, 'experiment')}: {last.words}" if last.words else ""]
    if last.rejected_at is not None:
        paragraphs.append(f"The prior was rejected after {count(last.rejected_at, 'result')}.")
    if last.leading is not None:
        paragraphs.append(f"The past task with the largest weight is {last.leading[0]} ({percent(last.leading[1])}).")
    paragraphs.append(content.simulated or "")
    return Chapter("prior", title, tuple(filter(None, paragraphs)), (figures.evidence(content),))
