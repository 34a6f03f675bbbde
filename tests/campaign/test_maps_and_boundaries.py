"""Campaigns whose goal is to know a surface (``goal: map``) or a level set (``goal: boundary``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer.campaign.campaign import Campaign
from designer.cli.main import main
from designer.errors import InvalidCampaign, InvalidInput, NoDesignLeft
from designer.objective import Target
from designer.oracles.python_function import PythonOracle
from designer.space import DesignSpace
from tests.space.spaces import spaces

SQUARE: list[dict[str, Any]] = [{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in ("x", "y")]
BOUNDARY = {"name": "s", "unit": "HV", "goal": "boundary", "value": 0.5}
MAP = {"name": "s", "unit": "HV", "goal": "map"}
GOALS = pytest.mark.parametrize("target", [MAP, BOUNDARY], ids=["map", "boundary"])
FILE = """\
designer: 1
name: phases
space:
  - {name: x, kind: numeric, bounds: [0, 1]}
  - {name: y, kind: numeric, bounds: [0, 1]}
targets: [{name: s, unit: HV, goal: boundary, value: 0.5}]
initial: 4
"""


def surface(row: Any) -> float:
    return float(1 / (1 + np.exp(-12 * (row["x"] + row["y"] ** 2 - 0.8))))


def measured(campaign: Campaign, count: int, f: Any = surface) -> Campaign:
    while len(campaign.state.results) < count:
        batch = campaign.suggest()
        campaign.record(batch.assign(s=[f(row) for row in batch.to_dict(orient="records")]))
    return campaign


def begun(target: dict[str, Any], space: Any = None, **settings: Any) -> Campaign:
    return Campaign.create(space=SQUARE if space is None else space, targets=[target], **{"initial": 4, **settings})


def test_boundary_is_known_in_fewer_experiments_than_by_first_designs_alone() -> None:
    grid = pd.DataFrame(np.random.default_rng(0).uniform(0, 1, (500, 2)), columns=["x", "y"])
    truth = [surface(row) > 0.5 for row in grid.to_dict(orient="records")]
    wrong = {}
    for initial in (4, 20):
        found = measured(begun(BOUNDARY, initial=initial), 20).predict(grid)
        assert (found["s_above"] > 0.5).tolist() == (found["s"] > 0.5).tolist()
        assert set(found["s_side"]) <= {"above", "below", "uncertain"}
        certain = found["s_side"] != "uncertain"
        assert ((found["s_side"] == "above") == truth)[certain].mean() > 0.97
        wrong[initial] = float(np.mean((found["s"] > 0.5) != truth))
    assert wrong[4] < 0.5 * wrong[20]
    assert wrong[4] < 0.03


@GOALS
def test_suggestions_are_the_same_again_and_batches_differ(target: dict[str, Any]) -> None:
    one, other = (measured(begun(target, batch_size=3), 9) for _ in range(2))
    first, second = one.suggest(4), other.suggest(4)
    assert first.equals(second)
    assert len(first.drop_duplicates()) == 4
    apart = [np.linalg.norm(a - b) for i, a in enumerate(first.to_numpy()) for b in first.to_numpy()[:i]]
    assert min(apart) > 0.05


@GOALS
def test_nothing_says_best_or_improvement(target: dict[str, Any], tmp_path: Path) -> None:
    from designer.report import write_report

    campaign = measured(begun(target), 6)
    campaign.suggest()
    texts = [str(campaign.status()), str(campaign.explain("S0007")), str(campaign.best())]
    page = write_report(campaign, tmp_path / "r.md", figures=tmp_path).read_text()
    for text in [*texts, page.split("## Provenance")[0]]:
        assert not any(word in text.lower() for word in ("best so far", "beat", "improve", "regret", "no feasible"))
    assert campaign.best().index.tolist() == ["s"]
    assert "known" in texts[0] or "uncertain in" in texts[0]
    assert campaign.forbidden_best().empty
    drawn = {path.name for path in tmp_path.iterdir()}
    assert {"map-s-x-y.svg", "slices-s.svg", "progress-s.svg"} <= drawn


def test_explanation_says_where_the_boundary_lies_and_what_the_result_tells() -> None:
    campaign = measured(begun(BOUNDARY), 6)
    (name,) = campaign.suggest().index
    found = campaign.explain(name)
    text = str(found)
    assert "the boundary is 0.5 HV" in text
    assert f"{round(100 * (found.above or 0))} % to lie above the boundary" in text
    assert "of the variance that is left near the boundary" in text
    assert 0 < (found.reduction or 0) < 1
    assert found.as_dict()["above"] == found.above
    assert "missed it" not in text


def test_explanation_of_other_goals_is_as_before() -> None:
    campaign = measured(begun({"name": "s", "goal": "maximize"}), 5)
    (name,) = campaign.suggest().index
    assert not {"above", "reduction"} & campaign.explain(name).as_dict().keys()
    assert "remaining" not in campaign.status().as_dict()


def test_campaign_stops_when_little_of_the_space_is_uncertain() -> None:
    campaign = begun(BOUNDARY, stop={"uncertain_share": 0.15}, batch_size=2, initial=6)
    reasons = []
    while not campaign.verdict().stop:
        assert len(campaign.state.results) < 60
        measured(campaign, len(campaign.state.results) + 2)
        reasons.append(campaign.verdict().reason)
    assert reasons[0].endswith("too few results to estimate what is still uncertain")
    assert "too few" not in campaign.verdict(ask_model=False).reason  # a model was not asked
    assert "of the space is uncertain, more than 15 %" in reasons[-2]
    assert campaign.verdict().rule == "uncertainty"
    assert (campaign.remaining_uncertainty()[0].uncertain_share or 1) <= 0.15


def test_campaign_stops_when_the_surface_is_known_well_enough() -> None:
    campaign = begun(MAP, stop={"deviation": 0.15})
    while not campaign.verdict().stop:
        assert len(campaign.state.results) < 60
        measured(campaign, len(campaign.state.results) + 1)
    assert campaign.verdict().reason.startswith("s is known ± ")
    assert campaign.remaining_uncertainty()[0].deviation <= 0.15


def test_run_needs_a_stopping_rule_that_can_hold() -> None:
    campaign = begun(BOUNDARY)
    oracle = PythonOracle(lambda **design: surface(design), campaign.space, ("s",))
    with pytest.raises(InvalidInput, match=r"give a 'budget', or stop: {uncertain_share"):
        campaign.run(oracle)
    assert begun(BOUNDARY, stop={"uncertain_share": 0.9}).run(oracle).rule == "uncertainty"


REFUSED = [
    ({"stop: {deviation: 1}"}, "phases.yaml:8: 'deviation' is of one target with goal: map, and none has it"),
    ({"stop: {probability_of_better_than: 0.1}"}, "phases.yaml:8: no design is better than another where the goal is"),
    ({"stop: {uncertain_share: 2}"}, "phases.yaml:8: "),
    ({"acquisition: upper-confidence-bound"}, "phases.yaml:8: acquisition 'upper-confidence-bound' looks for the best"),
    ({"beliefs: [{parameter: x, near: 0.5, spread: 0.1}]"}, "phases.yaml:8: beliefs say where good designs are"),
    ({"combine: pareto"}, "phases.yaml:8: no goals are combined with goal map or boundary"),
]


@pytest.mark.parametrize(("lines", "words"), REFUSED)
def test_what_cannot_be_combined_is_a_located_fault(lines: set[str], words: str, tmp_path: Path) -> None:
    path = tmp_path / "phases.yaml"
    path.write_text(FILE + "\n".join(lines) + "\n")
    with pytest.raises(InvalidCampaign) as caught:
        Campaign.open(path)
    assert words.removeprefix("phases.yaml:") in str(caught.value)


def test_stopping_rules_of_other_goals_are_refused() -> None:
    with pytest.raises(InvalidCampaign, match="'uncertain_share' is of a target with goal: boundary"):
        begun(MAP, stop={"uncertain_share": 0.1})
    two = [{"name": "a", "goal": "map"}, {"name": "b", "goal": "map"}]
    with pytest.raises(InvalidCampaign, match="and 2 have it"):
        Campaign.create(space=SQUARE, targets=two, stop={"deviation": 1})


def test_other_targets_may_have_limits_and_several_may_be_mapped() -> None:
    targets: list[dict[str, Any]] = [MAP, {"name": "t", "goal": "map"}, {"name": "cost", "at_most": 1.2}]
    campaign = Campaign.create(space=SQUARE, targets=targets, initial=4)
    for _ in range(14):
        batch = campaign.suggest()
        row = batch.to_dict(orient="records")[0]
        campaign.record(batch.assign(s=surface(row), t=row["x"], cost=row["x"] + row["y"]))
    found = campaign.remaining_uncertainty()
    assert [each.target for each in found] == ["s", "t"]
    made = [each.values["cost"] for each in campaign.state.results][6:]
    assert np.mean(np.array(made) <= 1.2) > 0.8


def test_log_target_is_mapped_in_decades_and_has_a_boundary_in_its_unit() -> None:
    target = {"name": "s", "unit": "S/cm", "scale": "log", "goal": "boundary", "value": 1e-3}
    campaign = measured(begun(target), 12, lambda row: 10 ** (-5 * row["x"]))
    found = campaign.predict([{"x": 0.1, "y": 0.5}, {"x": 0.9, "y": 0.5}])
    assert found["s_side"].tolist() == ["above", "below"]
    assert "s at 0.001 S/cm" in str(campaign.status())
    mapped = measured(begun({**target, "goal": "map", "value": None}), 6, lambda row: 10 ** (-5 * row["x"]))
    assert "is known ×/÷ 1." in str(mapped.status())


COMBINED: list[tuple[str, dict[str, Any]]] = [
    ("context", {"space": [{**SQUARE[0], "role": "context"}, SQUARE[1]]}),
    ("per batch", {"space": [{**SQUARE[0], "step": 0.1, "vary": "per_batch", "change_cost": 1}, SQUARE[1]]}),
    ("when", {"space": [*SQUARE[:1], {"name": "g", "kind": "categorical", "choices": ["a", "b"]},
                        {**SQUARE[1], "when": "g == a"}]}),
    ("equality", {"space": SQUARE, "constraints": ["x + y == 1"]}),
    ("zero or", {"space": [SQUARE[0], {"name": "y", "kind": "numeric", "zero_or": [0.5, 1]}]}),
    ("candidates", {"candidates": pd.DataFrame(np.random.default_rng(1).uniform(0, 1, (40, 2)), columns=["x", "y"])}),
    ("deviation", {"acquisition": "posterior-deviation"}),
]  # fmt: skip


@GOALS
@pytest.mark.parametrize("keys", [keys for _, keys in COMBINED], ids=[name for name, _ in COMBINED])
def test_other_features_can_be_combined(target: dict[str, Any], keys: dict[str, Any]) -> None:
    campaign = begun(target, batch_size=3, **keys)
    contexts = bool(campaign.space.context_parameters)
    for i in range(3):
        batch = campaign.suggest(context={"x": 0.2 + 0.3 * i} if contexts else None)
        values = [surface({"y": 0.0, **row, **({"y": 0.0} if pd.isna(row["y"]) else {})})
                  for row in batch.to_dict(orient="records")]  # fmt: skip
        if i == 1:
            campaign.record_failure(batch.index[0], "cracked")
            batch, values = batch.iloc[1:], values[1:]
        campaign.record(batch.assign(s=values))
    assert campaign.state.suggestions["S0009"].how == "model"
    assert campaign.remaining_uncertainty()
    assert str(campaign.explain("S0009"))


@pytest.mark.parametrize("kind", ["map", "boundary"])
@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(space=spaces(), seed=st.integers(0, 99))
def test_any_space_can_be_explored(kind: str, space: DesignSpace, seed: int) -> None:
    target = {"name": "s", "goal": kind, **({"value": 0.3} if kind == "boundary" else {})}
    campaign = Campaign.create(space=space, targets=[target], seed=seed, initial=2, batch_size=2)
    rng = np.random.default_rng(seed)
    for _ in range(2):
        try:
            batch = campaign.suggest()
        except NoDesignLeft:
            break
        campaign.record(batch.assign(s=rng.normal(size=len(batch))))
    for found in campaign.remaining_uncertainty():  # none with fewer than two results
        assert 0 <= found.variance_left <= 1
        assert found.deviation >= 0
    assert len(campaign.state.results) < 2 or campaign.remaining_uncertainty()


def test_commands_show_what_is_uncertain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("phases.yaml").write_text(FILE)
    assert main(["best", "phases.yaml"]) == 0
    assert "Nothing has been measured yet." in capsys.readouterr().out
    measured(Campaign.open("phases.yaml"), 6)
    assert main(["best", "phases.yaml", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["best"], shown["remaining"][0]["value"]) == ([], 0.5)
    assert main(["best", "phases.yaml"]) == 0
    assert "no design is the best one" in capsys.readouterr().out
    assert main(["status", "phases.yaml", "--json"]) == 0
    assert "on which side a design lies" in json.loads(capsys.readouterr().out)["remaining"][0]
    assert main(["predict", "phases.yaml", "x=0.1", "y=0.1"]) == 0
    assert "In brackets: the probability that s lies above 0.5 HV." in capsys.readouterr().out


def test_censored_results_of_a_boundary_count_as_below_it() -> None:
    target = {**BOUNDARY, "limits": [0.2, None]}
    campaign = begun(target)
    for _ in range(10):
        batch = campaign.suggest()
        value = surface(batch.iloc[0])
        campaign.record(batch.assign(s=["n.d." if value < 0.2 else value]))
    found = campaign.predict([{"x": 0.05, "y": 0.1}, {"x": 0.95, "y": 0.9}])
    assert found["s_side"].iloc[1] == "above"
    assert found["s_above"].iloc[0] < 0.5


@GOALS
def test_past_tasks_inform_a_map_and_a_boundary(target: dict[str, Any]) -> None:
    from designer.priors.auto import AutoPrior
    from designer.tasks import Task

    rng, space = np.random.default_rng(3), DesignSpace(parameters=SQUARE)
    tasks = []
    for i in range(3):
        frame = pd.DataFrame(rng.uniform(0, 1, (40, 2)), columns=["x", "y"])
        frame["s"] = [surface(row) + 0.02 * i for row in frame.to_dict(orient="records")]
        targets = (Target(name="s", unit="HV", goal="maximize"),)
        tasks.append(Task(space=space, targets=targets, data=frame, name=f"past-{i}"))
    prior = AutoPrior().fit(tasks, seed=0)
    grid = pd.DataFrame(rng.uniform(0, 1, (200, 2)), columns=["x", "y"])
    truth = np.array([surface(row) for row in grid.to_dict(orient="records")])
    errors = []
    for used in ({}, {"prior": prior}):
        campaign = measured(begun(target, initial=3, **used), 5)
        assert campaign.suggest(2).shape[0] == 2
        errors.append(float(np.abs(campaign.predict(grid)["s"] - truth).mean()))
    assert errors[1] < 0.7 * errors[0]
