"""Settings that all designs of a batch share (vary: per_batch)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.errors import InvalidCampaign, InvalidData, InvalidSpace, NoDesignLeft
from designer.space import DesignSpace
from tests.space.spaces import categoricals, compositions, numerics

FURNACE: dict[str, Any] = {"name": "T", "kind": "numeric", "bounds": [300, 900], "step": 10, "vary": "per_batch"}
OTHER: list[dict[str, Any]] = [
    {"name": "t", "kind": "numeric", "bounds": [1, 60]},
    {"name": "c", "kind": "numeric", "bounds": [0, 1]},
]
TARGETS: list[dict[str, Any]] = [{"name": "y", "goal": "maximize"}]


def measured(frame: pd.DataFrame, best: float = 640.0) -> Any:
    return np.exp(-(((frame["T"] - best) / 120) ** 2) - ((frame["t"] - 30) / 20) ** 2 - ((frame["c"] - 0.3) / 0.5) ** 2)


def batches(campaign: Campaign, count: int, n: int | None = None) -> list[float]:
    """Make some batches, and return the shared setting of each."""
    found = []
    for _ in range(count):
        frame = campaign.suggest(n)
        (value,) = set(frame["T"])
        found.append(float(value))
        campaign.record(frame.assign(y=measured(frame)))
    return found


def changes(values: list[float]) -> int:
    return sum(first != second for first, second in pairwise(values))


@pytest.mark.parametrize(
    ("furnace", "options", "words"),
    [
        ({"vary": "sometimes"}, {}, "'vary'"),
        ({"vary": "per_experiment", "at_most_changes": 2}, {}, "'at_most_changes' has no meaning without"),
        ({"vary": "per_experiment", "change_cost": 2}, {}, "'change_cost' has no meaning without"),
        ({"at_most_changes": -1}, {}, "'at_most_changes' is -1"),
        ({"at_most_changes": 1.5}, {}, "1.5 is not a whole number"),
        ({"change_cost": -1}, {}, "'change_cost' is -1"),
        ({"role": "context", "step": None}, {}, "is a context, which is not chosen"),
        ({"change_cost": 2}, {"acquisition": "upper-confidence-bound"}, "weighed against the expected improvement"),
    ],
)
def test_what_cannot_be_combined_is_a_fault(furnace: dict[str, Any], options: dict[str, Any], words: str) -> None:
    parameter = {key: value for key, value in {**FURNACE, **furnace}.items() if value is not None}
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_data({"name": "c", "space": [parameter, *OTHER], "targets": TARGETS, **options})
    assert words in str(caught.value)
    assert all(fault.path and fault.remedy for fault in caught.value.faults)


def test_one_parameter_must_differ_within_a_batch() -> None:
    with pytest.raises(InvalidSpace, match="no parameter differs within a batch"):
        DesignSpace(parameters=[FURNACE])


def test_batches_share_the_setting_from_the_first_designs_on_and_find_the_optimum() -> None:
    campaign = Campaign.create(space=[FURNACE, *OTHER], targets=TARGETS, batch_size=4, initial=8)
    values = batches(campaign, 7)
    hows = [each.how for each in campaign.state.suggestions.values()]
    assert hows == ["initial"] * 8 + ["model"] * 20
    assert len(set(values)) > 2
    assert abs(campaign.best()["T"].iloc[0] - 640) <= 40
    made = campaign.measurements()[["T", "t", "c"]]
    assert len(made.drop_duplicates()) == 28


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_changes_are_limited_and_spread_over_the_budget(limit: int) -> None:
    space = [{**FURNACE, "at_most_changes": limit}, *OTHER]
    campaign = Campaign.create(space=space, targets=TARGETS, batch_size=4, budget=24)
    values = batches(campaign, 6)
    assert changes(values) <= limit
    assert changes(values[:3]) <= (limit + 1) // 2
    notes = [note for event in campaign.events for note in getattr(event, "notes", ())]
    assert any(note.startswith("T keeps its setting: ") for note in notes)
    free = Campaign.create(space=space, targets=TARGETS, batch_size=4)
    assert changes(batches(free, 4)) <= limit


def test_costly_change_is_made_less_often() -> None:
    counts = []
    for cost in (None, 1000.0):
        space = [{**FURNACE, **({} if cost is None else {"change_cost": cost})}, *OTHER]
        counts.append(changes(batches(Campaign.create(space=space, targets=TARGETS, batch_size=3, initial=3), 6)))
    assert counts[1] == 0 < counts[0]


def test_withdrawn_batch_is_no_change() -> None:
    campaign = Campaign.create(space=[{**FURNACE, "at_most_changes": 0}, *OTHER], targets=TARGETS, batch_size=2)
    first = campaign.suggest()
    campaign.withdraw(list(first.index), "the furnace is broken")
    second = campaign.suggest()
    assert second["T"].nunique() == 1
    third = campaign.suggest()
    assert set(third["T"]) == set(second["T"])


def test_setting_that_the_amended_space_has_not_any_more_is_changed() -> None:
    campaign = Campaign.create(space=[{**FURNACE, "at_most_changes": 0}, *OTHER], targets=TARGETS, batch_size=2)
    used = campaign.suggest()["T"].iloc[0]
    campaign.amend_space(bounds={"T": [300, used - 10]})
    batch = campaign.suggest()
    assert batch["T"].nunique() == 1
    assert batch["T"].iloc[0] < used


def test_pending_designs_and_noise_leave_one_setting() -> None:
    campaign = Campaign.create(space=[FURNACE, *OTHER], targets=TARGETS, batch_size=3, initial=3)
    rng = np.random.default_rng(0)
    for _ in range(4):
        frame = campaign.suggest()
        campaign.suggest()
        noise = rng.normal(0, 0.3, len(frame))
        campaign.record(frame.assign(y=measured(frame) + noise, y_sem=0.3))
        campaign.record([{"suggestion": frame.index[0], "y": 0.1, "replicate": 2}])
    events = {each.position for each in campaign.state.suggestions.values()}
    for position in events:
        assert len({e.design["T"] for e in campaign.state.suggestions.values() if e.position == position}) == 1


def test_replicates_of_one_request_share_the_setting() -> None:
    campaign = Campaign.create(space=[FURNACE, *OTHER], targets=TARGETS, batch_size=2)
    campaign.suggest()
    assert len(campaign.suggest(replicate_of=["S0001", "S0002"])) == 2
    values: dict[float, str] = {}
    while len(values) < 2:
        frame = campaign.suggest()
        campaign.record(frame.assign(y=measured(frame)))
        values.setdefault(float(frame["T"].iloc[0]), str(frame.index[0]))
    with pytest.raises(InvalidData, match="the replicates differ in 'T'"):
        campaign.suggest(replicate_of=list(values.values()))


def test_own_first_designs_come_in_batches_of_one_setting() -> None:
    own = [{"T": T, "t": t, "c": 0.5} for T, t in ((400, 10), (500, 20), (400, 30))]
    campaign = Campaign.create(space=[FURNACE, *OTHER], targets=TARGETS, batch_size=3, initial=own)
    first, second = campaign.suggest(), campaign.suggest()
    assert set(first["T"]) == {400.0}
    assert {10.0, 30.0} <= set(first["t"])
    assert set(second["T"]) == {500.0}


def test_candidates_of_one_batch_share_the_setting() -> None:
    table = pd.DataFrame([{"T": T, "t": t, "c": 0.3} for T in (300, 500, 640, 800) for t in range(1, 60, 6)])
    campaign = Campaign.create(space=[FURNACE, *OTHER], targets=TARGETS, batch_size=3, candidates=table)
    assert set(batches(campaign, 5)) <= {300.0, 500.0, 640.0, 800.0}
    assert campaign.best()["T"].iloc[0] == 640.0


def test_past_tasks_and_contexts_go_with_shared_settings() -> None:
    space = [FURNACE, *OTHER, {"name": "humidity", "kind": "numeric", "bounds": [0, 100], "role": "context"}]
    campaign = Campaign.create(space=space, targets=TARGETS, batch_size=3, initial=3)
    for humidity in (20, 80, 20, 60):
        frame = campaign.suggest(context={"humidity": humidity})
        assert frame["T"].nunique() == 1
        assert set(frame["humidity"]) == {float(humidity)}
        campaign.record(frame.assign(y=measured(frame, 500 + 2 * humidity)))


def test_setting_that_the_context_forbids_is_changed() -> None:
    space = [{**FURNACE, "at_most_changes": 0}, *OTHER]
    space += [{"name": "humidity", "kind": "numeric", "bounds": [0, 100], "role": "context"}]
    limits = ["if humidity > 50 then T <= 400", "if humidity <= 50 then T >= 600"]
    campaign = Campaign.create(space=space, targets=TARGETS, batch_size=2, initial=2, constraints=limits)
    for humidity in (20, 80, 80):
        frame = campaign.suggest(context={"humidity": humidity})
        assert frame["T"].nunique() == 1
        campaign.record(frame.assign(y=measured(frame)))


def test_no_time_leaves_one_setting() -> None:
    campaign = Campaign.create(space=[FURNACE, *OTHER], targets=TARGETS, batch_size=4, initial=4, suggest_seconds=1e-9)
    assert len(batches(campaign, 3)) == 3


def test_runner_up_of_an_explanation_has_the_setting_of_the_batch() -> None:
    campaign = Campaign.create(space=[FURNACE, *OTHER], targets=TARGETS, batch_size=3, initial=3)
    batches(campaign, 2)
    found = campaign.explain("S0005")
    assert found.runner_up is not None
    assert found.runner_up.design["T"] == found.design["T"]


@st.composite
def spaces_with_shared_settings(draw: st.DrawFn) -> DesignSpace:
    """Return a random space of which one or two parameters are shared by a batch."""
    makers = draw(st.lists(st.sampled_from([numerics, categoricals, compositions]), min_size=1, max_size=3))
    parameters = [draw(make(f"p{i}")) for i, make in enumerate(makers)]
    for i in range(draw(st.integers(1, 2))):
        maker = draw(st.sampled_from([numerics, categoricals, compositions]))
        parameters.append({**draw(maker(f"b{i}")), "vary": "per_batch"})
    try:
        return DesignSpace(parameters=draw(st.permutations(parameters)))
    except InvalidSpace:
        assume(False)
        raise


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(spaces_with_shared_settings(), st.integers(0, 1000))
def test_batches_of_random_spaces_share_their_settings(space: DesignSpace, seed: int) -> None:
    campaign = Campaign.create(space=space, targets=TARGETS, seed=seed, initial=2)
    columns = [column for parameter in space.shared_parameters for column in parameter.lab_columns]
    try:
        for _ in range(3):
            frame = campaign.suggest(2)
            assert space.valid(space.coordinates(frame)).all()
            assert len(frame[columns].drop_duplicates()) == 1
            campaign.record(frame.assign(y=np.arange(len(frame), dtype=float)))
    except NoDesignLeft:
        return


def with_effect(campaign: Campaign, effect: float, batches: int = 8) -> Campaign:
    """Make batches whose results share a random effect."""
    rng = np.random.default_rng(1)
    for _ in range(batches):
        frame = campaign.suggest()
        campaign.record(frame.assign(y=10 * measured(frame) + rng.normal(0, effect) + rng.normal(0, 0.05, len(frame))))
    return campaign


def test_a_random_effect_of_batches_is_found_and_stated() -> None:
    options: dict[str, Any] = {"targets": TARGETS, "batch_size": 4, "initial": 32}
    furnace = {**FURNACE, "bounds": [500, 800], "step": 150}
    campaign = with_effect(Campaign.create(space=[furnace, *OTHER], **options), 3.0)
    known = campaign.posterior()
    assert known is not None
    (words,) = known.batch_effects
    assert words.startswith("y: the results of one batch share a random effect (")
    frame = campaign.suggest()
    event = campaign.events[-1]
    assert words in getattr(event, "notes", ())
    assert len(set(frame["T"])) == 1
    assert campaign.explain(frame.index[0]).expected
    free = {key: value for key, value in furnace.items() if key != "vary"}
    other = Campaign.create(space=[free, *OTHER], **options)
    other.attach(campaign.measurements()[["T", "t", "c", "y"]].reset_index(drop=True))
    unshared = other.posterior()
    assert unshared is not None
    assert not unshared.batch_effects


def test_without_an_effect_predictions_are_those_of_independent_results() -> None:
    campaign = Campaign.create(space=[FURNACE, *OTHER], targets=TARGETS, batch_size=4, initial=32)
    with_effect(campaign, 0.0)
    attached = Campaign.create(space=[FURNACE, *OTHER], targets=TARGETS, batch_size=4, initial=32)
    attached.attach(campaign.measurements()[["T", "t", "c", "y"]].reset_index(drop=True))
    designs = [{"T": 500, "t": 20, "c": 0.5}, {"T": 700, "t": 50, "c": 0.1}]
    pd.testing.assert_frame_equal(campaign.predict(designs), attached.predict(designs), rtol=1e-6, atol=1e-8)
