"""Campaigns over molecules that are on no list, over HTTP, on the page, and for assistants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest

pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")

from designer.campaign.proposing import proposed_molecules
from designer.chemistry.smiles import canonical_smiles
from designer.service.lab import Lab
from tests.campaign.feature_pairs import MOLECULES
from tests.service.conftest import Client

DYE: dict[str, Any] = {"name": "dye", "kind": "molecule", "like": ["known.csv"], "max_heavy_atoms": 25}
OPEN: dict[str, Any] = {
    "name": "dyes",
    "space": [DYE],
    "constraints": ["dye.MolWt <= 320"],
    "targets": [{"name": "uptake", "goal": "maximize"}],
}


@pytest.fixture(autouse=True)
def few_proposals(monkeypatch: pytest.MonkeyPatch, lab: Lab) -> Iterator[None]:
    (lab.paths.folder / "known.csv").write_text("\n".join(["dye", *MOLECULES]) + "\n")
    monkeypatch.setattr(proposed_molecules, "PROPOSALS", 10)
    proposed_molecules._proposed.cache_clear()
    yield
    proposed_molecules._proposed.cache_clear()


def test_suggestions_say_where_a_molecule_comes_from(admin: Client, lab: Lab) -> None:
    path = admin.begin(**OPEN)
    assert admin("GET", path).json()["parameters"][0]["name"] == "dye"
    (first,) = admin.ask(path, 1)
    assert canonical_smiles(first["design"]["dye"]) == first["design"]["dye"]
    assert "nearest known:" in first["note"]
    done = admin.record(path, {"suggestion": first["id"], "uptake": 3.1})
    assert done.json()["recorded"] == ["M0001"], done.text
    rows = {"rows": [{"dye": "OCC", "uptake": 5.0}, {"dye": "CCO", "uptake": 6.0}]}
    known = admin("POST", f"{path}/measurements?attach=true", json=rows)
    assert known.json()["recorded"] == ["M0002", "M0003"], known.text
    wrong = admin("POST", f"{path}/measurements?attach=true", json={"rows": [{"dye": "C1CC", "uptake": 5.0}]})
    assert wrong.json()["faults"][0]["column"] == "dye"
    signed_in = admin.http.post("/login", data={"token": admin.token}, headers={"Origin": "http://testserver"})
    assert signed_in.status_code == 303
    assert first["design"]["dye"] in admin.http.get(path.replace("/campaigns/", "/c/")).text


@pytest.mark.parametrize("like", ["../known.csv", "/etc/passwd", "missing.csv"])
def test_tables_outside_of_the_labs_folder_are_refused(admin: Client, like: str) -> None:
    answer = admin("POST", "/campaigns", json={**OPEN, "space": [{**DYE, "like": [like]}]})
    assert answer.status_code == 422
    assert "root:" not in answer.text


def test_an_assistant_works_with_open_molecules(lab: Lab) -> None:
    pytest.importorskip("mcp", reason="mcp is not installed: pip install 'materials-designer[mcp]'")
    from tests.service.test_assistant import Assistant, run_steps

    async def steps(call: Assistant) -> None:
        assert (await call("create_campaign", campaign={"designer": 1, **OPEN}))["name"] == "dyes"
        job = await call("suggest", campaign="dyes", n=1)
        while (await call("show_job", job=job["id"]))["state"] not in ("done", "failed"):
            await anyio.sleep(0.05)
        (found,) = (await call("list_suggestions", campaign="dyes"))["suggestions"]
        assert "nearest known:" in found["note"]
        row = {"suggestion": found["id"], "uptake": 2.5}
        assert (await call("record", campaign="dyes", rows=[row]))["recorded"] == ["M0001"]

    run_steps(lab, "admin", steps)
