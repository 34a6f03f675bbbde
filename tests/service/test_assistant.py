"""Tools for assistants: the same tokens, roles and errors as over HTTP."""

from __future__ import annotations

import base64
import json
import os
import sys
from importlib.metadata import version
from typing import Any

import anyio
import numpy as np
import pytest

pytest.importorskip("mcp", reason="mcp is not installed: pip install 'materials-designer[mcp]'")

from mcp import Client, StdioServerParameters

from designer.observations.images.image_files import png_of
from designer.service.assistant import server
from designer.service.lab import Lab
from designer.service.store.paths import LabPaths
from tests.service.conftest import CAMPAIGN

TOOLS = {
    "list_campaigns", "show_campaign", "list_suggestions", "run_sheet", "list_measurements", "show_history", "best",
    "verdict", "predict", "explain", "check", "suggest", "show_job", "record", "fail", "create_campaign", "amend",
    "withdraw", "amend_space", "amend_beliefs", "compare", "list_comparisons", "next_comparison", "undo",
    "find_past_campaigns", "publish_results", "propose_formulas", "propose_molecules",
}  # fmt: skip


class Assistant:
    """Calls tools and returns their results; errors as problem documents."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def __call__(self, tool: str, **arguments: Any) -> Any:
        result = await self.client.call_tool(tool, arguments)
        if result.is_error:
            text = result.content[0].text  # type: ignore[union-attr]
            return json.loads(text[text.index("{") :])
        return result.structured_content


def run_steps(lab: Lab, role: str, steps: Any) -> None:
    async def main() -> None:
        async with Client(server(lab, lab.accounts.create("robot", role))) as client:
            await steps(Assistant(client))

    anyio.run(main)


def test_suggestions_and_best_for_a_context(lab: Lab) -> None:
    space = [
        {"name": "T", "kind": "numeric", "bounds": [300, 900]},
        {"name": "humidity", "kind": "numeric", "bounds": [10, 90], "role": "context"},
    ]

    async def steps(call: Assistant) -> None:
        await call("create_campaign", campaign={**CAMPAIGN, "space": space, "constraints": []})
        assert (await call("suggest", campaign="films", n=1))["faults"][0][
            "what"
        ] == "the context 'humidity' is missing"
        found = (await call("suggest", campaign="films", n=2, context={"humidity": 45}))["suggestions"]
        assert {each["design"]["humidity"] for each in found} == {45.0}
        rows = [{"suggestion": each["id"], "loss": 300 + i} for i, each in enumerate(found)]
        await call("record", campaign="films", rows=rows)
        best = (await call("best", campaign="films", context={"humidity": 60}))["best"]
        assert best[0]["design"]["humidity"] == 60.0

    run_steps(lab, "admin", steps)


def test_curves_are_recorded(lab: Lab) -> None:
    async def steps(call: Assistant) -> None:
        raman = {"name": "raman", "kind": "curve", "stage": 1, "cost": 0.1}
        await call("create_campaign", campaign={**CAMPAIGN, "observations": [raman]})
        first, second = (await call("suggest", campaign="films", n=2))["suggestions"]
        rows = [
            {"suggestion": first["id"], "raman": {"x": [100, 200], "y": [3, 4]}},
            {"suggestion": second["id"], "raman": "100:1; 200:5"},
        ]
        assert (await call("record", campaign="films", rows=rows))["recorded"] == ["M0001", "M0002"]
        wrong = [{"suggestion": first["id"], "raman": "/etc/passwd.csv"}]
        assert "cannot be named here" in (await call("record", campaign="films", rows=wrong))["faults"][0]["what"]

    run_steps(lab, "admin", steps)


def test_images_are_recorded(lab: Lab) -> None:
    def uploaded(pixels: Any) -> dict[str, str]:
        return {"file": "a.png", "content": base64.b64encode(png_of(pixels)).decode()}

    async def steps(call: Assistant) -> None:
        sem = {"name": "sem", "kind": "image", "stage": 1, "cost": 0.1}
        await call("create_campaign", campaign={**CAMPAIGN, "observations": [sem]})
        (only,) = (await call("suggest", campaign="films", n=1))["suggestions"]
        for wrong in ("/etc/a.png", {"file": "a.png", "content": "AAAA"}):
            refused = await call("record", campaign="films", rows=[{"suggestion": only["id"], "sem": wrong}])
            assert [each["column"] for each in refused["faults"]] == ["sem"]
        rows = [{"suggestion": only["id"], "sem": uploaded(np.eye(8))}]
        assert (await call("record", campaign="films", rows=rows))["recorded"] == ["M0001"]
        measured = (await call("list_measurements", campaign="films"))["measurements"]
        assert [each["observed"] for each in measured] == [{"sem": "a.png"}]

    run_steps(lab, "admin", steps)


def test_results_have_a_level_and_the_best_is_of_the_last_one(lab: Lab) -> None:
    method = {"name": "method", "kind": "fidelity", "levels": ["film", "bulk"]}
    space = [{"name": "T", "kind": "numeric", "bounds": [300, 900]}, method]
    campaign = {**CAMPAIGN, "space": space, "constraints": [], "cost": "1 if method == bulk, 0.05"}

    async def steps(call: Assistant) -> None:
        await call("create_campaign", campaign=campaign)
        low, top = (await call("suggest", campaign="films", n=2))["suggestions"]
        assert (low["design"]["method"], top["design"]["method"]) == ("film", "bulk")
        assert "to see whether it predicts bulk" in low["note"]
        await call("record", campaign="films", rows=[{"suggestion": low["id"], "loss": 100}])
        assert (await call("best", campaign="films"))["best"] == []
        await call("record", campaign="films", rows=[{"suggestion": top["id"], "loss": 300}])
        assert (await call("best", campaign="films"))["best"][0]["design"]["method"] == "bulk"
        wrong = await call("record", campaign="films", rows=[{"T": 400, "method": "bulc", "loss": 1}], attach=True)
        assert "bulc" in json.dumps(wrong)

    run_steps(lab, "admin", steps)


def test_the_loop(lab: Lab) -> None:
    async def steps(call: Assistant) -> None:
        assert {tool.name for tool in (await call.client.list_tools()).tools} == TOOLS
        begun = await call("create_campaign", campaign=CAMPAIGN)
        assert begun["name"] == "films"
        first, second = (await call("suggest", campaign="films", key="k"))["suggestions"]
        assert (await call("suggest", campaign="films", key="k"))["suggestions"][0]["id"] == first["id"]
        sheet = (await call("run_sheet", campaign="films"))["csv"].splitlines()
        assert [line.split(",")[0] for line in sheet] == ["suggestion", first["id"], second["id"]]
        rows = [{"suggestion": first["id"], "loss": "0.4 V"}]
        assert (await call("check", campaign="films", rows=rows))["recorded"] == ["M0001"]
        assert (await call("record", campaign="films", rows=rows))["recorded"] == ["M0001"]
        assert (await call("fail", campaign="films", suggestion=second["id"], reason="peeled"))["failed"] == ["S0002"]
        found = (await call("list_measurements", campaign="films"))["measurements"][0]
        assert found["values"] == {"loss": 400.0}
        done = await call(
            "amend", campaign="films", measurement="M0001", version=found["version"], values={"loss": 390}
        )
        assert done["changed"]
        stale = await call("amend", campaign="films", measurement="M0001", version=found["version"], values={"loss": 1})
        assert stale["status"] == 412
        assert (await call("explain", campaign="films", suggestion="S0001"))["id"] == "S0001"
        rows = (await call("show_history", campaign="films"))["events"]
        assert {(row["user"], row["via"]) for row in rows} == {("robot", "mcp")}
        faults = (await call("record", campaign="films", rows=[{"suggestion": "S9", "loss": "x"}]))["faults"]
        assert len(faults) == 2
        assert (await call("show_campaign", campaign="none"))["status"] == 404

    run_steps(lab, "steer", steps)


def test_undo_and_past_campaigns(lab: Lab) -> None:
    space = [{"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 600]}]
    campaign = {**CAMPAIGN, "space": space, "constraints": []}

    async def steps(call: Assistant) -> None:
        await call("create_campaign", campaign=campaign)
        rows = [{"T": t, "loss": t} for t in (300, 350, 400, 450, 500, 550)]
        await call("record", campaign="films", rows=rows, attach=True)
        action = (await call("show_campaign", campaign="films"))["undo"]
        assert action["what"] == "6 results: M0001, M0002, M0003, ..."
        found = await call("find_past_campaigns", campaign={**campaign, "name": "next"})
        assert found["summary"] == "1 past campaign looks like this one"
        published = await call("publish_results", campaign="films")
        assert published["folder"].startswith("registry/films/")
        done = await call("undo", campaign="films", position=action["position"])
        assert done["undone"] == action["what"]
        assert (await call("show_campaign", campaign="films"))["measurements"] == 0

    run_steps(lab, "steer", steps)


def test_roles_are_enforced(lab: Lab) -> None:
    async def steps(call: Assistant) -> None:
        for tool, arguments in (
            ("create_campaign", {"campaign": CAMPAIGN}),
            ("suggest", {"campaign": "films"}),
            ("record", {"campaign": "films", "rows": []}),
            ("withdraw", {"campaign": "films", "subject": "S0001"}),
        ):
            refused = await call(tool, **arguments)
            assert (refused["status"], refused["type"]) == (403, "/problems#not-allowed")
        assert (await call("list_campaigns"))["campaigns"] == []

    run_steps(lab, "read", steps)


def test_a_campaign_cannot_name_a_program(lab: Lab) -> None:
    async def steps(call: Assistant) -> None:
        campaign = {**CAMPAIGN, "measure": {"kind": "command", "argv": ["touch", "x"]}}
        refused = await call("create_campaign", campaign=campaign)
        assert "cannot measure by 'command'" in refused["faults"][0]["what"]

    run_steps(lab, "admin", steps)


def test_a_revoked_token_is_refused(lab: Lab) -> None:
    async def steps(call: Assistant) -> None:
        assert "campaigns" in await call("list_campaigns")
        lab.accounts.revoke(lab.accounts.tokens()[0]["id"])
        assert (await call("list_campaigns"))["status"] == 401

    run_steps(lab, "read", steps)


def test_over_stdin_and_stdout(lab: Lab, paths: LabPaths) -> None:
    token = lab.accounts.create("robot", "read")
    command = ["-m", "designer", "mcp", "--lab", str(paths.folder)]
    environment = {**os.environ, "DESIGNER_TOKEN": token}

    async def main() -> None:
        parameters = StdioServerParameters(command=sys.executable, args=command, env=environment)
        async with Client(parameters) as client:
            assert (client.server_info.name, client.server_info.version) == ("designer", version("materials-designer"))  # type: ignore[union-attr]
            assert (await Assistant(client)("list_campaigns"))["campaigns"] == []

    anyio.run(main)


def test_formulas_are_proposed(lab: Lab) -> None:
    async def steps(call: Assistant) -> None:
        found = await call("propose_formulas", known=["BaTiO3", "SrTiO3"], n=2)
        assert len(found["proposals"]) == 2
        assert "generated" in found["proposals"][0]["origin"]
        assert (await call("propose_formulas", known=["Q"]))["status"] == 422
        assert (await call("propose_formulas", known=["NaCl"], n=501))["status"] == 422

    run_steps(lab, "steer", steps)


def test_molecules_are_proposed(lab: Lab) -> None:
    pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")

    async def steps(call: Assistant) -> None:
        known = ["CCOC(=O)c1ccccc1", "COc1ccc(N=Nc2ccccc2)cc1"]
        found = await call("propose_molecules", known=known, conditions=["molecule.MolWt <= 260"], n=2)
        assert len(found["proposals"]) == 2
        assert "nearest known" in found["proposals"][0]["origin"]
        assert (await call("propose_molecules", known=["C1CC"]))["status"] == 422

    run_steps(lab, "steer", steps)
