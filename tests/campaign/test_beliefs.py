"""Beliefs of an expert in campaigns: first designs, suggestions, fading, the guard, amendments, explanations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.suggesting.beliefs import EVERY, MAX_SUGGESTIONS, MAX_WITH_BELIEFS
from designer.cli.main import main
from designer.errors import InvalidCampaign, NoDesignLeft
from designer.report import write_report
from tests.space.spaces import categoricals, compositions, numerics

SPACE: list[dict[str, Any]] = [
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5},
    {"name": "t", "kind": "numeric", "bounds": [1, 60]},
    {"name": "gas", "kind": "categorical", "choices": ["Ar", "N2", "air"]},
]
TARGETS: list[dict[str, Any]] = [{"name": "y", "goal": "maximize"}]
RIGHT: list[dict[str, Any]] = [
    {"parameter": "T", "near": 640, "spread": 50},
    {"parameter": "gas", "near": "N2"},
]
WRONG: list[dict[str, Any]] = [{"parameter": "T", "near": 330, "spread": 15}]


def measured(frame: pd.DataFrame) -> Any:
    gas = frame["gas"].map({"Ar": 0.6, "N2": 1.0, "air": 0.3})
    return gas * np.exp(-(((frame["T"] - 620) / 60) ** 2)) + 0.001 * frame["t"]


def made(campaign: Campaign, count: int, n: int | None = None) -> pd.DataFrame:
    """Make some batches, and return their designs with the notes of the suggestions."""
    frames = []
    for _ in range(count):
        frame = campaign.suggest(n)
        campaign.record(frame.assign(y=measured(frame)))
        frames.append(frame.assign(note=[campaign.state.suggestions[name].note for name in frame.index]))
    return pd.concat(frames)


def with_beliefs(notes: pd.Series[str]) -> list[bool]:
    return ["with the beliefs" in note or "drawn from the beliefs" in note for note in notes]


def test_two_of_three_suggestions_are_chosen_with_beliefs() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=RIGHT, initial=4)
    found = made(campaign, 12)
    assert with_beliefs(found["note"]) == [i % EVERY != EVERY - 1 for i in range(12)]
    assert set(found["note"][:4]) == {"drawn from the beliefs", "fills the space"}
    chosen = found[with_beliefs(found["note"])]
    assert (abs(chosen["T"] - 640) < 150).all()
    assert (chosen["gas"] == "N2").mean() > 0.7


def test_batch_of_one_request_has_the_same_shares() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=RIGHT, initial=6, batch_size=6)
    for found in (made(campaign, 1), made(campaign, 1)):
        assert sum(with_beliefs(found["note"])) == 4
        assert len(found.drop(columns="note").drop_duplicates()) == 6


def test_designs_with_beliefs_are_limited_in_number() -> None:
    vague = [{"parameter": "t", "near": 30, "spread": 30}]
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=vague, initial=4, batch_size=4)
    found = made(campaign, 8)
    assert sum(with_beliefs(found["note"])) <= MAX_WITH_BELIEFS
    assert not any(with_beliefs(found["note"])[MAX_SUGGESTIONS:])
    assert campaign.beliefs() == ("t near 30, spread 30: not used any more, after 32 suggestions",)


def test_wrong_belief_is_dropped_when_results_contradict_it() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=WRONG, initial=4)
    found = made(campaign, 12)
    assert not any(with_beliefs(found["note"])[9:])
    assert campaign.beliefs() == ("T near 330 degC, spread 15 degC: not used any more, the results contradict it",)
    assert abs(campaign.best()["T"].iloc[0] - 620) < 60
    notes = [note for event in campaign.events for note in getattr(event, "notes", ())]
    assert "the belief T near 330 degC, spread 15 degC is not used: the results contradict it" in notes


def test_weights_fade_with_results_and_are_shown() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=RIGHT)
    assert campaign.current_beliefs().remaining == (1.0, 1.0)
    made(campaign, 6)
    assert campaign.current_beliefs().remaining == pytest.approx((0.5, 0.5))
    assert "belief: T near 640 degC, spread 50 degC: 50 % of its first weight after 6 results" in str(campaign.status())
    assert len(campaign.status().as_dict()["beliefs"]) == 2


def test_explanation_states_the_design_without_beliefs_and_the_ratio() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=RIGHT, initial=3)
    found = made(campaign, 9)
    effects = [campaign.explain(name).beliefs for name in found.index]
    assert [effect is not None for effect in effects] == ["with the beliefs" in note for note in found["note"]]
    changed = [effect for effect in effects if effect is not None and effect.design is not None]
    assert changed
    for effect in changed:
        assert 0 < effect.ratio <= 1
    words = [str(campaign.explain(name)) for name in found.index]
    assert any("Without them T " in text and "of its acquisition value" in text for text in words)
    plain = campaign.explain("S0003")
    assert "beliefs" not in plain.as_dict()


def test_beliefs_can_be_changed_and_then_count_anew() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, initial=4, batch_size=4)
    made(campaign, 7)
    assert campaign.amend_beliefs(RIGHT)
    assert not campaign.amend_beliefs(RIGHT)
    assert with_beliefs(made(campaign, 1)["note"]) == [True, True, False, True]
    assert campaign.amend_beliefs([])
    assert not any(with_beliefs(made(campaign, 1)["note"]))
    assert campaign.beliefs() == ()
    with pytest.raises(InvalidCampaign, match=r"beliefs\[0\]\.near: near 1000 is outside the bounds"):
        campaign.amend_beliefs([{"parameter": "T", "near": 1000, "spread": 50}])
    assert Campaign.resume(campaign.store, campaign.name).state == campaign.state


def test_belief_that_an_amended_space_excludes_is_not_used() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=[{"parameter": "T", "near": 850, "spread": 50}])
    made(campaign, 1)
    campaign.amend_space(bounds={"T": [300, 700]})
    found = made(campaign, 1)
    assert not any(with_beliefs(found["note"]))
    assert campaign.beliefs() == ("T near 850, spread 50: not used, near 850 is outside the bounds of 'T'",)


FILE = """designer: 1
name: films
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 900]}
  - {name: gas, kind: categorical, choices: [N2, Ar]}
targets:
  - {name: y, goal: maximize}
beliefs:
  - {parameter: T, near: 650, spread: 80}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("near: 650", "near: 950", 9, "between 300 and 900"),
        ("spread: 80", "spread: 0", 9, "not above 0"),
        ("near: 650", "near: 5 bar", 9, "does not convert"),
        ("parameter: T, near: 650, spread: 80", "parameter: gas, near: He", 9, "is not a choice of 'gas'"),
        ("parameter: T", "parameter: S", 9, "there is no parameter 'S'"),
        ("goal: maximize}", "goal: maximize}\nacquisition: posterior-mean", 9, "beliefs are factors"),
    ],
)
def test_fault_of_a_belief_has_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    file = tmp_path / "films.yaml"
    file.write_text(FILE.replace(old, new))
    with pytest.raises(InvalidCampaign, match=words) as caught:
        CampaignSpec.from_file(file)
    assert [fault.line for fault in caught.value.faults] == [line]


def test_changed_file_is_recorded_with_the_next_suggestion(tmp_path: Path) -> None:
    file = tmp_path / "films.yaml"
    file.write_text(FILE)
    campaign = Campaign.open(file)
    campaign.suggest()
    with pytest.raises(InvalidCampaign, match="change 'beliefs' in"):
        campaign.amend_beliefs([])
    file.write_text(FILE.replace("near: 650", "near: 700"))
    again = Campaign.open(file)
    again.suggest()
    assert [event.kind for event in again.events] == ["created", "suggested", "settings_changed", "suggested"]
    assert again.state.beliefs_since == 3
    assert main(["status", str(file)]) == 0


def test_candidates_contexts_and_one_setting_for_a_batch() -> None:
    table = pd.DataFrame(
        [{"T": T, "t": t, "gas": gas} for T in range(300, 900, 50) for t in (5, 30) for gas in ("Ar", "N2", "air")]
    )
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=RIGHT, candidates=table, batch_size=3)
    found = made(campaign, 3)
    assert (found[with_beliefs(found["note"])]["gas"] == "N2").mean() > 0.5
    shared = [{**SPACE[0], "vary": "per_batch"}, *SPACE[1:]]
    shared += [{"name": "humidity", "kind": "numeric", "bounds": [0, 100], "role": "context"}]
    campaign = Campaign.create(space=shared, targets=TARGETS, beliefs=RIGHT, batch_size=3, initial=3)
    for humidity in (20, 80, 50):
        frame = campaign.suggest(context={"humidity": humidity})
        assert frame["T"].nunique() == 1
        campaign.record(frame.assign(y=measured(frame)))
    assert abs(frame["T"].iloc[0] - 640) < 150


def test_several_goals_and_limits() -> None:
    targets: list[dict[str, Any]] = [*TARGETS, {"name": "cost", "goal": "minimize"}, {"name": "z", "at_most": 1}]
    for combine in ("pareto", "desirability"):
        campaign = Campaign.create(space=SPACE, targets=targets, beliefs=RIGHT, initial=3, combine=combine)
        for _ in range(7):
            frame = campaign.suggest()
            campaign.record(frame.assign(y=measured(frame), cost=frame["T"] / 900, z=0.5))
        assert len(campaign.current_beliefs().weights) == 2


def test_report_lists_beliefs(tmp_path: Path) -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=RIGHT, initial=3)
    made(campaign, 5)
    campaign.suggest()
    text = write_report(campaign, tmp_path / "report.html").read_text()
    assert "T near 640 degC, spread 50 degC: 60 % of its first weight after 5 results." in text
    assert "Weights of the beliefs" in text


def test_no_time_and_failures_are_no_obstacle() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=RIGHT, initial=2, suggest_seconds=1e-9)
    made(campaign, 4)
    campaign = Campaign.create(space=SPACE, targets=TARGETS, beliefs=RIGHT, initial=2)
    for _ in range(6):
        frame = campaign.suggest()
        if frame["T"].iloc[0] > 640:
            campaign.record_failure(str(frame.index[0]), "melted")
        else:
            campaign.record(frame.assign(y=measured(frame)))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_suggestions_over_random_spaces_are_valid_and_repeatable(data: st.DataObject) -> None:
    space = [data.draw(numerics("a")), data.draw(categoricals("b")), data.draw(compositions("c"))]
    known = space[0].get("bounds") or [min(space[0]["values"]), max(space[0]["values"])]
    width = known[1] - known[0] or 1.0
    beliefs: list[dict[str, Any]] = [
        {"parameter": "a", "near": known[0], "spread": data.draw(st.floats(0.01, 2)) * width},
        {"parameter": "b", "near": data.draw(st.sampled_from(space[1]["choices"]))},
        {"constraint": f"c.{space[2]['elements'][0]} >= c.{space[2]['elements'][1]}", "strength": 3},
    ]
    n = data.draw(st.integers(1, 3))
    try:
        campaign = Campaign.create(space=space, targets=TARGETS, beliefs=beliefs, initial=2)
    except InvalidCampaign:
        assume(False)
    for _ in range(3):
        again = Campaign.resume(campaign.store, campaign.name) if len(campaign.events) > 1 else None
        try:
            frame = campaign.suggest(n)
        except NoDesignLeft:
            return
        assert campaign.space.valid(campaign.space.coordinates(frame)).all()
        if again is not None:
            again.refresh()
            assert again.state.suggestions.keys() == campaign.state.suggestions.keys()
        campaign.record(frame.assign(y=np.arange(len(frame), dtype=float)))
