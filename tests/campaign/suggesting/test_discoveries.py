"""Outliers that may be discoveries, in whole campaigns: they keep their values, are confirmed, and are decided."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer import Campaign
from designer.acquisition.moments import components, single_output

SPACE = [{"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 0.05}]
GOALS: dict[str, dict[str, Any]] = {
    "maximize": {"name": "y", "goal": "maximize"},
    "minimize": {"name": "y", "goal": "minimize"},
    "match": {"name": "y", "goal": "match", "value": 157.0, "tolerance": 1.0},
}


def narrow(x: np.ndarray, best: float) -> np.ndarray:
    """Return a flat response with a narrow peak at `best`."""
    return np.asarray(5 + 2 * np.sin(x) + 150 * np.exp(-(((x - best) / 0.25) ** 2)))


def begun(goal: str = "maximize", best: float = 6.1, wrong: float | None = None, **settings: Any) -> Campaign:
    """Return a campaign with ten results of the flat part and one of the peak (or a wrong one)."""
    x = np.round(np.linspace(0.2, 9.8, 11) / 0.05) * 0.05
    x = np.append(x[np.abs(x - best) > 0.8], best).round(2)
    y = narrow(x, best)
    if wrong is not None:
        y[-1] = wrong
    campaign = Campaign.create(space=SPACE, targets=[GOALS[goal]], **settings)
    campaign.attach(pd.DataFrame({"x": x, "y": -y if goal == "minimize" else y}))
    return campaign


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("best", [2.05, 4.4, 6.1, 7.75])
def test_the_best_of_all_keeps_its_value_and_is_confirmed_first(goal: str, best: float) -> None:
    campaign = begun(goal, best)
    known = campaign.posterior()
    assert known is not None
    (flag,) = known.flagged
    assert flag.discovery
    assert flag.counts_as == flag.value
    assert np.nanmax(np.abs(known.Y)) == pytest.approx(np.nanmax(np.abs(known.measured)))
    batch = campaign.suggest(2)
    assert batch["x"].iloc[0] == pytest.approx(best)
    assert 0 < abs(batch["x"].iloc[1] - best) < 1.5
    assert "If it is real, it is a discovery: measure it again" in str(campaign.status())


def test_best_names_it_by_the_model_and_as_measured() -> None:
    best = begun().best()
    assert best["best_by"].tolist() == ["posterior and measured"]
    assert best["x"].tolist() == [6.1]


def test_a_replicate_that_agrees_ends_the_question() -> None:
    campaign = begun()
    batch = campaign.suggest(1)
    campaign.record(batch.assign(y=narrow(batch["x"].to_numpy(), 6.1) + 0.5))
    known = campaign.posterior()
    assert known is not None
    assert known.flagged == ()
    assert campaign.predict([{"x": 6.1}])["y"].iloc[0] > 100
    assert campaign.suggest(1)["x"].iloc[0] != 6.1


def test_a_replicate_that_disagrees_is_flagged_at_once_and_the_value_is_down_weighted() -> None:
    campaign = begun()
    batch = campaign.suggest(1)
    campaign.record(batch.assign(y=[1.63]))
    known = campaign.posterior()
    assert known is not None
    assert known.discoveries == ()
    texts = [str(each) for each in known.flagged]
    assert any("are measurements of one design and contradict each other" in text for text in texts)
    assert campaign.predict([{"x": 6.1}])["y"].iloc[0] < 50


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_a_wrong_result_on_the_poor_side_is_winsorised_as_before(goal: str) -> None:
    campaign = begun(goal, wrong=-200.0)
    known = campaign.posterior()
    assert known is not None
    assert known.discoveries == ()
    assert np.abs(known.Y).max() < 150


def test_both_readings_have_equal_weight() -> None:
    known = begun().posterior()
    assert known is not None
    assert [weight for weight, _ in components(single_output(known.model, 0))] == pytest.approx([0.5, 0.5])


def test_predictions_far_from_it_are_those_without_it() -> None:
    """A slip that looks like a discovery harms no prediction elsewhere."""
    x = np.arange(0.5, 5.0, 0.5)
    with_it, without = begun(), begun(wrong=float(5 + 2 * np.sin(6.1)))
    far = [{"x": float(each)} for each in x]
    np.testing.assert_allclose(with_it.predict(far)["y"], without.predict(far)["y"], atol=0.6)


def test_a_table_that_gives_the_same_value_again_is_not_asked_twice() -> None:
    campaign = begun()
    taken = campaign.suggest(1)
    assert taken["x"].iloc[0] == 6.1
    again = campaign.suggest(1)  # the replicate is pending
    assert again["x"].iloc[0] != 6.1


def test_the_chance_to_beat_the_best_is_not_taken_against_a_down_weighted_value() -> None:
    campaign = begun()
    batch = campaign.suggest(2)
    far = Campaign.explain(campaign, batch.index[1])
    assert far.best is not None
    assert far.best.values["y"] > 150
    assert far.beat is not None
    assert far.beat < 0.75
