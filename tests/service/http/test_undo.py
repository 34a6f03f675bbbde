"""Undoing the last action over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from designer.service.lab import Lab
from tests.service.conftest import Client


@pytest.fixture
def films(admin: Client) -> str:
    path = admin.begin()
    admin.ask(path)
    return path


def test_the_last_action_is_named_and_undone(admin: Client, films: str) -> None:
    assert admin("GET", films).json()["undo"] is None
    admin("POST", f"{films}/suggestions/S0002/withdrawal", json={"reason": "too costly"})
    found = admin("GET", films).json()["undo"]
    assert found == {"position": 3, "what": "the withdrawal of S0002", "user": "adminer"}
    done = admin("POST", f"{films}/undo", json={"position": 3}, headers={"Idempotency-Key": "one"})
    assert done.json() == {"undone": "the withdrawal of S0002", "changed": True, "version": 4}
    assert [each["id"] for each in admin("GET", films).json()["open_suggestions"]] == ["S0001", "S0002"]
    again = admin("POST", f"{films}/undo", json={"position": 3}, headers={"Idempotency-Key": "one"})
    assert again.json() == done.json(), "a repeated request is carried out once"
    late = admin("POST", f"{films}/undo", json={"position": 3})
    assert (late.status_code, late.json()["type"]) == (412, "/problems#version")
    history = admin("GET", f"{films}/history").json()["events"]
    assert [each["what"] for each in history[:2]] == ["undid event 3", "withdrew S0002: too costly"]


def test_the_reply_is_rebuilt_after_a_crash(lab: Lab, admin: Client, films: str) -> None:
    admin.record(films, {"suggestion": "S0001", "loss": 400})
    lab.requests.save_reply = lambda request, reply: None  # type: ignore[method-assign]  # the crash
    first = admin("POST", f"{films}/undo", json={"position": 3}, headers={"Idempotency-Key": "one"}).json()
    again = admin("POST", f"{films}/undo", json={"position": 3}, headers={"Idempotency-Key": "one"}).json()
    assert first == again
    assert first["undone"] == "the result M0001 of S0001"


def test_the_action_of_another_user_needs_the_role_steer(
    lab: Lab, clients: Callable[[str], Client], admin: Client, films: str
) -> None:
    recorder = clients("record")
    recorder.record(films, {"suggestion": "S0001", "loss": 400})
    other = Client(admin.http, lab.accounts.create("eve", "record"))
    refused = other("POST", f"{films}/undo", json={"position": 3})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems#not-allowed")
    assert recorder("POST", f"{films}/undo", json={"position": 3}).json()["changed"]
    recorder.record(films, {"suggestion": "S0001", "loss": 400})
    assert clients("steer")("POST", f"{films}/undo", json={"position": 5}).status_code == 200
    assert admin("GET", f"{films}").json()["measurements"] == 0


def test_a_recorded_result_has_a_new_version(admin: Client, films: str) -> None:
    admin.record(films, {"suggestion": "S0001", "loss": 400})
    before = admin("GET", f"{films}/measurements/M0001").json()["version"]
    admin("POST", f"{films}/undo", json={"position": 3})
    stale = admin(
        "PATCH", f"{films}/measurements/M0001", json={"values": {"loss": 1}}, headers={"If-Match": f'"{before}"'}
    )
    assert stale.status_code == 412


def test_a_change_of_the_space_is_undone_and_its_version_is_new(lab: Lab, admin: Client, films: str) -> None:
    def space() -> Any:
        return [{key: each.get(key) for key in ("name", "bounds")} for each in admin("GET", films).json()["parameters"]]

    def version() -> str:
        return str(admin("GET", f"{films}/space").headers["ETag"])

    before, first = space(), version()
    low, high = next(each["bounds"] for each in before if each["name"] == "T")
    body = {"bounds": {"T": [low, 2 * high]}}
    assert admin("PATCH", f"{films}/space", json=body, headers={"If-Match": first}).status_code == 200
    changed = version()
    undo = admin("GET", films).json()["undo"]
    assert undo["what"].startswith("the change of the space (T: bounds was")
    lab.requests.save_reply = lambda request, reply: None  # type: ignore[method-assign]  # a crash
    replies = [
        admin("POST", f"{films}/undo", json={"position": undo["position"]}, headers={"Idempotency-Key": "one"}).json()
        for _ in range(2)
    ]
    assert replies == [{"undone": undo["what"], "changed": True, "version": undo["position"] + 2}] * 2
    assert space() == before
    assert version() not in (first, changed)
    assert admin("GET", films).json()["undo"] is None
