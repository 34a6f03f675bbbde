"""Campaigns that match a reference curve: distances, results in and out, corrections, runs, figures, faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from designer import Campaign, Target
from designer.campaign.file.spec import CampaignSpec
from designer.cli.main import main
from designer.documents import read_document
from designer.errors import InvalidCampaign, InvalidData
from designer.observations.curves.curve import Curve
from designer.observations.curves.reference_curves import curve_distance, l2, wasserstein
from designer.observations.observation import Observation
from designer.report.curve_figures import curves
from designer.report.observed_quantities import observed_quantities

SPACE: list[dict[str, Any]] = [{"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 0.5}]
XRD: dict[str, Any] = {"name": "xrd", "kind": "curve", "axis": {"name": "two_theta", "unit": "deg"}}
REFERENCE = "0:0; 1:0; 2:3; 3:0; 4:0"
MATCH: dict[str, Any] = {"name": "mismatch", "goal": "match", "curve": "xrd", "reference": REFERENCE, "tolerance": 0.1}


def made(target: dict[str, Any] = MATCH, observation: dict[str, Any] = XRD, **options: Any) -> Campaign:
    return Campaign.create(space=SPACE, targets=[target], observations=[observation], **options)


def content(**changes: Any) -> dict[str, Any]:
    return {"designer": 1, "name": "c", "space": SPACE, "targets": [MATCH], "observations": [XRD], **changes}


class TestDistances:
    def test_l2_of_a_shift_and_of_a_sine(self) -> None:
        x = np.linspace(0.0, 2.0 * np.pi, 2001)
        assert l2(x, np.sin(x), np.zeros_like(x)) == pytest.approx(np.sqrt(0.5), rel=1e-6)
        assert l2(x, np.sin(x) + 3.0, np.sin(x)) == pytest.approx(3.0)

    def test_wasserstein_of_a_moved_peak_is_the_way(self) -> None:
        x = np.linspace(0.0, 20.0, 401)
        first, second = (np.exp(-(((x - centre) / 0.8) ** 2)) for centre in (7.0, 9.5))
        assert wasserstein(x, first, 5.0 * second + 2.0) == pytest.approx(2.5, abs=1e-3)
        assert wasserstein(x, first, first) == 0.0

    @settings(max_examples=20, deadline=None)
    @given(*[st.lists(st.floats(0, 100), min_size=6, max_size=6)] * 2)
    def test_wasserstein_is_that_of_scipy(self, first: list[float], second: list[float]) -> None:
        a, b = ([0.0, *values] for values in (first, second))
        x = np.arange(7.0)
        if sum(a) > 0 and sum(b) > 0:
            assert wasserstein(x, np.array(a), np.array(b)) == pytest.approx(wasserstein_distance(x, x, a, b))

    def test_spectra_are_compared_without_baselines(self) -> None:
        x = np.linspace(0.0, 10.0, 300)
        peak = np.exp(-(((x - 5.0) / 0.2) ** 2))
        reference = Curve(x=tuple(x), y=tuple(peak))
        target = Target.model_validate({**MATCH, "reference": reference.text})
        raised = Curve(x=tuple(x), y=tuple(peak + 2.0 + 0.1 * x))
        with_baseline = curve_distance(raised, target, Observation.model_validate(XRD))
        without = curve_distance(raised, target, Observation.model_validate({**XRD, "kind": "spectrum"}))
        assert without < 0.05 < 2.0 < with_baseline


def test_a_recorded_curve_is_a_result() -> None:
    campaign = made()
    campaign.suggest(2)
    assert campaign.record([{"suggestion": "S0001", "xrd": "0:1; 4:1"}]).recorded == ("M0001",)
    first = campaign.state.measurements["M0001"]
    expected = l2(np.arange(5.0), np.ones(5), np.array([0, 0, 3, 0, 0.0]))
    assert first.values == {"mismatch": pytest.approx(expected)}
    assert first.observed == {"xrd": Curve(x=(0, 4), y=(1, 1))}
    campaign.record([{"suggestion": "S0002", "xrd": REFERENCE}])
    assert [each.id for each in campaign.state.open] == []
    assert campaign.best().iloc[0]["mismatch"] == 0.0
    assert campaign.objective.targets[0].reaches(0.0)
    assert campaign.amend("M0002", {"xrd": "0:0; 4:0"})
    assert campaign.state.measurements["M0002"].values["mismatch"] == pytest.approx(1.5)
    assert campaign.amend("M0002", {"xrd": None})
    assert campaign.state.measurements["M0002"].values == {}


def test_a_distance_beside_its_curve_must_be_that_of_the_curve() -> None:
    campaign = made()
    campaign.attach([{"x": 1, "mismatch": 0.5}])
    campaign.attach([{"x": 2, "mismatch": 0.0, "xrd": REFERENCE}])
    with pytest.raises(InvalidData, match=r"row 2, column 'xrd': the distance of the curve 'xrd' is 0, and"):
        campaign.attach([{"x": 3, "mismatch": 0.5, "xrd": REFERENCE}])
    with pytest.raises(InvalidData, match="goes from 3 to 9, and the reference from 0 to 4"):
        campaign.attach([{"x": 3, "xrd": "3:1; 9:1"}])
    with pytest.raises(InvalidData, match="leave 'mismatch' out"):
        campaign.amend("M0002", {"xrd": REFERENCE, "mismatch": 3})


def test_tables_come_back(tmp_path: Path) -> None:
    campaign = made()
    campaign.attach([{"x": i, "xrd": f"0:{i}; 2:3.3; 4:0"} for i in range(3)])
    frame = pd.read_csv(campaign.export(tmp_path / "results.csv"), index_col=0)
    copied = made()
    copied.attach(frame[["x", "mismatch", "xrd"]].reset_index(drop=True))
    assert [each.values for each in copied.state.measurements.values()] == [
        each.values for each in campaign.state.measurements.values()
    ]


def test_the_reference_is_read_from_a_file_and_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.yaml"
    (tmp_path / "pattern.csv").write_text("0,0\n1,0\n2,3\n3,0\n4,0\n")
    path.write_text(json.dumps(content(targets=[{**MATCH, "reference": "pattern.csv", "distance": "wasserstein"}])))
    assert main(["validate", str(path)]) == 0
    campaign = Campaign.open(path)
    campaign.attach([{"x": 1, "xrd": "0:0; 1:1; 2:0; 4:0"}])
    assert campaign.state.measurements["M0001"].values["mismatch"] == pytest.approx(1.0)
    assert Campaign.resume(campaign.store, "c").objective.targets[0].reference == REFERENCE
    (tmp_path / "pattern.csv").write_text("0,0\n1,0\n2,4\n3,0\n4,0\n")
    assert main(["status", str(path)]) == 2
    assert "'mismatch': reference was '0:0; 1:0; 2:3; 3:0; 4:0' and is" in "".join(capsys.readouterr())
    (tmp_path / "pattern.csv").write_text("0,0\n1,zero\n2,3\n")
    assert main(["validate", str(path)]) == 2
    assert "line 2: '1,zero' is not two numbers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference": None}, "matches a curve and has no 'reference'"),
        ({"curve": None}, "has a 'reference' and no 'curve'"),
        ({"curve": "nmr"}, "there is no observation 'nmr'"),
        ({"goal": "maximize", "tolerance": None}, "a reference curve is for goal: match"),
        ({"value": 3}, "a curve is matched, and 'value' is for numbers"),
        ({"distance": "l1"}, "'distance' cannot be 'l1'"),
        ({"reference": "../pattern.csv"}, "is not in the folder"),
        ({"reference": "none.csv"}, "cannot be read"),
        ({"reference": "soon"}, "is no point of a curve"),
        ({"reference": 3}, "is no curve"),
        ({"reference": [[1, 2]]}, "too few for a curve"),
    ],
)
def test_faults_of_targets_have_their_lines(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    target = {key: value for key, value in {**MATCH, **changes}.items() if value is not None}
    text = json.dumps(content(targets=[target]), indent=1)
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_document(read_document(text, file="c.yaml"), folder=tmp_path)
    found = [fault for fault in caught.value.faults if words in str(fault)]
    assert found, caught.value.faults
    assert all(fault.line for fault in found)


@pytest.mark.parametrize(
    ("observation", "words"),
    [
        ({**XRD, "stage": 1, "cost": 0.1}, "has a stage, and is the result of target 'mismatch'"),
        ({"name": "xrd"}, "is a number, and the target matches a curve"),
        ({"name": "xrd", "kind": "image"}, "is a image, and the target matches a curve"),
    ],
)
def test_faults_of_the_observation(observation: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_data(content(observations=[observation]))
    assert words in str(caught.value)


def test_a_run_measures_curves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lab_of_patterns.py").write_text(
        "def xrd(x):\n    return [[i, 3.0 * (i == round(x))] for i in range(5)]\n\n"
        "def both(x):\n    return {'cost_of_it': x, 'xrd': xrd(x)}\n"
    )
    path = tmp_path / "c.yaml"
    xrd = {**XRD, "measure": {"kind": "python", "function": "lab_of_patterns:xrd"}}
    python = {"kind": "python", "function": "lab_of_patterns:both"}
    path.write_text(json.dumps(content(measure=python, observations=[xrd], budget=2)))
    assert main(["run", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report["experiments"][0]["values"]) == {"mismatch"}
    two = tmp_path / "two.yaml"
    targets = [MATCH, {"name": "cost_of_it", "goal": "minimize"}]
    two.write_text(json.dumps(content(name="two", targets=targets, measure=python, budget=1)))
    assert main(["run", str(two), "--json"]) == 0, capsys.readouterr()
    report = json.loads(capsys.readouterr().out)
    assert set(report["experiments"][0]["values"]) == {"mismatch", "cost_of_it"}


def test_a_table_gives_curves(tmp_path: Path) -> None:
    pd.DataFrame([{"x": x, "h0": x, "h2": 3.0, "h4": 0.0} for x in range(5)]).to_csv(tmp_path / "t.csv", index=False)
    path = tmp_path / "c.yaml"
    xrd = {**XRD, "columns": {"h0": 0, "h2": 2, "h4": 4}}
    table = {"kind": "table", "file": "t.csv"}
    path.write_text(json.dumps(content(candidates="t.csv", measure=table, observations=[xrd], budget=1)))
    campaign = Campaign.open(path)
    campaign.run(campaign.oracle())
    assert campaign.state.results[0].values["mismatch"] > 0


def test_the_figure_shows_the_reference() -> None:
    campaign = made()
    campaign.attach([{"x": i, "xrd": f"0:{i}; 2:3.3; 4:0"} for i in range(3)])
    (quantity,) = observed_quantities(campaign)
    drawing = curves(campaign.objective.targets[0], quantity)
    assert quantity.reference is not None
    assert "Blue: the reference" in drawing.caption
    assert "reference" in drawing.svg()
    assert len(campaign.suggest(1)) == 1
