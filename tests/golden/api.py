"""The HTTP API as it describes itself (OpenAPI) and as it answers: operations, and the fields they take and give."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from designer.service.http.app import create_app
from designer.service.http.security import Options
from designer.service.lab import Lab
from designer.service.store.paths import LabPaths
from tests.service.conftest import CAMPAIGN, Client, workers_in_threads


def described() -> dict[str, dict[str, Any]]:
    """Return, by ``METHOD path``, the parameters, the fields of each body, and the fields of each answer."""
    with tempfile.TemporaryDirectory() as folder:
        lab = _lab(folder)
        try:
            found = _app(lab).openapi()
        finally:
            lab.close()
    schemas = found["components"]["schemas"]
    return {
        f"{method.upper()} {path}": _operation(operation, schemas)
        for path, operations in found["paths"].items()
        for method, operation in operations.items()
    }


def answered() -> dict[str, list[str]]:
    """Return the fields of real answers, each in a short conversation about one campaign."""
    with tempfile.TemporaryDirectory() as folder:
        lab = _lab(folder)
        with TestClient(_app(lab), follow_redirects=False) as http:
            client = Client(http, lab.accounts.create("ada", "admin"))
            said = dict(_conversation(client))
    return {name: sorted(set(_keys(answer, ""))) for name, answer in said.items()}


def _lab(folder: str) -> Lab:
    return Lab(LabPaths.of(Path(folder) / "lab"), workers_in_threads())


def _app(lab: Lab) -> FastAPI:
    return create_app(lab, Options(hosts=("testserver",)))


def _conversation(client: Client) -> Iterator[tuple[str, Any]]:
    """Ask for everything once; yield what was asked and the JSON of the answer."""
    campaign = {**CAMPAIGN, "targets": [*CAMPAIGN["targets"], {"name": "cost", "at_most": 9}], "initial": 3}
    begun = client("POST", "/campaigns", json=campaign).json()
    yield "begin", begun
    path = f"/campaigns/{begun['id']}"
    first = client("POST", f"{path}/suggestions?wait=60", json={"n": 3}).json()
    yield "first suggestions", first
    ids = [each["id"] for each in first["suggestions"]]
    rows = [{"suggestion": name, "loss": 400.0 + 10 * i, "cost": 3.0} for i, name in enumerate(ids[:2])]
    yield "check results", client("POST", f"{path}/measurements/check", json={"rows": rows}).json()
    yield "record", client("POST", f"{path}/measurements", json={"rows": rows}).json()
    yield "fail", client("POST", f"{path}/suggestions/{ids[2]}/failure", json={"reason": "it broke"}).json()
    yield "suggestions of the model", client("POST", f"{path}/suggestions?wait=60", json={"n": 1}).json()
    yield "a campaign", client("GET", path).json()
    designs = [first["suggestions"][0]["design"]]
    yield "predictions", client("POST", f"{path}/predictions", json={"designs": designs}).json()
    for name in ("space", "history", "suggestions", "measurements", "best", "verdict"):
        yield name, client("GET", f"{path}/{name}").json()
    yield "a suggestion", client("GET", f"{path}/suggestions/{ids[0]}").json()
    yield "a measurement", client("GET", f"{path}/measurements/M0001").json()
    yield "a card", client("GET", f"{path}/suggestions/S0004/card").json()
    yield "withdraw", client("POST", f"{path}/suggestions/S0004/withdrawal", json={"reason": "too costly"}).json()
    for name in ("me", "campaigns", "tokens", "audit"):
        yield name, client("GET", f"/{name}").json()
    yield "a problem", client("POST", f"{path}/measurements", json={"rows": [{"suggestion": "S9", "loss": "?"}]}).json()
    yield "nothing there", client("GET", "/campaigns/nothing").json()


def _keys(answer: Any, path: str) -> Iterator[str]:
    """Go through the fields of an answer: ``suggestions[].design`` for those of what is in a list."""
    if isinstance(answer, list):
        for each in answer:
            yield from _keys(each, f"{path}[]")
    if isinstance(answer, dict):
        for name, each in answer.items():
            here = f"{path}.{name}" if path else name
            yield here
            yield from _keys(each, here)


def _operation(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    parameters = operation.get("parameters", [])
    return {
        "parameters": sorted(f"{each['in']} {each['name']}" for each in parameters),
        "required": sorted(f"{each['in']} {each['name']}" for each in parameters if each.get("required")),
        "body": _contents(operation.get("requestBody", {}), schemas),
        "answers": {
            status: _contents(answer, schemas)
            for status, answer in operation["responses"].items()
            if status.startswith("2")
        },
        "problems": sorted(status for status in operation["responses"] if not status.startswith("2")),
    }


def _contents(part: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        kind: sorted(set(_fields(content.get("schema", {}), schemas, (), "")))
        for kind, content in part.get("content", {}).items()
    }


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any], inside: tuple[str, ...], path: str) -> Iterator[str]:
    """Go through the fields of a schema, named as those of an answer."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in inside:
            yield from _fields(schemas[name], schemas, (*inside, name), path)
    for way in ("anyOf", "allOf", "oneOf"):
        for each in schema.get(way, ()):
            yield from _fields(each, schemas, inside, path)
    if isinstance(schema.get("items"), Mapping):
        yield from _fields(schema["items"], schemas, inside, f"{path}[]")
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from _fields(schema["additionalProperties"], schemas, inside, f"{path}{{}}")
    for name, each in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here
        yield from _fields(each, schemas, inside, here)
