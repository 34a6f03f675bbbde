"""Observations before the targets over HTTP and on the page."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from designer.observations.images.image_files import png_of
from tests.service.conftest import Client

ADHESION: dict[str, Any] = {"name": "adhesion", "unit": "MPa", "stage": 1, "cost": 0.1}


def test_observations_are_recorded_shown_and_corrected(admin: Client) -> None:
    path = admin.begin(name="observed", observations=[ADHESION])
    first, second = admin.ask(path)
    assert first["note"].endswith("measure loss at once")
    assert second["note"].endswith("measure adhesion first")
    done = admin.record(path, {"suggestion": first["id"], "adhesion": "2 kPa"})
    assert done.json()["recorded"] == ["M0001"], done.text
    failed = admin.record(path, {"suggestion": second["id"], "adhesion": "failed"})
    assert failed.json()["recorded"] == ["M0002"], failed.text
    wrong = admin.record(path, {"suggestion": second["id"], "adhesion": "strong"})
    assert wrong.status_code == 422
    assert wrong.json()["faults"][0]["column"] == "adhesion"
    campaign = admin("GET", path).json()
    assert campaign["observations"] == [{key: ADHESION[key] for key in ("name", "unit", "stage", "cost")}]
    assert (campaign["measurements"], campaign["spent"], campaign["open"]) == (0, 0, 2), "no result yet"
    measured = admin("GET", f"{path}/measurements").json()["measurements"]
    assert [each["observed"] for each in measured] == [{"adhesion": 0.002}, {"adhesion": None}]
    amended = admin(
        "PATCH", f"{path}/measurements/M0001", json={"values": {"adhesion": 3}}, headers={"If-Match": '"3"'}
    )
    assert amended.json()["changed"], amended.text
    events = [each["what"] for each in admin("GET", f"{path}/history").json()["events"]]
    assert "recorded M0001 of S0001: adhesion 0.002" in events
    assert "recorded M0002 of S0002: adhesion failed" in events
    assert "amended M0001: adhesion 3" in events
    assert admin("GET", f"{path}/measurements.csv").text.splitlines()[0].count("adhesion") == 1
    signed_in = admin.http.post("/login", data={"token": admin.token}, headers={"Origin": "http://testserver"})
    assert signed_in.status_code == 303
    page = admin.http.get(path.replace("/campaigns/", "/c/"))
    assert page.status_code == 200
    assert 'data-target="adhesion" data-observation' in page.text


def test_curves_are_uploaded_and_shown(admin: Client) -> None:
    spectrum = {"name": "raman", "kind": "spectrum", "axis": {"name": "shift", "unit": "1/cm"}, "stage": 1, "cost": 0.1}
    path = admin.begin(name="curves", observations=[spectrum])
    first, second = admin.ask(path)
    file = {"file": "C:\\lab\\a.xy", "content": base64.b64encode(b"100 1\n200 5\n300 2\n").decode()}
    done = admin.record(path, {"suggestion": first["id"], "raman": file})
    assert done.json().get("recorded") == ["M0001"], done.text
    points = {"x": [100, 200], "y": [3, 4]}
    assert admin.record(path, {"suggestion": second["id"], "raman": points}).json()["recorded"] == ["M0002"]
    for wrong in ("/etc/passwd.csv", {"file": "a.xy", "content": "%"}, {"file": "a.pdf", "content": ""}):
        refused = admin.record(path, {"suggestion": second["id"], "raman": wrong})
        assert refused.status_code == 422, refused.text
        assert refused.json()["faults"][0]["column"] == "raman"
    measured = admin("GET", f"{path}/measurements").json()["measurements"]
    assert [each["observed"]["raman"] for each in measured] == ["100:1; 200:5; 300:2", "100:3; 200:4"]
    picture = admin("GET", f"{path}/curves.svg", params={"observation": "raman"})
    assert picture.text.startswith("<svg"), picture.text[:200]
    assert admin("GET", f"{path}/curves.svg", params={"observation": "nmr"}).status_code == 422
    assert admin.http.post("/login", data={"token": admin.token}, headers={"Origin": "http://testserver"}).status_code
    page = admin.http.get(path.replace("/campaigns/", "/c/")).text
    assert 'data-curve-file="raman"' in page
    assert "curves.svg?observation=raman" in page


def test_images_are_uploaded_and_shown(admin: Client) -> None:
    path = admin.begin(name="images", observations=[{"name": "sem", "kind": "image", "stage": 1, "cost": 0.1}])
    first, second = admin.ask(path)
    file = {"file": "a.png", "content": base64.b64encode(png_of(np.eye(8))).decode()}
    done = admin.record(path, {"suggestion": first["id"], "sem": file})
    assert done.json().get("recorded") == ["M0001"], done.text
    for wrong in ("/etc/a.png", {"file": "a.png", "content": "AAAA"}, {"x": [1, 2], "y": [3, 4]}):
        refused = admin.record(path, {"suggestion": second["id"], "sem": wrong})
        assert refused.status_code == 422, refused.text
        assert refused.json()["faults"][0]["column"] == "sem"
    measured = admin("GET", f"{path}/measurements").json()["measurements"]
    assert [each["observed"]["sem"] for each in measured] == ["a.png"]
    picture = admin("GET", f"{path}/curves.svg", params={"observation": "sem"})
    assert "<image" in picture.text, picture.text[:200]
    assert admin.http.post("/login", data={"token": admin.token}, headers={"Origin": "http://testserver"}).status_code
    page = admin.http.get(path.replace("/campaigns/", "/c/")).text
    assert 'data-curve-file="sem" accept=".png,.tif,.tiff"' in page
    assert "curves.svg?observation=sem" in page
