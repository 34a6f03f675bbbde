"""Comparisons of results over HTTP, MCP and on the page."""

from __future__ import annotations

from typing import Any

import pytest

from designer.service.lab import Lab
from tests.service.conftest import CAMPAIGN, Client

FILM: dict[str, Any] = {**CAMPAIGN, "targets": [{"name": "look", "goal": "prefer"}]}


@pytest.fixture
def film(admin: Client) -> str:
    made = admin("POST", "/campaigns", json=FILM)
    assert made.status_code == 201, made.text
    path = f"/campaigns/{made.json()['id']}"
    design = {"film.Co": 0, "T": 300, "gas": "air", "look": "made"}
    rows = [{"film.Ni": 100 - 10 * i, "film.Fe": 10 * i, **design} for i in range(3)]
    done = admin("POST", f"{path}/measurements?attach=true", json={"rows": rows})
    assert done.json()["recorded"] == ["M0001", "M0002", "M0003"], done.text
    return path


def test_comparisons_over_http(admin: Client, film: str) -> None:
    assert admin("GET", f"{film}/comparisons/next").json()["next"]["first"] == "M0001"
    rows = [{"better": "M0002", "worse": "M0001"}, {"better": "M0003", "worse": "M0001", "tie": "yes"}]
    done = admin("POST", f"{film}/comparisons", json={"rows": rows}, headers={"Idempotency-Key": "one"})
    assert done.json()["recorded"] == ["C0001", "C0002"]
    again = admin("POST", f"{film}/comparisons", json={"rows": rows}, headers={"Idempotency-Key": "one"})
    assert again.json() == done.json()
    listed = admin("GET", f"{film}/comparisons").json()
    assert [each["tie"] for each in listed["comparisons"]] == [False, True]
    assert listed["contradictions"] == []
    best = admin("GET", f"{film}/best").json()["best"]
    assert best[0]["id"] == "M0002"
    assert best[0]["measured"] == {}
    assert set(best[0]["expected"]["look"]) >= {"mean", "sd"}
    withdrawn = admin("POST", f"{film}/comparisons/C0001/withdrawal", json={"reason": "mixed up"})
    assert withdrawn.json()["changed"]
    assert admin("GET", f"{film}/comparisons").json()["comparisons"][0]["withdrawn"]
    unknown = admin("POST", f"{film}/comparisons/C0009/withdrawal", json={})
    assert unknown.status_code == 404
    history = admin("GET", f"{film}/history").json()["events"]
    assert any(each["what"] == "compared: M0003 is as good as M0001" for each in history)


def test_every_fault_of_a_row_has_its_path(admin: Client, film: str) -> None:
    rows = [{"better": "M0002", "worse": "M0001"}, {"better": "M0009", "worse": "M0001"}]
    answer = admin("POST", f"{film}/comparisons", json={"rows": rows})
    assert answer.status_code == 422
    (fault,) = answer.json()["faults"]
    assert fault["path"] == ["rows", 1, "better"]
    assert admin("GET", f"{film}/comparisons").json()["comparisons"] == []


def test_the_page_shows_what_to_compare(admin: Client, film: str) -> None:
    admin("POST", f"{film}/comparisons", json={"rows": [{"better": "M0002", "worse": "M0001"}]})
    signed_in = admin.http.post("/login", data={"token": admin.token}, headers={"Origin": "http://testserver"})
    assert signed_in.status_code == 303
    page = admin.http.get(film.replace("/campaigns/", "/c/"))
    assert page.status_code == 200
    assert "Compare look" in page.text
    assert "M0002 is better than M0001" in page.text
    assert "progress.svg?target=look" not in page.text


def test_tools_of_assistants(lab: Lab, admin: Client, film: str) -> None:
    pytest.importorskip("mcp", reason="mcp is not installed: pip install 'materials-designer[mcp]'")
    from tests.service.test_assistant import Assistant, run_steps

    async def steps(call: Assistant) -> None:
        name = FILM["name"]
        pair = (await call("next_comparison", campaign=name))["next"]
        assert pair["first"] == "M0001"
        done = await call("compare", campaign=name, better="M0002", worse="M0001", key="k")
        assert done["recorded"] == ["C0001"]
        listed = await call("list_comparisons", campaign=name)
        assert listed["comparisons"][0]["better"] == "M0002"
        assert (await call("withdraw", campaign=name, subject="C0001"))["changed"]

    run_steps(lab, "steer", steps)
