"""The Materials Project through its own client, against a server on this machine that speaks as its does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from designer.errors import InvalidInput
from designer.tasks import load_family
from designer.tasks.importing.mapping import Mapping, plan_import, write_import
from designer.tasks.importing.materials_project import (
    KEY_VARIABLE,
    Fetching,
    SourceUnavailable,
    fetch_tables,
    read_query,
)

pytest.importorskip("mp_api", reason="needs the extra materials-project")
KEY = "k" * 32
SALT = {
    "@module": "pymatgen.core.structure", "@class": "Structure", "charge": 0,
    "lattice": {"matrix": [[0, 2.82, 2.82], [2.82, 0, 2.82], [2.82, 2.82, 0]]},
    "sites": [{"species": [{"element": e, "occu": 1}], "abc": [x] * 3} for e, x in (("Na", 0.0), ("Cl", 0.5))],
}  # fmt: skip


def material(i: int, **more: Any) -> dict[str, Any]:
    modulus = None if i % 2 else {"voigt": 1.0, "reuss": 1.0, "vrh": 10.0 + i}
    return {
        "material_id": f"mp-{i}",
        "formula_pretty": f"NaCl{i + 1}",
        "band_gap": i / 4,
        "bulk_modulus": modulus,
    } | more


@dataclass
class Server:
    """What the server holds and what it was asked; `faults` are answered first, one a request."""

    materials: list[dict[str, Any]]
    faults: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    url: str = ""


def answer(handler: BaseHTTPRequestHandler, status: int, body: Any, **headers: str) -> None:
    text = json.dumps(body).encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: answer(handler, code, {"detail": f"says no for {KEY}"}, **headers)


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.wfile.flush()
    handler.connection.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    held = Server([material(i) for i in range(7)])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlparse(self.path).path, parse_qs(urlparse(self.path).query)
            if path == "/heartbeat":
                version = {"db_version": "2026_01_01", "version": "0.90.0", "access_controlled_batch_ids": []}
                return answer(self, 200, version)
            held.asked.append(query)
            held.keys.add(self.headers.get("x-api-key", ""))
            if held.faults:
                return held.faults.pop(0)(self)
            size = int(query.get("_per_page", query.get("_limit", ["100"]))[0])
            start = (int(query.get("_page", ["1"])[0]) - 1) * size
            wanted = query["_fields"][0].split(",")
            page = [{k: m[k] for k in wanted if k in m} for m in held.materials[start : start + size]]
            return answer(self, 200, {"data": page, "meta": {"total_doc": len(held.materials)}})

        def log_message(self, *args: Any) -> None: ...

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    held.url = f"http://127.0.0.1:{running.server_port}/"
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    yield held
    running.shutdown()
    running.server_close()


@pytest.fixture
def fetching(server: Server, tmp_path: Path) -> Fetching:
    return Fetching(server.url, tmp_path / "cache", page=3, pauses=(0.0, 0.0), wait=0.0, sleep=lambda seconds: None)


def test_pages_become_tasks_with_licence_and_date(server: Server, fetching: Fetching, tmp_path: Path) -> None:
    tables = fetch_tables("chemsys=Na-Cl; energy_above_hull=..0.1", ["band_gap", "bulk_modulus"], fetching=fetching)
    assert [(t.name, len(t.frame)) for t in tables] == [("band_gap", 7), ("bulk_modulus", 4)]
    assert [query["_page"][0] for query in server.asked] == ["1", "2", "3"]
    assert server.asked[0]["chemsys"] == ["Na-Cl"]
    assert server.asked[0]["energy_above_hull_max"] == ["0.1"]
    assert server.keys == {KEY}
    mappings = [Mapping(**dict(table.card)) for table in tables]
    folder, _ = write_import(plan_import(tables, mappings, name="salts", guessed=False), tmp_path / "out")
    family = load_family(folder)
    assert (family.license, family.retrieved and len(family.retrieved)) == ("CC BY 4.0", 10)
    assert "2026_01_01" in (family.source or "")
    assert family.task("bulk_modulus").Y[:, 0].tolist() == [10.0, 12.0, 14.0, 16.0]
    assert not any(KEY in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_a_query_that_was_cut_off_goes_on_where_it_stopped(server: Server, fetching: Fetching) -> None:
    server.faults = [lambda h: answer(h, 200, {"data": server.materials[:3], "meta": {"total_doc": 7}})]
    server.faults += [status(503)] * 3
    with pytest.raises(SourceUnavailable, match="503"):
        fetch_tables("chemsys=Na-Cl", ["band_gap"], fetching=fetching)
    asked = len(server.asked)
    assert len(fetch_tables("chemsys=Na-Cl", ["band_gap"], fetching=fetching)[0].frame) == 7
    assert [query["_page"][0] for query in server.asked[asked:]] == ["2", "3"]
    asked = len(server.asked)
    assert len(fetch_tables("chemsys=Na-Cl", ["band_gap"], fetching=fetching)[0].frame) == 7
    assert len(server.asked) == asked  # all out of the cache


@pytest.mark.parametrize("fault", [status(429, Retry_After="0"), status(500), status(502), status(503), cut])
def test_what_may_pass_is_waited_out(
    server: Server, fetching: Fetching, fault: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    server.faults = [fault]
    assert len(fetch_tables("chemsys=Na-Cl", ["band_gap"], fetching=fetching)[0].frame) == 7


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_is_one_line_and_is_not_shown(server: Server, fetching: Fetching, code: int) -> None:
    server.faults = [status(code)]
    messages: list[str] = []
    with pytest.raises(InvalidInput, match="refuses the key; set MP_API_KEY") as caught:
        fetch_tables("chemsys=Na-Cl", ["band_gap"], fetching=replace(fetching, tell=messages.append))
    assert KEY not in str(caught.value) + "".join(messages)
    assert len(server.asked) == 1


def test_a_server_that_stays_down_says_so_without_the_key(server: Server, fetching: Fetching) -> None:
    server.faults = [status(500)] * 9
    messages: list[str] = []
    with pytest.raises(SourceUnavailable, match=r"did not answer: .*500") as caught:
        fetch_tables("chemsys=Na-Cl", ["band_gap"], fetching=replace(fetching, tell=messages.append))
    assert KEY not in str(caught.value) + "".join(messages)
    assert len(messages) == 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"band_gap": [1, 2]}, "'band_gap' of mp-0 is list, not a number"),
        ({"bulk_modulus": {"hill": 3}}, "'bulk_modulus' of mp-0 has no 'vrh'"),
        ({"formula_pretty": None, "drop": "formula_pretty"}, "a material has no 'formula_pretty'"),
        ({"drop": "band_gap"}, "mp-0 has no 'band_gap'"),
    ],
)
def test_a_changed_schema_is_named(server: Server, fetching: Fetching, changed: dict[str, Any], message: str) -> None:
    server.materials = [material(0, **changed)]
    server.materials[0].pop(changed.get("drop", ""), None)
    with pytest.raises(SourceUnavailable, match=message):
        fetch_tables("chemsys=Na-Cl", ["band_gap", "bulk_modulus"], fetching=fetching)


def test_structures_are_kept_and_described(server: Server, fetching: Fetching, tmp_path: Path) -> None:
    server.materials = [material(i, structure=SALT, formula_pretty=f) for i, f in enumerate(["NaCl", "KCl", "LiF"])]
    tables = fetch_tables("elements=Na,Cl", ["band_gap"], structures=True, fetching=replace(fetching, page=9))
    assert tables[0].frame["space_group"].tolist() == ["Fm-3m"] * 3
    mapping = Mapping(**dict(tables[0].card))
    folder, _ = write_import(plan_import(tables, [mapping], name="x", guessed=False), tmp_path / "out")
    from pymatgen.core import Structure

    kept = Structure.from_file(folder / "structures" / "mp-0.json")
    assert kept == Structure.from_dict(SALT)
    assert load_family(folder).tasks[0].space.columns == ("formula", "space_group", "crystal_system")


def test_nothing_is_asked_without_key_query_or_property(
    server: Server, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_query("chemsys=; num_elements=few; is_metal=perhaps; elemnts=Fe")
    assert [fault.what.partition(": ")[2] for fault in caught.value.faults] == [
        "nothing follows", "'few' is no range", "'perhaps' is no truth value", "'elemnts' is no condition",
    ]  # fmt: skip
    with pytest.raises(InvalidInput, match="did you mean 'band_gap'"):
        fetch_tables("chemsys=Na-Cl", ["bandgap"], fetching=fetching)
    with pytest.raises(InvalidInput, match="no property is asked for"):
        fetch_tables("chemsys=Na-Cl", [], fetching=fetching)
    server.materials = []
    with pytest.raises(InvalidInput, match="has nothing for"):
        fetch_tables("chemsys=Na-Cl", ["band_gap"], fetching=fetching)
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(InvalidInput, match="there is no key"):
        fetch_tables("chemsys=Na-Cl", ["band_gap"], fetching=fetching)
