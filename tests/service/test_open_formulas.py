"""Campaigns over formulas that are on no list, over HTTP, on the page, and for assistants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from designer.campaign.proposing import proposals, trained_generators
from designer.chemistry.formulas import parse_formula
from designer.generation import learned_generator
from designer.service.lab import Lab
from tests.campaign.proposing.test_learned_proposals import family
from tests.service.conftest import Client

ELEMENTS = {"Mg", "Ca", "Sr", "Ba", "Ti", "Zr", "O"}
OXIDE: dict[str, Any] = {"name": "oxide", "kind": "formula", "elements": sorted(ELEMENTS), "max_atoms": 12}
OPEN: dict[str, Any] = {
    "name": "oxides",
    "space": [OXIDE],
    "constraints": ["oxide.fraction.O >= 0.5"],
    "targets": [{"name": "gap", "unit": "eV", "goal": "maximize"}],
}


@pytest.fixture(autouse=True)
def few_proposals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(proposals, "PROPOSALS", 30)
    monkeypatch.setattr(learned_generator.train, "__kwdefaults__", {"seed": 0, "steps": 5, "folder": None})
    proposals._proposed.cache_clear()
    trained_generators._trained.clear()
    yield
    proposals._proposed.cache_clear()
    trained_generators._trained.clear()


def test_suggestions_say_where_a_formula_comes_from(admin: Client, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    path = admin.begin(**OPEN)
    calls: list[int] = []
    made = proposals._proposals

    def counted(*given: Any) -> Any:
        calls.append(1)
        return made(*given)

    monkeypatch.setattr(proposals, "_proposals", counted)
    shown = admin("GET", path).json()
    assert shown["parameters"][0]["name"] == "oxide"
    assert not calls, "the serving process proposes nothing"
    (first,) = admin.ask(path, 1)
    assert calls
    shown = admin("GET", path).json()["verdict"]
    assert not shown["stop"]
    assert "every design" not in shown["reason"], "there are formulas that this process does not know"
    assert set(parse_formula(first["design"]["oxide"])) <= ELEMENTS
    assert "charges balance; nearest known:" in first["note"]
    done = admin.record(path, {"suggestion": first["id"], "gap": 3.1})
    assert done.json()["recorded"] == ["M0001"], done.text
    rows = {"rows": [{"oxide": "BaZrO3", "gap": 5.0}]}
    known = admin("POST", f"{path}/measurements?attach=true", json=rows)
    assert known.json()["recorded"] == ["M0002"], known.text
    rows = {"rows": [{"oxide": "BaQrO3", "gap": 5.0}]}
    wrong = admin("POST", f"{path}/measurements?attach=true", json=rows)
    assert wrong.json()["faults"][0]["column"] == "oxide"
    assert admin("GET", f"{path}/best").json()["best"][0]["design"] == {"oxide": "BaZrO3"}
    (second,) = admin.ask(path, 1)
    assert second["design"] != first["design"]
    signed_in = admin.http.post("/login", data={"token": admin.token}, headers={"Origin": "http://testserver"})
    assert signed_in.status_code == 303
    page = admin.http.get(path.replace("/campaigns/", "/c/")).text
    assert second["design"]["oxide"] in page
    assert "nearest known:" in page


def test_a_generator_is_trained_by_the_worker_on_tasks_of_the_lab(admin: Client, lab: Lab) -> None:
    family(lab.paths.folder / "past")
    learned = {**OXIDE, "generator": {"kind": "learned", "tasks": ["past"]}}
    path = admin.begin(**{**OPEN, "space": [learned]})
    assert admin("GET", path).status_code == 200
    assert not trained_generators._trained
    notes = [each["note"] for each in admin.ask(path, 4)]
    assert trained_generators._trained
    assert all("nearest known:" in note for note in notes)
    refused = admin("POST", "/campaigns", json={**OPEN, "name": "b", "space": [{**learned, "generator": "learned"}]})
    assert refused.status_code == 422
    assert "no past tasks" in refused.json()["faults"][0]["what"]


def test_an_assistant_works_with_open_formulas(lab: Lab) -> None:
    pytest.importorskip("mcp", reason="mcp is not installed: pip install 'materials-designer[mcp]'")
    from tests.service.test_assistant import Assistant, run_steps

    async def steps(call: Assistant) -> None:
        created = await call("create_campaign", campaign={"designer": 1, **OPEN})
        assert created["name"] == "oxides"
        faulty = {**OPEN, "name": "c", "space": [{**OXIDE, "elements": ["Ba", "Xx"]}]}
        assert "'Xx' is no element" in (await call("create_campaign", campaign={"designer": 1, **faulty}))["detail"]
        job = await call("suggest", campaign="oxides", n=2)
        while (await call("show_job", job=job["id"]))["state"] not in ("done", "failed"):
            await anyio.sleep(0.05)
        found = (await call("list_suggestions", campaign="oxides"))["suggestions"]
        assert len(found) == 2
        assert all("nearest known:" in each["note"] for each in found)
        explained = await call("explain", campaign="oxides", suggestion=found[0]["id"])
        assert found[0]["design"]["oxide"] in str(explained)
        row = {"suggestion": found[0]["id"], "gap": 2.5}
        assert (await call("record", campaign="oxides", rows=[row]))["recorded"] == ["M0001"]

    run_steps(lab, "admin", steps)
