"""Connections with limits, over sockets of the loopback interface: many half-open ones, slow ones, and hang-ups."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install 'materials-designer[serve]'")

import uvicorn

from designer.service.http import connections
from designer.service.http.connections import LimitedConnection
from designer.service.store.accounts import ROLES, Accounts
from designer.service.store.paths import LabPaths
from tests.service.live import Live

HALF_OPEN = 1200
MAX_SECONDS = 10.0  # for the response to a client that sends its request at once; without limits it waits for 30 s
MAX_LOG_BYTES = 1_000_000
BEGINNINGS = {
    "silent": b"",
    "half a header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-",
    "a body that does not come": b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\ntoken=",
    "a body for the API that does not come": b"POST /api/tables HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Length: 9000000\r\n\r\na",
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < HALF_OPEN + 500:
        pytest.skip(f"this test opens {HALF_OPEN} connections, and the limit on open files is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, HALF_OPEN + 500), hard))
    with Live(tmp_path_factory.mktemp("connections") / "lab", open_files=1024) as live:
        yield live
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=list(BEGINNINGS))
def test_half_open_connections_do_not_stop_the_service(live: Live, beginning: bytes) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(HALF_OPEN if beginning in (b"", BEGINNINGS["half a header"]) else HALF_OPEN // 2):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", live.port), timeout=10))
            with contextlib.suppress(OSError):  # it may have been closed already
                client.sendall(beginning)
        seconds = [respond_time(live) for _ in range(5)]
    assert max(seconds) < MAX_SECONDS
    assert live.log.stat().st_size < MAX_LOG_BYTES
    assert "Traceback" not in live.log.read_text()


def respond_time(live: Live) -> float:
    begin = time.perf_counter()
    with urllib.request.urlopen(f"{live.url}/healthz", timeout=30) as answer:
        assert answer.status == 200
    time.sleep(0.2)
    return time.perf_counter() - begin - 0.2


@pytest.mark.parametrize("size", [1_000, 30_000, 40_000, 100_000, 1_000_000])
@pytest.mark.parametrize("where", ["one header", "many headers", "the path", "the query"])
def test_headers_beyond_their_limit_are_refused_however_they_arrive(live: Live, where: str, size: int) -> None:
    path, headers = "/healthz", ""
    if where == "one header":
        headers = f"X-A: {'a' * size}\r\n"
    elif where == "many headers":
        headers = "".join(f"X-{i}: {'a' * 80}\r\n" for i in range(size // 90))
    else:
        path += ("/" if where == "the path" else "?") + "a" * size
    text = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n"
    if size < 32_000:
        assert send(live.port, text.encode())[9:12] in (b"200", b"404")
        return
    with contextlib.suppress(ConnectionResetError):  # what is still sent has no reader any more
        assert send(live.port, text.encode())[9:12] == b"400"


def test_no_content_of_a_request_forges_a_line_of_the_log(live: Live) -> None:
    forged = "2026-01-01 00:00:00,000 designer.service.access admin DELETE /api/tokens 200 1 ms"
    for path in (f"/x%0a{forged.replace(' ', '%20')}", "/y%0d%1b%5b2J%00", "/z%e2%80%a8%c2%85end", "/" + "a" * 9000):
        send(live.port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    text = live.log.read_bytes().decode()
    assert r"/x\n2026-01-01" in text
    assert r"/y\r\x1b[2J\x00" in text
    assert r"/z\u2028\x85end" in text
    assert not any(line.startswith("2026-01-01 00:00:00,000") for line in text.splitlines())
    assert max(map(len, text.splitlines())) < 400


def test_clients_that_hang_up_leave_one_line_each(live: Live) -> None:
    """Also within a body that the service reads."""
    before = -1
    while before != (before := live.log.read_text().count("\n")):  # until the tests before have ended
        time.sleep(0.5)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", live.port), timeout=10) as client:
            client.sendall(BEGINNINGS["a body that does not come"])
            time.sleep(0.02)
    end = time.monotonic() + 10
    while (lines := live.log.read_text().splitlines()[before:]) and len(lines) < 20 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(lines) == 20
    assert all("POST /login 499" in line for line in lines)


@pytest.fixture(scope="module")
def tokens(live: Live) -> dict[str, str]:
    store = LabPaths.of(live.folder).open_store()
    try:
        accounts = Accounts(store)
        return {"none": "dsg_a_b", **{role: accounts.create(f"{role}er", role) for role in ROLES}}
    finally:
        store.close()


@pytest.mark.parametrize(
    ("role", "target", "status"),
    [
        ("none", "POST /api/campaigns", 401),
        ("none", "POST /api/tables", 401),
        ("none", "POST /api/campaigns/none/measurements/check", 401),
        ("none", "PATCH /api/campaigns/none/space", 401),
        ("read", "POST /api/campaigns", 403),
        ("read", "POST /api/tables", 403),
        ("read", "POST /api/campaigns/none/measurements", 403),
        ("record", "PATCH /api/campaigns/none/space", 403),
        ("record", "POST /api/campaigns/none/suggestions/S0001/withdrawal", 403),
        ("record", "POST /api/campaigns/none/measurements", 404),
        ("read", "POST /api/campaigns/none/predictions", 404),
        ("read", "POST /api/campaigns/none/measurements/check", 404),
        ("steer", "PATCH /api/campaigns/none/measurements/M0001", 404),
        ("steer", "PATCH /api/campaigns/~%C3%A9/space", 404),
    ],
)
def test_role_and_campaign_are_checked_before_the_body(
    live: Live, tokens: dict[str, str], role: str, target: str, status: int
) -> None:
    """The response comes although the body does not."""
    head = f"{target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {tokens[role]}\r\nContent-Type: text/csv\r\n"
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as client:
        client.sendall(f"{head}Content-Length: 900000\r\n\r\n".encode())
        assert client.recv(1000).startswith(f"HTTP/1.1 {status} ".encode())


def test_invalid_requests_do_not_fill_the_log(live: Live) -> None:
    before = live.log.stat().st_size
    for _ in range(200):
        assert b" 400 " in send(live.port, b"\x16\x03\x01 nonsense\r\n\r\n")
    assert live.log.stat().st_size - before < 2000


def send(port: int, data: bytes) -> bytes:
    """Send bytes, and return all that comes back until the service closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(data)
        received = b""
        while part := client.recv(65536):
            received += part
    return received


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Respond to a GET at once and with much; read the body of a POST."""
    if scope["type"] != "http":
        return
    while scope["method"] == "POST":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    size = 50_000_000 if scope["path"] == "/large" else 2
    headers = [(b"content-length", str(size).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"x" * size})


class TestDeadlines:
    """Each phase of a connection ends; the limits are shortened here."""

    @pytest.fixture
    def port(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
        monkeypatch.setattr(connections, "_SECONDS", {"headers": 0.4, "body": 0.4, "unread body": 0.4, "idle": 0.4})
        monkeypatch.setattr(connections, "STALLED_SECONDS", 0.4)
        config = uvicorn.Config(application, port=0, http=LimitedConnection, ws="none", log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        thread.join(10)

    @pytest.mark.parametrize(
        "parts",
        [
            [b""],
            [b"GET / HTTP/1.1\r\nHo"],
            [b"GET / HTTP/1.1\r\n", *[b"a: b\r\n"] * 20],
            [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 20],
            [b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 20],
            [b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 20],
            [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
            [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", *[b"\r\n"] * 20],
            [b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"],
        ],
        ids=[
            "silent", "header", "slow headers", "slow body", "slow chunks", "unread body", "idle", "blank lines",
            "stalled",
        ],
    )  # fmt: skip
    def test_slow_clients_are_cut_off(self, port: int, parts: list[bytes]) -> None:
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            with contextlib.suppress(OSError):
                for part in parts:
                    client.sendall(part)
                    time.sleep(0.1)
            if parts == [b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"]:
                time.sleep(1.0)  # without reading
            received = 0
            with contextlib.suppress(ConnectionResetError):
                while part := client.recv(1_000_000):
                    received += len(part)
        assert time.monotonic() - begin < 4
        assert received < 50_000_000

    def test_clients_in_time_are_served(self, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            for _ in range(4):
                client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na")
                time.sleep(0.2)
                client.sendall(b"bc")
                received = b""
                while not received.endswith(b"\r\n\r\nxx"):
                    received += client.recv(1000)

    def test_pipelined_requests_are_served(self, port: int) -> None:
        received = send(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 5)
        assert received.count(b"200 OK") == 5


def test_the_number_of_connections_fits_the_limit_on_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = connections.raise_file_limit()
    assert 10 <= allowed <= connections.MAX_CONNECTIONS
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_log_with_a_repeated_error_stays_small(tmp_path: Path) -> None:
    import logging

    from designer.service.logs import RepeatFilter, SafeFormatter

    logger = logging.Logger("designer.service.test")
    path = tmp_path / "log"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(SafeFormatter("%(asctime)s %(name)s %(message)s"))
    handler.addFilter(RepeatFilter())
    logger.addHandler(handler)
    for i in range(2000):
        try:
            raise OSError(24, f"Too many open files\n2026-01-01 forged {i}")
        except OSError:
            logger.exception("accept failed for %d", i)
    handler.close()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum("Traceback" in line for line in lines) == 1
    assert len(lines) < 20
    assert not any(line.startswith("2026-01-01 forged") for line in lines)
    assert "counted only" in lines[-1]
