"""Authentication, roles, uploads that are refused, and what is never disclosed."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from designer.errors import InvalidInput
from designer.service.http.app import create_app
from designer.service.http.assets import asset
from designer.service.http.security import Options
from designer.service.http.server import check_exposure
from designer.service.lab import Lab
from designer.service.problems import Refused
from designer.service.store.accounts import ROLES, Accounts
from designer.service.store.schema import SESSIONS, TOKENS
from designer.service.store.tables import save_table
from designer.service.work.uploads import read_campaign, read_table
from tests.service.conftest import CAMPAIGN, Client

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TestTokens:
    def test_only_digests_are_stored(self, lab: Lab) -> None:
        token = lab.accounts.create("ada", "steer")
        cookie = lab.accounts.sign_in(token)
        assert cookie is not None
        with lab.store.transaction() as connection:
            kept = str(connection.execute(sa.select(TOKENS)).all()) + str(connection.execute(sa.select(SESSIONS)).all())
        assert token.split("_", 2)[2] not in kept
        assert cookie not in kept

    def test_invalid_tokens(self, lab: Lab) -> None:
        token = lab.accounts.create("ada", "steer")
        kind, name, secret = token.split("_", 2)
        for wrong in (
            "",
            "x",
            name,
            f"{kind}_{name}_",
            f"{kind}_{name}_{secret[:-1]}",
            f"{kind}__{secret}",
            token + "x",
        ):
            assert lab.accounts.caller(wrong) is None
            assert lab.accounts.sign_in(wrong) is None
        found = lab.accounts.caller(token)
        assert found is not None
        assert (found.user, found.role) == ("ada", "steer")

    def test_tokens_are_revoked_and_expire(self, lab: Lab) -> None:
        now = [datetime(2026, 1, 1, tzinfo=UTC)]
        accounts = Accounts(lab.store, clock=lambda: now[0])
        short, other = accounts.create("ada", "read", days=1), accounts.create("bob", "read")
        cookie = accounts.sign_in(other)
        assert cookie is not None
        assert accounts.session(cookie) is not None
        assert accounts.revoke(other.split("_")[1])
        assert not accounts.revoke(other.split("_")[1])
        assert accounts.caller(other) is None
        assert accounts.session(cookie) is None
        now[0] += timedelta(days=1)
        assert accounts.caller(short) is None
        assert [each["usable"] for each in accounts.tokens()] == [False, False]
        with pytest.raises(InvalidInput, match="there is no token"):
            accounts.revoke("none")

    def test_sessions_end(self, lab: Lab) -> None:
        now = [datetime(2026, 1, 1, tzinfo=UTC)]
        accounts = Accounts(lab.store, clock=lambda: now[0])
        cookie = accounts.sign_in(accounts.create("ada", "read"))
        assert cookie is not None
        now[0] += timedelta(hours=13)
        assert accounts.session(cookie) is None

    def test_every_fault_of_a_new_token(self, lab: Lab) -> None:
        with pytest.raises(InvalidInput) as caught:
            lab.accounts.create(" ", "king", days=0)
        assert len(caught.value.faults) == 3


WRITES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("record", "POST", "{campaign}/suggestions", {"json": {}}),
    ("record", "POST", "{campaign}/measurements", {"json": {"rows": [{"suggestion": "S0001", "loss": 1}]}}),
    ("record", "POST", "{campaign}/suggestions/S0001/failure", {"json": {"reason": "x"}}),
    ("steer", "POST", "/campaigns", {"json": {**CAMPAIGN, "name": "other"}}),
    ("steer", "POST", "/tables", {"content": "a\n1\n", "headers": {"Content-Type": "text/csv"}}),
    (
        "steer",
        "PATCH",
        "{campaign}/measurements/M0001",
        {"json": {"values": {"loss": 1}}, "headers": {"If-Match": '"3"'}},
    ),
    ("steer", "POST", "{campaign}/suggestions/S0001/withdrawal", {"json": {}}),
    ("record", "POST", "{campaign}/undo", {"json": {"position": 2}}),
    ("steer", "POST", "{campaign}/publication", {"json": {}}),
    ("steer", "POST", "/past-tasks/preview", {"json": {"campaign": CAMPAIGN}}),
    (
        "steer",
        "POST",
        "/generate/formulas",
        {"json": {"known": ["BaTiO3"], "elements": ["Sr", "Ti", "O"], "n": 1}},
    ),
    ("steer", "POST", "/generate/molecules", {"json": {"known": ["CCOC(C)=O", "COc1ccccc1"], "n": 1}}),
    ("steer", "PATCH", "{campaign}/space", {"json": {"bounds": {"T": [300, 700]}}, "headers": {"If-Match": '"1"'}}),
    ("admin", "GET", "/tokens", {}),
    ("admin", "GET", "/audit", {}),
    ("admin", "DELETE", "/tokens/abcdef", {}),
]


class TestRoles:
    @pytest.mark.parametrize(("role", "method", "path", "options"), WRITES, ids=[f"{w[1]} {w[2]}" for w in WRITES])
    def test_each_needs_its_role(
        self, clients: Callable[[str], Client], role: str, method: str, path: str, options: dict[str, Any]
    ) -> None:
        campaign = clients("admin").begin()
        path = path.format(campaign=campaign)
        if role != "read":
            below = clients(ROLES[ROLES.index(role) - 1])
            answer = below(method, path, **options)
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems#not-allowed")
        assert clients(role)(method, path, **options).status_code not in (401, 403)

    def test_every_route_requires_a_token(self, http: TestClient) -> None:
        paths = http.get("/openapi.json").json()["paths"]
        assert len(paths) > 20
        for path, operations in paths.items():
            for method in operations:
                real = path.format(
                    campaign="c", suggestion="S0001", measurement="M0001", comparison="C0001", job="a", token="ab"
                )
                answer = http.request(method, real)
                assert answer.status_code == 401, (method, path)
                assert answer.headers["www-authenticate"] == "Bearer"

    def test_anonymous_reading_if_allowed(self, lab: Lab) -> None:
        with TestClient(create_app(lab, Options(anonymous="read", hosts=("testserver",)))) as http:
            assert http.get("/api/me").json() == {"user": "anonymous", "role": "read"}
            assert http.post("/api/campaigns", json=CAMPAIGN).status_code == 403

    def test_anonymous_writes_from_another_site_are_refused(self, lab: Lab) -> None:
        with TestClient(create_app(lab, Options(anonymous="steer", hosts=("testserver",)))) as http:
            for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
                assert http.post("/api/campaigns", json=CAMPAIGN, headers=headers).status_code == 403
            assert (
                http.post("/api/campaigns", json=CAMPAIGN, headers={"Origin": "http://testserver"}).status_code == 201
            )

    @pytest.mark.parametrize(
        ("host", "anonymous", "hosts", "what"),
        [
            ("0.0.0.0", "record", ["lab"], "would let everybody"),
            ("0.0.0.0", None, [], "no host name is allowed"),
            ("127.0.0.1", "king", [], "there is no role"),
        ],
    )
    def test_unsafe_exposure_is_refused(self, host: str, anonymous: str | None, hosts: list[str], what: str) -> None:
        with pytest.raises(InvalidInput, match=what):
            check_exposure(host, anonymous, hosts)
        check_exposure("127.0.0.1", "steer", [])
        check_exposure("0.0.0.0", "read", ["lab.example"])


class TestSessions:
    @pytest.fixture
    def signed(self, lab: Lab, http: TestClient) -> TestClient:
        answer = http.post("/login", data={"token": lab.accounts.create("ada", "steer"), "to": "/new"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/new")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        return http

    def test_a_write_needs_the_csrf_token(self, signed: TestClient) -> None:
        assert signed.get("/api/me").json()["user"] == "ada"
        assert signed.post("/api/campaigns", json=CAMPAIGN).status_code == 403
        assert signed.post("/api/campaigns", json=CAMPAIGN, headers={"X-CSRF-Token": "a"}).status_code == 403
        word = csrf(signed)
        foreign = {"X-CSRF-Token": word, "Origin": "http://evil.example"}
        assert signed.post("/api/campaigns", json=CAMPAIGN, headers=foreign).status_code == 403
        assert signed.post("/api/campaigns", json=CAMPAIGN, headers={"X-CSRF-Token": word}).status_code == 201

    def test_signing_out_ends_the_session(self, signed: TestClient) -> None:
        kept = signed.cookies["designer_session"]
        assert signed.post("/logout").status_code == 303
        signed.cookies.set("designer_session", kept)
        assert signed.get("/api/me").status_code == 401

    def test_a_wrong_token_and_redirects_to_other_sites(self, lab: Lab, http: TestClient) -> None:
        wrong = http.post("/login", data={"token": "dsg_a_b"})
        assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
        token = lab.accounts.create("ada", "read")
        for to in ("//evil.example", "https://evil.example", "/\\evil.example"):
            assert http.post("/login", data={"token": token, "to": to}).headers["location"] == "/"
        assert http.post("/login", data={"token": token}, headers={"Origin": "http://evil.example"}).status_code == 403

    def test_cookies_are_secure_over_https(self, lab: Lab) -> None:
        with TestClient(create_app(lab, Options(https=True, hosts=())), follow_redirects=False) as http:
            answer = http.post("/login", data={"token": lab.accounts.create("ada", "read")})
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "strict-transport-security" in answer.headers


def csrf(http: TestClient) -> str:
    return http.get("/new").text.partition('name="csrf" content="')[2].partition('"')[0]


class TestHeadersAndLogs:
    def test_every_response_has_security_headers(self, http: TestClient, admin: Client) -> None:
        for path in ("/login", "/", "/api/campaigns", asset("page.js"), "/nothing", "/problems"):
            headers = http.get(path).headers
            assert "default-src 'none'" in headers["content-security-policy"], path
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
        assert admin("GET", "/me").headers["cache-control"] == "no-store"

    def test_static_files_are_cached_until_they_change(self, http: TestClient) -> None:
        loaded = re.findall(r'"(/static/[^"]+)"', http.get("/login").text)
        assert {path.rpartition("/")[2] for path in loaded} == {"icon.svg", "style.css", "page.js"}
        for path in loaded:
            answer = http.get(path)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            again = http.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        assert http.get("/static/other-content/page.js").status_code == 404
        with pytest.raises(FileNotFoundError):
            asset("none.js")

    def test_another_host_is_refused(self, http: TestClient) -> None:
        assert http.get("/login", headers={"Host": "evil.example"}).status_code == 403
        assert http.get("/login", headers={"Host": "testserver:8321"}).status_code == 200

    def test_the_log_holds_no_secrets(self, lab: Lab, http: TestClient, caplog: pytest.LogCaptureFixture) -> None:
        token = lab.accounts.create("ada", "read")
        with caplog.at_level(logging.INFO):
            http.get("/api/campaigns?search=hush", headers={"Authorization": f"Bearer {token}"})
            http.post("/login", data={"token": token})
        lines = [record.getMessage() for record in caplog.records if record.name.startswith("designer")]
        assert any(line.startswith("ada GET /api/campaigns 200") for line in lines)
        assert not any(part in line for line in lines for part in (token, token.split("_", 2)[2], "hush"))

    def test_unexpected_errors_are_only_logged(
        self, http: TestClient, admin: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("/secret/path")

        monkeypatch.setattr("designer.service.queries.campaigns", broken)
        answer = admin("GET", "/campaigns")
        assert (answer.status_code, "/secret" in answer.text) == (500, False)
        assert "/secret/path" in caplog.text


class TestUploadedCampaigns:
    """Uploaded campaigns name no program, no Python function and no file outside the folder."""

    @pytest.mark.parametrize(
        "keys",
        [
            {"measure": {"kind": "command", "argv": ["touch", "x"]}},
            {"measure": {"kind": "python", "function": "os:system"}},
            {"measure": {"kind": "PYTHON", "function": "os:system"}},
            {"measure": "command"},
            {"measure": ["command"]},
            {"measure": {"kind": "table", "file": "/etc/passwd"}},
            {"measure": {"kind": "table", "file": "../x.csv"}},
            {"candidates": "/etc/passwd"},
            {"candidates": "../../x.csv"},
            {"candidates": "link/x.csv"},
            {"store": "sqlite:////tmp/x.db"},
            {"store": "postgresql://host/db"},
            {"store": "lab.db"},
            {"prior": {"kind": "auto", "tasks": ["../secret"]}},
            {"prior": {"kind": "auto", "tasks": ["/etc"]}},
            {"prior": {"kind": "auto", "file": "/etc/passwd"}},
            {"space": [{"kind": "formula", "generator": {"kind": "learned", "tasks": ["past", "../secret"]}}]},
            {"space": [{"kind": "formula", "generator": {"kind": "learned", "tasks": ["link"]}}]},
        ],
        ids=str,
    )
    def test_refused_keys(self, tmp_path: Path, keys: dict[str, Any]) -> None:
        (tmp_path / "lab").mkdir()
        (tmp_path / "x.csv").write_text("T,gas,loss\n300,N2,1\n")
        (tmp_path / "lab" / "link").symlink_to(tmp_path)
        with pytest.raises(InvalidInput) as caught:
            read_campaign({**CAMPAIGN, **keys}, tmp_path / "lab")
        assert any(fault.path[:1] == (next(iter(keys)),) for fault in caught.value.faults)
        assert str(tmp_path) not in str(caught.value)

    def test_a_table_in_the_folder_is_accepted(self, tmp_path: Path) -> None:
        frame = read_table(b"T,gas\n300,N2\n400,air\n", "pool.csv")
        name = save_table(frame, tmp_path)
        spec = read_campaign({**CAMPAIGN, "space": CAMPAIGN["space"][1:], "candidates": name}, tmp_path)
        assert spec.space.pool is not None
        assert save_table(frame, tmp_path) == name
        assert len(list((tmp_path / "tables").iterdir())) == 1

    def test_the_folder_is_not_disclosed(self, tmp_path: Path) -> None:
        (tmp_path / "pool.csv").write_text("T,gas\nwarm,N2\n")
        with pytest.raises(InvalidInput) as caught:
            read_campaign({**CAMPAIGN, "space": CAMPAIGN["space"][1:], "candidates": "pool.csv"}, tmp_path)
        assert "pool.csv, row 2" in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


class TestUploadedTables:
    def test_a_zip_bomb_is_not_unpacked(self) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b"0" * 120_000_000)
        assert len(buffer.getvalue()) < 1_000_000
        with pytest.raises(InvalidInput, match="too large when unpacked"):
            read_table(buffer.getvalue(), "bomb.xlsx")

    @pytest.mark.parametrize(
        ("part", "content", "what"),
        [
            ("xl/vbaProject.bin", b"x", "holds macros"),
            ("xl/workbook.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>', "defines entities"),
            ("nothing.txt", b"x", "cannot be read as Excel"),
        ],
    )
    def test_other_refused_workbooks(self, part: str, content: bytes, what: str) -> None:
        pytest.importorskip("openpyxl")
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(part, content)
        with pytest.raises(InvalidInput, match=what) as caught:
            read_table(buffer.getvalue(), "../../plate.xlsx")
        assert {fault.file for fault in caught.value.faults} == {"plate.xlsx"}

    @pytest.mark.parametrize(
        ("content", "name", "what"),
        [
            (b"\xff\xfe", "a.csv", "not UTF-8"),
            (b"a,b\n1\n", "a.csv", "the row has 1 cell"),
            (b"", "a.csv", "empty"),
            (b"a\n1\n", "a.exe", "not supported"),
            (b"a\n" + b"1\n" * 20_001, "a.csv", "20,001 rows"),
            (b"PK\x03\x04", "a.xlsx", "cannot be read as Excel"),
        ],
    )
    def test_faults(self, content: bytes, name: str, what: str) -> None:
        with pytest.raises(InvalidInput, match=what):
            read_table(content, name)

    def test_size(self) -> None:
        with pytest.raises(Refused, match="at most"):
            read_table(b"a" * 10_000_001, "a.csv")
