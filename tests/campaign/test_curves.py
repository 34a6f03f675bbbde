"""Campaigns with curves among the observations: recording, files in the store, what follows, runs."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Recorded, Undone, from_json, to_json
from designer.campaign.log.store import MemoryStore, SqlStore
from designer.campaign.results.curve_paths import with_paths
from designer.cli.main import main
from designer.errors import InvalidCampaign, InvalidData, StoreError
from designer.observations.curves.curve import Curve
from designer.observations.curves.curve_files import digest_of
from designer.report.curve_figures import curves
from designer.report.observed_quantities import observed_quantities

SPACE: list[dict[str, Any]] = [
    {"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 0.5},
    {"name": "w", "kind": "numeric", "bounds": [0, 10], "step": 0.5},
]
TARGETS: list[dict[str, Any]] = [{"name": "y", "goal": "maximize"}]
RELEASE: dict[str, Any] = {
    "name": "release", "kind": "curve", "unit": "%", "axis": {"name": "time", "unit": "h"},
    "columns": {"h6": 6, "h12": 12, "h24": 24}, "stage": 1, "cost": 0.1,
}  # fmt: skip


def made(observation: dict[str, Any] = RELEASE, **options: Any) -> Campaign:
    return Campaign.create(space=SPACE, targets=TARGETS, observations=[observation], **options)


def surface(x: float, w: float) -> float:
    return 40.0 - (x - 7.0) ** 2 + 8.0 * np.sin(3.0 * x + 2.0 * w)


def released(x: float, w: float) -> np.ndarray[Any, Any]:
    times = np.array([6.0, 12.0, 24.0])
    return np.column_stack([times, (60.0 + surface(x, w)) * (1.0 - np.exp(-times / 12.0))])


def test_points_in_columns_are_one_curve() -> None:
    campaign = made()
    campaign.suggest(2)
    assert campaign.record([{"suggestion": "S0001", "h6": "11 %", "h12": 30, "h24": 41}]).recorded == ("M0001",)
    assert campaign.state.measurements["M0001"].observed == {"release": Curve(x=(6, 12, 24), y=(11, 30, 41))}
    assert not campaign.record([{"suggestion": "S0001", "release": "6:11; 12:30; 24:41"}]).changed
    assert campaign.record([{"suggestion": "S0001", "y": 4}]).completed == ("M0001",)
    assert campaign.record([{"suggestion": "S0002", "release": "failed"}]).changed
    with pytest.raises(InvalidData, match="1 point: too few"):
        campaign.record([{"suggestion": "S0002", "h6": 11}])
    with pytest.raises(InvalidData, match="give it once"):
        campaign.record([{"suggestion": "S0002", "h6": 1, "h12": 2, "release": "1:2; 2:3"}])
    assert campaign.amend("M0001", {"release": "6:12; 12:30"})
    assert campaign.state.measurements["M0001"].observed == {"release": Curve(x=(6, 12), y=(12, 30))}
    assert campaign.amend("M0001", {"release": None})


@pytest.mark.parametrize("place", ["memory", "file"])
def test_files_are_stored_by_their_digest(place: str, tmp_path: Path) -> None:
    campaign = made(store=MemoryStore() if place == "memory" else tmp_path / "c.db")
    campaign.suggest(1)
    (tmp_path / "a.csv").write_bytes(b"h,percent\n6,11\n12,30\n")
    campaign.record([{"suggestion": "S0001", "release": tmp_path / "a.csv"}])
    curve = campaign.state.measurements["M0001"].observed["release"]
    assert isinstance(curve, Curve)
    assert (curve.file, curve.digest) == ("a.csv", digest_of(b"h,percent\n6,11\n12,30\n"))
    assert campaign.store.stored_file(curve.digest or "") == b"h,percent\n6,11\n12,30\n"
    with pytest.raises(StoreError, match="no file"):
        campaign.store.stored_file("0" * 64)
    resumed = Campaign.resume(campaign.store, "campaign")
    assert resumed.state.measurements == campaign.state.measurements


def test_nothing_is_stored_of_a_faulty_table(tmp_path: Path) -> None:
    campaign = made(store=tmp_path / "c.db")
    campaign.suggest(1)
    (tmp_path / "a.csv").write_bytes(b"6,11\n12,30\n")
    (tmp_path / "b.csv").write_bytes(b"6,11\n5,30\n6,1\n")
    with pytest.raises(InvalidData) as caught:
        campaign.attach([{"x": 1, "w": 1, "release": tmp_path / name} for name in ("a.csv", "b.csv")])
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (3, "release")
    with pytest.raises(StoreError):
        campaign.store.stored_file(digest_of(b"6,11\n12,30\n"))


def test_a_process_killed_after_the_file_loses_nothing(tmp_path: Path) -> None:
    """A file without an event is not used; the same result is then recorded as if for the first time."""

    class Dying(SqlStore):
        def append(self, *arguments: Any, **options: Any) -> int:
            os.kill(os.getpid(), signal.SIGKILL)
            return 0

    store = SqlStore(tmp_path / "c.db")
    made(store=store).suggest(1)
    store.close()
    (tmp_path / "a.csv").write_bytes(b"6,11\n12,30\n")
    process = os.fork()
    if process == 0:
        dying = Campaign.resume(Dying(tmp_path / "c.db"), "campaign")
        dying.record([{"suggestion": "S0001", "release": tmp_path / "a.csv"}])
        os._exit(1)  # not reached
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL
    again = Campaign.resume(SqlStore(tmp_path / "c.db"), "campaign")
    assert again.state.measurements == {}
    assert again.store.stored_file(digest_of(b"6,11\n12,30\n"))
    assert again.record([{"suggestion": "S0001", "release": tmp_path / "a.csv"}]).recorded == ("M0001",)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    import sqlite3

    store = SqlStore(tmp_path / "c.db")
    digest = digest_of(b"6 1")
    store.add_files({digest: b"6 1"})
    with sqlite3.connect(tmp_path / "c.db") as connection:
        connection.execute("UPDATE designer_files SET content = 'AAAA'")
    with pytest.raises(StoreError, match="differs from its digest"):
        store.stored_file(digest)


def test_a_store_of_an_earlier_version_takes_files(tmp_path: Path) -> None:
    import sqlite3

    campaign = made(store=tmp_path / "c.db")
    campaign.suggest(1)
    with sqlite3.connect(tmp_path / "c.db") as connection:
        connection.execute("DROP TABLE designer_files")
    with pytest.raises(StoreError, match="no file"):
        campaign.store.stored_file("0" * 64)
    (tmp_path / "a.csv").write_bytes(b"6,11\n12,30\n")
    assert campaign.record([{"suggestion": "S0001", "release": tmp_path / "a.csv"}]).changed


numbers = st.floats(-1e6, 1e6)
some_curves = st.builds(
    lambda x, y: Curve(x=tuple(sorted(x)), y=tuple(y[: len(x)])),
    st.sets(numbers, min_size=2, max_size=6),
    st.lists(numbers, min_size=6, max_size=6),
)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=5), st.one_of(st.none(), numbers, some_curves), max_size=3))
def test_events_with_curves_come_back(observed: dict[str, Any]) -> None:
    event = Recorded.model_validate(
        {"at": "2026-01-02T00:00:00Z", "measurement": "M0001", "design": {"x": 1.0}, "values": {}, "observed": observed}
    )
    text = to_json(event)
    assert from_json(text) == event
    has_curve = any(isinstance(each, Curve) for each in observed.values())
    assert json.loads(text)["v"] == (7 if has_curve else 5 if observed else 1)


def test_undone_actions_of_version_7_are_read() -> None:
    curve = {"x": [1, 2], "y": [3, 4], "moments": [], "file": None, "digest": None}
    result = {
        "at": "2026-01-02T00:00:00Z", "kind": "recorded", "measurement": "M0001", "design": {"x": 1.0}, "values": {},
        "observed": {"release": curve},
    }  # fmt: skip
    event: dict[str, Any] = {"v": 7, "at": "2026-01-02T00:00:00Z", "kind": "undone", "undoes": [3], "becomes": [result]}
    undone = from_json(json.dumps(event))
    assert isinstance(undone, Undone)
    assert undone.becomes[0].observed["release"] == Curve(x=(1, 2), y=(3, 4))
    assert from_json(to_json(undone)) == undone
    event["becomes"][0]["observed"]["release"]["moments"] = [1.0]
    with pytest.raises(StoreError, match="release"):
        from_json(json.dumps(event))


def informed(n: int = 10, **options: Any) -> Campaign:
    campaign = made(initial=1, **options)
    rng = np.random.default_rng(0)
    rows = [{"x": float(x), "w": float(w)} for x, w in rng.integers(0, 11, (n, 2))]
    campaign.attach([{**row, "y": surface(**row), "release": released(**row)} for row in rows])
    return campaign


def test_a_curve_tells_whether_to_go_on() -> None:
    campaign = informed()
    campaign.suggest(1)
    campaign.record([{"suggestion": "S0001", "release": "6:4; 12:6; 24:8"}])
    (step,) = campaign.next_steps()
    (effect,) = campaign.observation_effects()
    assert effect.weight > 0.5
    assert step.kind == "stop", (step, effect)
    assert effect.words.startswith("S0001 has release 3 points, largest value 8 % at 24 h; y is then ")
    assert len(effect.nearest) == 3
    (quantity,) = observed_quantities(campaign)
    assert quantity.words[-1].startswith("S0001: stop")
    assert [each.name for each in quantity.curves][-1] == "S0001"
    drawing = curves(campaign.objective.targets[0], quantity)
    assert "correlation of the curve" in drawing.caption
    assert drawing.svg().startswith("<svg")


def test_designs_of_a_batch_have_stages_of_their_own() -> None:
    """Of three open designs one waits for its curve, while the curves of the others say to go on and to stop."""
    campaign = informed(candidates=pd.DataFrame([{"x": x, "w": w} for x in (0.0, 6.5, 9.0, 10.0) for w in (1.0, 8.0)]))
    batch = campaign.suggest(3)
    campaign.record(
        [
            {"suggestion": batch.index[0], "release": "6:45; 12:75; 24:103"},
            {"suggestion": batch.index[1], "release": "6:4; 12:6; 24:8"},
        ]
    )
    kinds = {step.words.split(":")[0]: step.kind for step in campaign.next_steps()}
    assert kinds == {"S0001": "measure", "S0002": "stop", "S0003": "observe"}
    assert [each.id for each in campaign.state.open] == batch.index.tolist()
    assert {effect.words.split()[0] for effect in campaign.observation_effects()} == {"S0001", "S0002"}


def test_a_run_observes_curves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lab.py").write_text(
        "def release(x):\n    return [[6, x], [12, 2 * x], [24, 3 * x]]\n\ndef y(x):\n    return {'y': 3 * x}\n"
    )
    path = tmp_path / "c.yaml"
    release = {**RELEASE, "cost": 0.04, "measure": {"kind": "python", "function": "lab:release"}}
    data = {
        "designer": 1, "name": "c", "space": SPACE[:1], "targets": TARGETS, "observations": [release],
        "measure": {"kind": "python", "function": "lab:y"}, "budget": 2,
    }  # fmt: skip
    path.write_text(json.dumps(data))
    assert main(["run", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["experiments"][0]["observed"]["release"].startswith("6:")
    assert report["rule"] == "budget"


def test_a_table_gives_curves(tmp_path: Path) -> None:
    rows = [f"{x},{x},{2 * x},{3 * x},{x}" for x in range(11)]
    (tmp_path / "t.csv").write_text("\n".join(["x,h6,h12,h24,y", *rows]) + "\n")
    path = tmp_path / "c.yaml"
    data = {
        "designer": 1, "name": "c", "space": SPACE[:1], "targets": TARGETS, "observations": [{**RELEASE, "cost": 0.04}],
        "candidates": "t.csv", "measure": {"kind": "table", "file": "t.csv"}, "budget": 1,
    }  # fmt: skip
    path.write_text(json.dumps(data))
    campaign = Campaign.open(path)
    campaign.run(campaign.oracle())
    first = campaign.state.measurements["M0001"]
    x = float(first.design["x"] or 0.0)
    assert first.observed == {"release": Curve(x=(6, 12, 24), y=(x, 2 * x, 3 * x))}


def test_the_command_line_reads_files_beside_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.yaml"
    data = {"designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, "observations": [RELEASE]}
    path.write_text(json.dumps(data))
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.xy").write_text("6 11\n12 30\n")
    (tmp_path / "t.csv").write_text("x,w,y,release [%]\n1,1,3,scans/a.xy\n")
    assert main(["attach", str(path), str(tmp_path / "t.csv")]) == 0
    assert Campaign.open(path).state.measurements["M0001"].observed == {"release": Curve(x=(6, 12), y=(11, 30))}
    (tmp_path / "t.csv").write_text("x,w,y,release\n1,1,3,../a.xy\n")
    assert main(["attach", str(path), str(tmp_path / "t.csv")]) == 2
    assert "row 2, column 'release'" in capsys.readouterr().err
    assert main(["status", str(path)]) == 0


@pytest.mark.parametrize(
    ("observation", "path", "words"),
    [
        ({**RELEASE, "columns": {"x": 1, "h12": 2}}, ("observations", 0, "columns", "x"), "is also a parameter"),
        ({**RELEASE, "columns": {"h6": 1}}, ("observations", 0, "columns"), "1 column of points"),
        ({**RELEASE, "kind": "scalar"}, ("observations", 0, "axis"), "is one number and has 'axis'"),
        ({**RELEASE, "features": "best"}, ("observations", 0, "features"), "is not known"),
        ({**RELEASE, "axis": {"low": 3, "high": 1}}, ("observations", 0, "axis", "low"), "from 3 to 1"),
    ],
)
def test_faults_of_the_file_are_located(observation: dict[str, Any], path: tuple[Any, ...], words: str) -> None:
    data = {"designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, "observations": [observation]}
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_data(data, check_files=False)
    assert [fault.path for fault in caught.value.faults if words in str(fault)] == [path], caught.value.faults


def test_tables_hold_curves_and_come_back(tmp_path: Path) -> None:
    campaign = informed(5)
    frame = pd.read_csv(campaign.export(tmp_path / "results.csv"), index_col=0)
    copied = made(initial=1)
    copied.attach(frame[["x", "w", "y", "release"]].reset_index(drop=True))
    assert [each.observed for each in copied.state.measurements.values()] == [
        each.observed for each in campaign.state.measurements.values()
    ]


def test_long_curves_are_exported_as_files(tmp_path: Path) -> None:
    x = np.linspace(0.0, 10.0, 300)
    np.savetxt(tmp_path / "a.xy", np.column_stack([x, x**2]))
    campaign = made(store=tmp_path / "c.db")
    given_curves = [tmp_path / "a.xy", np.column_stack([x, 2.0 * x]), "1:2; 2:3"]
    campaign.attach([{"x": i, "w": 1, "release": curve} for i, curve in enumerate(given_curves)])
    for _ in range(2):
        frame = pd.read_csv(campaign.export(tmp_path / "results.csv"), index_col=0)
    assert frame["release"].tolist() == ["results-curves/M0001-1.xy", "results-curves/M0002-2.csv", "1:2; 2:3"]
    assert (tmp_path / "results-curves" / "M0001-1.xy").read_bytes() == (tmp_path / "a.xy").read_bytes()
    copied = made()
    table = with_paths(frame[["x", "w", "release"]].reset_index(drop=True), copied.settings.observations, tmp_path)
    copied.attach(table)
    assert [each.observed for each in copied.state.measurements.values()] == [
        each.observed for each in campaign.state.measurements.values()
    ]
