"""Campaigns with combine: tiers: the first goal leads until it is reached, and the words say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.tier_words import ranking_words, tier_chances
from designer.errors import InvalidCampaign, NoDesignLeft
from designer.objective import Objective, Target
from tests.space.spaces import spaces

SPACE: list[dict[str, Any]] = [
    {"name": "T", "kind": "numeric", "bounds": [0, 100], "step": 2},
    {"name": "t", "kind": "numeric", "bounds": [0, 100], "step": 2},
]
YIELD: dict[str, Any] = {"name": "yield", "unit": "percent", "goal": "maximize", "reach": 80}
COST: dict[str, Any] = {"name": "cost", "goal": "minimize"}


def measured(frame: Any) -> dict[str, Any]:
    good = 95 * np.exp(-(((frame["T"] - 60) / 30) ** 2) - ((frame["t"] - 50) / 40) ** 2)
    return {"yield": good, "cost": 1 + 0.1 * frame["T"] + 0.05 * frame["t"]}


def run(campaign: Campaign, count: int) -> Campaign:
    for _ in range(count):
        frame = campaign.suggest(2)
        campaign.record(frame.assign(**measured(frame)))
    return campaign


def test_the_first_goal_is_reached_and_then_the_cost_falls() -> None:
    campaign = run(Campaign.create(space=SPACE, targets=[YIELD, COST], combine="tiers", seed=1), 8)
    best = campaign.best()
    assert list(best.columns[:2]) == ["best_by", "why"]
    top = best.iloc[0]
    assert top["yield"] >= 80
    assert top["cost"] <= 8.5  # 8.2 is possible
    assert top["why"].startswith("meets yield ≥ 80 percent (")
    assert "lowest cost of the" in top["why"] or "the only design that does" in top["why"]
    name = list(campaign.state.suggestions)[-1]
    explained = campaign.explain(name)
    ((words, chance),) = explained.tiers
    assert words == "yield ≥ 80 percent"
    assert 0 <= chance <= 1
    assert "to meet yield ≥ 80 percent" in str(explained)
    assert explained.as_dict()["tiers"] == (("yield ≥ 80 percent", chance),)
    assert not campaign.verdict().stop


def test_notes_name_the_goal_that_is_not_reached() -> None:
    campaign = Campaign.create(space=SPACE, targets=[YIELD, COST], combine="tiers", initial=4)
    run(campaign, 4)
    notes = [each.note for each in campaign.state.suggestions.values() if each.how == "model"]
    assert all("yield" in note for note in notes)
    assert any("chosen for cost" in note for note in notes) or any("comes first" in note for note in notes)


def test_the_campaign_stops_when_the_last_goal_is_reached() -> None:
    campaign = Campaign.create(space=SPACE, targets=[YIELD, {**COST, "reach": 9}], combine="tiers")
    campaign.attach([{"T": 60, "t": 50, "yield": 95, "cost": 9.5}])
    assert not campaign.verdict().stop
    campaign.attach([{"T": 54, "t": 50, "yield": 91, "cost": 8.9}])
    assert campaign.verdict().rule == "reach"


def test_the_order_of_tiers_may_change_with_the_order_of_the_targets(tmp_path: Path) -> None:
    import yaml

    file = tmp_path / "tiers.yaml"
    data: dict[str, Any] = {"designer": 1, "name": "tiers", "space": SPACE, "combine": "tiers"}
    cost = {**COST, "reach": 5}
    file.write_text(yaml.safe_dump({**data, "targets": [YIELD, cost]}))
    Campaign.open(file).attach([{"T": 60, "t": 50, "yield": 95, "cost": 9.5}, {"T": 0, "t": 0, "yield": 1, "cost": 1}])
    assert Campaign.open(file).best().index.tolist() == ["M0001"]
    file.write_text(yaml.safe_dump({**data, "targets": [cost, YIELD]}))
    assert Campaign.open(file).best().iloc[0]["measurements"] == "M0002"


def test_what_cannot_be_combined_is_a_fault() -> None:
    data = {"name": "c", "space": SPACE, "targets": [YIELD, COST], "combine": "tiers"}
    with pytest.raises(InvalidCampaign, match="a margin has no unit where goals are tiers"):
        CampaignSpec.from_data({**data, "stop": {"probability_of_better_than": 0.1, "margin": 1}})
    with pytest.raises(InvalidCampaign, match="comes before another goal"):
        CampaignSpec.from_data({**data, "targets": [COST, YIELD]})


def test_words_of_rankings() -> None:
    goals = [
        Target(**YIELD),
        Target(name="size", goal="match", value=4, tolerance=1),
        Target(name="n", goal="match", value=3, tolerance=1),
    ]
    objective = Objective(targets=goals, combine="tiers")
    everything = np.ones(3, dtype=np.bool_)
    Y = np.array([[85.0, 4.0, 9.0], [95.0, 9.0, 3.0], [60.0, 4.0, 3.0]])
    assert ranking_words(objective, Y, 0, everything).endswith("size = 4 ± 1; the only design that does")
    assert "meets yield ≥ 80 percent; nearest to size" in ranking_words(objective, Y, 1, everything)
    assert ranking_words(objective, Y, 2, everything).startswith("nearest to yield ≥ 80 percent, which no design meets")
    Y[1, 1] = 4.5
    assert "n nearest to 3 of the 2 that do" in ranking_words(objective, Y, 1, everything)
    (_, first), (_, second) = tier_chances(objective, [80.0, 4.0, 0.0], [1.0, 1.0, 1.0])
    assert first == pytest.approx(0.5)
    assert second == pytest.approx(0.6827, abs=1e-3)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_space_with_tiers_on_any_scale(data: st.DataObject) -> None:
    """Spaces of all kinds and log scales: valid designs, and every best design has words."""
    space = data.draw(spaces())
    targets: list[dict[str, Any]] = [
        {"name": "a", "goal": "maximize", "reach": 2.0, "scale": data.draw(st.sampled_from(["linear", "log"]))},
        {"name": "b", "goal": "minimize", "scale": data.draw(st.sampled_from(["linear", "log"]))},
        {"name": "c", "at_most": 5},
    ]
    campaign = Campaign.create(space=space, targets=targets, combine="tiers", initial=2)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    try:
        for _ in range(3):
            frame = campaign.suggest(2)
            campaign.record(frame.assign(**{name: np.exp(rng.normal(size=len(frame))) for name in "abc"}))
    except NoDesignLeft:
        assume(len(campaign.state.results) >= 2)
    for each in campaign.state.suggestions.values():
        assert not campaign.space.violations(each.design)
    assert all(words for words in campaign.best()["why"])
