"""Observations of past campaigns: their curves beside one's own, and whether they were informative there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer import Campaign
from designer.campaign.observing import past_observations as past
from designer.cli.main import main
from designer.priors.intermediate.regression import PRIOR_PROBABILITY

SPACE: list[dict[str, Any]] = [
    {"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 0.5},
    {"name": "w", "kind": "numeric", "bounds": [0, 10], "step": 0.5},
]
RELEASE: dict[str, Any] = {"name": "release", "kind": "curve", "unit": "%", "stage": 1, "cost": 0.1}


NUMBER, SEED = 10, 0


def surface(x: float, w: float) -> float:
    return float(40.0 - (x - 7.0) ** 2 + 8.0 * np.sin(3.0 * x + 2.0 * w))


def released(x: float, w: float, related: bool) -> list[list[float]]:
    level = surface(x, w) if related else float(np.sin(91.0 * x + 17.0 * w) * 20.0)
    return [[time, (60.0 + level) * (1.0 - float(np.exp(-time / 12.0)))] for time in (6.0, 12.0, 24.0)]


def finished(folder: Path, *, related: bool, **changes: Any) -> Path:
    """Return the file of a past campaign of {NUMBER} observed designs, whose curves tell the target or nothing."""
    path = folder / "past.yaml"
    targets = [{"name": "y", "goal": "maximize"}]
    data = {"designer": 1, "name": "past", "space": SPACE, "targets": targets, "observations": [RELEASE]}
    path.write_text(json.dumps({**data, **changes}))
    rng = np.random.default_rng(SEED)
    rows = [{"x": float(x), "w": float(w)} for x, w in rng.integers(0, 11, (NUMBER, 2))]
    Campaign.open(path).attach(
        [{**row, "y": surface(**row), "release": released(**row, related=related)} for row in rows]
    )
    return path


def begun(folder: Path, **changes: Any) -> Campaign:
    path = folder / "own.yaml"
    targets = [{"name": "y", "goal": "maximize"}]
    data = {
        "designer": 1, "name": "own", "space": SPACE, "targets": targets, "observations": [RELEASE], "initial": 1,
        "prior": {"kind": "transfer-gp", "tasks": ["past.yaml"]},
    }  # fmt: skip
    path.write_text(json.dumps({**data, **changes}))
    return Campaign.open(path)


@pytest.mark.parametrize("related", [True, False])
def test_a_past_campaign_tells_whether_curves_are_informative(related: bool, tmp_path: Path) -> None:
    finished(tmp_path, related=related)
    campaign = begun(tmp_path)
    (known,) = past.past_observations(campaign._spec())
    weight = known.weight(campaign.objective.targets[0])
    assert weight is not None
    assert (weight > 0.9) if related else (weight < PRIOR_PROBABILITY)
    found = past.prior_probabilities([known], campaign.objective.targets)
    assert found == {"y": (PRIOR_PROBABILITY + weight) / 2.0}
    assert len(known.observed) == NUMBER


def test_past_curves_are_features_with_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished(tmp_path, related=True)
    campaign = begun(tmp_path)
    campaign.attach([{"x": 1, "w": w, "y": surface(1, w), "release": released(1, w, related=True)} for w in range(4)])
    posterior = campaign._posterior()
    assert posterior.observed is not None
    assert posterior.observed.Z.shape == (4, len(posterior.observed.columns))
    assert posterior.observed.informative["y"] > 0.6
    assert main(["validate", str(tmp_path / "own.yaml")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"past campaign 'past': release of {NUMBER} observed designs, informative about y with a" in shown


def test_curves_in_columns_are_those_of_past_campaigns_too(tmp_path: Path) -> None:
    observations = [{**RELEASE, "columns": {"h6": 6, "h12": 12, "h24": 24}}]
    finished(tmp_path, related=True, observations=observations)
    campaign = begun(tmp_path, observations=observations)
    (known,) = past.past_observations(campaign._spec())
    assert len(known.observed) == NUMBER
    assert past.past_observations(campaign._spec()) == (known,), "read once"


@pytest.mark.parametrize(
    "changes",
    [
        {"observations": [{**RELEASE, "name": "xrd"}]},
        {"observations": [{**RELEASE, "unit": "g"}]},
        {"observations": [{"name": "release", "unit": "%", "stage": 1, "cost": 0.1}]},
        {"prior": {"kind": "none"}},
    ],
)
def test_other_observations_are_not_used(changes: dict[str, Any], tmp_path: Path) -> None:
    finished(tmp_path, related=True)
    assert past.past_observations(begun(tmp_path, **changes)._spec()) == ()


def test_a_store_of_past_campaigns_and_too_few_results(tmp_path: Path) -> None:
    finished(tmp_path, related=True)
    campaign = begun(tmp_path, prior={"kind": "transfer-gp", "tasks": ["past.db"]})
    (known,) = past.past_observations(campaign._spec())
    assert known.results.name == "past"
    (words,) = known.words([])
    assert words.endswith("too few results with them to say whether they are informative")


def test_a_saved_prior_shows_what_was_observed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, folder = str(finished(tmp_path, related=True)), str(tmp_path / "learned")
    fit = ["prior", "fit", place, "--out", folder, "--kind", "transfer-gp", "--held-out", "0", "--replays", "0"]
    words = f"Past campaign 'past': release of {NUMBER} observed designs, informative about y with a probability of"
    for command in (fit, ["prior", "show", folder]):
        assert main(command) == 0
        assert words in " ".join(capsys.readouterr().out.split())
