"""The commands of the lab service: tokens, and settings that are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Designer
from tests.service.conftest import CAMPAIGN  # noqa: F401  skips where the extra is not installed


def test_tokens_are_created_listed_and_revoked(designer: Designer, folder: Path) -> None:
    made = designer("token", "create", "ada", "--role", "steer", "--lab", "lab", "--json")
    assert made.code == 0
    token = made.data["token"]
    assert token.startswith("dsg_")
    _, _, secret = token.split("_", 2)  # which may hold the sign itself
    assert secret not in (folder / "lab" / "lab.db").read_bytes().decode("latin-1")
    listed = designer("token", "list", "--lab", "lab", "--json")
    assert [(each["user"], each["role"], each["usable"]) for each in listed.data["tokens"]] == [("ada", "steer", True)]
    assert secret not in listed.out
    name = listed.data["tokens"][0]["id"]
    assert designer("token", "revoke", name, "--lab", "lab").out == f"revoked: {name}\n"
    assert designer("token", "revoke", name, "--lab", "lab").out == f"{name} was revoked before\n"
    assert "revoked" in designer("token", "list", "--lab", "lab").out


def test_every_fault_of_a_token_has_a_line(designer: Designer) -> None:
    done = designer("token", "create", "", "--role", "king", "--lab", "lab")
    assert done.code == 2
    assert len(done.err.splitlines()) == 2
    assert "there is no role 'king'; choose one of read, record, steer, admin" in done.err
    assert designer("token", "revoke", "none", "--lab", "lab").code == 2


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["serve", "lab", "--host", "0.0.0.0"], "no host name is allowed"),
        (["serve", "lab", "--host", "0.0.0.0", "--allow-host", "x", "--anonymous", "record"], "would let everybody"),
        (["serve", "lab", "--anonymous", "king"], "there is no role 'king'"),
        (["serve", "glass.yaml/lab"], "the folder cannot be created"),
        (["mcp", "--lab", "lab"], "DESIGNER_TOKEN is not set"),
    ],
)
def test_refused_settings(designer: Designer, monkeypatch: pytest.MonkeyPatch, words: list[str], what: str) -> None:
    monkeypatch.delenv("DESIGNER_TOKEN", raising=False)
    done = designer(*words)
    assert done.code == 2
    assert what in done.err


def test_an_unusable_token_ends_the_tools(designer: Designer, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mcp")
    monkeypatch.setenv("DESIGNER_TOKEN", "dsg_a_b")
    done = designer("mcp", "--lab", "lab")
    assert done.code == 1
    assert "not known, was revoked or has expired" in done.err


def test_a_store_of_a_later_version(designer: Designer, folder: Path) -> None:
    import sqlite3
    from contextlib import closing

    designer("token", "list", "--lab", "lab")
    with closing(sqlite3.connect(folder / "lab" / "lab.db")) as connection:
        connection.execute("UPDATE designer_service_schema SET version = 99")
        connection.commit()
    done = designer("token", "list", "--lab", "lab", "--json")
    assert (done.code, "version 99" in json.loads(done.out)["error"]) == (1, True)
