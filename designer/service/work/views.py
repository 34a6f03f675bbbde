"""Views of a campaign that need a model or a figure. They run in worker processes and return plain data."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.campaign.results.frames import best_data, forbidden_data, prediction_data
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.objective import Target


def best(campaign: Campaign, context: Mapping[str, Any] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the best measured designs, with measured and predicted values, and those that the space forbids now.

    For a context, if one is given; otherwise, where there are contexts, on average. Where the goal is a map or a
    boundary there are none, and ``remaining`` says what is still uncertain.
    """
    space, targets = campaign.space, campaign.objective.targets
    if campaign.objective.explores:
        found = campaign.remaining_uncertainty(context)
        return {"best": [], "forbidden": [], "remaining": [each.as_dict() for each in found]}
    return {
        "best": best_data(campaign.best(context), space, targets),
        "forbidden": forbidden_data(campaign.forbidden_best(), space, targets),
    }


def predict(campaign: Campaign, designs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return predictions of designs in lab units: mean, standard deviation and the 95 % interval."""
    return prediction_data(campaign.predict(list(designs)), campaign.objective.targets)


def verdict(campaign: Campaign) -> dict[str, Any]:
    """Return whether the campaign should stop and why, including the rule that uses the model."""
    decided = campaign.verdict()
    return {"stop": decided.stop, "reason": decided.reason, "rule": decided.rule}


def next_comparison(campaign: Campaign) -> dict[str, Any]:
    """Return which two results to compare next, and why; None where no pair is left."""
    found = campaign.next_comparison()
    if found is None:
        return {"next": None}
    return {"next": {"first": found.first, "second": found.second, "reason": found.reason}}


def card(campaign: Campaign, suggestion: str) -> dict[str, Any]:
    """Return the explanation of a suggestion, in words and as plain data."""
    found = campaign.explain(suggestion)
    advice = [step.words for step in campaign.next_steps() if step.suggestion == suggestion]
    return {
        "id": suggestion,
        "headline": found.headline(),
        "paragraphs": [*(["Next", words] for words in advice), *(list(each) for each in found.paragraphs())],
        "explanation": found.as_dict(),
    }


def card_picture(campaign: Campaign, suggestion: str) -> str:
    """Return the explanation of a suggestion as one picture (SVG)."""
    from designer.report.cards import card as picture

    return picture(campaign.explain(suggestion)).svg()


def report(campaign: Campaign) -> str:
    """Return the campaign's report as one HTML page."""
    from designer.report import write_report

    with tempfile.TemporaryDirectory(prefix="designer-") as folder:
        return write_report(campaign, Path(folder) / "report.html").read_text(encoding="utf-8")


def progress(campaign: Campaign, target: str) -> str:
    """Return the figure (SVG) of a target's measured values and the best so far, by experiment."""
    from designer.campaign.results.measured_designs import forbidden_measurements
    from designer.service.work.page_figure import progress_figure

    forbidden = forbidden_measurements(campaign.space, campaign.state.results)
    return progress_figure(campaign.top_state, _target(campaign, target), forbidden)


def trade_off(campaign: Campaign, first: str, second: str) -> str:
    """Return the figure (SVG) of two goals against each other, with the Pareto front."""
    from designer.service.work.page_figure import trade_off_figure

    return trade_off_figure(campaign, _target(campaign, first), _target(campaign, second))


def ternary(campaign: Campaign, target: str, parameter: str) -> str:
    """Return the figure (SVG) of a predicted target over three constituents of a mixture."""
    from designer.service.work.page_figure import ternary_figure

    return ternary_figure(campaign, _target(campaign, target), parameter)


def curves(campaign: Campaign, observation: str) -> str:
    """Return the figure (SVG) of the observed curves by the goal, and of those of open suggestions."""
    from designer.service.work.page_figure import curves_figure

    return curves_figure(campaign, observation)


def _target(campaign: Campaign, name: str) -> Target:
    for target in campaign.objective.targets:
        if target.name == name:
            return target
    known = ", ".join(target.name for target in campaign.objective.targets)
    raise InvalidInput(Fault(f"there is no target {name!r}", f"targets: {known}"))


VIEWS: dict[str, Callable[..., Any]] = {
    "best": best,
    "predict": predict,
    "verdict": verdict,
    "next_comparison": next_comparison,
    "card": card,
    "card_picture": card_picture,
    "report": report,
    "progress": progress,
    "trade_off": trade_off,
    "ternary": ternary,
    "curves": curves,
}
