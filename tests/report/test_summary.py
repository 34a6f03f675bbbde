"""The first sentences of a report: the best design with the settings that it has."""

from __future__ import annotations

from typing import Any

import pandas as pd

from designer import Campaign
from designer.report.gathering import _best_measured, _summary

SPACE: list[dict[str, Any]] = [
    {"name": "route", "kind": "categorical", "choices": ["wet", "dry"]},
    {"name": "oven", "kind": "numeric", "bounds": [50, 90], "unit": "degC", "when": "route == dry"},
    {"name": "humidity", "kind": "numeric", "bounds": [10, 90], "role": "context"},
]


def test_settings_that_do_not_exist_are_not_named() -> None:
    campaign = Campaign.create(space=SPACE, targets=[{"name": "y", "goal": "maximize"}])
    rows = {"route": ["wet", "dry"], "oven": [None, 60.0], "humidity": [20.0, 30.0], "y": [5.0, 3.0]}
    campaign.attach(pd.DataFrame(rows))
    assert next(_summary(campaign, _best_measured(campaign))) == "Best so far: y 5, at route wet; humidity 20."
