"""Campaigns with images among the observations: recording, files in the store, features, figures, runs."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Recorded, from_json, to_json
from designer.campaign.results.curve_paths import with_paths
from designer.cli.main import main
from designer.errors import InvalidCampaign, InvalidData
from designer.observations.curves.curve import Curve
from designer.observations.images.image_features import IMAGE_FEATURES
from designer.observations.images.image_files import png_of
from designer.observations.images.summary import ImageSummary
from designer.report.image_figures import observed_drawing
from designer.report.observed_quantities import observed_quantities

SPACE: list[dict[str, Any]] = [
    {"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 0.5},
    {"name": "w", "kind": "numeric", "bounds": [0, 10], "step": 0.5},
]
TARGETS: list[dict[str, Any]] = [{"name": "y", "goal": "maximize"}]
SEM: dict[str, Any] = {"name": "sem", "kind": "image", "stage": 1, "cost": 0.1}


def made(observation: dict[str, Any] = SEM, **options: Any) -> Campaign:
    return Campaign.create(space=SPACE, targets=TARGETS, observations=[observation], **options)


def picture(x: float, w: float) -> Any:
    """Return an image whose mean grey value is the target."""
    rng = np.random.default_rng(int(10 * x + 100 * w))
    return (0.5 + surface(x, w) / 400.0 + 0.02 * rng.random((12, 12))).clip(0, 1)


def surface(x: float, w: float) -> float:
    return float(40.0 - (x - 7.0) ** 2 + 8.0 * np.sin(3.0 * x + 2.0 * w))


def informed(observation: dict[str, Any] = SEM, n: int = 10, **options: Any) -> Campaign:
    campaign = made(observation, initial=1, **options)
    rng = np.random.default_rng(0)
    rows = [{"x": float(x), "w": float(w)} for x, w in rng.integers(0, 11, (n, 2))]
    campaign.attach([{**row, "y": surface(**row), "sem": picture(**row)} for row in rows])
    return campaign


def test_images_are_stored_and_come_back(tmp_path: Path) -> None:
    campaign = made(store=tmp_path / "c.db")
    campaign.suggest(2)
    content = png_of(picture(1, 1))
    (tmp_path / "a.png").write_bytes(content)
    assert campaign.record([{"suggestion": "S0001", "sem": tmp_path / "a.png"}]).recorded == ("M0001",)
    assert not campaign.record([{"suggestion": "S0001", "sem": tmp_path / "a.png"}]).changed
    assert campaign.record([{"suggestion": "S0002", "sem": "failed"}]).changed
    seen = campaign.state.measurements["M0001"].observed["sem"]
    assert isinstance(seen, Curve)
    assert seen.digest is not None
    assert campaign.store.stored_file(seen.digest) == content
    assert seen.cell == "a.png"
    resumed = Campaign.resume(campaign.store, "campaign")
    assert resumed.state.measurements == campaign.state.measurements
    event = campaign.store.read("campaign")[-2]
    assert json.loads(to_json(event))["v"] == 8
    assert from_json(to_json(event), event.position) == event
    assert campaign.amend("M0001", {"sem": picture(2, 2)})
    assert campaign.state.measurements["M0001"].observed["sem"] != seen
    assert campaign.amend("M0001", {"sem": None})


numbers = st.floats(-1e6, 1e6)
some_images = st.builds(
    lambda width, height, moments, x, content: Curve(
        x=tuple(sorted(x)),
        y=tuple(position / 2 for position in sorted(x)),
        image=ImageSummary(
            width=width, height=height, numbers={"moments": tuple(moments)}, preview=base64.b64encode(content).decode()
        ),
        file="a.png",
        digest="0a" * 32,
    ),
    st.integers(1, 5000),
    st.integers(1, 5000),
    st.lists(st.one_of(st.none(), numbers), max_size=4),
    st.sets(numbers, min_size=2, max_size=4),
    st.binary(max_size=12),
)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=5), st.one_of(st.none(), numbers, some_images), max_size=3))
def test_events_with_images_come_back(observed: dict[str, Any]) -> None:
    event = Recorded.model_validate(
        {"at": "2026-01-02T00:00:00Z", "measurement": "M0001", "design": {"x": 1.0}, "values": {}, "observed": observed}
    )
    text = to_json(event)
    again = from_json(text)
    assert again == event
    assert to_json(again) == text, "the small picture as well, which equality leaves out"
    has_image = any(isinstance(each, Curve) for each in observed.values())
    assert json.loads(text)["v"] == (8 if has_image else 5 if observed else 1)


def test_exported_images_are_files_beside_the_table(tmp_path: Path) -> None:
    campaign = informed(n=2, store=tmp_path / "c.db")
    frame = pd.read_csv(campaign.export(tmp_path / "results.csv"), index_col=0)
    assert frame["sem"].tolist() == ["results-curves/M0001-1.png", "results-curves/M0002-2.png"]
    copied = made()
    table = with_paths(frame[["x", "w", "sem", "y"]].reset_index(drop=True), copied.settings.observations, tmp_path)
    copied.attach(table)
    assert [each.observed for each in copied.state.measurements.values()] == [
        each.observed for each in campaign.state.measurements.values()
    ]


@pytest.mark.parametrize("features", [None, "components", "grains"])
def test_an_image_tells_whether_to_go_on(features: str | None) -> None:
    campaign = informed({**SEM, "features": features})
    campaign.suggest(1)
    campaign.record([{"suggestion": "S0001", "sem": picture(0.0, 2.0)}])
    (step,) = campaign.next_steps()
    (effect,) = campaign.observation_effects()
    if features is None:  # the mean grey value is the target
        assert effect.weight > 0.5
        assert step.kind == "stop", (step, effect)
    assert effect.words.startswith("S0001 has sem image of 12 x 12 pixels, grey 0.")
    assert len(effect.nearest) == 3


def test_the_report_shows_open_images_beside_the_nearest() -> None:
    campaign = informed()
    campaign.suggest(1)
    made_there: dict[str, Any] = dict(campaign.state.measurements["M0004"].design)
    campaign.record([{"suggestion": "S0001", "sem": picture(**made_there)}])
    (quantity,) = observed_quantities(campaign)
    drawing = observed_drawing(campaign.objective.targets[0], quantity)
    svg = drawing.svg()
    assert "each open suggestion is followed by" in drawing.caption
    assert svg.count("<image") == 4
    assert "near: M0004" in svg


@pytest.mark.parametrize(
    ("observation", "path", "words"),
    [
        ({**SEM, "columns": {"h6": 1, "h7": 2}}, "columns", "is an image and has 'columns'"),
        ({**SEM, "unit": "m"}, "unit", "is an image and has 'unit'"),
        ({**SEM, "features": "peaks"}, "features", "kind of features of images 'peaks' is not known"),
        ({**SEM, "kind": "picture"}, "kind", "'kind' cannot be 'picture'"),
    ],
)
def test_faults_of_the_file_are_located(observation: dict[str, Any], path: str, words: str) -> None:
    data = {"designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, "observations": [observation]}
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_data(data, check_files=False)
    found = [fault.path for fault in caught.value.faults if words in str(fault)]
    assert found == [("observations", 0, path)], caught.value.faults


def test_tables_give_no_images() -> None:
    data = {
        "designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, "observations": [SEM],
        "measure": {"kind": "table", "file": "t.csv"},
    }  # fmt: skip
    with pytest.raises(InvalidCampaign, match="nothing gives the image 'sem' in a run"):
        CampaignSpec.from_data(data, check_files=False)


@pytest.mark.parametrize("cell", ["a.png", "10:1; 20:2", 3.0, {"x": [1, 2], "y": [3, 4]}, [[1, 2], [3]], b"x"])
def test_cells_that_are_no_images(cell: Any) -> None:
    campaign = made()
    with pytest.raises(InvalidData) as caught:
        campaign.attach([{"x": 1, "w": 1, "sem": cell}])
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (2, "sem")


def test_features_cannot_change_to_ones_that_images_lack(tmp_path: Path) -> None:
    IMAGE_FEATURES.register("corner", lambda pixels: [pixels[0, 0]])
    try:
        campaign = informed({**SEM, "features": "corner"}, n=2)
        first = campaign.state.measurements["M0001"].observed["sem"]
        assert isinstance(first, Curve)
        assert first.image is not None
        assert len(first.image.numbers["corner"]) == 1
        path = tmp_path / "c.yaml"
        data = {"designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, "observations": [SEM]}
        path.write_text(json.dumps(data))
        Campaign.open(path).attach([{"x": 1, "w": 1, "sem": picture(1, 1)}])
        path.write_text(json.dumps({**data, "observations": [{**SEM, "features": "grains"}]}))
        Campaign.open(path)
        path.write_text(json.dumps({**data, "observations": [{**SEM, "features": "corner"}]}))
        with pytest.raises(InvalidCampaign, match="M0001 was recorded without the features 'corner'"):
            Campaign.open(path)
    finally:
        IMAGE_FEATURES.unregister("corner")


def test_a_run_observes_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lab_of_images.py").write_text(
        "import numpy as np\n\ndef sem(x):\n    return np.full((5, 5), x / 10)\n\ndef y(x):\n    return {'y': 3 * x}\n"
    )
    path = tmp_path / "c.yaml"
    sem = {**SEM, "cost": 0.04, "measure": {"kind": "python", "function": "lab_of_images:sem"}}
    data = {
        "designer": 1, "name": "c", "space": SPACE[:1], "targets": TARGETS, "observations": [sem],
        "measure": {"kind": "python", "function": "lab_of_images:y"}, "budget": 1,
    }  # fmt: skip
    path.write_text(json.dumps(data))
    assert main(["run", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["experiments"][0]["observed"]["sem"] == "array.png"
    seen = Campaign.open(path).state.measurements["M0001"].observed["sem"]
    assert isinstance(seen, Curve)
    assert Campaign.open(path).store.stored_file(seen.digest or "")


def test_uploaded_files_are_read(tmp_path: Path) -> None:
    campaign = made()
    content = base64.b64encode(png_of(picture(1, 1))).decode()
    campaign.attach([{"x": 1, "w": 1, "sem": {"file": "C:\\lab\\a.png", "content": content}}])
    with pytest.raises(InvalidData, match="is damaged"):
        campaign.attach([{"x": 2, "w": 1, "sem": {"file": "a.png", "content": content[:40]}}])


def test_the_command_line_reads_images_beside_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps({"designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, "observations": [SEM]}))
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.png").write_bytes(png_of(picture(1, 1)))
    (tmp_path / "t.csv").write_text("x,w,y,sem\n1,1,3,scans/a.png\n")
    assert main(["attach", str(path), str(tmp_path / "t.csv")]) == 0
    (tmp_path / "scans" / "a.png").write_bytes(b"nothing")
    (tmp_path / "t.csv").write_text("x,w,y,sem\n2,1,3,scans/a.png\n")
    assert main(["attach", str(path), str(tmp_path / "t.csv")]) == 2
    assert "row 2, column 'sem'" in capsys.readouterr().err
