"""What takes a model or a figure to tell of a campaign. Runs in workers; returns plain data."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.campaign.changing import known_suggestion
from designer.campaign.frames import best_data, prediction_data
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.objective import Target

Z90 = 1.6448536269514722  # 90 % of a normal distribution lies within so many standard deviations


def best(campaign: Campaign) -> list[dict[str, Any]]:
    """Return the best designs that were made, by the model and as measured."""
    return best_data(campaign.best(), campaign.space, campaign.objective.targets)


def predict(campaign: Campaign, designs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what the model expects of designs in lab units: mean, sd, and the interval of 95 %."""
    return prediction_data(campaign.predict(list(designs)), campaign.objective.targets)


def verdict(campaign: Campaign) -> dict[str, Any]:
    """Say whether the campaign is done and why, with the rule that asks a model."""
    decided = campaign.verdict()
    return {"stop": decided.stop, "reason": decided.reason, "rule": decided.rule}


def card(campaign: Campaign, suggestion: str) -> dict[str, Any]:
    """Return what is expected of a suggestion, target by target: mean and interval of 90 %; None without a model."""
    found = known_suggestion(campaign.state, suggestion)
    knowledge = campaign.knowledge()
    if knowledge is None:
        return {"id": suggestion, "predicted": None}
    frame = campaign.predict([dict(found.design)])
    predicted = {
        name: {**each, "low": each["mean"] - Z90 * each["sd"], "high": each["mean"] + Z90 * each["sd"]}
        for name, each in prediction_data(frame, campaign.objective.targets)[0].items()
    }
    return {"id": suggestion, "predicted": predicted}


def report(campaign: Campaign) -> str:
    """Return the campaign's report as one HTML page."""
    from designer.report import write_report

    with tempfile.TemporaryDirectory(prefix="designer-") as folder:
        return write_report(campaign, Path(folder) / "report.html").read_text(encoding="utf-8")


def progress(campaign: Campaign, target: str) -> str:
    """Return the figure (SVG) of what was measured of a target, experiment by experiment, with the best so far."""
    from designer.service.figure import progress_figure

    return progress_figure(campaign.state, _target(campaign, target))


def _target(campaign: Campaign, name: str) -> Target:
    for target in campaign.objective.targets:
        if target.name == name:
            return target
    known = ", ".join(target.name for target in campaign.objective.targets)
    raise InvalidInput(Fault(f"there is no target {name!r}", f"targets: {known}"))


LOOKS: dict[str, Callable[..., Any]] = {
    "best": best,
    "predict": predict,
    "verdict": verdict,
    "card": card,
    "report": report,
    "progress": progress,
}
