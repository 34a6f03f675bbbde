from __future__ import annotations

import numpy as np
import pytest

from designer import Campaign
from designer.campaign.observing.campaign_stages import Stage, stages_of
from designer.campaign.staging.learning import may_be_tried, stages_to_try


def campaign(cost: float) -> Campaign:
    return Campaign.create(
        space=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}],
        targets=[{"name": "y", "goal": "maximize"}],
        observations=[{"name": "z", "stage": 1, "cost": cost}],
        initial=6,
    )


def stage(begun: Campaign) -> Stage:
    (found,) = stages_of(begun.settings.observations)
    return found


@pytest.mark.parametrize(
    ("cost", "expected"), [(0.01, "oooooo"), (0.04, "oooooo"), (0.08, "moooom"), (0.1, "mooomm"), (0.5, "mooomm")]
)
def test_first_designs_are_observed_while_all_together_cost_little(cost: float, expected: str) -> None:
    """The first of all only where that costs little beside its own target."""
    begun = campaign(cost)
    batch = begun.suggest(6)
    assert "".join(step.kind[0] for step in begun.next_steps()) == expected
    found = ["measure z first" in begun.state.suggestions[name].note for name in batch.index]
    assert found == [each == "o" for each in expected]


def test_a_design_says_the_same_when_it_is_suggested_alone() -> None:
    begun, kinds = campaign(0.1), []
    for i in range(6):
        (name,) = begun.suggest(1).index
        kinds.append(begun.next_steps()[0].kind)
        if kinds[-1] == "observe":
            begun.record([{"suggestion": name, "z": float(i % 2)}])
        begun.record([{"suggestion": name, "y": float(i)}])
    assert kinds == ["measure", *["observe"] * 3, *["measure"] * 2]


def test_the_share_grows_with_what_is_measured() -> None:
    begun = campaign(0.1)
    for i in range(10):
        begun.attach([{"x": i / 10, "y": 1.0}])
    observed = stage(begun)
    names = begun.suggest(5).index
    counts = []
    for name in names:
        counts.append(may_be_tried(begun.state, observed, 1.0))
        begun.record([{"suggestion": name, "z": 0.0}])
    assert counts == [True, True, True, True, False]  # 4 % of ten results pay four
    assert may_be_tried(begun.state, observed, 2.0)
    assert not may_be_tried(begun.state, observed, 2.0, before=3)


def test_designs_with_nothing_left_to_observe_count_for_nothing() -> None:
    begun = campaign(0.1)
    one = stage(begun)
    assert stages_to_try(begun.state, [None, one, None, one, one, one], np.ones(6)) == [None, one, None, one, one, None]


def test_a_batch_of_the_model_is_observed_as_far_as_the_share_pays() -> None:
    begun = campaign(0.1)
    for i in range(6):  # the observations say nothing of the target
        (name,) = begun.suggest(1).index
        if begun.next_steps()[0].kind == "observe":
            begun.record([{"suggestion": name, "z": float(i == 1)}])
        begun.record([{"suggestion": name, "y": float(i == 0)}])
    batch = begun.suggest(6)
    first = ["measure z first" in begun.state.suggestions[name].note for name in batch.index]
    assert first == [False] * 6
    begun.attach([{"x": i / 10, "y": 0.1 * (i % 3)} for i in range(5)])
    assert [step.kind for step in begun.next_steps()].count("observe") == 1  # 4 % of eleven results pay four
