"""Results of a past campaign with the same observation tell how the target depends on it, in another space."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer import Campaign
from designer.campaign.observing import past_observations as past
from designer.campaign.observing.observed_designs import ColumnScale
from designer.campaign.staging.observation_effects import ObservationEffect
from designer.cli.main import main
from designer.observations.observation import MIN_PAIRS

PAST_SPACE = [{"name": name, "kind": "numeric", "bounds": [0, 10], "step": 0.5} for name in ("x", "w")]
SPACE = [{"name": name, "kind": "numeric", "bounds": [0, 5], "step": 0.25} for name in ("u", "v")]
HARDNESS: dict[str, Any] = {"name": "hardness", "unit": "HV", "stage": 1, "cost": 0.1}
STRENGTH: dict[str, Any] = {"name": "strength", "unit": "MPa", "goal": "maximize"}
RESULTS = 40


def hardness(a: float, b: float) -> float:
    return float(200.0 + 40.0 * np.sin(0.9 * a + 0.4 * b) + 20.0 * np.cos(1.3 * b))


def own_hardness(design: dict[str, Any]) -> float:
    return hardness(2.0 * design["u"] + 1.0, 2.0 * design["v"] + 3.0)


def finished(folder: Path, *, slope: float = 3.0, unit: float = 1.0, order: int | None = None, **changes: Any) -> None:
    """Write a past campaign of alloys whose strength, in MPa over `unit`, is `slope` times their hardness."""
    path = folder / "past.yaml"
    data = {"designer": 1, "name": "last year", "space": PAST_SPACE, "targets": [STRENGTH], "observations": [HARDNESS]}
    path.write_text(json.dumps({**data, **changes}))
    rng = np.random.default_rng(0)
    rows = [{"x": float(x), "w": float(w)} for x, w in rng.integers(0, 11, (RESULTS, 2))]
    noise = 10.0 * rng.normal(size=RESULTS)
    made = [
        {**row, "hardness": (z := hardness(row["x"], row["w"])), "strength": unit * (slope * z + more)}
        for row, more in zip(rows, noise, strict=True)
    ]
    if order is not None:
        made = [made[i] for i in np.random.default_rng(order).permutation(RESULTS)]
    Campaign.open(path).attach(made)


def begun(folder: Path, results: int, *, learns: bool = True, **changes: Any) -> Campaign:
    """Return a campaign of three observed designs, of which the first have results."""
    path = folder / "own.yaml"
    prior = {"kind": "transfer-gp", "tasks": ["past.yaml"]} if learns else {"kind": "none"}
    data = {
        "designer": 1, "name": "own", "space": SPACE, "targets": [STRENGTH], "observations": [HARDNESS], "initial": 4,
        "prior": prior,
    }  # fmt: skip
    path.write_text(json.dumps({**data, **changes}))
    campaign = Campaign.open(path)
    campaign.suggest(4)
    for i, each in enumerate(list(campaign.state.open)):
        design = dict(each.design)
        campaign.record([{"suggestion": each.id, "hardness": own_hardness(design)}])
        if i < results:
            campaign.record([{"suggestion": each.id, "strength": 3.0 * own_hardness(design)}])
    return campaign


def effects(campaign: Campaign) -> list[tuple[ObservationEffect, float]]:
    """Return what the observations say of each design without a result, and its true strength."""
    found = campaign.observation_effects()
    designs = {each.id: dict(each.design) for each in campaign.state.open}
    return [(each, 3.0 * own_hardness(designs[each.suggestion])) for each in found]


def miss(given: tuple[float, float], truth: float) -> float:
    return abs(0.5 * sum(given) - truth)


@pytest.mark.parametrize("results", [2, 3])
def test_a_past_relation_predicts_from_the_first_observations_on(results: int, tmp_path: Path) -> None:
    finished(tmp_path)
    (tmp_path / "alone").mkdir()
    alone = begun(tmp_path / "alone", results, learns=False).observation_effects()
    assert bool(alone) == (results >= MIN_PAIRS)
    found = effects(begun(tmp_path, results))
    assert len(found) == 4 - results
    for effect, truth in found:
        assert effect.weight > 0.6
        assert effect.given[0] < truth < effect.given[1]
        assert np.ptp(effect.given) < np.ptp(effect.without)
        assert miss(effect.given, truth) < miss(effect.without, truth)


def test_the_words_name_the_past_campaign(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished(tmp_path)
    campaign = begun(tmp_path, 3)
    words = "how strength depends on hardness was learned from 40 results of past campaign 'last year'"
    (effect,) = campaign.observation_effects()
    assert words in effect.words
    assert [text.startswith(words) for text in effect.as_dict()["learned_from"]] == [True]
    for command in (["explain", str(tmp_path / "own.yaml"), "S0004"], ["suggest", str(tmp_path / "own.yaml")]):
        assert main(command) == 0
        assert words in " ".join(capsys.readouterr().out.split())
    assert main(["validate", str(tmp_path / "own.yaml")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "40 results of it tell how strength depends on hardness" in shown


@pytest.mark.parametrize(
    ("target", "unit"), [({**STRENGTH, "unit": "GPa"}, 0.001), ({**STRENGTH, "scale": "log"}, 1.0)]
)
def test_the_unit_and_the_scale_of_a_past_target_do_not_matter(
    target: dict[str, Any], unit: float, tmp_path: Path
) -> None:
    found: list[ObservationEffect] = []
    for each, factor in ((STRENGTH, 1.0), (target, unit)):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        finished(folder, targets=[each], unit=factor)
        found.append(begun(folder, 3).observation_effects()[0])
    assert found[1].weight == pytest.approx(found[0].weight, abs=0.01)
    assert found[1].given == pytest.approx(found[0].given, rel=0.01)


def test_another_quantity_tells_nothing(tmp_path: Path) -> None:
    finished(tmp_path, targets=[{**STRENGTH, "unit": "g"}])
    campaign = begun(tmp_path, MIN_PAIRS - 1)
    (known,) = past.past_observations(campaign._spec())
    assert known.weight(campaign.objective.targets[0]) is None
    assert not campaign.observation_effects()


def test_the_order_of_past_results_does_not_matter(tmp_path: Path) -> None:
    words = []
    for order in (None, 1):
        folder = tmp_path / f"order {order}"
        folder.mkdir()
        finished(folder, order=order)
        campaign = begun(folder, 3)
        words.append([each.words for each in campaign.observation_effects()])
        again = Campaign.open(folder / "own.yaml")
        assert [each.words for each in again.observation_effects()] == words[-1], "a function of the events"
    assert words[0] == words[1]


def test_of_many_past_results_some_are_used_the_same_in_any_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "ROWS", 15)
    used = []
    for order in (None, 1):
        folder = tmp_path / f"order {order}"
        folder.mkdir()
        finished(folder, order=order)
        campaign = begun(folder, 0)
        (known,) = past.past_observations(campaign._spec())
        numbers = np.array([[row["hardness"]] for row in known.observed])
        found = known.with_observations(campaign.objective.targets[0], numbers)
        assert found is not None
        used.append((found[0].Y.tolist(), found[1].tolist()))
        assert len(found[1]) == 15
    assert used[0] == used[1]


def test_few_past_campaigns_are_used_the_most_informative_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(tmp_path)
    campaign = begun(tmp_path, MIN_PAIRS - 1)
    (known,) = past.past_observations(campaign._spec())
    rows = np.array([[row["hardness"]] for row in known.observed])
    target = campaign.objective.targets[0]
    found = past.related_results([known] * 5, [rows] * 5, target, ColumnScale.of(rows))
    assert len(found) == past.MAX_RELATIONS
    weight = known.weight(target)
    assert weight is not None
    assert {each.probability for each in found} == {weight / 6}
    monkeypatch.setattr(past.PastObservations, "weight", lambda *_: 0.4)
    assert past.related_results([known], [rows], target, ColumnScale.of(rows)) == ()


def test_a_relation_that_the_results_contradict_is_not_used(tmp_path: Path) -> None:
    finished(tmp_path, slope=-3.0)
    campaign = begun(tmp_path, 4)
    campaign.attach(
        [{"u": u, "v": 1.0, "hardness": (z := own_hardness({"u": u, "v": 1.0})), "strength": 3.0 * z} for u in range(4)]
    )
    posterior = campaign._posterior()
    assert posterior.revised_targets is not None
    regression = posterior.revised_targets.regression(0, ["hardness"])
    assert regression is not None
    assert [each.weight < 0.1 for each in regression.parts if each.past is not None] == [True]


def test_before_the_first_result_an_observation_tells_where_past_results_tell_of_the_designs(tmp_path: Path) -> None:
    finished(tmp_path)
    path = tmp_path / "own.yaml"
    prior = {"kind": "transfer-gp", "tasks": ["past.yaml"]}
    data = {"designer": 1, "name": "own", "space": PAST_SPACE, "targets": [STRENGTH], "observations": [HARDNESS]}
    path.write_text(json.dumps({**data, "prior": prior}))
    campaign = Campaign.open(path)
    campaign.suggest(1)
    for seen in (150.0, 230.0):
        campaign.record([{"suggestion": "S0001", "hardness": seen}])
    (effect,) = campaign.observation_effects()
    centre, without = (0.5 * sum(each) for each in (effect.given, effect.without))
    assert np.ptp(effect.given) < np.ptp(effect.without)
    assert abs(centre - 3.0 * 190.0) < abs(without - 3.0 * 190.0), "the mean of both observations"
    assert campaign.next_steps()
    assert len(campaign.suggest(1)) == 1


def test_the_first_design_is_measured_at_once_although_a_past_campaign_tells_of_it(tmp_path: Path) -> None:
    """It is measured in any case, and with past results of the same designs it may be the best."""
    finished(tmp_path)
    path, kinds = tmp_path / "own.yaml", []
    data = {"designer": 1, "name": "own", "space": PAST_SPACE, "targets": [STRENGTH], "observations": [HARDNESS]}
    path.write_text(json.dumps({**data, "prior": {"kind": "transfer-gp", "tasks": ["past.yaml"]}}))
    campaign = Campaign.open(path)
    for _ in range(2):
        (name,) = campaign.suggest(1).index
        design = campaign.state.suggestions[name].design
        (step,) = campaign.next_steps()
        kinds.append(step.kind)
        seen = hardness(float(design["x"] or 0.0), float(design["w"] or 0.0))
        if step.kind == "observe":
            campaign.record([{"suggestion": name, "hardness": seen}])
        campaign.record([{"suggestion": name, "strength": 3.0 * seen}])
    assert kinds == ["measure", "observe"]
