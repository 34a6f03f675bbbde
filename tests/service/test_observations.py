"""Observations before the targets over HTTP and on the page."""

from __future__ import annotations

from typing import Any

from tests.service.conftest import Client

ADHESION: dict[str, Any] = {"name": "adhesion", "unit": "MPa", "stage": 1, "cost": 0.1}


def test_observations_are_recorded_shown_and_corrected(admin: Client) -> None:
    path = admin.begin(name="observed", observations=[ADHESION])
    first, second = admin.ask(path)
    assert first["note"].endswith("measure adhesion first")
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
