"""Campaigns with settings that are made with an error: robust optimum, grammar, what it cannot be combined with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.cli.main import main
from designer.errors import InvalidCampaign
from designer.report import write_report

X: dict[str, Any] = {"name": "x", "kind": "numeric", "bounds": [0, 1], "setting_error": 0.05}
SPACE: list[dict[str, Any]] = [X, {"name": "t", "kind": "numeric", "bounds": [0, 1]}]
TARGETS: list[dict[str, Any]] = [{"name": "y", "goal": "maximize"}]


def exact(x: Any) -> Any:
    """Return a surface with a sharp peak of 1.4 at 0.25 and a broad one of 1 at 0.7."""
    return 1.4 * np.exp(-(((x - 0.25) / 0.06) ** 2)) + np.exp(-(((x - 0.7) / 0.25) ** 2))


def run(campaign: Campaign, count: int) -> None:
    """Make experiments with errors, and record the settings that were really made."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        frame = campaign.suggest()
        made = np.clip(frame["x"] + 0.05 * rng.normal(), 0, 1)
        campaign.record(frame.assign(x=made, y=exact(made) - (frame["t"] - 0.4) ** 2))


def best_by_model(campaign: Campaign) -> Any:
    table = campaign.best()
    return table[table["best_by"] != "measured"].iloc[0]


def filled(space: list[dict[str, Any]], **options: Any) -> Campaign:
    """Return a campaign that knows the whole surface."""
    campaign = Campaign.create(space=space, targets=options.pop("targets", TARGETS), **options)
    table = pd.DataFrame([{"x": x, "t": t} for x in np.linspace(0, 1, 31) for t in (0.2, 0.4, 0.7)])
    campaign.attach(table.assign(y=exact(table["x"]) - (table["t"] - 0.4) ** 2))
    return campaign


@pytest.mark.parametrize(
    ("parameter", "options", "path", "words"),
    [
        ({"setting_error": 0}, {}, ("space", 0, "setting_error"), "is not above 0"),
        ({"setting_error": -1}, {}, ("space", 0, "setting_error"), "is not above 0"),
        ({"setting_error": 5}, {}, ("space", 0, "setting_error"), "more than the range"),
        ({"setting_error": "200 %"}, {}, ("space", 0, "setting_error"), "more than the setting"),
        ({"setting_error": "5 degC"}, {}, ("space", 0, "setting_error"), "'2 %'"),
        ({"setting_error": True}, {}, ("space", 0, "setting_error"), "True"),
        ({"role": "context"}, {}, ("space", 0, "setting_error"), "is a context"),
        ({}, {"constraints": ["x + t == 1"]}, ("space", 0, "setting_error"), "joined to others by an equality"),
        ({}, {"targets": [{**TARGETS[0], "robust": "worst"}]}, ("targets", 0, "robust"), "'expected'"),
        ({}, {"targets": [{**TARGETS[0], "robust": {"quantile": 0.9}}]}, ("targets", 0, "robust"), "0.5"),
        (
            {"setting_error": None},
            {"targets": [{**TARGETS[0], "robust": "expected"}]},
            ("targets", 0, "robust"),
            "add 'setting_error'",
        ),
    ],
)
def test_fault_is_located(
    parameter: dict[str, Any], options: dict[str, Any], path: tuple[Any, ...], words: str
) -> None:
    data = {"name": "c", "space": [{**X, **parameter}, SPACE[1]], "targets": TARGETS, **options}
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_data(data)
    assert words in str(caught.value)
    assert [fault.path[: len(path)] for fault in caught.value.faults] == [path]


def test_composition_has_no_error() -> None:
    composition = {"name": "c", "kind": "composition", "elements": ["Ni", "Fe"], "setting_error": 1}
    with pytest.raises(InvalidCampaign, match="unknown key 'setting_error'"):
        CampaignSpec.from_data({"name": "c", "space": [composition], "targets": TARGETS})


def test_robust_best_is_on_the_broad_peak() -> None:
    plain = filled([{key: value for key, value in X.items() if key != "setting_error"}, SPACE[1]])
    assert best_by_model(plain)["x"] == pytest.approx(0.25, abs=0.05)
    robust = filled(SPACE)
    best = best_by_model(robust)
    assert best["x"] == pytest.approx(0.7, abs=0.07)
    draws = np.clip(best["x"] + 0.05 * np.random.default_rng(0).normal(size=4000), 0, 1)
    assert best["y_mean"] == pytest.approx(float(np.mean(exact(draws)) - (best["t"] - 0.4) ** 2), abs=0.03)
    assert robust.suggest()["x"].iloc[0] == pytest.approx(0.7, abs=0.15)
    assert plain.suggest()["x"].iloc[0] == pytest.approx(0.25, abs=0.1)


def test_quantile_of_the_runs() -> None:
    campaign = filled(SPACE, targets=[{**TARGETS[0], "robust": {"quantile": 0.1}}])
    best = best_by_model(campaign)
    draws = np.clip(best["x"] + 0.05 * np.random.default_rng(0).normal(size=4000), 0, 1)
    assert best["y_mean"] == pytest.approx(float(np.quantile(exact(draws), 0.1) - (best["t"] - 0.4) ** 2), abs=0.04)
    assert "the 10 % quantile of y" in campaign.robust()


def test_campaign_finds_the_robust_optimum() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, seed=1)
    run(campaign, 18)
    assert best_by_model(campaign)["x"] == pytest.approx(0.7, abs=0.15)
    text = str(campaign.explain("S0012"))
    assert "Settings: predictions are the expected value of y, over the errors of the settings (x ± 0.05)" in text
    assert campaign.explain("S0012").as_dict()["robust"]


def test_nominal_results_are_not_averaged_again() -> None:
    nominal = [{**X, "recorded_as": "nominal"}, SPACE[1]]
    exact_settings = [{key: value for key, value in X.items() if key != "setting_error"}, SPACE[1]]
    designs = [{"x": x, "t": 0.4} for x in (0.1, 0.25, 0.4, 0.7)]
    found = [filled(space).predict(designs).iloc[:, 0].tolist() for space in (nominal, exact_settings, SPACE)]
    assert found[0] == pytest.approx(found[1])
    assert found[2][1] < found[0][1] - 0.2
    low = [{**TARGETS[0], "robust": {"quantile": 0.1}}]
    quantiles = [filled(space, targets=low).predict(designs).iloc[:, 0].tolist() for space in (nominal, SPACE)]
    assert quantiles[0][1] < found[0][1] - 0.3  # the error is seen on the sharp peak
    assert quantiles[0][3] == pytest.approx(found[0][3], abs=0.1)  # and hardly on the broad one
    with pytest.raises(InvalidCampaign, match="'recorded_as' has no meaning without 'setting_error'"):
        Campaign.create(space=[{**exact_settings[0], "recorded_as": "made"}, SPACE[1]], targets=TARGETS)


def test_made_settings_are_recorded() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, initial=2)
    frame = campaign.suggest()
    campaign.record(frame.assign(x=frame["x"] + 0.013, y=1.0))
    assert campaign.measurements()["x"].iloc[0] == pytest.approx(frame["x"].iloc[0] + 0.013)


def test_candidates_batches_several_goals_and_failures() -> None:
    table = pd.DataFrame([{"x": x / 20, "t": t / 4} for x in range(21) for t in range(5)])
    targets = [*TARGETS, {"name": "cost", "goal": "minimize"}]
    for options in ({"candidates": table}, {"combine": "desirability"}, {}):
        campaign = Campaign.create(space=SPACE, targets=targets, batch_size=2, initial=4, **options)
        for _ in range(3):
            frame = campaign.suggest()
            campaign.record(frame.assign(y=exact(frame["x"]), cost=frame["t"]))
        campaign.record_failure(str(campaign.suggest().index[0]), "cracked")
        assert len(campaign.suggest()) == 2
        assert len(campaign.best())


def test_reach_is_that_of_the_robust_value() -> None:
    space = [{**X, "step": 0.05}, {**SPACE[1], "step": 0.1}]
    campaign = Campaign.create(space=space, targets=[{**TARGETS[0], "reach": 1.2}], initial=2)
    grid = pd.DataFrame([{"x": x, "t": 0.4} for x in np.linspace(0, 1, 21)])
    campaign.attach(grid.assign(y=exact(grid["x"])))
    assert not campaign.verdict().stop  # the sharp peak has 1.4, and no design gives 1.2 on average
    low = Campaign.create(space=space, targets=[{**TARGETS[0], "reach": 0.9}], initial=2)
    low.attach(grid.assign(y=exact(grid["x"])))
    assert low.verdict().stop
    assert "is predicted to reach it, with the errors of its settings" in low.verdict().reason


def test_command_and_report_name_the_robust_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "films.yaml"
    file.write_text(
        "designer: 1\nname: films\nspace:\n"
        "  - {name: x, kind: numeric, unit: mm, bounds: [0, 1], setting_error: 5 %}\n"
        "targets:\n  - {name: y, goal: maximize}\n"
    )
    campaign = Campaign.open(file)
    for _ in range(4):
        frame = campaign.suggest()
        campaign.record(frame.assign(y=exact(frame["x"])))
    assert main(["best", str(file)]) == 0
    assert "The best by the model is the robust one" in " ".join(capsys.readouterr().out.split())
    text = write_report(campaign, tmp_path / "report.html").read_text()
    assert "Settings are made with an error: predictions are the expected value of y" in text


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_spaces_with_errors_give_valid_suggestions(data: st.DataObject) -> None:
    kinds: list[dict[str, Any]] = [
        {"bounds": [2, 8]},
        {"bounds": [1, 1000], "scale": "log"},
        {"zero_or": [2, 8]},
        {"bounds": [0, 10], "step": 0.5},
        {"values": [1, 2, 5]},
        {"values": [3]},
        {"bounds": [1, 5], "when": "gas == N2"},
    ]
    space: list[dict[str, Any]] = [{"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]}]
    for i in range(data.draw(st.integers(1, 4))):
        error = data.draw(st.sampled_from(["3 %", "20 %"]))
        given = kinds[:3] if i == 0 else kinds  # at least four designs
        space.append({"name": f"p{i}", "kind": "numeric", "setting_error": error, **data.draw(st.sampled_from(given))})
    campaign = Campaign.create(space=space, targets=TARGETS, initial=2)
    for i in range(4):
        frame = campaign.suggest()
        assert campaign.space.valid(campaign.space.coordinates(frame)).all()
        campaign.record(frame.assign(y=float(i % 3)))
    assert np.isfinite(campaign.best()["y_mean"]).all()
