"""Any request to any route: no response is a server error, and every error is a problem document.

Short here, with fixed seeds. To search for longer::

    DESIGNER_FUZZ_EXAMPLES=5000 python -m pytest tests/service/http/test_fuzz.py
"""

from __future__ import annotations

import json
import os
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from designer.service.http.app import create_app
from designer.service.http.security import Options
from designer.service.lab import Lab
from designer.service.store.paths import LabPaths
from designer.service.work import worker_tasks
from tests.service.conftest import CAMPAIGN, Client, workers_in_threads

EXAMPLES = int(os.environ.get("DESIGNER_FUZZ_EXAMPLES", "60"))
LONG = "DESIGNER_FUZZ_EXAMPLES" in os.environ
SETTINGS = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=not LONG, suppress_health_check=list(HealthCheck)
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Routes whose work would only be slow here: reports, models, and streams that end when a job ends.
SLOW = ("report.html", "/card", "/best", "/verdict", "/predictions", "/events", "/suggestions?wait")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    paths = LabPaths.of(tmp_path_factory.mktemp("fuzz") / "lab")
    lab = Lab(paths, workers_in_threads())
    app = create_app(lab, Options(hosts=("testserver",)))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as http:
        client = Client(http, lab.accounts.create("ada", "admin"))
        campaign = client.begin()
        first, _ = client.ask(campaign)
        client.record(campaign, {"suggestion": first["id"], "loss": 400})
        yield client
    worker_tasks.close_store(paths)


def check(client: Client, method: str, path: str, **options: Any) -> Any:
    """Send a request and check the response."""
    headers = {"Authorization": f"Bearer {client.token}", **options.pop("headers", {})}
    response = client.http.request(method, path, headers=headers, **options)
    about = f"{method} {path!r} {options!r}: {response.status_code} {response.text[:500]}"
    assert response.status_code < 500, about
    if response.status_code >= 400 and path.startswith("/api/"):
        assert response.headers["content-type"] == "application/problem+json", about
        assert json.loads(response.content)["type"].startswith("/problems#"), about
    return response


def routes(client: Client) -> list[tuple[str, str]]:
    paths = client.http.get("/openapi.json").json()["paths"]
    found = [(method.upper(), path) for path, operations in paths.items() for method in operations]
    return [(method, path) for method, path in found if not any(slow in path for slow in SLOW)]


# Strategies: texts and JSON with everything that JSON can say, near to what the routes take

odd_texts = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "films",
            "S0001",
            "M0001",
            "T",
            "gas",
            "loss",
            "film.Ni",
            "\0",
            "\ud800",
            "\udfff",
            "é",
            "\x1b[2J",
            "a" * 5000,
            "../../etc/passwd",
            "%s%n",
            "1e400",
            "-0",
            "NaN",
            "0.4 V",
            "9 ** 9",
            "=1+1",
            "\u202e",
        ]
    ),
    st.text(st.characters(codec=None), max_size=20),
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    odd_texts,
    st.integers(),
    st.floats(),
    st.sampled_from([10**400, -(10**30), 2**63, 1e308, -0.0]),
)
KEYS = (
    "rows",
    "suggestion",
    "loss",
    "T",
    "gas",
    "replicate",
    "failed",
    "notes",
    "partial",
    "reason",
    "values",
    "noise",
    "design",
    "bounds",
    "add_choices",
    "constraints",
    "n",
    "replicate_of",
    "designs",
    "designer",
    "name",
    "space",
    "targets",
    "measure",
    "candidates",
    "prior",
    "budget",
    "initial",
    "batch_size",
    "kind",
    "unit",
    "choices",
    "elements",
    "goal",
    "store",
)
keys = st.one_of(st.sampled_from(KEYS), odd_texts)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


def changed(campaign: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return campaigns in which some parts are anything."""
    return st.dictionaries(st.sampled_from([*campaign, *KEYS]) | odd_texts, anything, max_size=3).map(
        lambda parts: {**campaign, **parts}
    )


bodies = st.one_of(
    anything.map(encoded := lambda data: json.dumps(data).encode()),
    st.dictionaries(st.sampled_from(KEYS), anything, max_size=4).map(encoded),
    changed(CAMPAIGN).map(encoded),
    st.lists(st.dictionaries(keys, leaves, max_size=5), max_size=4).map(lambda rows: encoded({"rows": rows})),
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"[" * 2000 + b"]" * 2000,
            b'{"a":' * 900 + b"1" + b"}" * 900,
            b"1" * 5000,
            b"\xef\xbb\xbf{}",
            b'{"\xed\xa0\x80": 1}',
            b"PK\x03\x04",
            b"a,b\n1,2\n",
            b'"a\n',
            b"{}",
            b"- " * 3000,
            b"a: &a [*a]",
        ]
    ),
)
media_types = st.sampled_from(
    [
        "application/json",
        "application/yaml",
        "text/csv",
        XLSX,
        "application/json; charset=utf-16",
        "",
        "a/b",
        "\xff",
        "*/*",
    ]
)
HEADER = st.text(string.printable.strip() + "\x80\xff ", max_size=30).map(str.strip)
headers = st.dictionaries(
    st.sampled_from(
        [
            "If-Match",
            "If-None-Match",
            "Idempotency-Key",
            "Origin",
            "Sec-Fetch-Site",
            "Cookie",
            "X-CSRF-Token",
            "Accept",
            "Range",
            "Transfer-Encoding-",
            "Expect",
        ]
    ),
    HEADER | st.sampled_from(["http://[", "*", '"1"', 'W/"2"', '"99999999999999999999"', "designer_session=\x80"]),
    max_size=3,
).map(lambda each: {key: value.encode("latin-1") for key, value in each.items()})
ODD_SEGMENTS = (
    "none", "~", "~%C3%A9", "~YQ", "~AAA=", "~7aCA", "%00", "%2e%2e", "%ff", "~%ff", "M0001%0a", "%1b[2J",
    "%F0%9F%98%80", "~%F0%9F%98%80", "x" * 400, "~" + "A" * 150, "%E2%80%AE", "~7aCAgA", "%ED%A0%80", "films%2Fx",
)  # fmt: skip
segments = st.one_of(
    st.sampled_from([*ODD_SEGMENTS, "films", "S0001", "M0001"]),
    st.text(string.ascii_letters + string.digits + "~._-%é\u20ac", min_size=1, max_size=12).map(
        lambda text: text.replace("%", "%25")
    ),
)


def filled(path: str, values: list[str]) -> str:
    for name in ("campaign", "suggestion", "measurement", "job", "token"):
        path = path.replace(f"{{{name}}}", values.pop() if values else "films")
    return path


@SETTINGS
@given(data=st.data())
def test_any_body_to_any_route(client: Client, data: st.DataObject) -> None:
    writes = [route for route in routes(client) if route[0] != "GET"]
    method, path = data.draw(st.sampled_from(writes))
    real = filled(path, data.draw(st.sampled_from([[], ["M0001", "S0001", "films"], ["none"] * 3]))[::])
    options = {"content": data.draw(bodies), "headers": {**data.draw(headers), "Content-Type": data.draw(media_types)}}
    options["headers"]["Content-Type"] = options["headers"]["Content-Type"].encode("latin-1")
    check(client, method, real, **options)


@SETTINGS
@given(data=st.data())
def test_any_path_and_query(client: Client, data: st.DataObject) -> None:
    method, path = data.draw(st.sampled_from(routes(client)))
    real = filled(path, data.draw(st.lists(segments, max_size=5)))
    query = data.draw(
        st.dictionaries(st.sampled_from(["limit", "before", "after", "search", "status", "target"]), HEADER)
    )
    check(client, method, real, params=query, headers=data.draw(headers))


@pytest.mark.parametrize("segment", ODD_SEGMENTS)
def test_odd_names_in_every_place(client: Client, segment: str) -> None:
    for method, path in routes(client):
        for position in range(path.count("{")):
            values = ["M0001", "films"] if "measurement" in path else ["S0001", "films"]
            values[-1 - position] = segment
            check(client, method, filled(path, values), content=b"{}", headers={"Content-Type": "application/json"})
    check(client, "GET", f"/c/{segment}")


@SETTINGS
@given(path=st.lists(segments, max_size=4).map("/".join), headers=headers, form=st.binary(max_size=100))
def test_any_page(client: Client, path: str, headers: dict[str, bytes], form: bytes) -> None:
    for prefix in ("/", "/c/", "/static/", "/login?to="):
        check(client, "GET", prefix + path, headers=headers)
    check(client, "POST", "/login", content=form, headers=headers)


@SETTINGS
@given(campaign=changed(CAMPAIGN))
@example({**CAMPAIGN, "\ud800": 1})
@example({**CAMPAIGN, "name": "\ud800"})
@example({**CAMPAIGN, "name": "a\0"})
@example({**CAMPAIGN, "space": [{"name": "T", "kind": "numeric", "bounds": [1e308, -1e308]}]})
@example({**CAMPAIGN, "budget": 10**400})
def test_any_campaign(client: Client, campaign: dict[str, Any]) -> None:
    content = json.dumps(campaign).encode()
    check(client, "POST", "/api/campaigns/check", content=content, headers={"Content-Type": "application/json"})


tables = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.lists(
        st.lists(
            st.sampled_from(["suggestion", "loss", "T", "S0001", "", '"', "1", "1e999", "NaN", "é", ";", "\t", "=1"]),
            max_size=5,
        ).map(",".join),
        max_size=5,
    ).map(lambda lines: "\n".join(lines).encode()),
)


@SETTINGS
@given(table=tables, kind=st.sampled_from(["text/csv", XLSX]), name=HEADER, attach=st.booleans())
@example(table=b"\xed\xa0\x80,b\n1,2\n", kind="text/csv", name="a.csv", attach=False)
def test_any_table(client: Client, table: bytes, kind: str, name: str, attach: bool) -> None:
    options = {"content": table, "headers": {"Content-Type": kind}, "params": {"filename": name, "attach": attach}}
    check(client, "POST", "/api/campaigns/films/measurements/check", **options)
    check(client, "POST", "/api/tables", **options)


@pytest.mark.parametrize("errno", ["ENOSPC", "EDQUOT", "EROFS"])
def test_a_full_disk_leaves_nothing_of_an_upload(client: Client, monkeypatch: pytest.MonkeyPatch, errno: str) -> None:
    import errno as numbers

    folder = Path(client.http.app.state.lab.paths.folder) / "tables"  # type: ignore[attr-defined]
    before = sorted(folder.glob("*"))

    def full(_: int) -> None:
        raise OSError(getattr(numbers, errno), f"No space left on device: {folder}")

    monkeypatch.setattr("os.fsync", full)
    answer = client("POST", "/tables", content=f"a\n{errno}\n", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 503
    assert str(folder) not in answer.text
    assert ("disk is full" in answer.text) == (errno != "EROFS")
    assert sorted(folder.glob("*")) == before


def test_strangers_learn_neither_database_nor_folder(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from designer.errors import StoreError

    lab: Lab = client.http.app.state.lab  # type: ignore[attr-defined]

    def broken(*_: object, **__: object) -> Any:
        raise StoreError(f"{lab.paths.location} cannot be read: disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(type(lab.store), "transaction", broken)
        patch.setattr(type(lab.store), "names", broken)
        for method, path in (
            ("GET", "/healthz"),
            ("GET", "/"),
            ("GET", "/login"),
            ("POST", "/login"),
            ("GET", "/api/me"),
        ):
            client.http.cookies.set("designer_session", "x" * 43)
            answer = client.http.request(
                method, path, content=b"token=dsg_a_b", headers={"Authorization": "Bearer dsg_a_b"}
            )
            assert answer.status_code in (200, 503), (path, answer.status_code)
            assert "lab.db" not in answer.text
            assert str(lab.paths.folder) not in answer.text
        client.http.cookies.clear()
    assert "disk I/O error" in caplog.text
    assert "Traceback" not in caplog.text
    assert client.http.get("/healthz").json() == {"ok": True}


def test_the_login_page_names_no_path(client: Client) -> None:
    text = client.http.get("/login").text
    assert str(client.http.app.state.lab.paths.folder) not in text  # type: ignore[attr-defined]
