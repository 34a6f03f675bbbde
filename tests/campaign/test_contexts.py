"""Contexts: parameters that are known when suggestions are requested, and not chosen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.contexts import read_context
from designer.campaign.file.spec import CampaignSpec
from designer.cli.main import main
from designer.errors import InvalidCampaign, InvalidData, InvalidInput, InvalidSpace, NoDesignLeft
from designer.report import write_report
from designer.space import DesignSpace
from tests.space.spaces import categoricals, compositions, numerics

SPACE: list[dict[str, Any]] = [
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5},
    {"name": "humidity", "kind": "numeric", "unit": "percent", "bounds": [10, 90], "role": "context"},
    {"name": "lot", "kind": "categorical", "choices": ["B7", "B8"], "role": "context"},
]
TARGETS: list[dict[str, Any]] = [{"name": "y", "goal": "maximize"}]


def optimum(humidity: float, lot: str) -> float:
    return 400.0 + 4.0 * humidity + (60.0 if lot == "B8" else 0.0)


def measured(frame: pd.DataFrame) -> list[float]:
    best = [optimum(h, lot) for h, lot in zip(frame["humidity"], frame["lot"], strict=True)]
    return np.exp(-(((frame["T"] - best) / 150.0) ** 2)).round(4).tolist()


def experienced(results: int = 14, **options: Any) -> Campaign:
    """Return a campaign with results in several contexts."""
    campaign = Campaign.create(space=SPACE, targets=options.pop("targets", TARGETS), **options)
    rng = np.random.default_rng(0)
    lots = rng.choice(["B7", "B8"], results)
    table = pd.DataFrame({
        "T": rng.integers(60, 181, results) * 5.0, "humidity": rng.uniform(15, 85, results).round(1), "lot": lots,
    })  # fmt: skip
    campaign.attach(table.assign(y=measured(table)))
    return campaign


@pytest.mark.parametrize(
    ("context", "words"),
    [
        (None, ["the context 'humidity' is missing; give humidity=VALUE in percent", "the context 'lot' is missing"]),
        ({"humidity": 45}, ["the context 'lot' is missing; give lot=VALUE"]),
        ({"humidity": 45, "lot": ""}, ["the context 'lot' is missing"]),
        ({"humidity": 45, "lot": "B9"}, ["'B9' is not a choice"]),
        ({"humidity": 95, "lot": "B7"}, ["humidity = 95 percent is outside 10 to 90"]),
        ({"humidity": "warm", "lot": "B7"}, ["humidity", "'warm'"]),
        ({"humidity": "45 K", "lot": "B7"}, ["humidity", "K"]),
        ({"humidity": 45, "lot": "B7", "T": 400}, ["'T' is not a context; leave it out: it is chosen"]),
        ({"humidty": 45, "lot": "B7"}, ["'humidty' is not a context; did you mean 'humidity'?"]),
        ({"humidity": float("nan"), "lot": "B7"}, ["NaN"]),
        ("humidity=45", ["is not a mapping"]),
    ],
)
def test_wrong_context_is_refused_with_its_place_and_writes_nothing(context: Any, words: list[str]) -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS)
    with pytest.raises(InvalidData) as caught:
        campaign.suggest(1, context=context)
    for word in words:
        assert word in str(caught.value)
    assert all(fault.path and fault.path[0] == "context" for fault in caught.value.faults) or "NaN" in words
    assert not campaign.state.suggestions


def test_context_is_refused_where_the_campaign_has_none() -> None:
    campaign = Campaign.create(space=SPACE[:1], targets=TARGETS)
    with pytest.raises(InvalidData, match="no context parameters"):
        campaign.suggest(1, context={"humidity": 45})


def test_context_that_the_constraints_forbid_is_a_fault() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, constraints=["humidity <= 60"])
    with pytest.raises(InvalidData, match="no design is possible in the context humidity = 70 percent, lot = B7"):
        campaign.suggest(1, context={"humidity": 70, "lot": "B7"})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"space": [{**SPACE[1]}]}, "every parameter is a context"),
        ({"space": [SPACE[0], {**SPACE[1], "step": 10}]}, "which is not chosen in steps"),
        ({"stop": {"probability_of_better_than": 0.1}}, "depends on the context (humidity, lot)"),
        ({"initial": [{"T": 400, "humidity": 40, "lot": "B7"}]}, "first designs cannot be listed"),
        ({"context": {"humidity": {"low": 20, "high": 80}}}, "the distribution of 'lot' is missing"),
        ({"context": {"humidity": {"low": 80, "high": 20}, "lot": ["B7"]}}, "low 80 is not below high 20"),
        ({"context": {"humidity": {"low": 20, "high": 95}, "lot": ["B7"]}}, "95 is out of the bounds of 'humidity'"),
        ({"context": {"humidity": {"low": 20}, "lot": ["B7"]}}, "'high' is missing"),
        ({"context": {"humidity": [20, 20], "lot": ["B7"]}}, "20 is given twice"),
        ({"context": {"humidity": [20, "x"], "lot": ["B7"]}}, "'x' is not a number"),
        ({"context": {"humidity": [20], "lot": ["B9"]}}, "'B9' is not a setting of 'lot'"),
        ({"context": {"humidity": [20], "lot": {"B7": 0}}}, "the weight 0 is not a positive number"),
        ({"context": {"humidity": [20], "lot": "B7"}}, "'B7' is not a distribution of 'lot'"),
        ({"context": {"humidity": [20], "lot": []}}, "no setting is given"),
        ({"context": {"humidity": [20], "lot": ["B7"], "T": [400]}}, "'T' is not a context parameter"),
        ({"space": SPACE[:1], "context": {"T": [400]}}, "'T' is not a context parameter"),
    ],
)
def test_what_a_file_cannot_say_about_contexts_is_a_fault(changes: dict[str, Any], words: str) -> None:
    data = {"name": "c", "space": SPACE, "targets": TARGETS, **changes}
    with pytest.raises((InvalidCampaign, InvalidSpace)) as caught:
        CampaignSpec.from_data(data)
    assert words in str(caught.value)
    assert all(fault.path for fault in caught.value.faults)


def test_first_designs_carry_the_context_and_its_unit_is_converted() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS)
    first = campaign.suggest(3, context={"humidity": "0.45 fraction", "lot": "B7"})
    assert set(first["humidity"]) == {45.0}
    assert set(first["lot"]) == {"B7"}
    assert first["T"].nunique() == 3
    again = campaign.suggest(1, context={"humidity": 60, "lot": "B8"})
    assert again.iloc[0].to_dict() == {**again.iloc[0].to_dict(), "humidity": 60.0, "lot": "B8"}


def test_model_chooses_for_the_context() -> None:
    """The optimum moves by 280 degC with the context: the model follows it."""
    campaign = experienced(30)
    for humidity, lot in ((25.0, "B7"), (75.0, "B8")):
        chosen = campaign.suggest(1, context={"humidity": humidity, "lot": lot})
        assert abs(chosen["T"].iloc[0] - optimum(humidity, lot)) < 80
        assert campaign.state.suggestions[str(chosen.index[0])].how == "model"


def test_design_of_another_context_may_be_suggested_and_not_the_one_of_this_context() -> None:
    space = [{"name": "k", "kind": "categorical", "choices": ["a", "b", "c"]}, SPACE[2]]
    campaign = Campaign.create(space=space, targets=TARGETS, initial=3)
    first = campaign.suggest(3, context={"lot": "B7"})
    campaign.record(first.assign(y=[1.0, 0.0, -1.0]))
    with pytest.raises(NoDesignLeft):
        campaign.suggest(1, context={"lot": "B7"})
    assert len(campaign.suggest(3, context={"lot": "B8"})) == 3


def test_batch_and_pending_designs_in_one_context_differ() -> None:
    campaign = experienced()
    batch = campaign.suggest(3, context={"humidity": 40, "lot": "B7"})
    more = campaign.suggest(1, context={"humidity": 40, "lot": "B7"})
    assert len({*batch["T"], *more["T"]}) == 4


def test_pending_design_of_a_near_context_is_taken_into_account() -> None:
    campaign = experienced()
    first = campaign.suggest(1, context={"humidity": 40, "lot": "B7"})
    second = campaign.suggest(1, context={"humidity": 40.01, "lot": "B7"})
    assert first["T"].iloc[0] != second["T"].iloc[0]


def test_replicate_has_the_context_of_its_suggestion() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS)
    campaign.suggest(1, context={"humidity": 40, "lot": "B7"})
    assert campaign.suggest(replicate_of=["S0001"])["humidity"].tolist() == [40.0]
    with pytest.raises(InvalidData, match="has the context of its suggestion"):
        campaign.suggest(replicate_of=["S0001"], context={"humidity": 40, "lot": "B7"})


def test_result_is_recorded_with_the_context_that_was_measured() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS)
    campaign.suggest(1, context={"humidity": 40, "lot": "B7"})
    campaign.record({"S0001": {"y": 0.5, "humidity": 48}})
    assert campaign.measurements()["humidity"].tolist() == [48.0]


@pytest.mark.parametrize("combine", [None, "desirability", "pareto"])
def test_every_acquisition_function_suggests_for_a_context(combine: str | None) -> None:
    targets: list[dict[str, Any]] = (
        TARGETS if combine is None else [*TARGETS, {"name": "z", "goal": "minimize", "at_most": 0.9}]
    )
    options: dict[str, Any] = {"combine": "desirability"} if combine == "desirability" else {}
    campaign = Campaign.create(space=SPACE, targets=targets, **options)
    rng = np.random.default_rng(1)
    table = pd.DataFrame({
        "T": rng.integers(60, 181, 12) * 5.0, "humidity": rng.uniform(15, 85, 12).round(1),
        "lot": rng.choice(["B7", "B8"], 12),
    })  # fmt: skip
    table["y"] = measured(table)
    if combine is not None:
        table["z"] = ((table["T"] - 300) / 600).round(3)
    campaign.attach(table)
    batch = campaign.suggest(2, context={"humidity": 30, "lot": "B8"})
    assert len(batch) == 2
    assert set(batch["humidity"]) == {30.0}
    assert len(campaign.best({"humidity": 30, "lot": "B8"})) >= 1


@pytest.mark.parametrize("name", ["upper-confidence-bound", "probability-of-improvement"])
def test_registered_acquisition_functions_suggest_for_a_context(name: str) -> None:
    campaign = experienced(acquisition=name)
    assert campaign.suggest(2, context={"humidity": 30, "lot": "B8"})["lot"].tolist() == ["B8", "B8"]


def test_best_is_that_of_the_context() -> None:
    campaign = experienced(30)
    for humidity, lot in ((25.0, "B7"), (75.0, "B8")):
        best = campaign.best({"humidity": humidity, "lot": lot})
        row = best[best["best_by"] == "posterior"].iloc[0]
        assert abs(row["T"] - optimum(humidity, lot)) < 60
        assert (row["humidity"], row["lot"]) == (humidity, lot)
        assert np.isnan(row["y"])  # not measured in this context


def test_measured_value_in_the_context_is_shown() -> None:
    campaign = experienced()
    made = campaign.state.results[0]
    best = campaign.best({"humidity": made.design["humidity"], "lot": made.design["lot"]})
    assert made.id in ", ".join(best["measurements"])
    assert made.values["y"] in best["y"].tolist()


def test_best_on_average_is_over_the_stated_distribution() -> None:
    """In dry air the best setting is a lower one than in humid air."""
    temperatures = []
    for low, high in ((15, 35), (65, 85)):
        campaign = experienced(40, context={"humidity": {"low": low, "high": high}, "lot": {"B7": 1}})
        best = campaign.best()
        row = best[best["best_by"] != "measured"].iloc[0]
        assert row["humidity"] is None
        assert row["lot"] is None
        temperatures.append(row["T"])
        assert campaign.averaged_over() == "on average over the stated contexts"
    assert temperatures[0] + 100 < temperatures[1]


def test_best_without_a_distribution_is_over_the_measured_contexts() -> None:
    campaign = experienced()
    assert campaign.averaged_over() == "on average over the contexts measured so far"
    assert len(campaign.best()) >= 1
    empty = Campaign.create(space=SPACE, targets=TARGETS)
    assert empty.averaged_over() is None
    assert len(empty.best()) == 0


def test_deviation_of_an_average_is_below_that_of_a_single_context() -> None:
    """Errors in different contexts are correlated, but not fully."""
    campaign = experienced(10)
    known = campaign.posterior()
    assert known is not None
    rows = np.array([[600.0, humidity, 0.0] for humidity in (12.0, 50.0, 88.0)])
    _, single = known.predict(rows)
    average = known.deviations_of_average(rows, np.full(3, 1 / 3))
    assert 0 < average[0] < single[:, 0].mean()
    one = known.deviations_of_average(rows[:1], np.ones(1))
    assert one[0] == pytest.approx(single[0, 0], rel=1e-6)


def test_campaign_stops_when_the_target_is_reached_in_every_context() -> None:
    reach = [{"name": "y", "goal": "maximize", "reach": 0.5}]
    campaign = experienced(40, targets=reach, context={"humidity": {"low": 15, "high": 85}, "lot": ["B7", "B8"]})
    decided = campaign.verdict()
    assert decided.rule == "reach", decided.reason
    assert "16 contexts" in decided.reason
    few = Campaign.create(space=SPACE, targets=reach)
    one = few.suggest(1, context={"humidity": 40, "lot": "B7"})
    few.record(one.assign(y=[0.9]))
    assert not few.verdict().stop  # one lucky result in one context


def test_run_draws_contexts_and_needs_their_distribution() -> None:
    def measure(**design: Any) -> dict[str, float]:
        return {"y": measured(pd.DataFrame([design]))[0]}

    campaign = Campaign.create(space=SPACE, targets=TARGETS, budget=3)
    with pytest.raises(InvalidInput, match="how often contexts occur"):
        campaign.run(_Oracle(measure))
    campaign = Campaign.create(
        space=SPACE, targets=TARGETS, budget=6, context={"humidity": [20, 80], "lot": {"B7": 3, "B8": 1}}
    )
    report = campaign.run(_Oracle(measure))
    assert len(report.steps) == 6
    assert {step.design["humidity"] for step in report.steps} == {20.0, 80.0}


class _Oracle:
    def __init__(self, function: Any) -> None:
        self.function = function

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Mapping[str, float]:
        return dict(self.function(**design))


@pytest.mark.parametrize("listed", [False, True])
def test_candidates_with_and_without_the_columns_of_contexts(listed: bool) -> None:
    table = pd.DataFrame({"name": [f"c{i}" for i in range(20)], "T": np.arange(20) * 30.0 + 300})
    if listed:
        table = table.merge(pd.DataFrame({"humidity": [20.0, 80.0]}), how="cross")
    space = SPACE[:2]
    campaign = Campaign.create(
        space=space, targets=TARGETS, candidates=table, id_column="name", constraints=["if humidity > 50 then T >= 600"]
    )
    for humidity in (20.0, 80.0):
        for _ in range(2):
            batch = campaign.suggest(3, context={"humidity": humidity})
            assert set(batch["humidity"]) == {humidity}
            assert set(batch["T"]) <= set(table["T"])
            assert humidity < 50 or batch["T"].min() >= 600
            campaign.record(batch.assign(y=(-(((batch["T"] - 400 - 4 * humidity) / 100) ** 2))))
    assert len({each.design["T"] for each in campaign.state.results}) <= 12
    labels = campaign.space.pool.labels_of(campaign.space.coordinates(batch)) if campaign.space.pool else []
    assert all(str(label).startswith("c") for label in labels)
    with pytest.raises((InvalidData, NoDesignLeft)):
        campaign.suggest(1, context={"humidity": 200})
    if listed:
        with pytest.raises((InvalidData, NoDesignLeft)):
            campaign.suggest(1, context={"humidity": 21})


def test_explanation_and_report_are_of_the_context(tmp_path: Path) -> None:
    campaign = experienced(context={"humidity": {"low": 15, "high": 85}, "lot": ["B7", "B8"]})
    campaign.suggest(1, context={"humidity": 33, "lot": "B8"})
    found = campaign.explain("S0001")
    assert found.runner_up is not None
    assert (found.runner_up.design["humidity"], found.runner_up.design["lot"]) == (33.0, "B8")
    text = write_report(campaign, tmp_path / "r.md").read_text()
    assert "on average over the stated contexts" in text


@pytest.mark.parametrize("with_context", [True, False])
def test_past_task_with_and_without_the_context_parameter(tmp_path: Path, with_context: bool) -> None:
    space = SPACE[:2] if with_context else SPACE[:1]
    file = tmp_path / "past.yaml"
    file.write_text(yaml.safe_dump({"designer": 1, "name": "past", "space": space, "targets": TARGETS}))
    past = Campaign.open(file)
    table = pd.DataFrame({"T": np.arange(13) * 50.0 + 300})
    table["y"] = np.exp(-(((table["T"] - 600) / 150) ** 2)).round(4)
    past.attach(table.assign(humidity=np.tile([30.0, 50.0], 7)[:13]) if with_context else table)
    campaign = Campaign.create(space=SPACE[:2], targets=TARGETS, prior={"tasks": [str(file)]}, initial=2)
    batch = campaign.suggest(2, context={"humidity": 40})
    campaign.record(batch.assign(y=[0.2, 0.4]))
    assert campaign.suggest(1, context={"humidity": 70})["humidity"].tolist() == [70.0]
    assert campaign.status().prior is not None


@st.composite
def spaces_with_contexts(draw: st.DrawFn) -> tuple[DesignSpace, dict[str, Any]]:
    """Return a random space that mixes settings and contexts, and a context in lab units."""
    makers = draw(st.lists(st.sampled_from([numerics, categoricals, compositions]), min_size=1, max_size=3))
    parameters = [draw(make(f"p{i}")) for i, make in enumerate(makers)]
    for i in range(draw(st.integers(1, 2))):
        maker = draw(st.sampled_from([numerics, categoricals]))
        context = {**draw(maker(f"c{i}")), "role": "context"}
        context.pop("step", None)
        parameters.append(context)
    try:
        space = DesignSpace(parameters=draw(st.permutations(parameters)))
    except InvalidSpace:
        assume(False)
        raise
    some = space.frame(space.sample(1, np.random.default_rng(draw(st.integers(0, 2**31)))))
    return space, {column: some[column].iloc[0] for p in space.context_parameters for column in p.lab_columns}


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(spaces_with_contexts(), st.integers(0, 1000))
def test_random_spaces_are_searched_in_the_given_context_only(
    drawn: tuple[DesignSpace, dict[str, Any]], seed: int
) -> None:
    space, context = drawn
    campaign = Campaign.create(space=space, targets=TARGETS, seed=seed, initial=2)
    try:
        first = campaign.suggest(2, context=context)
        campaign.record(first.assign(y=np.arange(len(first), dtype=float)))
        later = campaign.suggest(1, context=context)
    except NoDesignLeft:
        return
    for frame in (first, later):
        coordinates = space.coordinates(frame)
        assert space.within(coordinates).all()
        for column, value in context.items():
            assert set(frame[column]) == {value}


@settings(max_examples=50, deadline=None)
@given(spaces_with_contexts(), st.integers(0, 1000))
def test_designs_of_a_fixed_space_are_those_of_the_space(drawn: tuple[DesignSpace, dict[str, Any]], seed: int) -> None:
    space, context = drawn
    fixed = space.fixed(read_context(space, context))
    coordinates = fixed.sample(20, np.random.default_rng(seed))
    assert fixed.at_context and not space.at_context  # noqa: PT018
    assert fixed.keys(coordinates) == space.keys(coordinates)
    assert (fixed.encoder.encode(coordinates) == space.encoder.encode(coordinates)).all()
    assert fixed.frame(coordinates).equals(space.frame(coordinates))
    assert fixed.within(coordinates).all()
    assert (fixed.in_fixed(space.sample(20, np.random.default_rng(seed))) == fixed.in_fixed(coordinates))[
        :, [i for p, part in space.parts() if p.is_context for i in range(part.start, part.stop)]
    ].all()


def test_commands_take_a_context(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.yaml"
    content = {"designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, "initial": 2}
    file.write_text(yaml.safe_dump(content))
    assert main(["suggest", str(file)]) == 2
    assert "context.humidity: the context 'humidity' is missing" in capsys.readouterr().err
    assert main(["suggest", str(file), "--context", "humidity"]) == 2
    assert "cannot be read; write PARAMETER=VALUE" in capsys.readouterr().err
    assert main(["suggest", str(file), "--context", "lot=B7,lot=B8"]) == 2
    assert "given twice" in capsys.readouterr().err
    assert main(["suggest", str(file), "-n", "2", "--context", "humidity=45,lot=B7", "--json"]) == 0
    designs = [each["design"] for each in json.loads(capsys.readouterr().out)["suggestions"]]
    assert [(each["humidity"], each["lot"]) for each in designs] == [(45.0, "B7")] * 2
    for name, value in (("S0001", 0.3), ("S0002", 0.6)):
        assert main(["record", str(file), name, f"y={value}", "--set", "humidity=44"]) == 0
    capsys.readouterr()
    assert main(["best", str(file), "--context", "humidity=60", "--context", "lot=B8", "--json"]) == 0
    best = json.loads(capsys.readouterr().out)["best"]
    assert (best[0]["design"]["humidity"], best[0]["design"]["lot"]) == (60.0, "B8")
    assert main(["best", str(file)]) == 0
    assert "on average over the contexts measured so far" in capsys.readouterr().out
    assert main(["best", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"][0]["design"]["humidity"] is None


def test_best_in_a_context_after_one_result_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kiln.yaml"
    file.write_text(yaml.safe_dump({"designer": 1, "name": "kiln", "space": SPACE, "targets": TARGETS}))
    assert main(["suggest", str(file), "--context", "humidity=40,lot=B7"]) == 0
    assert main(["record", str(file), "S0001", "y=0.5"]) == 0
    capsys.readouterr()
    assert main(["best", str(file), "--context", "humidity=60,lot=B8"]) == 0
    assert "a model of others needs at least two results" in capsys.readouterr().out
