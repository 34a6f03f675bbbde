"""The HTTP API of version 0.1 keeps working: its operations, what they take and what they give are all there still."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed: pip install 'materials-designer[serve]'")

from tests.golden import api
from tests.golden.keep import KEPT

RECORDED: dict[str, Any] = json.loads((KEPT / "api.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return api.described()


@pytest.fixture(scope="module")
def answered() -> dict[str, list[str]]:
    return api.answered()


@pytest.mark.parametrize("operation", RECORDED["described"])
def test_an_operation_takes_and_gives_what_it_did(described: dict[str, Any], operation: str) -> None:
    then = RECORDED["described"][operation]
    assert operation in described
    now = described[operation]
    assert set(then["parameters"]) <= set(now["parameters"])
    assert set(now["required"]) <= set(then["required"]), "an old client does not send what is newly required"
    assert set(then["problems"]) <= set(now["problems"])
    pairs = [(then["body"], now["body"])]
    pairs += [(fields, now["answers"].get(status, {})) for status, fields in then["answers"].items()]
    for before, after in pairs:
        assert set(before) <= set(after)
        for kind, fields in before.items():
            assert set(fields) <= set(after[kind])


@pytest.mark.parametrize("asked", RECORDED["answered"])
def test_an_answer_has_the_fields_it_had(answered: dict[str, list[str]], asked: str) -> None:
    assert set(RECORDED["answered"][asked]) <= set(answered[asked])
