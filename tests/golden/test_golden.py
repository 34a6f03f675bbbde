"""Suggestions, predictions, evidence and explanations stay what they were, to the last digits.

Change what is recorded only where behaviour is meant to change: ``python -m tests.golden write --overwrite NAME``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.golden.campaigns import CAMPAIGNS, TRAINED
from tests.golden.compare import ELSEWHERE, SAME, differences, text_of, tolerance_of

VALUES = Path(__file__).parent / "values"


def test_every_campaign_is_recorded_and_nothing_else() -> None:
    assert {path.stem for path in VALUES.glob("*.json")} == set(CAMPAIGNS)


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_campaign_says_what_it_said(name: str) -> None:
    recorded = json.loads((VALUES / f"{name}.json").read_text(encoding="utf-8"))
    tolerance = tolerance_of(recorded["environment"], trained=name in TRAINED)
    said = json.loads(text_of(CAMPAIGNS[name]()))
    assert list(differences(said, recorded["values"], tolerance)) == []


@pytest.mark.parametrize(
    ("now", "path"),
    [
        ({"design": {"x": 0.1 + 1e-12}, "mean": [1.0, 2.0]}, "/design/x"),
        ({"design": {"x": 0.1}, "mean": [1.0, 2.0001]}, "/mean/1"),
        ({"design": {"x": 0.1}, "mean": [1.0]}, "/mean"),
        ({"design": {"x": 0.1}}, "/mean"),
        ({"design": {"x": 0.1}, "mean": [1, 2.0]}, "/mean/0"),
        ({"design": {"x": 0.1}, "mean": [1.0, 2.0], "more": None}, "/more"),
    ],
)
def test_a_difference_is_seen(now: object, path: str) -> None:
    then = {"design": {"x": 0.1}, "mean": [1.0, 2.0]}
    (found,) = differences(now, then, ELSEWHERE)
    assert found.startswith(f"{path}:")


def test_rounding_is_no_difference_elsewhere_and_is_one_here() -> None:
    now, then = {"mean": [1.0, 2.0 + 1e-7]}, {"mean": [1.0, 2.0]}
    assert list(differences(now, then, ELSEWHERE)) == []
    assert len(list(differences(now, then, SAME))) == 1
