"""A database of OPTIMADE, against a server on this machine that speaks as its specification says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from designer.cli.main import main
from designer.errors import InvalidInput
from designer.tasks import load_family
from designer.tasks.importing.materials_project import Fetching, SourceUnavailable
from designer.tasks.importing.optimade import fetch_optimade

QUICK = Fetching(page=2, pauses=(0.0, 0.0), wait=0.0, sleep=lambda seconds: None)
GAP, MODULUS = "_exmpl_band_gap", "_exmpl_bulk_modulus"
PROPERTIES = {
    GAP: {"unit": "eV", "type": "float"},
    MODULUS: {"x-optimade-unit": "GPa"},
    "_exmpl_fame": {"unit": "stars_of_michelin"},
    "nelements": {},
}


@dataclass
class Server:
    """What the server holds, what it was asked, and answers that replace the true ones, one a request."""

    url: str = ""
    materials: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    instead: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)

    def answer(self, address: str) -> tuple[int, Any]:
        parts = urlsplit(address)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/v1/info":
            return 200, {"data": {"attributes": {"license": "https://example.org/cc-by"}}}
        if parts.path == "/v1/info/structures":
            return 200, {"data": {"properties": PROPERTIES}}
        if parts.path != "/v1/structures":
            return 404, {}
        if "HAS" not in query["filter"]:
            return 400, {"errors": [{"detail": "the filter cannot be parsed"}]}
        begin, limit = int(query.get("page_offset", 0)), int(query["page_limit"])
        page = self.materials[begin : begin + limit]
        more = begin + limit < len(self.materials)
        link = f"{address}&page_offset={begin + limit}" if more else None
        return 200, {"data": page, "links": {"next": {"href": link} if begin and more else link}}


def send(handler: BaseHTTPRequestHandler, status: int, content: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def says(status: int, content: Any, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: send(handler, status, json.dumps(content).encode(), **headers)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server(materials=[
        {"id": f"m{i}", "type": "structures", "attributes": {
            "chemical_formula_reduced": f"LiO{i + 1}", GAP: i / 2, MODULUS: None if i % 2 else 10.0 + i,
            "_exmpl_fame": i, "nelements": 2}}
        for i in range(5)
    ])  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            if state.instead:
                state.instead.pop(0)(self)
                return
            status, content = state.answer(self.path)
            send(self, status, json.dumps(content).encode())

        def log_message(self, *arguments: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: http.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_address[1]}"
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


def fetch(server: Server, *properties: str, query: str = 'elements HAS "Li"') -> Any:
    return fetch_optimade(server.url, query, properties or (GAP,), fetching=QUICK)


def test_one_table_a_property_over_all_pages(server: Server) -> None:
    gap, modulus = fetch(server, GAP, MODULUS)
    assert gap.frame["formula"].tolist() == [f"LiO{i}" for i in range(1, 6)]
    assert gap.frame["band_gap"].tolist() == ["0", "0.5", "1", "1.5", "2"]
    assert modulus.frame["bulk_modulus"].tolist() == ["10", "12", "14"]
    assert gap.card["targets"] == [{"name": "band_gap", "unit": "eV"}]
    assert modulus.card["targets"] == [{"name": "bulk_modulus", "unit": "GPa"}]
    assert gap.card["license"] == "https://example.org/cc-by"
    assert 'HAS "Li"' in gap.card["source"]
    assert sum(path.startswith("/v1/structures") for path in server.asked) == 3


def test_the_command_writes_a_family(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tasks", "import", "--optimade", server.url, "--filter", 'elements HAS "Li"', "--property", GAP, "--yes"]
    assert main([*words, "-o", str(tmp_path / "lithium")]) == 0, capsys.readouterr().err
    (task,) = load_family(tmp_path / "lithium").tasks
    assert task.targets[0].unit == "eV"
    assert len(task.Y) == 5
    for wrong in (["--filter", "x"], ["--optimade", server.url, "--structures"], ["--optimade", "ftp://x"]):
        assert main(["tasks", "import", *wrong, "-o", str(tmp_path / "no")]) == 2
    assert not (tmp_path / "no").exists()


def test_a_unit_that_is_not_known_is_a_label_and_none_is_none(server: Server) -> None:
    fame, elements = fetch(server, "_exmpl_fame", "nelements")
    assert fame.card["targets"] == [{"name": "fame", "unit": "stars_of_michelin"}]
    assert elements.card["targets"] == [{"name": "nelements"}]


def test_faults_that_pass_are_waited_out(server: Server) -> None:
    server.instead = [says(503, {}), says(429, {})]
    assert len(fetch(server)[0].frame) == 5
    server.instead = [says(500, {})] * 3
    with pytest.raises(SourceUnavailable, match="did not answer: status 500"):
        fetch(server)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (says(200, []), "its answer is no object"),
        (says(200, {"data": {}}), "has no 'properties'"),
        (lambda handler: send(handler, 200, b"<html>"), "its answer is no JSON"),
        (lambda handler: send(handler, 200, b"[" * 100_000), "its answer is no JSON"),
        (says(302, {}, Location="http://127.0.0.2:9/v1/info"), "redirects to another server"),
    ],
)
def test_other_answers_are_refused(server: Server, answer: Any, what: str) -> None:
    server.instead = [answer]
    with pytest.raises(SourceUnavailable, match=what):
        fetch(server)


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ({"data": 3}, "a page has no list 'data'"),
        ({"data": [{"id": "m1"}]}, "a material has no 'id' or no 'attributes'"),
        ({"data": [], "links": {"next": 3}}, "the link to the next page is no address"),
        ({"data": [], "links": {"next": "http://127.0.0.2:9/v1/structures"}}, "the next page is on another server"),
    ],
)
def test_other_pages_are_refused(server: Server, page: Any, what: str) -> None:
    server.instead = [says(200, {"data": {"properties": PROPERTIES}}), says(200, page)]
    with pytest.raises(SourceUnavailable, match=what):
        fetch(server)


def test_a_circle_of_pages_and_too_large_ones_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    circle = says(200, {"data": [], "links": {"next": "?page=again"}})
    server.instead = [says(200, {"data": {"properties": PROPERTIES}}), circle, circle]
    with pytest.raises(SourceUnavailable, match="a page links to an earlier one"):
        fetch(server)
    monkeypatch.setattr("designer.tasks.importing.optimade.MAX_PAGES", 2)
    with pytest.raises(SourceUnavailable, match="there are more than 2 pages"):
        fetch(server)
    monkeypatch.setattr("designer.tasks.importing.optimade.MAX_MATERIALS", 3)
    with pytest.raises(InvalidInput, match="has more than 3 materials"):
        fetch(server)
    monkeypatch.setattr("designer.tasks.importing.optimade.MAX_BYTES", 50)
    with pytest.raises(SourceUnavailable, match="is larger than 0 MiB"):
        fetch(server)


@pytest.mark.parametrize(
    ("query", "properties", "what"),
    [
        ("", (GAP,), "there is no filter"),
        ("nelements=2", (GAP,), r"refuses the query \(status 400\): the filter cannot be parsed"),
        ('elements HAS "Li"', ("_exmpl_gap",), f"has no property '_exmpl_gap'; one of: {GAP}"),
        ('elements HAS "Li"', ("band gap",), "is no name of OPTIMADE"),
    ],
)
def test_wrong_queries_are_faults(server: Server, query: str, properties: tuple[str, ...], what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        fetch(server, *properties, query=query)


def test_nothing_found_and_no_numbers_are_faults(server: Server) -> None:
    for material in server.materials:
        material["attributes"][GAP] = "wide"
    with pytest.raises(InvalidInput, match="no material that was found has a number"):
        fetch(server)
    server.materials = []
    with pytest.raises(InvalidInput, match="has nothing for"):
        fetch(server)


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(SourceUnavailable, match="did not answer"):
        fetch_optimade("http://127.0.0.1:9", 'elements HAS "Li"', [GAP], fetching=QUICK)
    with pytest.raises(InvalidInput, match="is no address"):
        fetch_optimade("file:///etc", 'elements HAS "Li"', [GAP], fetching=QUICK)
