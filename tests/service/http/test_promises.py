"""The promises of SECURITY.md that no other test checks, and its limits against those of the code."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from designer.campaign.file.spec import CampaignSpec
from designer.errors import DesignerError
from designer.service import commands, lab, logs
from designer.service.http import authorized_route, connections, pages, requests, security, server
from designer.service.store import accounts
from designer.service.work import jobs, timed_workers, uploads
from tests.service.conftest import Client

ROOT = Path(__file__).parents[3]
LIMITS = {
    "connections at the same time": connections.MAX_CONNECTIONS,
    "time for the headers": connections.HEADER_SECONDS,
    "time for the body": connections.BODY_SECONDS,
    "idle time": connections.IDLE_SECONDS,
    "time that a client may not read": connections.STALLED_SECONDS,
    "size of the headers": server.MAX_HEADER_BYTES // 1024,
    "tables and results": uploads.MAX_BYTES / 1e6,
    "campaigns and all others": authorized_route.MAX_JSON_BYTES / 1e6,
    "sign-in form": pages._MAX_FORM_BYTES / 1e3,
    "nesting of JSON": requests.MAX_JSON_DEPTH,
    "rows and columns": uploads.MAX_ROWS,
    "unpacked size": uploads._MAX_UNPACKED / 1e6,
    "time to read": timed_workers.TASK_SECONDS,
    "memory of that process": timed_workers.MAX_MEMORY_BYTES / 1e9,
    "suggestions in one request": commands.MAX_SUGGESTED,
    "previews of past campaigns that wait": lab.MAX_PREVIEWS,
    "suggestion jobs that wait": jobs.MAX_WAITING_JOBS,
    "browser session": accounts.SESSION_HOURS,
    "equal messages": logs.MAX_REPEATS,
    "requests of one user": security.Options().requests_per_minute,
}


@pytest.mark.parametrize("what", LIMITS)
def test_the_stated_limits_are_those_of_the_code(what: str) -> None:
    text = (ROOT / "SECURITY.md").read_text()
    (row,) = [line for line in text.splitlines() if line.startswith("|") and what in line]
    number = re.search(r"[\d,]+", row.split("|")[2])
    assert number is not None
    assert float(number[0].replace(",", "")) == LIMITS[what]


def test_no_limit_of_the_page_is_untested() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    table = text[text.index("| what | limit |") :].partition("\n\n")[0].splitlines()[2:]
    untested = [row for row in table if not any(what in row for what in LIMITS)]
    assert [row.split("|")[1].strip() for row in untested] == ["tables and campaigns that are read at the same time"]


FORBIDDEN = {
    "eval", "exec", "compile", "__import__", "pickle", "marshal", "shelve", "dill", "joblib", "os.system", "os.popen",
    "yaml.load", "yaml.full_load", "yaml.unsafe_load", "torch.load", "pandas.read_pickle", "pd.read_pickle",
}  # fmt: skip


def test_no_module_evaluates_or_unpickles() -> None:
    found = []
    for path in sorted((ROOT / "designer").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [ast.unparse(node.func)] if isinstance(node, ast.Call) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            shell = isinstance(node, ast.Call) and any(
                each.arg in ("shell", "allow_pickle") and ast.unparse(each.value) != "False" for each in node.keywords
            )
            found += [f"{path.name}: {name}" for name in names if name in FORBIDDEN or shell]
    assert found == []


@pytest.mark.parametrize(
    "tag",
    [
        '!!python/object/apply:os.system ["touch {}"]', "!!python/name:os.system", "!!python/object/new:os.system [a]",
        "!!python/module:os", "!custom a", "!!binary aGk=",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["name: {}", "space: {}", "seed: {}", "prior: {{tasks: {}}}"])
def test_tags_of_yaml_make_no_objects(tag: str, place: str, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    base = "designer: 1\nspace: [{name: x, kind: numeric, bounds: [0, 1]}]\ntargets: [{name: y, goal: maximize}]\n"
    (tmp_path / "c.yaml").write_text(base + place.format(tag.format(touched)) + "\n")
    with pytest.raises(DesignerError):
        CampaignSpec.from_file(tmp_path / "c.yaml")
    assert not touched.exists()


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


class TestLimits:
    @pytest.mark.parametrize(("levels", "status"), [(40, 422), (60, 400), (5000, 400), (100_000, 400)])
    def test_nesting_of_json(self, admin: Client, levels: int, status: int) -> None:
        kind = {"Content-Type": "application/json"}
        assert admin("POST", "/campaigns/check", content=nested(levels), headers=kind).status_code == status

    @pytest.mark.parametrize("path", ["/campaigns/check", "/campaigns", "{}/suggestions"])
    def test_bodies_of_more_than_1_mb(self, admin: Client, path: str) -> None:
        body = json.dumps({"n": 1, "name": "a" * 1_000_000}).encode()
        kind = {"Content-Type": "application/json"}
        path = path.format(admin.begin()) if "{}" in path else path
        assert admin("POST", path, content=body, headers=kind).status_code == 413

    def test_sign_in_forms_of_more_than_5_kb(self, http: TestClient) -> None:
        assert http.post("/login", data={"token": "a" * 5100}).status_code == 413
        assert http.post("/login", data={"token": "a" * 4000}).status_code == 401

    @pytest.mark.parametrize(
        ("text", "status"), [("x\n" + "1\n" * 20_001, 422), (",".join(map(str, range(501))) + "\n", 422)]
    )
    def test_rows_and_columns_of_tables(self, admin: Client, text: str, status: int) -> None:
        kind = {"Content-Type": "text/csv"}
        assert admin("POST", "/tables?filename=a.csv", content=text.encode(), headers=kind).status_code == status

    @pytest.mark.parametrize("n", [0, 101, 10**9])
    def test_suggestions_in_one_request(self, admin: Client, n: int) -> None:
        assert admin("POST", f"{admin.begin()}/suggestions", json={"n": n}).status_code == 422

    def test_waiting_jobs(self, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jobs, "MAX_WAITING_JOBS", 0)
        answer = admin("POST", f"{admin.begin()}/suggestions", json={"n": 1})
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems#busy")


def test_bad_input_writes_nothing(admin: Client, tmp_path: Path) -> None:
    path = admin.begin()
    (first, second) = admin.ask(path, n=2)

    def events() -> str:
        return str(admin("GET", f"{path}/events.jsonl").text)

    before = events()
    rows: list[Any] = [
        {"suggestion": first["id"], "loss": "high"}, {"suggestion": "S9999", "loss": 1}, {"loss": 1}, {},
        {"suggestion": second["id"], "loss": 1, "T [degC]": "hot"}, {"suggestion": first["id"], "los": 1},
    ]  # fmt: skip
    for row in rows:
        answer = admin("POST", f"{path}/measurements", json={"rows": [row, {"suggestion": first["id"], "loss": 400}]})
        assert 400 <= answer.status_code < 500, answer.text
    assert events() == before
    good = admin("POST", f"{path}/measurements", json={"rows": [{"suggestion": first["id"], "loss": 400}]})
    assert (good.status_code < 300, events() == before) == (True, False)
