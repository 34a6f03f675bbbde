"""Targets with `scale: log`: a campaign on y decides as one on log10(y), and shows y."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer import Campaign, DesignSpace, Target, Task, fit_prior
from designer.campaign.past_work import past_tasks
from designer.errors import InvalidCampaign, InvalidData, InvalidPrior, NoDesignLeft
from designer.report import write_report
from tests.space.spaces import spaces

FURNACE: list[dict[str, Any]] = [
    {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 10},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
]


def exponent(design: Any, shift: float = 0.0) -> float:
    warm = (float(design["temperature"]) - 650 - shift) / 150
    return -4.0 + warm**2 + {"N2": 0.0, "Ar": 0.3, "air": 1.2}[str(design["gas"])]


def pair(targets: dict[str, Any], space: Any = FURNACE, **keys: Any) -> tuple[Campaign, Campaign]:
    """Return a campaign on a log target, and the same on its logarithm."""
    log = {key: np.log10(y).item() if key in ("reach", "at_most", "at_least") else y for key, y in targets.items()}
    if "range" in targets:
        log["range"] = np.log10(targets["range"]).tolist()
    first = Campaign.create(space=space, targets=[{**targets, "scale": "log"}], **keys)
    return first, Campaign.create(space=space, targets=[log], **keys)


@pytest.mark.parametrize(
    "target",
    [
        {"name": "rho", "unit": "ohm*cm", "goal": "minimize", "reach": 2e-5},
        {"name": "rho", "goal": "maximize", "at_most": 0.01},
        {"name": "rho", "goal": "minimize", "weight": 1, "range": [1e-5, 1.0]},
    ],
)
def test_suggestions_are_those_of_a_campaign_on_the_logarithm(target: dict[str, Any]) -> None:
    first, second = pair(target, initial=3)
    for _ in range(7):
        batch = first.suggest(1)
        assert second.suggest(1).equals(batch)
        z = exponent(batch.iloc[0])
        first.record({batch.index[0]: {"rho": 10.0**z}})
        second.record({batch.index[0]: {"rho": np.log10(10.0**z).item()}})
    designs = [{"temperature": 500, "gas": "Ar"}, {"temperature": 880, "gas": "N2"}]
    shown, modelled = first.predict(designs), second.predict(designs)
    for column in ("rho", "rho_low", "rho_high"):
        assert shown[column].to_numpy() == pytest.approx(10.0 ** modelled[column].to_numpy(), rel=1e-9)
    assert (shown["rho_high"] - shown["rho"] > shown["rho"] - shown["rho_low"]).all()
    best, other = first.best(), second.best()
    assert best.index.tolist() == other.index.tolist()
    assert best["rho_mean"].to_numpy() == pytest.approx(10.0 ** other["rho_mean"].to_numpy())
    assert best["rho_low"].iloc[0] < best["rho_mean"].iloc[0] < best["rho_high"].iloc[0]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(spaces(), st.integers(0, 99))
def test_any_space_gives_the_suggestions_of_the_logarithm(space: DesignSpace, seed: int) -> None:
    first, second = pair({"name": "answer", "goal": "minimize"}, space, initial=2, seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        try:
            batch = first.suggest(1)
        except NoDesignLeft:
            return
        assert second.suggest(1).equals(batch)
        y = 10.0 ** rng.uniform(-6, 6)
        first.record({batch.index[0]: {"answer": y}})
        second.record({batch.index[0]: {"answer": np.log10(y).item()}})


def family(folder: Path, values: Any, **keys: Any) -> Path:
    """Write a family of two past tasks with the values of `values(exponent)`."""
    folder.mkdir()
    rng, lines = np.random.default_rng(0), []
    for name, shift in (("north", 20.0), ("south", -30.0)):
        rows = [
            {"temperature": float(t), "gas": str(g)}
            for t, g in zip(rng.integers(30, 91, 25) * 10, rng.choice(["N2", "Ar", "air"], 25), strict=True)
        ]
        table = pd.DataFrame(rows).assign(rho=[values(exponent(row, shift)) for row in rows])
        table.to_csv(folder / f"{name}.csv", index=False)
        given = ", ".join(f"{key}: {value}" for key, value in keys.items())
        lines.append(f"  - {{name: {name}, file: {name}.csv, targets: [{{name: rho, goal: minimize, {given}}}]}}")
    text = "\n".join(lines)
    (folder / "family.yaml").write_text(
        "family: ovens\nlicense: own\nspace:\n"
        "  - {name: temperature, kind: numeric, unit: degC, bounds: [300, 900]}\n"
        f"  - {{name: gas, kind: categorical, choices: [N2, Ar, air]}}\ntasks:\n{text}\n"
    )
    return folder


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_past_tasks_are_learned_from_on_the_scale_of_the_campaign(tmp_path: Path, scale: str) -> None:
    own = family(tmp_path / "own", lambda z: 10.0**z, scale=scale)
    logs = family(tmp_path / "logs", lambda z: float(np.log10(10.0**z)))
    first, second = pair({"name": "rho", "goal": "minimize"})
    keys = {"kind": "transfer-gp"}
    first = Campaign.create(
        space=FURNACE, targets=first.objective, prior={**keys, "tasks": [str(own)]}, store=tmp_path / "a.db"
    )
    second = Campaign.create(
        space=FURNACE, targets=second.objective, prior={**keys, "tasks": [str(logs)]}, store=tmp_path / "b.db"
    )
    for _ in range(3):
        batch = first.suggest(1)
        assert second.suggest(1).equals(batch)
        z = exponent(batch.iloc[0])
        first.record({batch.index[0]: {"rho": 10.0**z}})
        second.record({batch.index[0]: {"rho": float(np.log10(10.0**z))}})


def test_past_values_without_logarithm_are_refused_by_task(tmp_path: Path) -> None:
    past = family(tmp_path / "past", lambda z: z)
    campaign = Campaign.create(
        space=FURNACE,
        targets=[{"name": "rho", "goal": "minimize", "scale": "log"}],
        prior={"kind": "transfer-gp", "tasks": [str(past)]},
        store=tmp_path / "c.db",
    )
    with pytest.raises(InvalidPrior, match=r"past task 'north'.*has no logarithm.*leave_out"):
        campaign.suggest()


def test_a_table_of_a_log_family_names_the_cell_without_logarithm() -> None:
    space = DesignSpace(parameters=FURNACE[:1])
    data = pd.DataFrame({"temperature": [400, 500], "rho": [1e-3, 0.0]})
    with pytest.raises(InvalidData, match=r"row 3.*column 'rho'.*0 has no logarithm"):
        Task(space=space, targets=[Target(name="rho", goal="minimize", scale="log")], data=data, name="t")


def test_a_prior_fitted_on_another_scale_is_refused(tmp_path: Path) -> None:
    prior = fit_prior(past_tasks([family(tmp_path / "past", lambda z: 10.0**z)]), "transfer-gp")
    campaign = Campaign.create(
        space=FURNACE, targets=[{"name": "rho", "goal": "minimize", "scale": "log"}], prior=prior
    )
    with pytest.raises(InvalidPrior, match=r"fitted to 'rho' on a linear scale.*scale: log"):
        campaign.suggest()
    fitted = fit_prior(past_tasks([family(tmp_path / "logs", lambda z: 10.0**z, scale="log")]), "transfer-gp")
    fitted.save(tmp_path / "saved")
    campaign = Campaign.create(
        space=FURNACE,
        targets=[{"name": "rho", "goal": "minimize", "scale": "log"}],
        prior={"kind": "transfer-gp", "tasks": [str(tmp_path / "saved")]},
        store=tmp_path / "d.db",
    )
    assert len(campaign.suggest()) == 1  # the scale is saved with the prior


@pytest.mark.parametrize("bad", [0, -3.5, "0 ohm*cm", "-1e-9"])
def test_results_without_logarithm_are_located_and_not_written(bad: Any) -> None:
    target = {"name": "rho", "unit": "ohm*cm", "goal": "minimize", "scale": "log"}
    campaign = Campaign.create(space=FURNACE, targets=[target])
    batch = campaign.suggest(2)
    with pytest.raises(InvalidData, match=r"row 3, column 'rho'.*has no logarithm.*scale: log"):
        campaign.record({batch.index[0]: {"rho": 1e-3}, batch.index[1]: {"rho": bad}})
    with pytest.raises(InvalidData, match=r"row 2, column 'rho'.*has no logarithm"):
        campaign.attach([{"temperature": 500, "gas": "Ar", "rho": bad}])
    campaign.record({batch.index[0]: {"rho": 1e-3}})
    with pytest.raises(InvalidData, match=r"column 'rho'.*has no logarithm"):
        campaign.amend("M0001", {"rho": bad})
    assert len(campaign.measurements()) == 1


FILE = """designer: 1
name: film
space:
  - {name: temperature, kind: numeric, unit: degC, bounds: [300, 900], step: 10}
targets:
  - {name: rho, goal: minimize}
"""


def test_the_scale_may_change_while_all_results_have_logarithms(tmp_path: Path) -> None:
    path = tmp_path / "film.yaml"
    path.write_text(FILE)
    campaign = Campaign.open(path)
    campaign.attach([{"temperature": 100.0 * i, "rho": 10.0**-i} for i in range(3, 9)])
    path.write_text(FILE.replace("minimize", "minimize, scale: log"))
    campaign = Campaign.open(path)
    campaign.suggest()
    assert campaign.predict([{"temperature": 650}])["rho_low"].iloc[0] > 0
    assert Campaign.open(path).objective.targets[0].is_log
    path.write_text(FILE)
    Campaign.open(path).attach([{"temperature": 310, "rho": -1}])
    path.write_text(FILE.replace("minimize", "minimize, scale: log"))
    with pytest.raises(InvalidCampaign, match=r"film.yaml:6.*M0007 has rho -1, which has no logarithm.*withdraw"):
        Campaign.open(path)


def test_replicates_are_averaged_in_logarithms() -> None:
    campaign = Campaign.create(space=FURNACE, targets=[{"name": "rho", "goal": "minimize", "scale": "log"}])
    design = {"temperature": 500, "gas": "Ar"}
    campaign.attach([{**design, "rho": 1e-4, "replicate": 1}, {**design, "rho": 1e-2, "replicate": 2}])
    assert campaign.best()["rho"].iloc[0] == pytest.approx(1e-3)


def test_a_wide_or_skewed_linear_target_is_remarked_once() -> None:
    campaign = Campaign.create(space=FURNACE, targets=[{"name": "rho", "unit": "ohm*cm", "goal": "minimize"}])
    rows = [{"temperature": 300 + 10 * i, "gas": "Ar", "rho": 10.0 ** (-i / 2)} for i in range(8)]
    assert campaign.attach(rows[:4]).remarks == ()
    report = campaign.attach(rows[4:7])
    assert "rho: the results span 3.0 decades (0.001 to 1 ohm*cm). Add 'scale: log'" in str(report)
    assert campaign.attach(rows[7:]).remarks == ()
    logs = Campaign.create(space=FURNACE, targets=[{"name": "rho", "goal": "minimize", "scale": "log"}])
    assert logs.attach(rows).remarks == ()
    skewed = Campaign.create(space=FURNACE, targets=[{"name": "rho", "goal": "minimize"}])
    values = [0.4, 0.5, 0.7, 0.9, 1.0, 1.3, 1.6, 2.2, 3.5, 6.0, 30.0]
    report = skewed.attach([{"temperature": 300 + 10 * i, "gas": "Ar", "rho": y} for i, y in enumerate(values)])
    assert "are strongly skewed" in report.remarks[0]


def test_explanation_and_report_show_the_unit(tmp_path: Path) -> None:
    target = {"name": "rho", "unit": "ohm*cm", "goal": "minimize", "scale": "log", "reach": 1e-6}
    campaign = Campaign.create(space=FURNACE, targets=[target, {"name": "hardness", "goal": "maximize"}], initial=3)
    for _ in range(6):
        batch = campaign.suggest()
        design = batch.iloc[0]
        hardness = float(design["temperature"])
        campaign.record({batch.index[0]: {"rho": 10.0 ** exponent(design), "hardness": hardness}})
    last = campaign.suggest()
    explained = campaign.explain(last.index[0])
    expected = explained.expected[0]
    assert 0 < expected.low < expected.mean < expected.high
    assert expected.high - expected.mean > expected.mean - expected.low
    text = str(explained)
    assert "ohm*cm, 90 % interval" in text
    assert "×" in text or "÷" in text
    page = write_report(campaign, tmp_path / "report.html").read_text()
    assert "a factor of" in page
